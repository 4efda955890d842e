import { word } from "./bytes.ts";
import type { Crypto } from "./crypto.ts";
import { addressWord, cachedTypeHash, type Domain, digest, hashStruct } from "./eip712.ts";

/** What BLS keys sign besides crosslinks (docs/formats.md, section 2). */

/** A Casper vote: the link from a justified checkpoint to the next. */
export interface Vote {
  readonly sourceEpoch: number;
  readonly sourceRoot: Uint8Array;
  readonly targetEpoch: number;
  readonly targetRoot: Uint8Array;
}

const VOTE = cachedTypeHash("Vote(uint64 sourceEpoch,bytes32 sourceRoot,uint64 targetEpoch,bytes32 targetRoot)");
const PROPOSAL = cachedTypeHash("Proposal(uint64 epoch,bytes32 checkpointRoot)");
const RANDAO_REVEAL = cachedTypeHash("RandaoReveal(uint64 epoch)");
const ROLL_ANSWER = cachedTypeHash("RollAnswer(uint64 epoch)");
const VOLUNTARY_EXIT = cachedTypeHash("VoluntaryExit(uint32 validator,uint64 epoch)");
const PROOF_OF_POSSESSION = cachedTypeHash("ProofOfPossession(bytes32 publicKeyHash,address withdrawalAddress)");
const BATCH_PROOF_OF_POSSESSION = cachedTypeHash(
  "BatchProofOfPossession(bytes32 publicKeysHash,uint32 count,address withdrawalAddress)",
);

export function voteDigest(crypto: Crypto, domain: Domain, vote: Vote): Uint8Array {
  return digest(
    crypto,
    domain,
    hashStruct(crypto, VOTE(crypto), [
      word(vote.sourceEpoch),
      vote.sourceRoot,
      word(vote.targetEpoch),
      vote.targetRoot,
    ]),
  );
}

export function proposalDigest(crypto: Crypto, domain: Domain, epoch: number, checkpointRoot: Uint8Array): Uint8Array {
  return digest(crypto, domain, hashStruct(crypto, PROPOSAL(crypto), [word(epoch), checkpointRoot]));
}

export function randaoRevealDigest(crypto: Crypto, domain: Domain, epoch: number): Uint8Array {
  return digest(crypto, domain, hashStruct(crypto, RANDAO_REVEAL(crypto), [word(epoch)]));
}

/** @param epoch the one in which the roll was called */
export function rollAnswerDigest(crypto: Crypto, domain: Domain, epoch: number): Uint8Array {
  return digest(crypto, domain, hashStruct(crypto, ROLL_ANSWER(crypto), [word(epoch)]));
}

/** @param epoch the first one in which it is to be brought */
export function voluntaryExitDigest(crypto: Crypto, domain: Domain, validator: number, epoch: number): Uint8Array {
  return digest(crypto, domain, hashStruct(crypto, VOLUNTARY_EXIT(crypto), [word(validator), word(epoch)]));
}

/** @param publicKey 128 bytes, EIP-2537 */
export function proofOfPossessionDigest(
  crypto: Crypto,
  domain: Domain,
  publicKey: Uint8Array,
  withdrawalAddress: Uint8Array,
): Uint8Array {
  return digest(
    crypto,
    domain,
    hashStruct(crypto, PROOF_OF_POSSESSION(crypto), [crypto.keccak256(publicKey), addressWord(withdrawalAddress)]),
  );
}

/** @param publicKeys the keys one after the other, 128 bytes each, EIP-2537 */
export function batchProofOfPossessionDigest(
  crypto: Crypto,
  domain: Domain,
  publicKeys: Uint8Array,
  withdrawalAddress: Uint8Array,
): Uint8Array {
  return digest(
    crypto,
    domain,
    hashStruct(crypto, BATCH_PROOF_OF_POSSESSION(crypto), [
      crypto.keccak256(publicKeys),
      word(publicKeys.length / 128),
      addressWord(withdrawalAddress),
    ]),
  );
}
