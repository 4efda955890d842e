import { LedgerError } from "../../ledger/errors.ts";
import { BLOCK_HEADER_BYTES, type BlockHeader, blockHash, readBlockHeader } from "../../protocol/block-header.ts";
import { ByteReader, DecodeError, equal, toHex } from "../../protocol/bytes.ts";
import type { Crosslink } from "../../protocol/crosslink.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { MAX_REQUESTED_BLOCKS } from "../../protocol/gossip.ts";
import { operatorSigned } from "../../protocol/operator-signature.ts";
import { paddedTreeRoot } from "../../protocol/padded-tree.ts";
import type { BlockFetcher, OperatorParentView } from "./ports.ts";
import type { ShardChain } from "./shard-chain.ts";

export interface CatchUpOptions {
  readonly shardId: number;
  readonly crypto: Crypto;
  readonly view: OperatorParentView;
  readonly chain: ShardChain;
  readonly fetchBlocks: BlockFetcher;
}

/** The blocks that a shard stands on cannot be had, or must not be built on. It may be otherwise later. */
export class CatchUpError extends Error {
  override readonly name = "CatchUpError";
}

/** What a header in the hands of a peer says. */
interface Candidate {
  readonly header: BlockHeader;
  readonly hash: Uint8Array;
}

/** Different blocks of one number that are looked at: an operator that has signed two has lost its bond. */
const MAX_RIVALS = 8;

/**
 * Brings a chain up to the crosslink that the shard's next one builds on, from published blocks: for who takes a shard over.
 * What is anchored says which blocks these are, and each of them is executed, so peers are not believed anything. What is
 * done is in the log, so another try goes on from there.
 */
export class CatchUp {
  readonly #options: CatchUpOptions;

  constructor(options: CatchUpOptions) {
    this.#options = options;
  }

  /** @throws CatchUpError, BlockLogError */
  async run(signal: AbortSignal): Promise<void> {
    const { view, shardId, chain } = this.#options;
    const parent = view.parentOf(shardId);
    const generation = view.shard(shardId)?.generation ?? 0;
    if (parent === null) throw new CatchUpError(`shard ${shardId} is not open`);
    const missing: Crosslink[] = [];
    let at = parent;
    while (chain.log.branchOf(at) === null) {
      missing.unshift(at);
      const below = view.crosslinkByHash(at.parent);
      if (below === null) throw new CatchUpError(`shard ${shardId}: crosslink ${toHex(at.parent)} is not known`);
      at = below;
    }
    await this.#refuseIfSignedBefore(parent.lastBlock, generation);
    chain.backTo(at);
    for (const crosslink of missing) {
      const hashes = await this.#hashesOf(crosslink, signal);
      await this.#take(crosslink, hashes, signal);
    }
  }

  /**
   * Blocks of the living generation that this node has signed and does not hold any more: it must not sign others of their
   * numbers. @throws CatchUpError
   */
  async #refuseIfSignedBefore(lastBlock: number, generation: number): Promise<void> {
    const { shardId, view, chain, fetchBlocks } = this.#options;
    const operator = view.operatorOf(shardId, generation);
    const first = lastBlock + 1;
    for await (const answer of fetchBlocks(shardId, first, lastBlock + MAX_REQUESTED_BLOCKS)) {
      for (const bytes of answer) {
        const candidate = operator === null ? null : this.#candidate(bytes, generation, operator);
        if (candidate !== null && candidate.header.number > chain.log.lastOf(generation)) {
          throw new CatchUpError(
            `shard ${shardId}: block ${candidate.header.number} of generation ${generation} is signed with this node's key and not in its log`,
          );
        }
      }
    }
  }

  /** Which blocks the crosslink is over, of all that its operator has signed. @throws CatchUpError */
  async #hashesOf(crosslink: Crosslink, signal: AbortSignal): Promise<Uint8Array[]> {
    const { shardId, view, fetchBlocks } = this.#options;
    const { firstBlock, lastBlock, generation } = crosslink;
    const operator = view.operatorOf(shardId, generation);
    if (operator === null) throw new CatchUpError(`shard ${shardId} has no generation ${generation}`);
    const known = new Map<number, Candidate[]>();
    const ask = async (first: number, hasEnough: () => boolean) => {
      for await (const answer of fetchBlocks(shardId, first, lastBlock)) {
        signal.throwIfAborted();
        for (const bytes of answer) {
          const candidate = this.#candidate(bytes, generation, operator);
          const number = candidate?.header.number ?? 0;
          if (number >= firstBlock && number <= lastBlock) remember(known, candidate as Candidate);
        }
        if (hasEnough()) return;
      }
    };
    for (let first = firstBlock; first <= lastBlock; ) {
      const asked = first;
      await ask(asked, () => {
        while (known.has(first)) first++;
        return first > Math.min(lastBlock, asked + MAX_REQUESTED_BLOCKS - 1);
      });
      if (first === asked) throw new CatchUpError(`block ${first} of shard ${shardId} is not published`);
    }
    // Whoever answered first may hold others than those that are anchored: then everybody is asked for each.
    for (let number = firstBlock; number <= lastBlock + 1; number++) {
      const found = this.#path(crosslink, known);
      if (found !== null) return found;
      if (number <= lastBlock) await ask(number, () => false);
    }
    throw new CatchUpError(`blocks ${firstBlock} to ${lastBlock} of shard ${shardId} are not those that are anchored`);
  }

  /** Each candidate names the one below it, so there is one way down from each of those on top. */
  #path(
    { firstBlock, lastBlock, blocksRoot }: Crosslink,
    known: ReadonlyMap<number, Candidate[]>,
  ): Uint8Array[] | null {
    const { crypto } = this.#options;
    for (const top of known.get(lastBlock) ?? []) {
      const path = [top];
      while (path.length <= lastBlock - firstBlock) {
        const { header } = path[0] as Candidate;
        const below = known.get(header.number - 1)?.find(({ hash }) => equal(hash, header.parentHash));
        if (below === undefined) break;
        path.unshift(below);
      }
      const hashes = path.map(({ hash }) => hash);
      if (equal(paddedTreeRoot(crypto, hashes), blocksRoot)) return hashes;
    }
    return null;
  }

  /** Executes these blocks. Of a copy that does not hold another one may: all that is signed is the header. */
  async #take({ firstBlock, lastBlock }: Crosslink, hashes: readonly Uint8Array[], signal: AbortSignal): Promise<void> {
    const { shardId, crypto, view, chain, fetchBlocks } = this.#options;
    const next = () => chain.head.number + 1;
    while (next() <= lastBlock) {
      const before = next();
      /** Executes, but its witness does not: good enough if nobody has a better copy. */
      let poor: Uint8Array | null = null;
      for await (const answer of fetchBlocks(shardId, before, lastBlock)) {
        signal.throwIfAborted();
        for (const bytes of inOrder(answer)) {
          const header = headerOf(bytes);
          const wanted = hashes[next() - firstBlock];
          if (header === null || wanted === undefined || !equal(blockHash(crypto, view.domain, header), wanted))
            continue;
          if (chain.verifies(bytes)) chain.take(bytes);
          else if (next() === before) poor = bytes;
        }
        if (next() > lastBlock) return;
      }
      if (next() > before) continue;
      if (poor === null) throw new CatchUpError(`block ${before} of shard ${shardId} is not published`);
      try {
        chain.take(poor);
      } catch (error) {
        if (!(error instanceof LedgerError)) throw error;
        throw new CatchUpError(`no copy of block ${before} of shard ${shardId} executes`, { cause: error });
      }
    }
  }

  /** null when it is none that the operator of that generation has signed. */
  #candidate(bytes: Uint8Array, generation: number, operator: Uint8Array): Candidate | null {
    const { shardId, crypto, view } = this.#options;
    const header = headerOf(bytes);
    if (header === null || header.shardId !== shardId || header.generation !== generation) return null;
    const hash = blockHash(crypto, view.domain, header);
    const signature = bytes.subarray(BLOCK_HEADER_BYTES, BLOCK_HEADER_BYTES + 65);
    return operatorSigned(crypto, hash, signature, operator) ? { header, hash } : null;
  }
}

function remember(known: Map<number, Candidate[]>, candidate: Candidate): void {
  const { number } = candidate.header;
  const rivals = known.get(number) ?? [];
  if (rivals.length >= MAX_RIVALS || rivals.some(({ hash }) => equal(hash, candidate.hash))) return;
  known.set(number, [...rivals, candidate]);
}

/** null when the bytes do not begin with a signed header. */
function headerOf(bytes: Uint8Array): BlockHeader | null {
  if (bytes.length < BLOCK_HEADER_BYTES + 65) return null;
  try {
    return readBlockHeader(new ByteReader(bytes.subarray(0, BLOCK_HEADER_BYTES)));
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
}

/** By their number. */
function inOrder(answer: readonly Uint8Array[]): Uint8Array[] {
  return answer
    .map((bytes) => ({ bytes, number: headerOf(bytes)?.number ?? 0 }))
    .sort((a, b) => a.number - b.number)
    .map(({ bytes }) => bytes);
}
