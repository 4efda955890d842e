import { createLedgerEnvironment, type LedgerEnvironment } from "../../../ledger/environment.ts";
import { encodeImportInbox, encodeImportMessage, STEP_KIND, type Step } from "../../../ledger/step.ts";
import { blockHash } from "../../../protocol/block-header.ts";
import { equal } from "../../../protocol/bytes.ts";
import { type Crosslink, crosslinkHash } from "../../../protocol/crosslink.ts";
import type { Message } from "../../../protocol/message.ts";
import { addressOfKey, signAsOperator } from "../../../protocol/operator-signature.ts";
import { outboxKey } from "../../../protocol/state.ts";
import { encodeSendMessage, MESSENGER_ADDRESS } from "../../../protocol/system-contracts.ts";
import { signTransaction } from "../../../protocol/transaction.ts";
import { Disputing } from "../../../relayer/node/disputing.ts";
import { answerChallenge } from "../../../relayer/parent/actions/answer-challenge.ts";
import { demandMessage } from "../../../relayer/parent/actions/demand-message.ts";
import { settle } from "../../../relayer/parent/actions/settle.ts";
import type { MessageProof } from "../../../relayer/parent/actions/withdraw.ts";
import type { ChallengeAnswer } from "../../../relayer/parent/challenge-answers.ts";
import { ContractReverted } from "../../../relayer/parent/contract-errors.ts";
import { entryOpening } from "../../../relayer/parent/entry-opening.ts";
import type { ParentFollower } from "../../../relayer/parent/parent-follower.ts";
import type { AcceptedCheckpoint, DataChallenge, ParentView } from "../../../relayer/parent/parent-view.ts";
import type { TransactionSender } from "../../../relayer/parent/transaction-sender.ts";
import { type LieOptions, type LyingCrosslink, lie, partOf } from "../../support/liars.ts";
import { publish, SoundShard } from "../../support/sound-shard.ts";
import type { FraudChain } from "./fraud-chain.ts";

const GWEI = 10n ** 9n;
const WATCHER = new Uint8Array(32).fill(0x77);
const LIAR = new Uint8Array(32).fill(0x66);
const MESSAGE_VALUE = 1000n;
const CHUNK_STEPS = 256;
/** What is shown at once. */
const GROUP_STEPS = 8;
/** Seconds of parent time from one look of the watcher to the next. */
const LOOK_SECONDS = 2;

/** One shard of a scene: its sound past, what is published of it, and who signs for it. */
export class SceneShard {
  readonly sound: SoundShard;
  readonly environment: LedgerEnvironment;
  /** Blocks that anybody can get, by number. */
  readonly published = new Map<number, Uint8Array>();
  readonly #chain: FraudChain;
  readonly #view: ParentView;
  readonly id: number;
  #nonce = 0n;

  constructor(chain: FraudChain, view: ParentView, id: number) {
    const { crypto } = chain;
    const { domain, parameters } = view;
    this.environment = createLedgerEnvironment({ crypto, domain, parameters, facts: view.facts(), shardId: id });
    this.sound = new SoundShard(this.environment);
    this.#chain = chain;
    this.#view = view;
    this.id = id;
  }

  /** The deposit that waits for the shard's first operator. */
  importDeposit(): Step {
    const entry = this.#view.inboxEntry(this.id, 0);
    if (entry === null) throw new Error("there is no deposit");
    return { kind: STEP_KIND.importInbox, payload: encodeImportInbox(entry) };
  }

  payment(): Step {
    return this.#transaction(new Uint8Array(20).fill(0xbb), 21_000n, 1n, new Uint8Array(0));
  }

  message(destination: number): Step {
    const data = encodeSendMessage({ destination, recipient: LIAR.slice(12), data: new Uint8Array(0) });
    return this.#transaction(MESSENGER_ADDRESS, 100_000n, MESSAGE_VALUE, data);
  }

  #transaction(to: Uint8Array, gasLimit: bigint, value: bigint, data: Uint8Array): Step {
    const fees = { maxPriorityFeePerGas: 0n, maxFeePerGas: 2n * GWEI };
    const fields = { chainId: this.environment.chainId, nonce: this.#nonce++, ...fees, gasLimit, to, value, data };
    const payload = signTransaction(this.#chain.crypto, fields, this.#chain.keyOf(this.id));
    return { kind: STEP_KIND.transaction, payload };
  }

  /** Makes the blocks of a crosslink known, as far as they are given. */
  publish(claimed: LyingCrosslink, operatorKey: Uint8Array): void {
    publish(this.environment, claimed, operatorKey).forEach((block, i) => {
      this.published.set(claimed.parent.lastBlock + 1 + i, block);
    });
  }
}

/** Corrupt operators, committees that sign whatever they are given, and one honest watcher. */
export class Scene {
  readonly chain: FraudChain;
  readonly follower: ParentFollower;
  readonly watcher: TransactionSender;
  readonly shards: ReadonlyMap<number, SceneShard>;
  readonly warnings: string[] = [];
  readonly errors: unknown[] = [];
  readonly #liar: TransactionSender;
  readonly #disputing: Disputing;

  private constructor(
    chain: FraudChain,
    follower: ParentFollower,
    watcher: TransactionSender,
    liar: TransactionSender,
  ) {
    this.chain = chain;
    this.follower = follower;
    this.watcher = watcher;
    this.#liar = liar;
    const { crypto, deployment } = chain;
    this.shards = new Map([1, 2].map((id) => [id, new SceneShard(chain, follower.view, id)]));
    const { shards } = this;
    this.#disputing = new Disputing({
      crypto,
      source: follower,
      addresses: deployment.addresses,
      account: { sender: watcher, secret: crypto.keccak256(WATCHER) },
      accountKey: WATCHER,
      fetchBlocks: async function* (shardId, first, last) {
        const held = shards.get(shardId)?.published ?? new Map<number, Uint8Array>();
        yield Array.from({ length: last - first + 1 }, (_, i) => held.get(first + i)).filter(
          (block) => block !== undefined,
        );
      },
      rank: 0,
      watchers: 1,
      onError: (error) => this.errors.push(error),
      onWarning: (message) => this.warnings.push(message),
    });
  }

  static async open(chain: FraudChain): Promise<Scene> {
    const follower = await chain.renew();
    return new Scene(chain, follower, await chain.fund(WATCHER), await chain.fund(LIAR));
  }

  get view(): ParentView {
    return this.follower.view;
  }

  get lieOptions(): LieOptions {
    const { domain, parameters } = this.view;
    return { crypto: this.chain.crypto, domain, slotsPerEpoch: parameters.slotsPerEpoch };
  }

  shard(id: number): SceneShard {
    return this.shards.get(id) as SceneShard;
  }

  /** Everybody votes for the crosslink, unseen. */
  async anchor(crosslink: Crosslink): Promise<Uint8Array> {
    return this.chain.anchor(this.follower, this.#liar, crosslink);
  }

  /** A sound crosslink, published and anchored. */
  async honest(
    shard: SceneShard,
    epoch: number,
    blocks: readonly (readonly Step[])[],
    key?: Uint8Array,
  ): Promise<boolean> {
    // What the blocks read of the parent chain is known when their epoch has come.
    await this.chain.passToEpoch(epoch);
    await this.follower.poll();
    const sound = shard.sound.build(epoch, blocks);
    shard.publish(lie("None", sound, this.lieOptions), key ?? this.chain.keyOf(shard.id));
    await this.anchor(sound.crosslink);
    return true;
  }

  /** The operator's signature on a crosslink goes round among nodes. */
  gossip(shard: SceneShard, crosslink: Crosslink): void {
    const { crypto } = this.chain;
    const hash = crosslinkHash(crypto, this.view.domain, crosslink);
    const operatorSignature = signAsOperator(crypto, hash, this.chain.keyOf(shard.id));
    this.#disputing.take({ kind: "crosslink", crosslink, operatorSignature });
  }

  /** Some parent time passes, and the watcher looks. */
  async look(): Promise<void> {
    await this.chain.passTo(this.view.head.timestamp + LOOK_SECONDS);
    await this.follower.poll();
    await this.#disputing.onBlock();
    await this.follower.poll();
  }

  /** The liar shows whatever is asked for, with all that it claims. */
  async show({ crosslink, blocks }: LyingCrosslink): Promise<void> {
    const { crypto, deployment } = this.chain;
    const { domain } = this.view;
    for (const challenge of this.view.challenges()) {
      if (challenge.missing === 0 || !equal(challenge.crosslinkHash, this.#hashOf(crosslink))) continue;
      for (const answer of answersTo(challenge)) {
        try {
          await answerChallenge(this.#liar, deployment.addresses, challenge.id, answer);
        } catch (error) {
          // What hides behind a count cannot be shown by those who are counted.
          if (!(error instanceof ContractReverted) || error.error !== "DataChallenges_WrongAnswer") throw error;
        }
      }
    }
    await this.follower.poll();

    function answersTo({ blockHash: wanted, chunk }: DataChallenge): ChallengeAnswer[] {
      if (wanted === null) return [{ kind: "headers", headers: blocks.map(({ header }) => header) }];
      const block = blocks.find(({ header }) => equal(blockHash(crypto, domain, header), wanted));
      if (block === undefined) return [];
      const answers: ChallengeAnswer[] = [];
      const end = Math.min((chunk + 1) * CHUNK_STEPS, block.steps.length);
      for (let first = chunk * CHUNK_STEPS; first < end; first += GROUP_STEPS) {
        const part = partOf(block, { first, count: Math.min(GROUP_STEPS, end - first) });
        answers.push({ kind: "steps", ...part, steps: part.steps.map(({ leaf, payload }) => ({ ...leaf, payload })) });
      }
      return answers;
    }
  }

  /** Whatever the challenge window of the latest checkpoint takes passes, and all is settled that can be. */
  async settle(): Promise<void> {
    const { challengeEpochs, challengeBlocks, slotsPerEpoch, secondsPerSlot } = this.chain.parameters;
    await this.chain.passTo(this.view.head.timestamp + (challengeEpochs + 1) * slotsPerEpoch * secondsPerSlot);
    for (let i = 0; i < challengeBlocks; i++) await this.chain.mine();
    await settle(this.#liar, this.chain.deployment.addresses, 16);
    await this.follower.poll();
  }

  /** Shows the first message from `source` to `destination` on the parent chain; returns the step that imports it. */
  async demand(source: SceneShard, destination: number): Promise<Step> {
    const { crypto, deployment } = this.chain;
    const epoch = this.view.settled.epoch;
    const accepted = this.view.checkpoint(epoch) as AcceptedCheckpoint;
    const position = source.id - 1;
    const crosslink = accepted.crosslinkOf(position) as Crosslink;
    const opening = entryOpening(crypto, accepted, { position, crosslink, hash: this.#hashOf(crosslink) });
    const message: Message = {
      source: source.id,
      destination,
      index: 0,
      sender: addressOfKey(crypto, this.chain.keyOf(source.id)),
      recipient: LIAR.slice(12),
      value: MESSAGE_VALUE,
      data: new Uint8Array(0),
    };
    const { siblings: stateSiblings } = source.sound.state.tree.path(outboxKey(crypto, destination));
    // The only message of its outbox.
    const { siblings: entrySiblings, ...rest } = opening;
    const proof: MessageProof = { ...rest, entrySiblings, stateSiblings, count: 1, outboxSiblings: [] };
    await demandMessage(this.#liar, deployment.addresses, message, proof);
    await this.follower.poll();
    return { kind: STEP_KIND.importMessage, payload: encodeImportMessage({ message, ...proof }) };
  }

  close(): void {
    this.#disputing.close();
  }

  #hashOf(crosslink: Crosslink): Uint8Array {
    return crosslinkHash(this.chain.crypto, this.view.domain, crosslink);
  }
}
