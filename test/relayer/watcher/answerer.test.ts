import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import { encodeBlock } from "../../../ledger/block.ts";
import { createLedgerEnvironment, type LedgerEnvironment } from "../../../ledger/environment.ts";
import { STEP_KIND } from "../../../ledger/step.ts";
import { BLOCK_HEADER_BYTES } from "../../../protocol/block-header.ts";
import { equal } from "../../../protocol/bytes.ts";
import { signAsOperator } from "../../../protocol/operator-signature.ts";
import { rootFromPath } from "../../../protocol/padded-tree.ts";
import { rawTraceLeafHash } from "../../../protocol/trace.ts";
import type { ChangedEntry } from "../../../relayer/parent/parent-view.ts";
import { Answerer } from "../../../relayer/watcher/answerer.ts";
import { ClaimedTrace } from "../../../relayer/watcher/claimed-trace.ts";
import type { ShownData } from "../../../relayer/watcher/shown-data.ts";
import { HandFedParent } from "../../support/hand-fed-parent.ts";
import { SoundShard } from "../../support/sound-shard.ts";

const crypto = await createNativeCrypto();

describe("Answerer", () => {
  let parent: HandFedParent;
  let shard: SoundShard;
  let entry: ChangedEntry;
  let held: Map<number, Uint8Array>;
  let answers: ShownData[];
  let errors: unknown[];

  beforeEach(() => {
    parent = new HandFedParent(crypto);
    const { view } = parent;
    const { domain, parameters } = view;
    const environment: LedgerEnvironment = createLedgerEnvironment({
      crypto,
      domain,
      parameters,
      facts: view.facts(),
      shardId: 1,
    });
    shard = new SoundShard(environment);
    [answers, errors] = [[], []];
    parent.moveToEpoch(1);
    const { crosslink } = shard.build(1, [[], [], []]);
    held = new Map(shard.built.map((block) => [block.header.number, publish(block)]));
    parent.moveToEpoch(2);
    [entry] = parent.accept(1, [crosslink]).changed as [ChangedEntry];
  });

  function publish({ header, blockHash, steps, witness }: SoundShard["built"][number]): Uint8Array {
    const operatorSignature = signAsOperator(crypto, blockHash, parent.operatorKey);
    return encodeBlock({ header, operatorSignature, steps, witness });
  }

  const answerer = (rank = 0, answerers = 1) =>
    new Answerer({
      crypto,
      view: parent.view,
      heldBlocks: (_, number) => {
        const block = held.get(number);
        return block === undefined ? [] : [block];
      },
      answer: (_, answer) => Promise.resolve(answers.push(answer)),
      rank,
      answerers,
      onError: (error) => errors.push(error),
    });

  /** Of block 2. */
  const askForSteps = () => {
    const { blockHash } = shard.built[1] as SoundShard["built"][number];
    return parent.challenge(entry, { blockHash, chunk: 0, missing: 1 });
  };

  it("shows headers, once", async () => {
    const challenge = parent.challenge(entry);
    const one = answerer();
    await one.onBlock();
    expect(answers).to.deep.equal([{ kind: "headers", headers: shard.built.map(({ header }) => header) }]);
    await one.onBlock();
    parent.answer(challenge.id);
    for (let i = 0; i < 10; i++) parent.moveTo(parent.view.slot());
    await one.onBlock();
    expect([answers.length, errors]).to.deep.equal([1, []]);
  });

  it("shows steps that lead to the trace root", async () => {
    askForSteps();
    await answerer().onBlock();
    expect(errors).to.deep.equal([]);
    const [answer] = answers;
    if (answer?.kind !== "steps") throw new Error("no steps are shown");
    const { header } = shard.built[1] as SoundShard["built"][number];
    const trace = new ClaimedTrace(crypto, header.stepCount);
    const steps = answer.steps.map(({ word, stateRoot, payload }) => ({
      leaf: { word, stateRoot, payloadHash: crypto.keccak256(payload) },
      payload,
    }));
    trace.add({ ...answer, steps });
    const [first] = steps;
    if (first === undefined) throw new Error("no step is shown");
    expect(
      equal(rootFromPath(crypto, rawTraceLeafHash(crypto, first.leaf), 0, trace.path(0, [])), header.traceRoot),
    ).to.equal(true);
  });

  it("shows nothing that it does not have, and no lie", async () => {
    askForSteps();
    const { header, witness } = shard.built[1] as SoundShard["built"][number];
    const sound = held.get(2) as Uint8Array;
    held.delete(2);
    await answerer().onBlock();
    const steps = [{ kind: STEP_KIND.blockStart, payload: new Uint8Array(44) }];
    held.set(
      2,
      encodeBlock({
        header,
        operatorSignature: sound.subarray(BLOCK_HEADER_BYTES, BLOCK_HEADER_BYTES + 65),
        steps,
        witness,
      }),
    );
    await answerer().onBlock();
    held.set(2, sound);
    held.delete(1);
    await answerer().onBlock();
    expect([answers, errors]).to.deep.equal([[], []]);
  });

  it("waits for those before it, and not beyond the end", async () => {
    const { deadlineTime } = parent.challenge(entry);
    const all = [answerer(0, 2), answerer(1, 2)];
    for (const each of all) await each.onBlock();
    expect(answers).to.have.length(1);
    while (parent.view.head.timestamp < deadlineTime) parent.moveTo(parent.view.slot() + 1);
    for (const each of all) await each.onBlock();
    expect(answers).to.have.length(1);
  });
});
