import { createNativeCrypto } from "../../crypto/native.ts";
import { createLedgerEnvironment, type LedgerEnvironment } from "../../ledger/environment.ts";
import { encodeImportInbox, STEP_KIND, type Step } from "../../ledger/step.ts";
import { blockHash } from "../../protocol/block-header.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { addressOfKey } from "../../protocol/operator-signature.ts";
import { signTransaction } from "../../protocol/transaction.ts";
import type { DataChallenge } from "../../relayer/parent/parent-view.ts";
import { Disputer } from "../../relayer/watcher/disputer.ts";
import { ShardWatch } from "../../relayer/watcher/shard-watch.ts";
import type { ShownData } from "../../relayer/watcher/shown-data.ts";
import { HandFedParent } from "../../test/support/hand-fed-parent.ts";
import { type LyingCrosslink, lie, partOf, type SoundCrosslink } from "../../test/support/liars.ts";
import { publish, SoundShard } from "../../test/support/sound-shard.ts";
import type { Benchmark, Figure } from "../benchmark.ts";

const SHARD = 1;
const GWEI = 10n ** 9n;
const TRANSFERS_PER_BLOCK = 1_000;
const BLOCKS = 8;
/** Crosslinks before the one that counts, for the just-in-time compiler. */
const WARM_UP = 2;

/** A watcher of one shard on a parent chain that is fed by hand, so that what is measured is its own work. */
class Bench {
  readonly #crypto: Crypto;
  readonly parent: HandFedParent;
  readonly environment: LedgerEnvironment;
  readonly #shard: SoundShard;
  readonly #published = new Map<number, Uint8Array>();
  readonly #answers = new Map<number, ShownData>();
  readonly watch: ShardWatch;
  readonly sent: string[] = [];
  #nonce = 0n;
  #lying: LyingCrosslink | null = null;

  constructor(crypto: Crypto) {
    this.#crypto = crypto;
    this.parent = new HandFedParent(crypto);
    const { view } = this.parent;
    const { domain, parameters } = view;
    this.environment = createLedgerEnvironment({ crypto, domain, parameters, facts: view.facts(), shardId: SHARD });
    this.#shard = new SoundShard(this.environment);
    const published = this.#published;
    this.watch = new ShardWatch({
      crypto,
      view,
      shardId: SHARD,
      fetchBlocks: async function* (_, first, last) {
        for (let number = first; number <= last; number++) yield [published.get(number) as Uint8Array];
      },
      readAnswer: async ({ blockNumber }) => this.#answers.get(blockNumber) ?? null,
      pause: () => Promise.resolve(),
    });
    this.parent.moveTo(1);
    this.parent.deposit(SHARD, addressOfKey(crypto, this.parent.operatorKey), 10n ** 21n);
  }

  /** Blocks of transfers, with the deposit that they spend in the first one. */
  build(epoch: number): SoundCrosslink {
    this.parent.moveToEpoch(epoch);
    const blocks = Array.from({ length: BLOCKS }, (_, i) => [
      ...(epoch === 1 && i === 0 ? [this.#deposit()] : []),
      ...Array.from({ length: TRANSFERS_PER_BLOCK }, () => this.#transfer()),
    ]);
    return this.#shard.build(epoch, blocks);
  }

  anchor(sound: SoundCrosslink, fault: "None" | "WrongStepState"): void {
    const { domain, parameters } = this.parent.view;
    const lying = lie(fault, sound, { crypto: this.#crypto, domain, slotsPerEpoch: parameters.slotsPerEpoch });
    const { firstBlock, epoch } = sound.crosslink;
    for (const [i, block] of publish(this.environment, lying, this.parent.operatorKey).entries()) {
      this.#published.set(firstBlock + i, block);
    }
    this.#lying = lying;
    this.parent.moveToEpoch(epoch + 1);
    this.parent.accept(epoch, [lying.crosslink]);
  }

  disputer(): Disputer {
    const { parent, sent, watch } = this;
    const nothing = () => Promise.resolve();
    const others = { look: () => Promise.resolve(null), doubt: () => {} } as unknown as ShardWatch;
    return new Disputer({
      source: parent,
      actions: {
        challenge: async (_, entry, asked) => {
          sent.push("challenge");
          const { header, chunk } = asked as NonNullable<typeof asked>;
          const blockHash = this.#hashOf(header.header);
          const groups = Math.ceil(Math.min(256, header.header.stepCount - 256 * chunk) / 8);
          parent.challenge(entry, { blockHash, chunk, missing: 2 ** groups - 1 });
        },
        pursue: async () => {
          sent.push("dispute");
          return "waiting";
        },
        isPunishable: () => Promise.resolve(false),
        blockAtFault: () => Promise.resolve(null),
        punishCommittee: nothing,
        punishOperator: nothing,
        punishOperatorByHeader: nothing,
        reclaim: nothing,
        claim: nothing,
      },
      watch: (shardId) => (shardId === SHARD ? watch : others),
      signatureOn: () => null,
      account: new Uint8Array(20),
      rank: 0,
      watchers: 1,
      onError: (error) => {
        throw error;
      },
      onWarning: () => {},
    });
  }

  /** The liar answers with what it claims. */
  answer(): void {
    const [challenge] = this.parent.view.challenges().filter(({ missing }) => missing !== 0) as [DataChallenge];
    const block = this.#lying?.blocks.at(-1) as LyingCrosslink["blocks"][number];
    const first = 256 * challenge.chunk;
    const part = partOf(block, { first, count: Math.min(256, block.steps.length - first) });
    const steps = part.steps.map(({ leaf: { word, stateRoot }, payload }) => ({ word, stateRoot, payload }));
    this.parent.answer(challenge.id);
    const place = this.parent.view.challenge(challenge.id)?.answers.at(-1);
    this.#answers.set(place?.blockNumber ?? 0, { kind: "steps", ...part, steps });
  }

  #hashOf(header: Parameters<typeof blockHash>[2]): Uint8Array {
    return blockHash(this.#crypto, this.parent.view.domain, header);
  }

  #deposit(): Step {
    const entry = this.parent.view.inboxEntry(SHARD, 0);
    if (entry === null) throw new Error("there is no deposit");
    return { kind: STEP_KIND.importInbox, payload: encodeImportInbox(entry) };
  }

  #transfer(): Step {
    const nonce = this.#nonce++;
    const to = this.#crypto.sha256(Uint8Array.of(Number(nonce & 255n), Number((nonce >> 8n) & 255n))).subarray(12);
    const payload = signTransaction(
      this.#crypto,
      {
        chainId: this.environment.chainId,
        nonce,
        maxPriorityFeePerGas: 0n,
        maxFeePerGas: GWEI,
        gasLimit: 21_000n,
        to,
        value: 1n,
        data: new Uint8Array(),
      },
      this.parent.operatorKey,
    );
    return { kind: STEP_KIND.transaction, payload };
  }
}

const CONDITIONS = `crosslinks of ${BLOCKS} blocks of ${TRANSFERS_PER_BLOCK} transfers, recovery of signatures included`;

/** What it costs to watch a shard, and how long a watcher needs between what it learns and what it sends. */
export const measureWatcher: Benchmark = async (say) => {
  const crypto = await createNativeCrypto();
  const bench = new Bench(crypto);
  const transactions = BLOCKS * TRANSFERS_PER_BLOCK;
  let perTransaction = 0;
  for (let epoch = 1; epoch <= WARM_UP + 1; epoch++) {
    bench.anchor(bench.build(epoch), "None");
    const before = process.cpuUsage();
    if ((await bench.watch.look()) !== null) throw new Error("what is sound is suspected");
    const { user, system } = process.cpuUsage(before);
    perTransaction = (user + system) / transactions;
    say(`${transactions} transactions followed at ${perTransaction.toFixed(1)} us each`);
  }

  bench.anchor(bench.build(WARM_UP + 2), "WrongStepState");
  const disputer = bench.disputer();
  let delay = 0;
  while (bench.sent.at(-1) !== "dispute") {
    const before = process.cpuUsage();
    await disputer.onBlock();
    const { user, system } = process.cpuUsage(before);
    delay += (user + system) / 1e6;
    if (bench.sent.at(-1) === "challenge") bench.answer();
    say(`${bench.sent.at(-1)} sent, ${delay.toFixed(2)} s of its own time after acceptance`);
  }
  const figure = (name: string, value: number, unit: string, conditions: string): Figure => ({
    name,
    value: Number(value.toPrecision(3)),
    unit,
    goal: null,
    peers: {},
    conditions,
  });
  return [
    figure("watcher/cpu-per-transaction", perTransaction, "us", `CPU time; ${CONDITIONS}`),
    figure(
      "watcher/delay",
      delay,
      "s",
      `CPU time from acceptance to the dispute of a wrong last step, without what the parent chain and the answers of ${bench.sent.length - 1} challenges take; ${CONDITIONS}`,
    ),
  ];
};
