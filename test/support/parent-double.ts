import type { ParentFacts } from "../../ledger/environment.ts";
import { equal, word, ZERO_HASH } from "../../protocol/bytes.ts";
import { type Checkpoint, checkpointBodyRoot, checkpointRoot, genesisCheckpoint } from "../../protocol/checkpoint.ts";
import { type Crosslink, crosslinkHash, genesisCrosslink } from "../../protocol/crosslink.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { createDomain, type Domain, shardChainId } from "../../protocol/eip712.ts";
import { INBOX_DEPOSIT, INBOX_FORCED_TRANSACTION, inboxEntryDigest } from "../../protocol/inbox-entry.ts";
import { type Parameters, parametersFor } from "../../protocol/presets.ts";
import type { OperatorParentView } from "../../relayer/operator/ports.ts";
import type {
  AcceptedCheckpoint,
  CheckpointLink,
  MessageDemand,
  RecordedInboxEntry,
  Settlement,
  Shard,
  VoidedEntry,
} from "../../relayer/parent/parent-view.ts";

interface DoubledCheckpoint extends AcceptedCheckpoint {
  readonly crosslinks: readonly (Crosslink | null)[];
}

/**
 * A parent chain without a chain: the test moves its epoch, its inbox and its checkpoints by hand. Facts obey INPUT_DELAY as
 * the real ones do.
 */
export class ParentDouble implements OperatorParentView {
  readonly domain: Domain;
  readonly parameters: Parameters = parametersFor("minimal", "devnet");
  readonly genesisTime = 1_700_000_000;
  justified: CheckpointLink;
  settled: CheckpointLink;
  /** Of the parent chain's head. */
  epoch = 0;
  readonly #crypto: Crypto;
  readonly #shards: Shard[] = [];
  readonly #inbox = new Map<number, RecordedInboxEntry[]>();
  readonly #demands: MessageDemand[] = [];
  readonly #checkpoints = new Map<number, DoubledCheckpoint>();
  readonly #settlements = new Map<number, Settlement>();
  /** By shard and generation. */
  readonly #operators = new Map<string, Uint8Array>();
  readonly #voids: { position: number; from: number; to: number; resume: Crosslink }[] = [];

  constructor(crypto: Crypto) {
    this.#crypto = crypto;
    this.domain = createDomain(crypto, 31_337n, new Uint8Array(20).fill(0x5a));
    const { shardCount } = this.parameters;
    const genesis = genesisCheckpoint(shardCount);
    this.justified = this.#record(genesis, new Array<null>(shardCount).fill(null));
    this.settled = this.justified;
    this.#settlements.set(0, { settledEpoch: 0, exceptions: [] });
  }

  // ------------------------------------------------------------------ what the test does

  openShard(operator: Uint8Array): Shard {
    const id = this.#shards.length + 1;
    const chainId = shardChainId(this.#crypto, this.domain, id);
    const place = { position: id - 1, generation: 0, openedEpoch: this.epoch };
    const shard = { id, ...place, operator, chainId };
    this.#shards.push(shard);
    this.#operators.set(`${id}/0`, operator);
    return shard;
  }

  /** The next generation begins, of the same operator or another one; all zero is none. */
  advanceGeneration(shardId: number, operator?: Uint8Array): Shard {
    const before = this.shard(shardId) as Shard;
    const shard = { ...before, generation: before.generation + 1, operator: operator ?? before.operator };
    this.#shards[shardId - 1] = shard;
    this.#operators.set(`${shardId}/${shard.generation}`, shard.operator);
    return shard;
  }

  /** A shard without operator gets one, in the generation that it is in. */
  takeOver(shardId: number, operator: Uint8Array): void {
    const shard = { ...(this.shard(shardId) as Shard), operator };
    this.#shards[shardId - 1] = shard;
    this.#operators.set(`${shardId}/${shard.generation}`, operator);
  }

  /** What the shard's crosslink of that epoch changed is void, with all that came after; the next generation begins. */
  voidEntry(shardId: number, epoch: number): VoidedEntry {
    const { position } = this.shard(shardId) as Shard;
    const crosslink = this.#checkpoints.get(epoch)?.crosslinks[position] ?? null;
    if (crosslink?.epoch !== epoch) throw new Error(`shard ${shardId} changed nothing in epoch ${epoch}`);
    const resume = this.crosslinkByHash(crosslink.parent) ?? genesisCrosslink(shardId);
    const { generation } = this.advanceGeneration(shardId);
    this.#voids.push({ position, from: epoch, to: Infinity, resume });
    const hash = crosslinkHash(this.#crypto, this.domain, crosslink);
    return { shardId, position, epoch, crosslinkHash: hash, resume, generation };
  }

  /** A reorg of the parent chain: the shard's last void has not happened. */
  takeBackVoid(shardId: number): void {
    const shard = this.shard(shardId) as Shard;
    const generation = shard.generation - 1;
    this.#operators.delete(`${shardId}/${shard.generation}`);
    this.#shards[shardId - 1] = { ...shard, generation, operator: this.operatorOf(shardId, generation) as Uint8Array };
    this.#voids.splice(
      this.#voids.findLastIndex(({ position }) => position === shard.position),
      1,
    );
  }

  deposit(shardId: number, recipient: Uint8Array, value: bigint): void {
    this.#addEntry(shardId, { kind: INBOX_DEPOSIT, recipient, value, data: new Uint8Array(0) });
  }

  force(shardId: number, data: Uint8Array): void {
    this.#addEntry(shardId, { kind: INBOX_FORCED_TRANSACTION, recipient: new Uint8Array(20), value: 0n, data });
  }

  /** Somebody demands that the message be imported, in the epoch of the head. */
  demandMessage(destination: number, source: number, index: number): void {
    const place = { blockNumber: 0, blockHash: ZERO_HASH, logIndex: 0 };
    this.#demands.push({ destination, source, index, epoch: this.epoch, place });
  }

  /** Justifies a checkpoint of that epoch in which these crosslinks replace their shards' entries. */
  justify(epoch: number, crosslinks: readonly Crosslink[]): void {
    const source = this.#checkpoints.get(this.justified.epoch) as DoubledCheckpoint;
    const entries = [...source.checkpoint.entries];
    const standing = [...source.crosslinks];
    for (const crosslink of crosslinks) {
      const { position } = this.shard(crosslink.shardId) as Shard;
      entries[position] = crosslinkHash(this.#crypto, this.domain, crosslink);
      standing[position] = crosslink;
      const open = this.#openVoid(position);
      if (open !== undefined) open.to = epoch;
    }
    const body = { epoch, sourceEpoch: source.checkpoint.body.epoch, sourceRoot: source.root, rewardsRoot: ZERO_HASH };
    this.justified = this.#record({ body, entries }, standing);
  }

  /** Settles what is justified, in the epoch of the head; what is void is an exception by itself. */
  settle(others: readonly number[] = []): void {
    this.settled = this.justified;
    const voids = this.#shards.map(({ position }) => position).filter((p) => this.isVoid(p, this.settled.epoch));
    const exceptions = [...new Set([...others, ...voids])].sort((a, b) => a - b);
    this.#settlements.set(this.settled.epoch, { settledEpoch: this.epoch, exceptions });
  }

  // ------------------------------------------------------------------ what the operator reads

  shard(id: number): Shard | null {
    return this.#shards[id - 1] ?? null;
  }

  shards(): readonly Shard[] {
    return this.#shards;
  }

  operatorOf(shardId: number, generation: number): Uint8Array | null {
    return this.#operators.get(`${shardId}/${generation}`) ?? null;
  }

  parentOf(shardId: number): Crosslink | null {
    const shard = this.shard(shardId);
    if (shard === null) return null;
    const standing = this.#checkpoints.get(this.justified.epoch)?.crosslinks[shard.position] ?? null;
    return this.#openVoid(shard.position)?.resume ?? standing ?? genesisCrosslink(shardId);
  }

  isVoid(position: number, epoch: number): boolean {
    return this.#voids.some((range) => range.position === position && range.from <= epoch && epoch < range.to);
  }

  inboxEntry(shardId: number, index: number): RecordedInboxEntry | null {
    return this.#inbox.get(shardId)?.[index] ?? null;
  }

  demand(destination: number, source: number, index: number): MessageDemand | null {
    return this.#demands.find((d) => d.destination === destination && d.source === source && d.index === index) ?? null;
  }

  demandedSources(destination: number): readonly number[] {
    const own = this.#demands.filter((demand) => demand.destination === destination);
    return [...new Set(own.map(({ source }) => source))].sort((a, b) => a - b);
  }

  settledAsOf(epoch: number): number {
    const settled = [...this.#settlements].filter(([, { settledEpoch }]) => settledEpoch <= epoch);
    return Math.max(0, ...settled.map(([checkpointEpoch]) => checkpointEpoch));
  }

  settlement(epoch: number): Settlement | null {
    return this.#settlements.get(epoch) ?? null;
  }

  checkpoint(epoch: number): AcceptedCheckpoint | null {
    return this.#checkpoints.get(epoch) ?? null;
  }

  crosslinkByHash(hash: Uint8Array): Crosslink | null {
    const all = [...this.#checkpoints.values()].flatMap(({ crosslinks }) => crosslinks);
    const genesis = this.#shards.map(({ id }) => genesisCrosslink(id));
    const known = [...all, ...genesis];
    return known.find((link) => link !== null && equal(crosslinkHash(this.#crypto, this.domain, link), hash)) ?? null;
  }

  facts(): ParentFacts {
    return {
      seed: (epoch) => (epoch <= this.epoch + 1 ? this.#crypto.sha256(word(epoch)) : null),
      shardCount: (asOfEpoch) => {
        if (asOfEpoch >= this.epoch) return null;
        return this.#shards.filter(({ openedEpoch }) => openedEpoch <= asOfEpoch).length;
      },
      inboxEntryDigest: (shardId, index) => this.inboxEntry(shardId, index),
      settledCheckpointRoot: (checkpointEpoch, position, asOfEpoch) => {
        const settlement = this.settlement(checkpointEpoch);
        if (settlement === null || settlement.settledEpoch > asOfEpoch) return null;
        return settlement.exceptions.includes(position) ? null : (this.checkpoint(checkpointEpoch)?.root ?? null);
      },
    };
  }

  #openVoid(position: number) {
    return this.#voids.findLast((range) => range.position === position && range.to === Infinity);
  }

  #addEntry(shardId: number, what: Pick<RecordedInboxEntry, "kind" | "recipient" | "value" | "data">): void {
    const entries = this.#inbox.get(shardId) ?? [];
    const sender = new Uint8Array(20).fill(0xee);
    const entry = { shardId, index: entries.length, epoch: this.epoch, sender, ...what };
    entries.push({ ...entry, digest: inboxEntryDigest(this.#crypto, this.domain, entry) });
    this.#inbox.set(shardId, entries);
  }

  #record(checkpoint: Checkpoint, crosslinks: readonly (Crosslink | null)[]): CheckpointLink {
    const { epoch } = checkpoint.body;
    const root = checkpointRoot(this.#crypto, checkpoint);
    this.#checkpoints.set(epoch, {
      checkpoint,
      root,
      bodyRoot: checkpointBodyRoot(this.#crypto, checkpoint.body),
      absent: new Uint8Array(),
      absentHash: ZERO_HASH,
      acceptedTime: 0,
      acceptedBlock: 0,
      acceptedEpoch: this.epoch,
      changed: [],
      voided: [],
      submission: null,
      crosslinks,
      crosslinkOf: (position) => crosslinks[position] ?? null,
    });
    return { epoch, root };
  }
}
