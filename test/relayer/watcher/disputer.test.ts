import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import type { DisputeEvidence, Fault } from "../../../ledger/dispute-evidence.ts";
import { createLedgerEnvironment, type LedgerEnvironment } from "../../../ledger/environment.ts";
import { encodeImportInbox, STEP_KIND, type Step } from "../../../ledger/step.ts";
import { blockHash } from "../../../protocol/block-header.ts";
import { addressOfKey } from "../../../protocol/operator-signature.ts";
import type { ChangedEntry, DataChallenge } from "../../../relayer/parent/parent-view.ts";
import { type AskedSteps, Disputer } from "../../../relayer/watcher/disputer.ts";
import { ShardWatch } from "../../../relayer/watcher/shard-watch.ts";
import type { ShownData } from "../../../relayer/watcher/shown-data.ts";
import { SignedCrosslinks } from "../../../relayer/watcher/signed-crosslinks.ts";
import { HandFedParent } from "../../support/hand-fed-parent.ts";
import { type LyingCrosslink, lie, partOf } from "../../support/liars.ts";
import { publish, SoundShard } from "../../support/sound-shard.ts";

const ACCOUNT = new Uint8Array(20).fill(0xac);
const SHARD = 1;

const crypto = await createNativeCrypto();

describe("Disputer", () => {
  let parent: HandFedParent;
  let environment: LedgerEnvironment;
  let shard: SoundShard;
  /** What anybody can get of the shard's blocks, by number. */
  let published: Map<number, Uint8Array>;
  let anchored: LyingCrosslink;
  let done: string[];
  let evidence: DisputeEvidence[];
  let isVerdict: boolean;
  let warnings: string[];
  let errors: unknown[];
  let signed: SignedCrosslinks;
  /** Watch of the other shards. */
  let others: ShardWatch;

  beforeEach(() => {
    parent = new HandFedParent(crypto);
    const { view } = parent;
    const { domain, parameters } = view;
    environment = createLedgerEnvironment({ crypto, domain, parameters, facts: view.facts(), shardId: SHARD });
    shard = new SoundShard(environment);
    published = new Map();
    [done, evidence, warnings, errors, isVerdict] = [[], [], [], [], false];
    signed = new SignedCrosslinks(crypto, view);
    others = { look: () => Promise.resolve(null), doubt: () => {} } as unknown as ShardWatch;
    parent.moveTo(1);
    parent.deposit(SHARD, addressOfKey(crypto, parent.operatorKey), 10n ** 18n);
    anchor("None", 1, [[deposit()], [], []]);
  });

  function deposit(): Step {
    const entry = parent.view.inboxEntry(SHARD, 0);
    if (entry === null) throw new Error("there is no deposit");
    return { kind: STEP_KIND.importInbox, payload: encodeImportInbox(entry) };
  }

  /** A crosslink is accepted that lies so, in its last block. */
  function anchor(fault: Fault, epoch: number, blocks: readonly (readonly Step[])[], isPublished = true): void {
    parent.moveToEpoch(epoch);
    const sound = shard.build(epoch, blocks);
    const { domain, parameters } = parent.view;
    anchored = lie(fault, sound, { crypto, domain, slotsPerEpoch: parameters.slotsPerEpoch });
    const bytes = publish(environment, anchored, parent.operatorKey);
    if (isPublished) for (const [i, block] of bytes.entries()) published.set(sound.crosslink.firstBlock + i, block);
    parent.moveToEpoch(epoch + 1);
    parent.accept(epoch, [anchored.crosslink]);
  }

  const disputer = (rank = 0, watchers = 1) => {
    const watch = new ShardWatch({
      crypto,
      view: parent.view,
      shardId: SHARD,
      fetchBlocks: async function* (_, first, last) {
        for (let number = first; number <= last; number++) {
          const block = published.get(number);
          if (block !== undefined) yield [block];
        }
      },
      readAnswer: async ({ blockNumber }) => answers.get(blockNumber) ?? null,
      pause: () => Promise.resolve(),
    });
    return new Disputer({
      source: parent,
      actions: {
        challenge: (_, entry, asked) => Promise.resolve(ask(entry, asked)),
        pursue: async (_accepted, _entry, shown, isUrgent) => {
          evidence.push(shown);
          done.push(isUrgent ? "dispute at once" : "dispute");
          return "waiting";
        },
        isPunishable: async () => isVerdict,
        blockAtFault: async () => 1,
        punishCommittee: async () => done.push("committee"),
        punishOperator: async () => done.push("operator"),
        punishOperatorByHeader: async () => done.push("operator by header"),
        reclaim: async () => done.push("reclaim"),
        claim: async () => done.push("claim"),
      },
      watch: (shardId) => (shardId === SHARD ? watch : others),
      signatureOn: (crosslink, hash) => signed.signatureOn(crosslink, hash),
      account: ACCOUNT,
      rank,
      watchers,
      onError: (error) => errors.push(error),
      onWarning: (message) => warnings.push(message),
    });
  };

  const answers = new Map<number, ShownData>();

  function ask(entry: ChangedEntry, asked: AskedSteps | null): void {
    if (asked === null) {
      done.push("ask for headers");
      parent.challenge(entry);
      return;
    }
    done.push(`ask for chunk ${asked.chunk} of block ${asked.index}`);
    const hash = blockHash(crypto, parent.view.domain, asked.header.header);
    parent.challenge(entry, { blockHash: hash, chunk: asked.chunk, missing: 1 });
  }

  /** The liar shows what it claims. */
  function show(challenge: DataChallenge): void {
    const block = anchored.blocks.at(-1) as LyingCrosslink["blocks"][number];
    const part = partOf(block, { first: 0, count: block.steps.length });
    const steps = part.steps.map(({ leaf, payload }) => ({ ...leaf, payload }));
    const headers = anchored.blocks.map(({ header }) => header);
    parent.answer(challenge.id);
    const [place] = parent.view.challenge(challenge.id)?.answers ?? [];
    answers.set(
      place?.blockNumber ?? 0,
      challenge.blockHash === null ? { kind: "headers", headers } : { kind: "steps", ...part, steps },
    );
  }

  const asked = () => parent.view.challenges().at(-1) as DataChallenge;

  it("does nothing about what is sound", async () => {
    anchor("None", 2, [[], []]);
    const one = disputer();
    await one.onBlock();
    expect([done, warnings, errors, one.open]).to.deep.equal([[], [], [], 0]);
  });

  it("disputes what shows in the headers, has everybody punished who signed it, and collects", async () => {
    anchor("SlotNotLater", 2, [[], []]);
    const one = disputer();
    await one.onBlock();
    await one.onBlock();
    expect(evidence.map(({ predicate }) => predicate)).to.deep.equal(["HeaderLink", "HeaderLink"]);
    parent.voidEntry(SHARD, 2);
    await one.onBlock();
    isVerdict = true;
    signed.take({ kind: "crosslink", ...parent.signed(anchored.crosslink) });
    await one.onBlock();
    await one.onBlock();
    expect(done.slice(2).filter((each) => each !== "dispute")).to.deep.equal(["committee", "operator", "claim"]);
    expect(warnings).to.deep.equal(["shard 1, crosslink of epoch 2 is at fault: SlotNotLater in its block 1"]);
    expect(errors).to.deep.equal([]);
  });

  it("takes the operator's signature from the block at fault when that on the crosslink was not seen", async () => {
    anchor("SlotNotLater", 2, [[], []]);
    const one = disputer();
    await one.onBlock();
    parent.voidEntry(SHARD, 2);
    isVerdict = true;
    await one.onBlock();
    expect(done).to.include("operator by header");
  });

  it("has the claimed steps shown before it disputes one of them, and goes on after a crash", async () => {
    anchor("WrongStepState", 2, [[], []]);
    await disputer().onBlock();
    expect(done).to.deep.equal(["ask for chunk 0 of block 1"]);
    const another = disputer();
    await another.onBlock();
    expect(done, "it was asked already").to.have.length(1);
    show(asked());
    await disputer().onBlock();
    expect(errors).to.deep.equal([]);
    expect(done).to.deep.equal(["ask for chunk 0 of block 1", "dispute"]);
    expect(evidence[0]).to.include({ predicate: "Step", index: 1, step: 0 });
  });

  it("asks for what is not published, and disputes silence", async () => {
    anchor("None", 2, [[], []], false);
    const one = disputer();
    await one.onBlock();
    expect(done).to.deep.equal(["ask for headers"]);
    const { deadlineTime, deadlineBlock } = asked();
    while (parent.view.head.timestamp < deadlineTime || parent.view.head.number < deadlineBlock) {
      parent.moveTo(parent.view.slot() + 1);
    }
    await one.onBlock();
    expect(evidence).to.deep.equal([{ predicate: "Silence", challenge: asked().id }]);
  });

  it("forgets what it suspected when that is published after all", async () => {
    anchor("None", 2, [[], []], false);
    const one = disputer();
    await one.onBlock();
    expect(one.open).to.equal(1);
    publish(environment, anchored, parent.operatorKey).forEach((block, i) => {
      published.set(anchored.crosslink.firstBlock + i, block);
    });
    for (let i = 0; i < 4; i++) await one.onBlock();
    expect([one.open, errors]).to.deep.equal([0, []]);
  });

  it("waits for its turn, but not when the window ends", async () => {
    anchor("SlotNotLater", 2, [[], []]);
    const second = disputer(0, 4);
    const watchers = [second, disputer(1, 4), disputer(2, 4), disputer(3, 4)];
    for (const each of watchers) await each.onBlock();
    expect(done, "it is one's turn").to.deep.equal(["dispute"]);
    parent.moveTo(parent.view.slot() + 13);
    for (let i = 0; i < 4; i++) parent.moveTo(parent.view.slot());
    done = [];
    for (const each of watchers) await each.onBlock();
    expect(done).to.deep.equal(new Array(4).fill("dispute at once"));
    expect(warnings.at(-1)).to.match(/little time is left$/);
  });

  it("is not held up by a shard whose blocks nobody hands out", async () => {
    anchor("SlotNotLater", 2, [[], []]);
    const one = disputer();
    others = { look: () => new Promise<null>(() => {}), doubt: () => {} } as unknown as ShardWatch;
    await one.onBlock();
    expect(done).to.deep.equal(["dispute"]);
  });

  it("says so when it is too late", async () => {
    anchor("SlotNotLater", 2, [[], []]);
    parent.finalize(1);
    parent.settle(1);
    parent.finalize(2);
    parent.settle(2);
    parent.moveToEpoch(4);
    parent.accept(3, [parent.crosslink(SHARD, 3).crosslink]);
    await disputer().onBlock();
    expect(warnings[0]).to.match(/SlotNotLater in its block 1, and settled$/);
    expect(done).to.deep.equal([]);
  });

  it("has those punished who signed what was void before it began", async () => {
    anchor("SlotNotLater", 2, [[], []]);
    parent.voidEntry(SHARD, 2);
    isVerdict = true;
    const late = disputer();
    await late.onBlock();
    expect(errors).to.deep.equal([]);
    expect(done).to.deep.equal(["committee", "operator by header", "claim"]);
  });
});
