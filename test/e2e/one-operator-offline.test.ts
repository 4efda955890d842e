import { expect } from "chai";
import { sharedNetwork } from "./support/shared-network.ts";

describe("one operator of four offline", () => {
  const network = sharedNetwork();

  for (const [how, leave] of [
    ["cut off from the others", async (name: string) => network().hub.setReachable(name, false)],
    ["stopped", async (name: string) => network().stopMember(network().member(name))],
  ] as const) {
    it(`does not stop finality when it is ${how}`, async function () {
      this.timeout(180_000);
      const { view } = network();
      await leave("operator-4");
      const left = view.epoch() + 1;
      await network().until("finality without it", () => view.finalized.epoch > left, 14);

      const checkpoints = network().checkpointsAfter(left);
      const absent = checkpoints.filter(({ submission }) => (submission?.absent.length ?? 0) > 0);
      expect(absent.length, "checkpoints that name absent validators").to.equal(checkpoints.length).and.above(0);
    });
  }
});
