import type { Signer, TransactionResponse } from "ethers";
import { bitsFrom } from "../../protocol/bits.ts";
import { type BlockHeader, blockHash } from "../../protocol/block-header.ts";
import { SIGNATURE_TAG } from "../../protocol/bls.ts";
import { type Checkpoint, checkpointRoot } from "../../protocol/checkpoint.ts";
import { type Crosslink, crosslinkHash } from "../../protocol/crosslink.ts";
import type {
  AcceptedVote,
  Evidence,
  SignedAttestation,
  SignedHeader,
  SignedProposal,
  SignedVote,
} from "../../protocol/evidence.ts";
import { signAsOperator } from "../../protocol/operator-signature.ts";
import { paddedTreeRoot } from "../../protocol/padded-tree.ts";
import { proposalDigest, type Vote, voteDigest } from "../../protocol/vote.ts";
import { encodePunishment, encodeReport, reportCommitment, reportOf } from "../../relayer/parent/evidence-codec.ts";
import type { Beacon, KeyPair } from "./beacon.ts";

const SALT = new Uint8Array(32).fill(0x5a);

/** Makes evidence with the keys of all validators, and reports it. */
export class Reporter {
  readonly #beacon: Beacon;
  /** By number of the validator, less one. */
  readonly #keys: readonly KeyPair[];
  readonly account: Signer & { readonly address: string };

  constructor(beacon: Beacon, keys: readonly KeyPair[], account: Signer & { readonly address: string }) {
    this.#beacon = beacon;
    this.#keys = keys;
    this.account = account;
  }

  /** Aggregate signature of these validators, 96 bytes. */
  sign(validators: readonly number[], digest: Uint8Array): Uint8Array {
    const { bls } = this.#beacon.crypto;
    const secretKeys = validators.map((validator) => (this.#keys[validator - 1] as KeyPair).secretKey);
    return bls.sign(bls.sumSecretKeys(secretKeys), digest, SIGNATURE_TAG);
  }

  /** A vote whose signers are listed. */
  listed(vote: Vote, validators: readonly number[]): SignedVote {
    return { vote, signers: { validators }, signature: this.#signVote(vote, validators) };
  }

  /** A vote of the occupants of the target epoch, by seat and 0 for a vacant one, but those in the absent seats. */
  present(vote: Vote, occupants: readonly number[], absent: readonly number[]): SignedVote {
    const validators = occupants.filter((validator, seat) => validator !== 0 && !absent.includes(seat));
    const bitmap = absent.length === 0 ? new Uint8Array() : bitsFrom(absent, occupants.length);
    return { vote, signers: { absent: bitmap }, signature: this.#signVote(vote, validators) };
  }

  /** The vote that led to an accepted checkpoint. @param absent the bitmap of its submission */
  accepted({ body, entries }: Checkpoint, absent: Uint8Array): AcceptedVote {
    const { crypto } = this.#beacon;
    const targetRoot = checkpointRoot(crypto, { body, entries });
    const vote = {
      sourceEpoch: body.sourceEpoch,
      sourceRoot: body.sourceRoot,
      targetEpoch: body.epoch,
      targetRoot,
    };
    const entriesRoot = paddedTreeRoot(crypto, entries);
    return { vote, absent, entriesRoot, rewardsRoot: body.rewardsRoot };
  }

  attestation(crosslink: Crosslink, validators: readonly number[]): SignedAttestation {
    const { crypto, domain } = this.#beacon;
    return { crosslink, validators, signature: this.sign(validators, crosslinkHash(crypto, domain, crosslink)) };
  }

  proposal(validator: number, epoch: number, checkpoint: Uint8Array): SignedProposal {
    const digest = proposalDigest(this.#beacon.crypto, this.#beacon.domain, epoch, checkpoint);
    return { epoch, checkpointRoot: checkpoint, signature: this.sign([validator], digest) };
  }

  header(header: BlockHeader, operatorKey: Uint8Array): SignedHeader {
    const { crypto, domain } = this.#beacon;
    return { header, signature: signAsOperator(crypto, blockHash(crypto, domain, header), operatorKey) };
  }

  commitmentOf(evidence: Evidence): string {
    return reportCommitment(this.account.address, reportOf(this.#beacon.crypto, evidence), SALT);
  }

  /** Commits to the evidence and lets the blocks pass after which it may be revealed. */
  async commit(evidence: Evidence): Promise<void> {
    const { slashings, networkHelpers } = this.#beacon;
    const [min] = await slashings.revealWindow();
    await slashings.connect(this.account).commit(this.commitmentOf(evidence));
    // The report is in the block after these.
    await networkHelpers.mine(Number(min) - 1);
  }

  /** What reveals the evidence. */
  reportOf(evidence: Evidence) {
    return { to: this.#beacon.slashings, data: encodeReport(reportOf(this.#beacon.crypto, evidence), SALT) };
  }

  /** What punishes those who are guilty, among `count` of the first signers from number `first` on. */
  punishmentOf(evidence: Evidence, first = 0, count = 1 << 16) {
    const data = encodePunishment(evidence, first, count);
    if (data === null) throw new Error("a report of headers is all there is");
    return { to: this.#beacon.slashings, data };
  }

  async report(evidence: Evidence) {
    await this.commit(evidence);
    return this.account.sendTransaction(this.reportOf(evidence));
  }

  async punish(evidence: Evidence, first?: number, count?: number) {
    return this.account.sendTransaction(this.punishmentOf(evidence, first, count));
  }

  /** The validators that were punished in a transaction. */
  async punishedIn(transaction: TransactionResponse): Promise<number[]> {
    const { slashings } = this.#beacon;
    const receipt = await transaction.wait();
    const events = (receipt?.logs ?? []).map((log) => slashings.interface.parseLog(log));
    return events.flatMap((event) => (event?.name === "OffenderPunished" ? [Number(event.args.validator)] : []));
  }

  #signVote(vote: Vote, validators: readonly number[]): Uint8Array {
    return this.sign(validators, voteDigest(this.#beacon.crypto, this.#beacon.domain, vote));
  }
}
