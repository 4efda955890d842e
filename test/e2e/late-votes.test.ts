import { expect } from "chai";
import { sharedNetwork } from "./support/shared-network.ts";

const OPERATOR = "operator-2";

describe("votes that never reach the others", () => {
  const network = sharedNetwork();

  it("are brought to the parent chain by their own node, once the checkpoint is accepted without them", async function () {
    this.timeout(180_000);
    const { view, members } = network();
    const member = network().member(OPERATOR);
    const rank = members.indexOf(member);
    // An epoch in which somebody else is the first to submit.
    const isOthers = (epoch: number) => (rank + epoch) % members.length !== 0;
    let held: number | null = null;
    member.transport.outgoing = (message, bytes) => {
      if (message.kind !== "vote" || (held === null && !isOthers(message.targetEpoch))) return bytes;
      held ??= message.targetEpoch;
      return message.targetEpoch === held ? null : bytes;
    };
    const absentAt = () => (held === null ? undefined : view.checkpoint(held)?.absent);
    await network().until("a checkpoint without its votes", () => absentAt() !== undefined, 6);
    expect(view.checkpoint(held as unknown as number)?.submission?.absent, "absent at acceptance").to.have.length(4);
    await network().until("its votes", () => absentAt()?.length === 0, 3);
  });
});
