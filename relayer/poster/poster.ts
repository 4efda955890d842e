import { type PackLimits, SEATS_PER_GROUP } from "../parent/actions/pack-keys.ts";
import type { CheckpointSubmission } from "../parent/checkpoint-submission.ts";
import type { ParentClock } from "../parent/parent-clock.ts";
import type { ParentSource, ParentView } from "../parent/parent-view.ts";

/** What the poster sends; both count as done when somebody else was first. */
export interface PosterActions {
  submitCheckpoint(submission: CheckpointSubmission): Promise<unknown>;
  settle(max: number): Promise<unknown>;
  /** Returns how many groups are packed now. */
  packKeys(limits: PackLimits): Promise<number>;
}

export interface PosterOptions {
  readonly source: ParentSource;
  readonly clock: ParentClock;
  readonly actions: PosterActions;
  /** Posters take turns, so that they do not all pay for the same: this one waits `rank` turns, counted from the epoch. */
  readonly rank: number;
  readonly posters: number;
  readonly onError: (error: unknown) => void;
}

/** Parent slots that each later poster waits for the one before it. */
const TURN_SLOTS = 2;
/** Checkpoints settled in one transaction. */
const SETTLE_AT_A_TIME = 16;
/** Groups of keys packed in an epoch: 7 million gas each, which the epoch's submission should not have to wait for. */
const PACK_PER_EPOCH = 1;

/** Sends aggregates and settlements to the parent chain. Trusted with nothing: anyone may do the same. */
export class Poster {
  readonly #options: PosterOptions;
  #settling = false;
  #resubmitting = false;
  /** The last epoch in which keys were looked through, and how many groups of them were packed then. */
  #packing = { epoch: 0, groups: 0 };
  /**
   * What was accepted of late, by the epoch of its source: after a reorg of the parent chain it has to be accepted again
   * before anything else can be.
   */
  readonly #accepted = new Map<number, CheckpointSubmission>();

  constructor(options: PosterOptions) {
    this.#options = options;
    const { source } = options;
    // What was accepted before this node was started can be lost in a reorg as well.
    for (const submission of latestSubmissions(source.view).reverse()) this.#remember(submission);
    source.on("checkpoint", ({ submission }) => {
      if (submission !== null) this.#remember(submission);
    });
  }

  /**
   * Submits what `aggregate` gives, in this poster's turn, unless somebody did before. Returns when the epoch's checkpoint
   * is accepted, when it no longer can be, or once the signal aborts.
   */
  async submit(epoch: number, aggregate: () => CheckpointSubmission | null, signal: AbortSignal): Promise<void> {
    const { source, clock, actions, onError } = this.#options;
    const { view } = source;
    await this.#awaitTurn(epoch, signal);
    while (!signal.aborted && view.checkpoint(epoch) === null) {
      if (view.epoch() > epoch + view.parameters.submitEpochs || view.justified.epoch >= epoch) return;
      const submission = aggregate();
      if (submission !== null && submission.sourceEpoch !== view.justified.epoch) return;
      if (submission !== null) {
        try {
          await actions.submitCheckpoint(submission);
          // Accepted; the view follows with the block that holds it.
        } catch (error) {
          onError(error);
        }
      }
      await clock.until(view.head.timestamp + view.parameters.secondsPerSlot, signal);
    }
  }

  /** Settles what can be settled, and packs keys of absent seats to come. Called at every block of the parent chain. */
  async onBlock(): Promise<void> {
    await Promise.all([this.#resubmit(), this.#settleDue(), this.#packDue()]);
  }

  /**
   * Submits again what a reorg of the parent chain took back. Whoever voted on top of it may vote from nothing older, so
   * until it stands again there is no other checkpoint.
   */
  async #resubmit(): Promise<void> {
    const { source, actions, onError } = this.#options;
    const { justified, parameters } = source.view;
    const lost = this.#accepted.get(justified.epoch);
    if (this.#resubmitting || lost === undefined || source.view.checkpoint(lost.targetEpoch) !== null) return;
    if (source.view.epoch() > lost.targetEpoch + parameters.submitEpochs) return;
    this.#resubmitting = true;
    try {
      await actions.submitCheckpoint(lost);
    } catch (error) {
      onError(error);
    } finally {
      this.#resubmitting = false;
    }
  }

  #remember(submission: CheckpointSubmission): void {
    this.#accepted.set(submission.sourceEpoch, submission);
    const oldest = submission.targetEpoch - this.#options.source.view.parameters.submitEpochs;
    for (const [source, { targetEpoch }] of this.#accepted) if (targetEpoch < oldest) this.#accepted.delete(source);
  }

  async #settleDue(): Promise<void> {
    if (this.#settling || !this.#isSettlementDue()) return;
    this.#settling = true;
    try {
      await this.#options.actions.settle(SETTLE_AT_A_TIME);
    } catch (error) {
      this.#options.onError(error);
    } finally {
      this.#settling = false;
    }
  }

  /** Once per epoch, at its first block, when its own submission is farthest away; a failure is left to the next turn. */
  async #packDue(): Promise<void> {
    const { source, actions, onError } = this.#options;
    const epoch = source.view.epoch();
    if (epoch <= this.#packing.epoch) return;
    this.#packing.epoch = epoch;
    if (this.#turn(epoch) !== 0) return;
    const groups = groupsToPack(source.view, this.#packing.groups);
    if (groups <= this.#packing.groups) return;
    try {
      this.#packing.groups = await actions.packKeys({ groups, max: PACK_PER_EPOCH });
    } catch (error) {
      onError(error);
    }
  }

  #isSettlementDue(): boolean {
    const { view } = this.#options.source;
    const { challengeEpochs, challengeBlocks, secondsPerSlot, slotsPerEpoch } = view.parameters;
    const next = this.#nextUnsettled();
    if (next === null) return false;
    const time = next.acceptedTime + challengeEpochs * slotsPerEpoch * secondsPerSlot;
    const wait = this.#turn(next.epoch) * TURN_SLOTS;
    return (
      view.head.timestamp >= time + wait * secondsPerSlot &&
      view.head.number >= next.acceptedBlock + challengeBlocks + wait
    );
  }

  /** The finalised checkpoint that follows the latest settled one. */
  #nextUnsettled(): { epoch: number; acceptedTime: number; acceptedBlock: number } | null {
    const { view } = this.#options.source;
    let epoch = view.finalized.epoch;
    let next = null;
    while (epoch > view.settled.epoch) {
      const checkpoint = view.checkpoint(epoch);
      if (checkpoint === null) return null;
      next = { epoch, acceptedTime: checkpoint.acceptedTime, acceptedBlock: checkpoint.acceptedBlock };
      epoch = checkpoint.checkpoint.body.sourceEpoch;
    }
    return next;
  }

  #turn(epoch: number): number {
    const { rank, posters } = this.#options;
    return (rank + epoch) % posters;
  }

  async #awaitTurn(epoch: number, signal: AbortSignal): Promise<void> {
    const { source, clock } = this.#options;
    const { view } = source;
    const wait = this.#turn(epoch) * TURN_SLOTS * view.parameters.secondsPerSlot;
    const until = view.head.timestamp + wait;
    while (!signal.aborted && view.checkpoint(epoch) === null && view.head.timestamp < until) {
      await clock.until(view.head.timestamp + 1, signal);
    }
  }
}

/** From the justified checkpoint back, as far as they could still be submitted again; the latest first. */
function latestSubmissions(view: ParentView): CheckpointSubmission[] {
  const submissions: CheckpointSubmission[] = [];
  const oldest = view.justified.epoch - view.parameters.submitEpochs;
  let submission = view.checkpoint(view.justified.epoch)?.submission ?? null;
  while (submission !== null && submission.targetEpoch >= oldest) {
    submissions.push(submission);
    submission = view.checkpoint(submission.sourceEpoch)?.submission ?? null;
  }
  return submissions;
}

/**
 * How many groups of seats are worth packing, from the first on; they can be packed in this order alone. In a group whose
 * occupants stay, every absence there will be is nine tenths cheaper. One that somebody leaves is slow again from then on,
 * so it is packed only for those that come after it.
 * @param packed groups that are known to be packed
 */
function groupsToPack(view: ParentView, packed: number): number {
  const epoch = view.epoch();
  const stays = (group: number) => {
    for (let seat = group * SEATS_PER_GROUP; seat < (group + 1) * SEATS_PER_GROUP; seat++) {
      if (view.occupant(seat, epoch)?.exitEpoch !== Infinity) return false;
    }
    return true;
  };
  let groups = Math.floor(view.seatCount(epoch) / SEATS_PER_GROUP);
  while (groups > packed && !stays(groups - 1)) groups--;
  return groups;
}
