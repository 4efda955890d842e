import type { BelowOpening, HeaderOpening, LeafOpening } from "../../ledger/dispute-evidence.ts";
import { type BlockHeader, blockHash } from "../../protocol/block-header.ts";
import { toBigInt, toHex } from "../../protocol/bytes.ts";
import { type Crosslink, crosslinkHash, genesisCrosslink } from "../../protocol/crosslink.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import type { Domain } from "../../protocol/eip712.ts";
import { paddedTreeProof, paddedTreeRoot } from "../../protocol/padded-tree.ts";
import { type RawTraceLeaf, writeTraceWord } from "../../protocol/trace.ts";

/** A crosslink that says what a test wants: links and boundaries are right wherever the test does not say otherwise. */

export interface ClaimedBlock {
  readonly leaves: readonly RawTraceLeaf[];
  readonly slot: number;
  readonly claims?: Partial<BlockHeader>;
  /** Leaves that stand in the padding of the trace. */
  readonly hidden?: readonly Uint8Array[];
}

export interface Claims {
  readonly shardId: number;
  readonly generation: number;
  readonly epoch: number;
  /** What it builds on; the shard's genesis crosslink when left out. */
  readonly parent?: ClaimedCrosslink;
  readonly blocks: readonly ClaimedBlock[];
  readonly claims?: Partial<Crosslink>;
  /** Leaves that stand in the padding of the blocks. */
  readonly hidden?: readonly Uint8Array[];
}

/** A leaf in the words of the formats; `seed` tells its payload and state from others. */
export function rawLeaf(
  crypto: Crypto,
  seed: number,
  word: { readonly index: number; readonly kind: number; readonly length: number; readonly fees: bigint },
): RawTraceLeaf {
  const bytes = new Uint8Array(32);
  writeTraceWord(bytes, 0, word);
  return {
    word: bytes,
    payloadHash: crypto.keccak256(Uint8Array.of(seed)),
    stateRoot: crypto.sha256(Uint8Array.of(seed)),
  };
}

export class ClaimedCrosslink {
  readonly crosslink: Crosslink;
  readonly parent: Crosslink;
  readonly headers: readonly BlockHeader[];
  readonly #crypto: Crypto;
  readonly #domain: Domain;
  readonly #claims: Claims;

  constructor(crypto: Crypto, domain: Domain, claims: Claims) {
    this.#crypto = crypto;
    this.#domain = domain;
    this.#claims = claims;
    const { shardId, generation, epoch, parent } = claims;
    this.parent = parent?.crosslink ?? genesisCrosslink(shardId);
    const parentHash = crosslinkHash(crypto, domain, this.parent);
    const firstBlock = this.parent.lastBlock + 1;

    let below = parent === undefined ? parentHash : blockHash(crypto, domain, parent.headers.at(-1) as BlockHeader);
    this.headers = claims.blocks.map(({ leaves, slot, claims: claimed, hidden = [] }, i) => {
      const last = leaves.at(-1) as RawTraceLeaf;
      const header: BlockHeader = {
        shardId,
        generation,
        number: firstBlock + i,
        parentHash: below,
        slot,
        stepCount: leaves.length,
        traceRoot: paddedTreeRoot(crypto, [...leaves.map((leaf) => this.#hash(leaf)), ...hidden]),
        stateRoot: last.stateRoot,
        fees: toBigInt(last.word.subarray(13, 29)),
        ...claimed,
      };
      below = blockHash(crypto, domain, header);
      return header;
    });
    this.crosslink = {
      shardId,
      generation,
      epoch,
      parent: parentHash,
      firstBlock,
      lastBlock: firstBlock + claims.blocks.length - 1,
      blocksRoot: paddedTreeRoot(crypto, this.#blocks()),
      stateRoot: (this.headers.at(-1) as BlockHeader).stateRoot,
      ...claims.claims,
    };
  }

  header(index: number): HeaderOpening {
    const header = this.headers[index] as BlockHeader;
    return { header, siblings: paddedTreeProof(this.#crypto, this.#blocks(), index) };
  }

  leaf(index: number, step: number): LeafOpening {
    const { leaves, hidden = [] } = this.#claims.blocks[index] as ClaimedBlock;
    const all = [...leaves.map((leaf) => this.#hash(leaf)), ...hidden];
    return { ...(leaves[step] as RawTraceLeaf), siblings: paddedTreeProof(this.#crypto, all, step) };
  }

  /** null on the genesis crosslink. */
  below(index: number): BelowOpening | null {
    if (index > 0) return { parent: null, header: this.header(index - 1) };
    const { parent } = this.#claims;
    if (parent === undefined) return null;
    return { parent: parent.crosslink, header: parent.header(parent.headers.length - 1) };
  }

  /** As the contracts take it. */
  get argument() {
    const { parent, blocksRoot, stateRoot, ...numbers } = this.crosslink;
    return { ...numbers, parent: toHex(parent), blocksRoot: toHex(blocksRoot), stateRoot: toHex(stateRoot) };
  }

  #blocks(): Uint8Array[] {
    const hashes = this.headers.map((header) => blockHash(this.#crypto, this.#domain, header));
    return [...hashes, ...(this.#claims.hidden ?? [])];
  }

  #hash({ word, payloadHash, stateRoot }: RawTraceLeaf): Uint8Array {
    const node = (left: Uint8Array, right: Uint8Array) => this.#crypto.sha256(Uint8Array.of(...left, ...right));
    return node(node(word, payloadHash), stateRoot);
  }
}
