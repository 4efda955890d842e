import { expect } from "chai";
import { createNativeCrypto } from "../../crypto/native.ts";
import { encodeBlock } from "../../ledger/block.ts";
import { buildBlock } from "../../ledger/build-block.ts";
import { createLedgerEnvironment, type LedgerEnvironment } from "../../ledger/environment.ts";
import { loadTree } from "../../ledger/load-tree.ts";
import { ShardState, type Snapshot } from "../../ledger/shard-state.ts";
import { encodeImportInbox, STEP_KIND, type Step } from "../../ledger/step.ts";
import { BLOCK_HEADER_BYTES, type BlockHeader, blockHash } from "../../protocol/block-header.ts";
import { equal } from "../../protocol/bytes.ts";
import { firstSlotOf } from "../../protocol/clock.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { inboxEntryDigest } from "../../protocol/inbox-entry.ts";
import { signAsOperator } from "../../protocol/operator-signature.ts";
import { paddedTreeRoot } from "../../protocol/padded-tree.ts";
import { accountKey, decodeAccount, encodeAccount } from "../../protocol/state.ts";
import type { RecordedInboxEntry } from "../../relayer/parent/parent-view.ts";
import { audit } from "../../relayer/watcher/audit.ts";
import { AuditFailure, type BlockSource } from "../../relayer/watcher/shard-replay.ts";
import { HandFedParent } from "../support/hand-fed-parent.ts";
import { ShardOverParent } from "../support/shard-over-parent.ts";

const THIEF = new Uint8Array(20).fill(0x66);
const DEPOSIT = 1_000_000n;
const HONEST = 1;
const CORRUPT = 2;
const EPOCHS = 3;

/** A committee that signs without a look lets a chain of blocks be anchored that hangs together and holds a wei too much. */
describe("a planted mint of one wei", () => {
  let crypto: Crypto;
  let parent: HandFedParent;
  let honest: ShardOverParent;
  let environment: LedgerEnvironment;
  /** Blocks of the corrupt shard, encoded, with their hashes. */
  let blocks: { readonly encoded: Uint8Array; readonly hash: Uint8Array }[];

  before(async () => {
    crypto = await createNativeCrypto();
  });

  beforeEach(() => {
    parent = new HandFedParent(crypto);
    parent.deposit(CORRUPT, THIEF, DEPOSIT);
    honest = new ShardOverParent(parent, HONEST);
    const { domain, parameters } = parent.view;
    environment = createLedgerEnvironment({ crypto, domain, parameters, facts: parent.view.facts(), shardId: CORRUPT });
    blocks = [];
  });

  const entry = () => parent.view.inboxEntry(CORRUPT, 0) as RecordedInboxEntry;
  const importOf = (deposit: RecordedInboxEntry): Step => ({
    kind: STEP_KIND.importInbox,
    payload: encodeImportInbox(deposit),
  });

  /** Builds the corrupt shard's block of an epoch and publishes it, with another header if that is wanted. */
  function publish(
    state: ShardState,
    epoch: number,
    options: { steps?: readonly Step[]; ledger?: LedgerEnvironment; alter?: (header: BlockHeader) => BlockHeader } = {},
  ): BlockHeader {
    const { steps = [], ledger = environment, alter = (header) => header } = options;
    const slot = firstSlotOf(parent.parameters, epoch);
    const built = buildBlock(ledger, state, { slot, generation: 0, candidates: steps });
    expect(built.skipped).to.deep.equal([]);
    const header = alter(built.header);
    const hash = blockHash(crypto, parent.view.domain, header);
    const operatorSignature = signAsOperator(crypto, hash, parent.operatorKey);
    blocks.push({
      encoded: encodeBlock({ header, operatorSignature, steps: built.steps, witness: built.witness }),
      hash,
    });
    return header;
  }

  /** The state with one wei more on the thief's account. */
  function withOneWeiMore(state: ShardState): Snapshot {
    const { leaves, outboxes, header } = state.snapshot();
    const words = leaves.words.slice();
    for (let i = 0; i < words.length; i += 32) {
      if (!equal(leaves.keys.subarray(i, i + 32), accountKey(crypto, THIEF))) continue;
      const account = decodeAccount(words.slice(i, i + 32));
      words.set(encodeAccount(account.nonce, account.balance + 1n), i);
    }
    const planted = { keys: leaves.keys, words };
    const stateRoot = loadTree(crypto, planted).root;
    return { header: { ...(header as BlockHeader), stateRoot }, leaves: planted, outboxes };
  }

  /** Runs the honest shard; in every epoch both are anchored, the corrupt one with what `build` publishes then. */
  async function run(build: (epoch: number) => BlockHeader): Promise<void> {
    for (let epoch = 1; epoch <= EPOCHS; epoch++) {
      await honest.run(epoch, epoch);
      const first = blocks.length;
      const { stateRoot } = build(epoch);
      const corrupt = parent.crosslink(CORRUPT, epoch, {
        firstBlock: first + 1,
        lastBlock: blocks.length,
        blocksRoot: paddedTreeRoot(
          crypto,
          blocks.slice(first).map(({ hash }) => hash),
        ),
        stateRoot,
      });
      parent.accept(epoch, [honest.crosslink(epoch).crosslink, corrupt.crosslink]);
    }
  }

  const published: BlockSource = async (shardId, first, last) => {
    const all = shardId === HONEST ? honest.blocks : blocks.map(({ encoded }) => encoded);
    return all.slice(first - 1, last);
  };
  /** The deposits of the honest shard, of one per epoch, and the one of the corrupt shard. */
  const deposited = () => {
    let sum = 0n;
    for (const shardId of [HONEST, CORRUPT]) {
      for (let i = 0; i < parent.view.inboxCount(shardId); i++) sum += parent.view.inboxEntry(shardId, i)?.value ?? 0n;
    }
    return sum;
  };
  const audited = (source = published, vaultBalance = deposited(), paidWithdrawals = 0n) =>
    audit({ crypto, view: parent.view, source, vaultBalance, paidWithdrawals });
  const fails = async (attempt: Promise<unknown>, ...words: string[]) => {
    const error = await attempt.then(
      () => null,
      (reason: unknown) => reason as Error,
    );
    expect(error).to.be.instanceOf(AuditFailure);
    for (const word of words) expect(error?.message, error?.message).to.include(word);
  };
  const honestly = () => {
    const state = ShardState.genesis(crypto, 8);
    return (epoch: number) => publish(state, epoch, { steps: epoch === 1 ? [importOf(entry())] : [] });
  };

  it("is not there in an honest run, which passes", async () => {
    await run(honestly());
    const result = await audited();
    expect(result.crosslinks).to.equal(2 * EPOCHS);
    expect(result.onShards + result.unimported).to.equal(deposited());
    expect(result.onShards >= DEPOSIT).to.equal(true);
  });

  for (const mintEpoch of [1, 2, 3]) {
    it(`fails the audit when it is in the state of epoch ${mintEpoch}`, async () => {
      let state = ShardState.genesis(crypto, 8);
      await run((epoch) => {
        const steps = epoch === 1 ? [importOf(entry())] : [];
        if (epoch !== mintEpoch) return publish(state, epoch, { steps });
        let planted: Snapshot | null = null;
        const header = publish(state, epoch, {
          steps,
          alter: () => {
            planted = withOneWeiMore(state);
            return planted.header as BlockHeader;
          },
        });
        // Later blocks build on it, and are sound on top of it.
        state = ShardState.load(crypto, planted as unknown as Snapshot, 8);
        return header;
      });
      await fails(audited(), "shard 2", `epoch ${mintEpoch}`, "WrongStateRoot");
    });
  }

  it("fails the audit when a deposit is imported with one wei more", async () => {
    const more = { ...entry(), value: DEPOSIT + 1n };
    const { domain, parameters } = parent.view;
    const digest = inboxEntryDigest(crypto, domain, more);
    const facts = { ...parent.view.facts(), inboxEntryDigest: () => ({ digest, epoch: 0 }) };
    const ledger = createLedgerEnvironment({ crypto, domain, parameters, facts, shardId: CORRUPT });
    const state = ShardState.genesis(crypto, 8);
    await run((epoch) => publish(state, epoch, epoch === 1 ? { steps: [importOf(more)], ledger } : {}));
    expect(state.account(THIEF).balance).to.equal(DEPOSIT + 1n);
    await fails(audited(), "shard 2", "epoch 1", "block 1 does not execute");
  });

  for (const root of ["stateRoot", "blocksRoot"] as const) {
    it(`fails the audit when an anchored ${root} is not what the blocks lead to`, async () => {
      const state = ShardState.genesis(crypto, 8);
      parent.moveToEpoch(2);
      const { stateRoot } = publish(state, 1, { steps: [importOf(entry())] });
      const blocksRoot = paddedTreeRoot(
        crypto,
        blocks.map(({ hash }) => hash),
      );
      const sound = { firstBlock: 1, lastBlock: 1, blocksRoot, stateRoot };
      parent.accept(1, [parent.crosslink(CORRUPT, 1, { ...sound, [root]: new Uint8Array(32).fill(1) }).crosslink]);
      const what = root === "stateRoot" ? "the state root is another" : "the blocks root is another";
      await fails(audited(), "shard 2", "epoch 1", what);
    });
  }

  it("fails the audit when the vault holds a wei less, or has paid one that no shard sent", async () => {
    await run(honestly());
    await fails(audited(published, deposited() - 1n), "vault");
    await fails(audited(published, deposited(), 1n), "paid 1 wei that no shard has sent");
  });

  const flipped = (at: number) => (block: Uint8Array) => [block.with(at, (block[at] as number) ^ 1)];
  for (const [what, tamper] of [
    ["has a flipped byte in its header", flipped(20)],
    ["has a flipped byte in its signature", flipped(BLOCK_HEADER_BYTES + 7)],
    ["has a flipped byte in a step", flipped(BLOCK_HEADER_BYTES + 65 + 5 + 30)],
    ["is cut short", (block: Uint8Array) => [block.subarray(0, BLOCK_HEADER_BYTES + 65 + 20)]],
    ["is missing", () => []],
    ["comes twice", (block: Uint8Array) => [block, block]],
  ] as const) {
    it(`fails the audit, in an honest run, when a published block ${what}`, async () => {
      await run(honestly());
      const tampered: BlockSource = async (shardId, first, last) => {
        const all = await published(shardId, first, last);
        return shardId === CORRUPT && first === 2 ? tamper(all[0] as Uint8Array) : all;
      };
      await fails(audited(tampered), "shard 2", "epoch 2");
    });
  }
});
