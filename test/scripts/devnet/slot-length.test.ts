import { expect } from "chai";
import { slotLength } from "../../../scripts/devnet/slot-length.ts";

describe("slotLength", () => {
  it("is the profile's as long as one process keeps up with it", () => {
    expect(slotLength(1, 4, 4)).to.equal(1);
    expect(slotLength(1, 24, 4)).to.equal(1);
    expect(slotLength(6, 64, 4)).to.equal(6);
  });

  it("grows with shards and operators", () => {
    expect(slotLength(1, 25, 4)).to.equal(2);
    expect(slotLength(1, 64, 4)).to.equal(3);
    expect(slotLength(1, 128, 4)).to.equal(6);
    expect(slotLength(1, 64, 16)).to.equal(11);
  });
});
