import type { SignedCrosslink } from "../../protocol/crosslink.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import type { Certificates } from "../aggregator/certificates.ts";
import type { Votes } from "../aggregator/votes.ts";
import type { EpochHandlers } from "../jobs/handlers.ts";
import type { ParentClock } from "../parent/parent-clock.ts";
import type { ParentView } from "../parent/parent-view.ts";
import type { Poster } from "../poster/poster.ts";
import { toSubmission } from "../poster/submission.ts";
import type { Validator } from "../validator/validator.ts";
import type { GossipBoard } from "./gossip-board.ts";

export interface EpochDutiesOptions {
  readonly crypto: Crypto;
  readonly view: ParentView;
  readonly clock: ParentClock;
  readonly board: GossipBoard;
  readonly validator: Validator;
  readonly certificates: Certificates;
  readonly votes: Votes;
  readonly poster: Poster;
  readonly onError: (error: unknown) => void;
}

/**
 * An epoch's vote, start to end (protocol section 5), as the jobs call it: every level waits for what it needs no longer
 * than until its deadline by parent time, and then goes on with what there is. Calling a level again repeats the same
 * signatures and nothing else.
 */
export class EpochDuties implements EpochHandlers {
  readonly #options: EpochDutiesOptions;

  constructor(options: EpochDutiesOptions) {
    this.#options = options;
  }

  async certificate(epochOfJob: bigint, shardId: number, signal: AbortSignal): Promise<void> {
    const { board, certificates } = this.#options;
    const epoch = Number(epochOfJob);
    const signed = await board.crosslinks.wait(epoch, String(shardId), signal);
    if (signed === null) return;
    await this.#attest(signed, signal);
    await certificates.wait(epoch, shardId, signal);
  }

  async checkpoint(epochOfJob: bigint, signal: AbortSignal): Promise<void> {
    const { clock, board, validator } = this.#options;
    const epoch = Number(epochOfJob);
    const deadline = clock.deadline(clock.votingDeadline(epoch, 2), signal);
    try {
      if (deadline.signal.aborted) return;
      this.#propose(epoch);
      const checked = await board.waitForProposal(epoch, deadline.signal);
      const vote = checked === null ? null : validator.vote(checked);
      if (vote !== null) board.publish(vote);
    } finally {
      deadline.release();
    }
  }

  async submission(epochOfJob: bigint, signal: AbortSignal): Promise<void> {
    const { crypto, view, clock, board, votes, poster } = this.#options;
    const epoch = Number(epochOfJob);
    const checked = board.proposal(epoch);
    if (checked === undefined) return;
    const deadline = clock.deadline(clock.votingDeadline(epoch, 2), signal);
    await votes.waitForAll(checked.target, deadline.signal);
    deadline.release();
    const aggregate = () => {
      const source = view.checkpoint(checked.source.epoch);
      const vote = votes.aggregate(checked.target);
      return source === null || vote === null ? null : toSubmission(crypto, source, checked.proposal, vote);
    };
    await poster.submit(epoch, aggregate, signal);
  }

  #propose(epoch: number): void {
    const { board, validator, certificates, onError } = this.#options;
    if (!validator.proposes(epoch) || board.proposal(epoch) !== undefined) return;
    try {
      board.publish(validator.propose(epoch, certificates.of(epoch).values()));
    } catch (error) {
      // After a restart: it has proposed already, with other certificates, and votes for that if a peer still has it.
      onError(error);
    }
  }

  /** Tries again with every parent block: blocks may still be on their way, and this node may be behind its peers. */
  async #attest(signed: SignedCrosslink, signal: AbortSignal): Promise<void> {
    const { view, clock, board, validator, onError } = this.#options;
    let failure: unknown = null;
    while (!signal.aborted) {
      try {
        const attestation = await validator.attest(signed);
        if (attestation !== null && !signal.aborted) board.publish(attestation);
        return;
      } catch (error) {
        failure = error;
        await clock.until(view.head.timestamp + 1, signal);
      }
    }
    onError(failure);
  }
}
