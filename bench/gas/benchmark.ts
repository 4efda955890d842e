import { parametersFor } from "../../protocol/presets.ts";
import { deployBeacon, depositAll, newKeys, openShards, passGenesis } from "../../test/support/beacon.ts";
import { SeededRandom } from "../../test/support/random.ts";
import type { Benchmark, Figure } from "../benchmark.ts";
import { checkpointFigures } from "./checkpoints.ts";
import { depositFigures } from "./deposits.ts";
import { readBalanceFigure } from "./read-balance.ts";
import { slashingFigures } from "./slashings.ts";

const SEATS = 8_192;
const PER_BATCH = 64;
const GROUP = 256;

/** Sizes of mainnet. A slot of a minute, so that no epoch ends while the transactions of its tests are mined. */
const PARAMETERS = { ...parametersFor("mainnet", "devnet"), secondsPerSlot: 60 };

/** Everything that this project says about gas, on Hardhat's network, with real keys, proofs and signatures. */
export const measureGas: Benchmark = async (say) => {
  const random = new SeededRandom("gas");
  const beacon = await deployBeacon(PARAMETERS);
  const { launcher, networkHelpers, registry } = beacon;
  await networkHelpers.setBalance(launcher.address, PARAMETERS.stake * BigInt(2 * SEATS));
  const keys = newKeys(beacon.crypto, SEATS, random);
  const figures: Figure[] = [];
  for (let i = 0; i < SEATS; i += 16 * PER_BATCH) {
    await depositAll(beacon, keys.slice(i, i + 16 * PER_BATCH), PER_BATCH);
    say(`${i + 16 * PER_BATCH} of ${SEATS} validators registered`);
  }
  for (let group = 0; group < SEATS / GROUP; group++) {
    const receipt = await (await registry.packKeys()).wait();
    if (group === 0) say(`packing a group of ${GROUP} keys takes ${receipt?.gasUsed} gas`);
  }
  await openShards(beacon, PARAMETERS.shardCount);
  await passGenesis(beacon);
  const world = { beacon, keys, random };
  figures.push(...(await checkpointFigures(world, say)));
  figures.push(await readBalanceFigure(world, say));
  figures.push(...(await depositFigures(world, say)));
  // Last, since it ends with seats that are left.
  figures.push(...(await slashingFigures(world, say)));
  return figures;
};
