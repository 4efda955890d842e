import { setBits } from "../../protocol/bits.ts";
import { ParentInconsistent } from "./errors.ts";
import type { GroupEjected, RollAnswered, RollCalled } from "./parent-log.ts";
import type { Roll } from "./parent-view.ts";

interface Recorded extends Roll {
  readonly answered: Set<number>;
  readonly ejectedGroups: Set<number>;
}

/** The latest call of the roll, and who has answered it. */
export class RollHistory {
  #roll: Recorded | null = null;

  get latest(): Roll | null {
    return this.#roll;
  }

  call({ epoch, justifiedEpoch, groups, block }: RollCalled): void {
    const called = { calledTime: block.timestamp, calledBlock: block.number };
    this.#roll = { epoch, justifiedEpoch, groups, ...called, answered: new Set(), ejectedGroups: new Set() };
  }

  answer({ epoch, seats }: RollAnswered): void {
    for (const seat of setBits(seats)) this.#of(epoch).answered.add(seat);
  }

  eject({ epoch, group }: GroupEjected): void {
    this.#of(epoch).ejectedGroups.add(group);
  }

  #of(epoch: number): Recorded {
    if (this.#roll?.epoch !== epoch) throw new ParentInconsistent(`the roll was not called in epoch ${epoch}`);
    return this.#roll;
  }
}
