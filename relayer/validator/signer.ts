import type { Crosslink } from "../../protocol/crosslink.ts";
import { crosslinkHash } from "../../protocol/crosslink.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import type { Domain } from "../../protocol/eip712.ts";
import { proposalDigest, randaoRevealDigest, rollAnswerDigest, type Vote, voteDigest } from "../../protocol/vote.ts";
import type { SlashingProtection } from "../store/slashing-protection.ts";
import type { ValidatorKeys } from "./validator-keys.ts";

/** The only place that signs with validator keys: what is slashable passes the protection first. All throw SlashableError. */
export class Signer {
  readonly #crypto: Crypto;
  readonly #domain: Domain;
  readonly #keys: ValidatorKeys;
  readonly #protection: SlashingProtection;

  constructor(crypto: Crypto, domain: Domain, keys: ValidatorKeys, protection: SlashingProtection) {
    this.#crypto = crypto;
    this.#domain = domain;
    this.#keys = keys;
    this.#protection = protection;
  }

  owns(publicKey: Uint8Array): boolean {
    return this.#keys.has(publicKey);
  }

  async attest(publicKeys: readonly Uint8Array[], crosslink: Crosslink): Promise<Uint8Array> {
    const hash = crosslinkHash(this.#crypto, this.#domain, crosslink);
    await this.#protection.attestation(publicKeys, crosslink.shardId, crosslink.epoch, hash);
    return this.#keys.sign(publicKeys, hash);
  }

  vote(publicKeys: readonly Uint8Array[], vote: Vote): Uint8Array {
    const digest = voteDigest(this.#crypto, this.#domain, vote);
    this.#protection.vote(publicKeys, { source: vote.sourceEpoch, target: vote.targetEpoch, root: digest });
    return this.#keys.sign(publicKeys, digest);
  }

  propose(publicKey: Uint8Array, epoch: number, checkpointRoot: Uint8Array): Uint8Array {
    this.#protection.proposal(publicKey, epoch, checkpointRoot);
    return this.#keys.sign([publicKey], proposalDigest(this.#crypto, this.#domain, epoch, checkpointRoot));
  }

  /** Says only that the keys are there, so there is nothing to protect. */
  answerRoll(publicKeys: readonly Uint8Array[], epoch: number): Uint8Array {
    return this.#keys.sign(publicKeys, rollAnswerDigest(this.#crypto, this.#domain, epoch));
  }

  /** The same for everybody who asks, so there is nothing to protect. */
  reveal(publicKey: Uint8Array, epoch: number): Uint8Array {
    return this.#keys.sign([publicKey], randaoRevealDigest(this.#crypto, this.#domain, epoch));
  }
}
