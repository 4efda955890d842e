import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import { STEP_KIND } from "../../../ledger/step.ts";
import { ByteWriter } from "../../../protocol/bytes.ts";
import { inboxQuota, MAX_PAYLOAD_BYTES, MESSAGE_QUOTA } from "../../../protocol/presets.ts";
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

  it("puts first what may be a duty, so that a block that gets too long does not lose it", async () => {
    const view = new ParentDouble(await createNativeCrypto());
    for (let i = 0; i < 2; i++) view.openShard(new Uint8Array(20));
    const quota = inboxQuota(view.parameters);
    for (let i = 0; i < quota + 7; i++) view.deposit(1, new Uint8Array(20), 1n);
    view.epoch = 5;
    view.justify(3, []);
    view.settle();
    const payloads = Array.from({ length: MESSAGE_QUOTA + 5 }, (_, index) => payload(index + 3, 200));
    const candidates = new ImportCandidates({
      shardId: 1,
      view,
      cursor: (source) => (source === SOURCE ? 3 : 2),
      messagesFor: () => payloads,
      onError: () => {},
    });
    candidates.prefetch(SLOT);
    await turn();
    const kinds = candidates.collect(SLOT).map(({ kind }) => kind);
    const { importInbox, importMessage } = STEP_KIND;
    const times = (count: number, kind: number) => new Array<number>(count).fill(kind);
    expect(kinds).to.deep.equal([
      ...times(quota, importInbox),
      ...times(MESSAGE_QUOTA, importMessage),
      ...times(5, importInbox),
      ...times(5, importMessage),
    ]);
  });
});
