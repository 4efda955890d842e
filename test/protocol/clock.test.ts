import { expect } from "chai";
import { epochAt, epochOfSlot, firstSlotOf, lastSlotOf, slotAt, timeOfSlot } from "../../protocol/clock.ts";

const CLOCK = { secondsPerSlot: 6, slotsPerEpoch: 32 };
const GENESIS = 1_700_000_000;

describe("clock", () => {
  it("stands at slot 0 and epoch 0 before genesis and in the first slot", () => {
    for (const time of [0, GENESIS - 1, GENESIS, GENESIS + 5]) {
      expect(slotAt(CLOCK, GENESIS, time)).to.equal(0);
      expect(epochAt(CLOCK, GENESIS, time)).to.equal(0);
    }
  });

  it("turns at the boundary, not a second earlier", () => {
    expect(slotAt(CLOCK, GENESIS, GENESIS + 6)).to.equal(1);
    expect(slotAt(CLOCK, GENESIS, GENESIS + 11)).to.equal(1);
    expect(epochAt(CLOCK, GENESIS, GENESIS + 32 * 6 - 1)).to.equal(0);
    expect(epochAt(CLOCK, GENESIS, GENESIS + 32 * 6)).to.equal(1);
  });

  it("knows the slots of an epoch and the time of a slot", () => {
    expect([firstSlotOf(CLOCK, 3), lastSlotOf(CLOCK, 3)]).to.deep.equal([96, 127]);
    expect([95, 96, 127, 128].map((slot) => epochOfSlot(CLOCK, slot))).to.deep.equal([2, 3, 3, 4]);
    for (const slot of [0, 1, 31, 32, 1000]) {
      expect(slotAt(CLOCK, GENESIS, timeOfSlot(CLOCK, GENESIS, slot))).to.equal(slot);
    }
  });
});
