import { proveBatchPossession, provePossession } from "../../../../protocol/bls.ts";
import { concat } from "../../../../protocol/bytes.ts";
import type { Crypto } from "../../../../protocol/crypto.ts";
import type { Domain } from "../../../../protocol/eip712.ts";
import { batchProofOfPossessionDigest, proofOfPossessionDigest } from "../../../../protocol/vote.ts";
import type { Registration } from "../../../../relayer/parent/actions/register-validators.ts";

/** What the owner of the keys hands in. */
export function registrationOf(
  crypto: Crypto,
  domain: Domain,
  secretKeys: readonly Uint8Array[],
  withdrawalAddress: Uint8Array,
): Registration {
  const publicKeys = secretKeys.map((key) => crypto.bls.publicKey(key));
  const points = concat(...publicKeys.map((key) => crypto.bls.decompressG1(key)));
  const [only] = secretKeys;
  const proof =
    secretKeys.length === 1 && only !== undefined
      ? provePossession(crypto, only, proofOfPossessionDigest(crypto, domain, points, withdrawalAddress))
      : proveBatchPossession(
          crypto,
          secretKeys,
          batchProofOfPossessionDigest(crypto, domain, points, withdrawalAddress),
        );
  return { publicKeys, proof, withdrawalAddress };
}
