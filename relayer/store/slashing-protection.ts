import {
  closeSync,
  existsSync,
  fstatSync,
  fsync,
  fsyncSync,
  ftruncateSync,
  readFileSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { promisify } from "node:util";
import { toHex } from "../../protocol/bytes.ts";
import { openDurably } from "./open-file.ts";

const flush = promisify(fsync);

/**
 * What each key has signed, so that it never signs what is slashable: recorded and flushed to disk before the signature
 * is made. Watermarks as in EIP-3076's minimal form: a lower epoch is refused, the same epoch only for the same content.
 */
export class SlashingProtection {
  readonly #file: number;
  readonly #ids = new Map<string, number>();
  readonly #votes: Watermark[] = [];
  readonly #sources: number[] = [];
  readonly #proposals: Watermark[] = [];
  /** By key and shard. */
  readonly #attestations = new Map<string, Watermark>();
  /** The flush that runs or has run last; never rejects. */
  #flushing: Promise<void> = Promise.resolve();
  /** The one after it, if somebody waits for it. */
  #nextFlush: Promise<void> | null = null;

  /** @throws Error when the file is damaged; signing without it would be unsafe. */
  constructor(path: string) {
    if (existsSync(path)) this.#load(path);
    this.#file = openDurably(path, "a");
  }

  /**
   * Records the vote for all the keys, or for none. The root is what is signed, EIP-3076's `signing_root`: votes that lead to
   * one checkpoint from different sources are two votes. @throws SlashableError
   */
  vote(publicKeys: readonly Uint8Array[], vote: { source: number; target: number; root: Uint8Array }): void {
    const ids = publicKeys.map((key) => this.#idOf(key));
    const root = toHex(vote.root);
    for (const id of ids) {
      const lastSource = this.#sources[id];
      if (lastSource !== undefined && vote.source < lastSource) {
        throw new SlashableError(`a vote from source ${vote.source} after one from ${lastSource}`);
      }
      assertAbove("vote", this.#votes[id], { epoch: vote.target, root });
    }
    this.#append({ type: "vote", ids, source: vote.source, epoch: vote.target, root });
  }

  /**
   * Records the attestation for all the keys, or for none, and binds them at once; it may be signed when this resolves. An
   * epoch has as many as there are shards, at one time: those that come while the disk is busy share the next flush.
   * @throws SlashableError
   */
  async attestation(
    publicKeys: readonly Uint8Array[],
    shardId: number,
    epoch: number,
    crosslinkHash: Uint8Array,
  ): Promise<void> {
    const ids = publicKeys.map((key) => this.#idOf(key));
    const root = toHex(crosslinkHash);
    for (const id of ids) {
      assertAbove(`attestation of shard ${shardId}`, this.#attestations.get(`${id}/${shardId}`), { epoch, root });
    }
    const record = { type: "attestation", ids, shardId, epoch, root } as const;
    this.#write(record);
    this.#apply(record);
    await this.#flushed();
  }

  /** @throws SlashableError */
  proposal(publicKey: Uint8Array, epoch: number, checkpointRoot: Uint8Array): void {
    const id = this.#idOf(publicKey);
    const root = toHex(checkpointRoot);
    assertAbove("proposal", this.#proposals[id], { epoch, root });
    this.#append({ type: "proposal", ids: [id], epoch, root });
  }

  /** Returns when nothing is being flushed any more. */
  async close(): Promise<void> {
    await Promise.allSettled([this.#nextFlush, this.#flushing]);
    closeSync(this.#file);
  }

  #idOf(publicKey: Uint8Array): number {
    const hex = toHex(publicKey);
    const known = this.#ids.get(hex);
    if (known !== undefined) return known;
    const id = this.#ids.size;
    // A key alone binds nothing: it reaches the disk with the first record that names it.
    const record = { type: "key", id, publicKey: hex } as const;
    this.#write(record);
    this.#apply(record);
    return id;
  }

  #append(record: SignedRecord): void {
    const { size } = fstatSync(this.#file);
    this.#write(record);
    try {
      fsyncSync(this.#file);
    } catch (error) {
      // Nothing is signed for it.
      ftruncateSync(this.#file, size);
      throw error;
    }
    this.#apply(record);
  }

  #write(record: SignedRecord): void {
    const line = `${JSON.stringify(record)}\n`;
    const { size } = fstatSync(this.#file);
    try {
      if (writeSync(this.#file, line) !== Buffer.byteLength(line)) {
        throw new Error("slashing protection: the record was not written whole; is the disk full?");
      }
    } catch (error) {
      // The next record must not come after half a line.
      ftruncateSync(this.#file, size);
      throw error;
    }
  }

  /** Resolves when everything that is written by now is on disk. What is written while a flush runs may have missed it. */
  #flushed(): Promise<void> {
    this.#nextFlush ??= this.#flushing.then(() => {
      this.#nextFlush = null;
      const flushed = flush(this.#file);
      this.#flushing = flushed.catch(() => undefined);
      return flushed;
    });
    return this.#nextFlush;
  }

  #apply(record: SignedRecord): void {
    if (record.type === "key") {
      this.#ids.set(record.publicKey, record.id);
      return;
    }
    const mark = { epoch: record.epoch, root: record.root };
    for (const id of record.ids) {
      if (record.type === "vote") {
        this.#votes[id] = mark;
        this.#sources[id] = record.source;
      } else if (record.type === "proposal") this.#proposals[id] = mark;
      else this.#attestations.set(`${id}/${record.shardId}`, mark);
    }
  }

  #load(path: string): void {
    const text = readFileSync(path, "utf8");
    const lines = text.split("\n");
    // A crash in the middle of a write leaves a last line without its end. Nothing was signed for it yet.
    const torn = lines.pop() as string;
    if (torn !== "") truncateSync(path, Buffer.byteLength(text) - Buffer.byteLength(torn));
    lines.forEach((line, i) => {
      try {
        const record: unknown = JSON.parse(line);
        if (!isRecord(record, this.#ids.size)) throw new Error("not a record");
        this.#apply(record);
      } catch {
        throw new Error(damaged(path, i + 1));
      }
    });
  }
}

/** Signing this could cost the stake. */
export class SlashableError extends Error {
  override readonly name = "SlashableError";
}

interface Watermark {
  readonly epoch: number;
  readonly root: string;
}

type SignedRecord =
  | { readonly type: "key"; readonly id: number; readonly publicKey: string }
  | ({ readonly type: "vote"; readonly ids: readonly number[]; readonly source: number } & Watermark)
  | ({ readonly type: "attestation"; readonly ids: readonly number[]; readonly shardId: number } & Watermark)
  | ({ readonly type: "proposal"; readonly ids: readonly number[] } & Watermark);

/** @param keys number of keys that the file has named so far */
function isRecord(value: unknown, keys: number): value is SignedRecord {
  if (typeof value !== "object" || value === null) return false;
  const { type, id, publicKey, ids, epoch, root, source, shardId } = value as Record<string, unknown>;
  if (type === "key") return id === keys && typeof publicKey === "string";
  const names = Array.isArray(ids) && ids.every((each) => isNumber(each) && each < keys);
  if (!names || !isNumber(epoch) || typeof root !== "string") return false;
  return type === "vote" ? isNumber(source) : type === "attestation" ? isNumber(shardId) : type === "proposal";
}

function isNumber(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function assertAbove(what: string, last: Watermark | undefined, next: Watermark): void {
  if (last === undefined || next.epoch > last.epoch) return;
  if (next.epoch === last.epoch && next.root === last.root) return;
  throw new SlashableError(`a ${what} for epoch ${next.epoch} after one for epoch ${last.epoch}`);
}

function damaged(path: string, line: number): string {
  return (
    `slashing protection: ${path} is damaged at line ${line}. ` +
    "Restore it from a backup; without it these keys must not sign."
  );
}
