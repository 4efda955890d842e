import type { ParentView } from "../parent/parent-view.ts";
import { rollStatus } from "../parent/roll-status.ts";
import type { RollCaller } from "../poster/roll-caller.ts";
import type { Validator } from "../validator/validator.ts";
import type { GossipBoard } from "./gossip-board.ts";

export interface RollDutiesOptions {
  readonly view: ParentView;
  readonly board: GossipBoard;
  readonly validator: Validator;
  readonly caller: RollCaller;
}

/** Slots after which an answer that the parent chain does not know yet is sent to the peers again. */
const REPEAT_SLOTS = 4;

/** A roll, start to end: own validators answer until the parent chain says that they have. */
export class RollDuties {
  readonly #options: RollDutiesOptions;
  #answered = { epoch: -1, slot: 0 };

  constructor(options: RollDutiesOptions) {
    this.#options = options;
  }

  /** Called at every block of the parent chain. */
  async onBlock(): Promise<void> {
    const { view, caller } = this.#options;
    if (rollStatus(view) === "answering") this.#answer();
    await caller.onBlock();
  }

  #answer(): void {
    const { view, board, validator } = this.#options;
    const { roll } = view;
    const { epoch, slot } = this.#answered;
    if (roll === null || (roll.epoch === epoch && view.slot() < slot + REPEAT_SLOTS)) return;
    const answer = validator.answerRoll(roll);
    if (answer !== null) board.publish(answer);
    this.#answered = { epoch: roll.epoch, slot: view.slot() };
  }
}
