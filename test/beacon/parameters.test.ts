import { expect } from "chai";
import { network } from "hardhat";
import {
  type Parameters,
  PRESETS,
  PROFILES,
  type PresetName,
  type ProfileName,
  parametersFor,
} from "../../protocol/presets.ts";
import { BeaconRegistry__factory } from "../../types/index.ts";
import { firstSigner } from "../support/beacon.ts";

describe("Parameters", () => {
  async function factory() {
    const { ethers } = await network.create();
    return new BeaconRegistry__factory(await firstSigner(ethers));
  }

  it("takes every preset under every profile, and gives them back", async () => {
    const registries = await factory();
    for (const preset of Object.keys(PRESETS) as PresetName[]) {
      for (const profile of Object.keys(PROFILES) as ProfileName[]) {
        const parameters = parametersFor(preset, profile);
        const registry = await registries.deploy(parameters);
        const stored = await registry.parameters();
        for (const [name, value] of Object.entries(parameters)) {
          expect(stored[name as keyof Parameters], name).to.equal(value);
        }
      }
    }
  });

  const refused: [keyof Parameters, (number | bigint)[]][] = [
    ["shardCount", [0, 3, 256]],
    ["committeeSize", [0]],
    ["shuffleRounds", [0, 256]],
    ["minOccupied", [0, 9]],
    ["secondsPerSlot", [0, 86_401]],
    ["slotsPerEpoch", [0, 65_537]],
    ["inputDelay", [0]],
    ["submitEpochs", [0]],
    ["challengeEpochs", [0]],
    ["challengeBlocks", [0]],
    // devnet: challenge 2 + 2 + input delay 1
    ["forceEpochs", [5, 2 ** 24 + 1]],
    ["inactivityEpochs", [4, 2 ** 24 + 1]],
    // devnet: inactivity 16
    ["rollCallEpochs", [0, 17]],
    // devnet: withdrawal delay 32 - submission 4 - challenge 2 * 2 - 2 - input delay 1 - 1
    ["slashingWindowEpochs", [0, 2 ** 24 + 1]],
    ["withdrawalDelayEpochs", [0, 27, 2 ** 24 + 1]],
    // devnet: 32 epochs of delay, at 4 blocks in the 2 epochs of the challenge window
    ["withdrawalDelayBlocks", [0, 63]],
    ["maxBlocks", [0, 129]],
    ["churnPerEpochMin", [0]],
    ["churnQuotient", [0]],
    ["inboxEntriesPerEpoch", [0]],
    ["maxForcedBytes", [0, 8120]],
    ["launchPeriod", [0, 367 * 86_400]],
    // a 32nd, and an 8th of that
    ["stake", [0n, 255n]],
    ["shardBond", [0n]],
    ["withdrawalLimitPerEpoch", [0n]],
  ];

  for (const [name, values] of refused) {
    it(`refuses ${name} ${values.join(", ")}`, async () => {
      const registries = await factory();
      for (const value of values) {
        await expect(registries.deploy({ ...parametersFor("minimal", "devnet"), [name]: value }))
          .to.be.revertedWithCustomError(registries, "Parameters_Invalid")
          .withArgs(name);
      }
    });
  }
});
