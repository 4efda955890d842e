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

/** The crosslinks that an operator has signed, at most one per generation and epoch, with the outboxes as each of them proves them. */
export class CrosslinkArchive {
  readonly #crypto: Crypto;
  readonly #domain: Domain;
  readonly #log: RecordLog;
  /** By epoch and generation. */
  readonly #byEpoch = new Map<number, Map<number, ArchivedCrosslink>>();
  readonly #byHash = new Map<string, ArchivedCrosslink>();
  /** By root of the state, of which crosslinks of several generations may speak. */
  readonly #paths = new Map<string, { readonly lastBlock: number; readonly paths: OutboxPaths }>();
  readonly #states = new Set<string>();

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

  /** Whether a crosslink ends with that state, so that its paths are wanted. */
  endsWith(stateRoot: Uint8Array): boolean {
    return this.#states.has(toHex(stateRoot));
  }

  /** The paths of a state are wanted, whose crosslink somebody else has signed. */
  want(stateRoot: Uint8Array): void {
    this.#states.add(toHex(stateRoot));
  }

  /** It is on disk when this returns. */
  add(signed: SignedCrosslink): ArchivedCrosslink {
    this.#log.append(writeSignedCrosslink(new ByteWriter(), signed).finish());
    return this.#index(signed);
  }

  /** @param lastBlock number of the block with that state */
  setPaths(stateRoot: Uint8Array, lastBlock: number, paths: OutboxPaths): void {
    this.#paths.set(toHex(stateRoot), { lastBlock, paths });
  }

  /** Crosslinks of the epoch, by generation. */
  ofEpoch(epoch: number): ReadonlyMap<number, ArchivedCrosslink> {
    return this.#byEpoch.get(epoch) ?? new Map<number, ArchivedCrosslink>();
  }

  byHash(hash: Uint8Array): ArchivedCrosslink | null {
    return this.#byHash.get(toHex(hash)) ?? null;
  }

  /** Of the state that the crosslink leads to; null when they have been forgotten. */
  paths(stateRoot: Uint8Array): OutboxPaths | null {
    return this.#paths.get(toHex(stateRoot))?.paths ?? null;
  }

  /** Forgets the paths of states before that of block `lastBlock`, against which nobody proves any more. */
  forgetPathsBefore(lastBlock: number): void {
    for (const [state, of] of this.#paths) if (of.lastBlock < lastBlock) this.#paths.delete(state);
  }

  /** Forgets the paths of states after that of block `lastBlock`, which are of the chain no more. */
  forgetPathsAfter(lastBlock: number): void {
    for (const [state, of] of this.#paths) if (of.lastBlock > lastBlock) this.#paths.delete(state);
  }

  #index(signed: SignedCrosslink): ArchivedCrosslink {
    const archived = { signed, hash: crosslinkHash(this.#crypto, this.#domain, signed.crosslink) };
    const { epoch, generation, stateRoot } = signed.crosslink;
    const generations = this.#byEpoch.get(epoch) ?? new Map<number, ArchivedCrosslink>();
    this.#byEpoch.set(epoch, generations.set(generation, archived));
    this.#byHash.set(toHex(archived.hash), archived);
    this.#states.add(toHex(stateRoot));
    return archived;
  }
}
