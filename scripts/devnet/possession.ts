import { proveBatchPossession, provePossession } from "../../protocol/bls.ts";
import { concat } from "../../protocol/bytes.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import type { Domain } from "../../protocol/eip712.ts";
import { batchProofOfPossessionDigest, proofOfPossessionDigest } from "../../protocol/vote.ts";

/** Keys that fit one deposit with room for the gas (IStaking.maxBatch is larger). */
const BATCH = 64;

export interface ProvenKeys {
  /** 48 bytes each */
  readonly publicKeys: readonly Uint8Array[];
  /** 96 bytes */
  readonly proof: Uint8Array;
}

/** The keys of one owner in batches, each with its proof of possession. */
export function* provePossessionOfAll(
  crypto: Crypto,
  domain: Domain,
  secretKeys: readonly Uint8Array[],
  withdrawalAddress: Uint8Array,
): Generator<ProvenKeys> {
  for (let start = 0; start < secretKeys.length; start += BATCH) {
    const secrets = secretKeys.slice(start, start + BATCH);
    const publicKeys = secrets.map((secret) => crypto.bls.publicKey(secret));
    const points = publicKeys.map((key) => crypto.bls.decompressG1(key));
    const proof =
      secrets.length === 1
        ? provePossession(
            crypto,
            secrets[0] as Uint8Array,
            proofOfPossessionDigest(crypto, domain, points[0] as Uint8Array, withdrawalAddress),
          )
        : proveBatchPossession(
            crypto,
            secrets,
            batchProofOfPossessionDigest(crypto, domain, concat(...points), withdrawalAddress),
          );
    yield { publicKeys, proof };
  }
}
