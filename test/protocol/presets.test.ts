import { expect } from "chai";
import { PRESETS, PROFILES, type PresetName, type ProfileName, parametersFor } from "../../protocol/presets.ts";

describe("presets and profiles", () => {
  it("go together in every combination", () => {
    for (const preset of Object.keys(PRESETS) as PresetName[]) {
      for (const profile of Object.keys(PROFILES) as ProfileName[]) {
        const p = parametersFor(preset, profile);
        expect(p).to.deep.equal({ ...PROFILES[profile], ...PRESETS[preset] });
        expect(Math.log2(p.shardCount) % 1).to.equal(0);
        expect(p.minOccupied).to.be.at.most(p.committeeSize);
        // A committee whose minimum is not above two thirds could decide with the vacant seats' consent.
        expect(p.minOccupied * 3).to.be.at.least(p.committeeSize * 2);
        // What is forced must have had the time to be settled.
        expect(p.forceEpochs).to.be.greaterThan(p.submitEpochs + p.challengeEpochs + p.inputDelay);
        expect(p.inactivityEpochs).to.be.greaterThan(p.submitEpochs);
      }
    }
  });

  it("take another number of shards: the next power of two", () => {
    const counts = [1, 2, 3, 5, 64, 65, 128].map((shards) => parametersFor("minimal", "devnet", { shards }).shardCount);
    expect(counts).to.deep.equal([1, 2, 4, 8, 64, 128, 128]);
    expect(parametersFor("minimal", "devnet", { shards: 2 }).committeeSize).to.equal(PRESETS.minimal.committeeSize);
  });

  it("take another size of committees, with three quarters as the minimum", () => {
    const sizes = [1, 3, 4, 16, 256].map((committee) => parametersFor("mainnet", "testnet", { committee }));
    expect(sizes.map((p) => p.committeeSize)).to.deep.equal([1, 3, 4, 16, 256]);
    expect(sizes.map((p) => p.minOccupied)).to.deep.equal([1, 3, 3, 12, 192]);
  });

  for (const wrong of [0, -1, 1.5, 257, Number.NaN]) {
    it(`refuse ${wrong} as a size`, () => {
      expect(() => parametersFor("minimal", "devnet", { shards: wrong })).to.throw(RangeError);
      expect(() => parametersFor("minimal", "devnet", { committee: wrong })).to.throw(RangeError);
    });
  }

  it("refuse more positions than a settlement has bits for", () => {
    expect(() => parametersFor("minimal", "devnet", { shards: 129 })).to.throw(RangeError);
  });
});
