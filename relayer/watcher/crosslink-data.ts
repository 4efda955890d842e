import { type Block, decodeBlock } from "../../ledger/block.ts";
import type { LedgerEnvironment } from "../../ledger/environment.ts";
import { LedgerError } from "../../ledger/errors.ts";
import type { Step } from "../../ledger/step.ts";
import { type BlockHeader, blockHash } from "../../protocol/block-header.ts";
import { equal, toHex } from "../../protocol/bytes.ts";
import type { Crosslink } from "../../protocol/crosslink.ts";
import { operatorSigned } from "../../protocol/operator-signature.ts";
import { ClaimedTrace, type RevealedPart } from "./claimed-trace.ts";
import { leadTo } from "./find-fault.ts";

/** Different headers of one number that are kept: an operator that signs more of them is asked for all on the parent chain. */
const MAX_RIVALS = 4;
/** Different bodies behind one header: whoever passes a block on can put any there. */
const MAX_COPIES = 4;
/** Ways through rival headers that are tried. */
const MAX_TRIES = 256;

interface Candidate {
  readonly header: BlockHeader;
  readonly hash: Uint8Array;
  /** Its operator's, 65 bytes. */
  readonly signature: Uint8Array;
  readonly copies: { readonly key: string; readonly steps: readonly Step[] }[];
}

/** Everything known of what is behind an anchored crosslink: what was published, and what was shown on the parent chain. */
export class CrosslinkData {
  readonly #environment: LedgerEnvironment;
  readonly #operator: Uint8Array;
  readonly #crosslink: Crosslink;
  readonly #candidates: Candidate[][];
  readonly #traces = new Map<number, ClaimedTrace>();
  #headers: readonly BlockHeader[] | null = null;

  /** Answers that were taken already, by whoever reads them. */
  readonly taken = new Set<string>();
  #version = 0;

  /** @param operator of the crosslink's generation */
  constructor(environment: LedgerEnvironment, crosslink: Crosslink, operator: Uint8Array) {
    this.#environment = environment;
    this.#operator = operator;
    this.#crosslink = crosslink;
    this.#candidates = Array.from({ length: crosslink.lastBlock - crosslink.firstBlock + 1 }, () => []);
  }

  /** Grows with whatever is new. */
  get version(): number {
    return this.#version;
  }

  /** All headers of the crosslink, null while none are known that lead to its blocks root. */
  get headers(): readonly BlockHeader[] | null {
    return this.#headers;
  }

  /** The headers are known, and something that was published as the steps of each. */
  get isComplete(): boolean {
    return this.#headers?.every((_, index) => this.copiesOf(index).length > 0) ?? false;
  }

  /** Takes a published block, if the operator signed it. */
  add(bytes: Uint8Array): void {
    let block: Block;
    try {
      block = decodeBlock(bytes);
    } catch (error) {
      if (error instanceof LedgerError) return;
      throw error;
    }
    const { crypto, domain } = this.#environment;
    const { header, operatorSignature, steps } = block;
    const index = header.number - this.#crosslink.firstBlock;
    const rivals = this.#candidates[index];
    if (rivals === undefined) return;
    const hash = blockHash(crypto, domain, header);
    let candidate = rivals.find((rival) => equal(rival.hash, hash));
    if (candidate === undefined) {
      if (rivals.length === MAX_RIVALS) return;
      if (!operatorSigned(crypto, hash, operatorSignature, this.#operator)) return;
      candidate = { header, hash, signature: operatorSignature, copies: [] };
      rivals.push(candidate);
    }
    const key = toHex(crypto.keccak256(bytes));
    if (candidate.copies.length < MAX_COPIES && candidate.copies.every((copy) => copy.key !== key)) {
      candidate.copies.push({ key, steps });
      this.#version++;
    }
  }

  /** Looks for the headers among what was published. @param below hash of the block below the crosslink */
  resolve(below: Uint8Array): void {
    if (this.#headers !== null) return;
    let tries = 0;
    const through = (chosen: readonly BlockHeader[], previous: Uint8Array): readonly BlockHeader[] | null => {
      const rivals = this.#candidates[chosen.length];
      if (rivals === undefined) {
        tries++;
        return leadTo(this.#environment, chosen, this.#crosslink.blocksRoot) ? chosen : null;
      }
      // Those that name the block below come first, as they do unless the link is the lie.
      const linked = (candidate: Candidate) => (equal(candidate.header.parentHash, previous) ? 0 : 1);
      for (const { header, hash } of rivals.toSorted((a, b) => linked(a) - linked(b))) {
        const found = tries < MAX_TRIES ? through([...chosen, header], hash) : null;
        if (found !== null) return found;
      }
      return null;
    };
    this.#headers = through([], below);
  }

  /** Takes the headers that were shown on the parent chain. */
  showHeaders(headers: readonly BlockHeader[]): boolean {
    if (!leadTo(this.#environment, headers, this.#crosslink.blocksRoot)) return false;
    this.#headers = headers;
    this.#version++;
    return true;
  }

  /** Takes steps of the block with that hash that were shown on the parent chain; false while its header is not known. */
  showSteps(hash: Uint8Array, part: RevealedPart): boolean {
    const { crypto, domain } = this.#environment;
    const index = this.#headers?.findIndex((header) => equal(blockHash(crypto, domain, header), hash)) ?? -1;
    const header = this.#headers?.[index];
    if (header === undefined) return false;
    this.claimedOf(index, header).add(part);
    this.#version++;
    return true;
  }

  copiesOf(index: number): readonly (readonly Step[])[] {
    return this.#known(index)?.copies.map(({ steps }) => steps) ?? [];
  }

  claimedOf(index: number, header: BlockHeader): ClaimedTrace {
    const known = this.#traces.get(index) ?? new ClaimedTrace(this.#environment.crypto, header.stepCount);
    this.#traces.set(index, known);
    return known;
  }

  /** The operator's signature on the header with that index, 65 bytes; null when it is not known. */
  signatureOf(index: number): Uint8Array | null {
    return this.#known(index)?.signature ?? null;
  }

  #known(index: number): Candidate | undefined {
    const header = this.#headers?.[index];
    if (header === undefined) return undefined;
    const { crypto, domain } = this.#environment;
    const hash = blockHash(crypto, domain, header);
    return this.#candidates[index]?.find((candidate) => equal(candidate.hash, hash));
  }
}
