import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import { ByteWriter } from "../../../protocol/bytes.ts";
import { MAX_PAYLOAD_BYTES } from "../../../protocol/presets.ts";
import { ImportCandidates } from "../../../relayer/operator/import-candidates.ts";
import { ParentDouble } from "../../support/parent-double.ts";

const SLOT = 80;
const SOURCE = 2;

describe("ImportCandidates", () => {
  /** What a message payload begins with, and rubbish behind it. */
  const payload = (index: number, length: number) =>
    new ByteWriter()
      .u32(SOURCE)
      .u64(index)
      .bytes(new Uint8Array(length - 12))
      .finish();

  it("leaves out what can be no message by its length, however it begins", async () => {
    const view = new ParentDouble(await createNativeCrypto());
    for (let i = 0; i < 2; i++) view.openShard(new Uint8Array(20));
    view.epoch = 5;
    view.justify(3, []);
    view.settle();
    const candidates = new ImportCandidates({
      shardId: 1,
      view,
      cursor: () => 0,
      messagesFor: () => [payload(0, MAX_PAYLOAD_BYTES + 1), payload(1, MAX_PAYLOAD_BYTES), new Uint8Array(11)],
      onError: () => {},
    });
    candidates.prefetch(SLOT);
    await turn();
    expect(candidates.collect(SLOT).map((step) => step.payload)).to.deep.equal([payload(1, MAX_PAYLOAD_BYTES)]);
  });
});
