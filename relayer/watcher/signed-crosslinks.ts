import { toHex } from "../../protocol/bytes.ts";
import { type Crosslink, crosslinkHash, type SignedCrosslink } from "../../protocol/crosslink.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import type { GossipMessage } from "../../protocol/gossip.ts";
import { operatorSigned } from "../../protocol/operator-signature.ts";
import type { ParentView } from "../parent/parent-view.ts";

/** Crosslinks of a shard that are kept; the oldest go first. */
const MAX_PER_SHARD = 64;

/** What operators have signed of what may become an entry: the bond of whoever signed a lie stands for it. */
export class SignedCrosslinks {
  readonly #crypto: Crypto;
  readonly #view: ParentView;
  /** By shard, then by hash. */
  readonly #signatures = new Map<number, Map<string, Uint8Array>>();

  constructor(crypto: Crypto, view: ParentView) {
    this.#crypto = crypto;
    this.#view = view;
  }

  /** A message of a peer, or of this node itself. */
  take(message: GossipMessage): void {
    if (message.kind === "crosslink") this.#keep(message);
    else if (message.kind === "certificate") this.#keep(message.signed);
    else if (message.kind === "proposal") for (const { certificate } of message.entries) this.#keep(certificate.signed);
  }

  /** The operator's signature on a crosslink, 65 bytes; null if none was seen. */
  signatureOn({ shardId }: Crosslink, hash: Uint8Array): Uint8Array | null {
    return this.#signatures.get(shardId)?.get(toHex(hash)) ?? null;
  }

  #keep({ crosslink, operatorSignature }: SignedCrosslink): void {
    const operator = this.#view.operatorOf(crosslink.shardId, crosslink.generation);
    if (operator === null || operator.every((byte) => byte === 0)) return;
    const hash = crosslinkHash(this.#crypto, this.#view.domain, crosslink);
    const key = toHex(hash);
    const kept = this.#signatures.get(crosslink.shardId) ?? new Map<string, Uint8Array>();
    if (kept.has(key) || !operatorSigned(this.#crypto, hash, operatorSignature, operator)) return;
    this.#signatures.set(crosslink.shardId, kept.set(key, operatorSignature));
    const [oldest] = kept.keys();
    if (kept.size > MAX_PER_SHARD && oldest !== undefined) kept.delete(oldest);
  }
}
