import { ByteReader, ByteWriter, toHex } from "../../protocol/bytes.ts";
import {
  crosslinkHash,
  readSignedCrosslink,
  type SignedCrosslink,
  writeSignedCrosslink,
} from "../../protocol/crosslink.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import type { Domain } from "../../protocol/eip712.ts";
import type { RecordLog } from "../store/record-log.ts";
import type { OutboxPaths } from "./outboxes.ts";

export interface ArchivedCrosslink {
  readonly signed: SignedCrosslink;
  readonly hash: Uint8Array;
}

/** The crosslinks that an operator has signed, at most one per epoch, with the outboxes as each of them proves them. */
export class CrosslinkArchive {
  readonly #crypto: Crypto;
  readonly #domain: Domain;
  readonly #log: RecordLog;
  readonly #byEpoch = new Map<number, ArchivedCrosslink>();
  readonly #byHash = new Map<string, ArchivedCrosslink>();
  readonly #lastBlocks = new Set<number>();
  /** By last block: crosslinks of one last block are of one state. */
  readonly #paths = new Map<number, OutboxPaths>();

  /** Reads what the log holds; the paths follow as the blocks are replayed. */
  constructor(crypto: Crypto, domain: Domain, log: RecordLog) {
    this.#crypto = crypto;
    this.#domain = domain;
    this.#log = log;
    for (let i = 1; i <= log.last; i++) {
      const reader = new ByteReader(log.read(i) as Uint8Array);
      this.#index(readSignedCrosslink(reader));
      reader.end();
    }
  }

  /** Whether a crosslink ends with that block, so that the paths of its state are wanted. */
  endsWith(block: number): boolean {
    return this.#lastBlocks.has(block);
  }

  /** It is on disk when this returns. */
  add(signed: SignedCrosslink): ArchivedCrosslink {
    this.#log.append(writeSignedCrosslink(new ByteWriter(), signed).finish());
    return this.#index(signed);
  }

  setPaths(lastBlock: number, paths: OutboxPaths): void {
    this.#paths.set(lastBlock, paths);
  }

  ofEpoch(epoch: number): ArchivedCrosslink | null {
    return this.#byEpoch.get(epoch) ?? null;
  }

  byHash(hash: Uint8Array): ArchivedCrosslink | null {
    return this.#byHash.get(toHex(hash)) ?? null;
  }

  /** Of the state that the crosslink leads to; null when they have been forgotten. */
  paths(lastBlock: number): OutboxPaths | null {
    return this.#paths.get(lastBlock) ?? null;
  }

  /** Forgets the paths of states before that of block `lastBlock`, against which nobody proves any more. */
  forgetPathsBefore(lastBlock: number): void {
    for (const block of this.#paths.keys()) if (block < lastBlock) this.#paths.delete(block);
  }

  #index(signed: SignedCrosslink): ArchivedCrosslink {
    const archived = { signed, hash: crosslinkHash(this.#crypto, this.#domain, signed.crosslink) };
    this.#byEpoch.set(signed.crosslink.epoch, archived);
    this.#byHash.set(toHex(archived.hash), archived);
    this.#lastBlocks.add(signed.crosslink.lastBlock);
    return archived;
  }
}
