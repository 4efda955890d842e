import { toHex } from "../../protocol/bytes.ts";
import { type Crosslink, crosslinkHash } from "../../protocol/crosslink.ts";
import { type Beacon, impersonate, type KeyPair, passToEpoch } from "./beacon.ts";
import { type Change, Voters } from "./checkpoints.ts";
import { type AcceptedEntry, EntryLines } from "./entry-lines.ts";
import type { SeededRandom } from "./random.ts";

/** What becomes of a position in a vote: a crosslink of its shard's generation, or of the one before. */
export type Kind = "living" | "dead" | null;

/** Checkpoints are voted, entries become void or are held, and the model is told. */
export class DisputedLine {
  readonly lines = new EntryLines();
  readonly generations: number[];
  readonly #beacon: Beacon;
  readonly #voters: Voters;
  readonly #random: SeededRandom;

  constructor(beacon: Beacon, keys: readonly KeyPair[], random: SeededRandom) {
    this.#beacon = beacon;
    this.#voters = new Voters(beacon, keys);
    this.#random = random;
    this.generations = Array.from({ length: beacon.parameters.shardCount }, () => 0);
  }

  get epoch(): number {
    return this.#voters.source.body.epoch;
  }

  /** Time and number of the latest block. */
  async now(): Promise<{ readonly time: number; readonly block: number }> {
    const block = await this.#beacon.ethers.provider.getBlock("latest");
    return { time: block?.timestamp ?? 0, block: block?.number ?? 0 };
  }

  change(position: number, generation: number, parent: Uint8Array | null): Change {
    const [blocksRoot, stateRoot] = [this.#random.bytes(32), this.#random.bytes(32)];
    const record = { generation, firstBlock: 1, lastBlock: 8, blocksRoot, stateRoot };
    return { position, shardId: position + 1, record, ...(parent === null ? {} : { parent }) };
  }

  /** The entries of the next vote, as the validators build them: what a shard goes on from follows from its line. */
  changes(kinds: readonly Kind[]): Change[] {
    return kinds.flatMap((kind, position) => {
      const generation = this.generations[position] as number;
      if (kind === "living") return [this.change(position, generation, this.lines.resume(position))];
      return kind === "dead" ? [this.change(position, generation - 1, null)] : [];
    });
  }

  /** Votes for an epoch, which passes before if it has not. */
  async vote(kinds: readonly Kind[], epoch = this.epoch + 1) {
    const { registry, crypto, domain } = this.#beacon;
    if (Number(await registry.currentEpoch()) <= epoch) await passToEpoch(this.#beacon, epoch + 1);
    const transaction = await this.#voters.justify(epoch, { changes: this.changes(kinds) });
    for (const [position, crosslink] of this.#voters.crosslinks) {
      const hash = crosslinkHash(crypto, domain, crosslink);
      const isDead = crosslink.generation !== this.generations[position];
      this.lines.accept({ position, crosslink, hash, checkpoint: this.#voters.source, isDead });
    }
    return transaction;
  }

  /** The entry that stands at the position in the latest checkpoint, or in that of the epoch. */
  entry(position: number, epoch = this.epoch): AcceptedEntry {
    const entry = this.lines.standing(position, epoch);
    if (entry === undefined) throw new Error(`nothing stands at position ${position} in epoch ${epoch}`);
    return entry;
  }

  proof({ checkpoint, position, crosslink }: AcceptedEntry, overrides: Partial<Crosslink> = {}) {
    return this.#voters.proof(checkpoint, position, { ...crosslink, ...overrides });
  }

  async asDisputes() {
    return this.#beacon.anchors.connect(await impersonate(this.#beacon, this.#beacon.disputes));
  }

  async void(entry: AcceptedEntry) {
    const transaction = await (await this.asDisputes()).voidEntry(this.proof(entry));
    this.lines.void(entry);
    this.#advance(entry.position);
    return transaction;
  }

  async hold(position: number, epoch: number, untilTime: number, untilBlock: number) {
    // The disputes of a beacon without judges judge everything, and so silence.
    const transaction = await (await this.asDisputes()).hold(position, epoch, untilTime, untilBlock);
    this.lines.hold(position, { epoch, untilTime, untilBlock }, await this.now());
    return transaction;
  }

  /** The operator loses its bond, and another one takes over, in the next generation. */
  async replaceOperator(position: number): Promise<void> {
    const { shards, slashings, stranger, parameters } = this.#beacon;
    const asSlashings = shards.connect(await impersonate(this.#beacon, slashings));
    await asSlashings.slashBond(position + 1, this.generations[position] as number, stranger.address);
    await shards.takeOver(position + 1, stranger.address, { value: parameters.shardBond });
    this.#advance(position);
  }

  /** Settles what there is to settle; returns the exceptions of each checkpoint, and what the model says of them. */
  async settle(max = 100): Promise<{ found: number[][]; expected: number[][] }> {
    const { anchors, parameters } = this.#beacon;
    const receipt = await (await anchors.settle(max)).wait();
    const now = await this.now();
    const settled = await anchors.queryFilter(anchors.filters.CheckpointSettled(), receipt?.blockNumber);
    const found: number[][] = [];
    const expected: number[][] = [];
    for (const { args } of settled) {
      const epoch = Number(args.epoch);
      const exceptions = this.lines.exceptions(epoch, parameters.shardCount, now);
      this.lines.settled.push({ epoch, exceptions });
      expected.push(exceptions);
      found.push(
        this.generations.map((_, position) => position).filter((p) => ((args.exceptions >> BigInt(p)) & 1n) === 1n),
      );
    }
    return { found, expected };
  }

  /** What the contract says of the line, and what the model does. */
  async compare(epochs: readonly number[]): Promise<{ found: unknown; expected: unknown }> {
    const { anchors } = this.#beacon;
    const positions = this.generations.map((_, position) => position);
    const found = await Promise.all(
      positions.map(async (position) => {
        const [{ settledEpoch }, resume] = await anchors.standing(position);
        const isVoid = await Promise.all(epochs.map((epoch) => anchors.isVoid(position, epoch)));
        return { settledEpoch: Number(settledEpoch), resume, isVoid };
      }),
    );
    const expected = positions.map((position) => ({
      settledEpoch: this.lines.settledEpoch(position),
      resume: toHex(this.lines.resume(position) ?? new Uint8Array(32)),
      isVoid: epochs.map((epoch) => this.lines.isVoid(position, epoch)),
    }));
    return { found, expected };
  }

  #advance(position: number): void {
    this.generations[position] = (this.generations[position] as number) + 1;
  }
}
