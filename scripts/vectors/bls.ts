import {
  possessionCoefficients,
  proveBatchPossession,
  provePossession,
  publicKeyIdentity,
  SIGNATURE_TAG,
} from "../../protocol/bls.ts";
import { concat, toBigInt } from "../../protocol/bytes.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import {
  batchProofOfPossessionDigest,
  proofOfPossessionDigest,
  randaoRevealDigest,
  voteDigest,
} from "../../protocol/vote.ts";
import { sampleAddress, sampleDomain, sampleHash, sampleSecretKey } from "./samples.ts";

/** BLS of docs/formats.md, section 2: compressed as off chain, and as EIP-2537 as on chain. */

function signatureForms(crypto: Crypto, signature: Uint8Array): object {
  return { compressed: signature, eip2537: crypto.bls.decompressG2(signature) };
}

/** The coefficient that keeps vote and reveal apart in their one check; the contract alone computes it. */
export function voteAndRevealCoefficient(crypto: Crypto, ...transcript: Uint8Array[]): bigint {
  const coefficient = toBigInt(crypto.keccak256(concat(...transcript)).subarray(0, 16));
  return coefficient === 0n ? 1n : coefficient;
}

export function blsVectors(crypto: Crypto): object {
  const { bls } = crypto;
  const domain = sampleDomain(crypto);
  const withdrawalAddress = sampleAddress(crypto, "withdrawal");
  const secretKeys = ["alice", "bob", "carol"].map((name) => sampleSecretKey(crypto, name));
  const publicKeys = secretKeys.map((key) => bls.publicKey(key));
  const points = publicKeys.map((key) => bls.decompressG1(key));
  const [secretKey, publicKey, point] = [secretKeys[0], publicKeys[0], points[0]] as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];

  const message = sampleHash(crypto, "digest");
  const possession = proofOfPossessionDigest(crypto, domain, point, withdrawalAddress);
  const batch = batchProofOfPossessionDigest(crypto, domain, concat(...points), withdrawalAddress);

  const vote = {
    sourceEpoch: 3,
    sourceRoot: sampleHash(crypto, "source"),
    targetEpoch: 4,
    targetRoot: sampleHash(crypto, "target"),
  };
  const voted = voteDigest(crypto, domain, vote);
  const revealed = randaoRevealDigest(crypto, domain, vote.targetEpoch);
  const aggregateKey = bls.decompressG1(bls.aggregatePublicKeys(publicKeys));
  const signature = bls.decompressG2(bls.sign(bls.sumSecretKeys(secretKeys), voted, SIGNATURE_TAG));
  const reveal = bls.decompressG2(bls.sign(secretKey, revealed, SIGNATURE_TAG));

  return {
    keys: secretKeys.map((key, i) => ({
      secretKey: key,
      publicKey: publicKeys[i],
      eip2537: points[i],
      identity: publicKeyIdentity(crypto, publicKeys[i] as Uint8Array),
    })),
    signature: { publicKey, message, ...signatureForms(crypto, bls.sign(secretKey, message, SIGNATURE_TAG)) },
    proofOfPossession: {
      publicKey,
      withdrawalAddress,
      digest: possession,
      ...signatureForms(crypto, provePossession(crypto, secretKey, possession)),
    },
    batchProofOfPossession: {
      publicKeys,
      withdrawalAddress,
      digest: batch,
      coefficients: possessionCoefficients(crypto, publicKeys, batch),
      ...signatureForms(crypto, proveBatchPossession(crypto, secretKeys, batch)),
    },
    voteAndReveal: {
      voteDigest: voted,
      revealDigest: revealed,
      aggregateKey,
      proposerKey: point,
      signature,
      reveal,
      coefficient: voteAndRevealCoefficient(crypto, voted, revealed, aggregateKey, point, signature, reveal),
    },
  };
}
