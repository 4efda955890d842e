import { passToEpoch } from "../../test/support/beacon.ts";
import { Voters } from "../../test/support/checkpoints.ts";
import type { SeededRandom } from "../../test/support/random.ts";
import type { Figure } from "../benchmark.ts";
import { CHECKPOINT_PEERS } from "./peers.ts";
import { allChanged, gasOf, type World } from "./world.ts";

const GROUP = 256;
/** Times of acceptance share a slot by three epochs, the first of which pays for it: a figure is the mean of three. */
const EPOCHS_PER_FIGURE = 3;

interface Case {
  readonly name: string;
  readonly goal: number;
  /** Seats that do not vote, of so many. */
  absent(random: SeededRandom, seats: number): number[];
  readonly what: string;
}

function randomSeats(share: number) {
  return (random: SeededRandom, seats: number): number[] => {
    const chosen = new Set<number>();
    while (chosen.size < Math.round(seats * share)) chosen.add(random.below(seats));
    return [...chosen].sort((a, b) => a - b);
  };
}

/** Groups of 256 seats, as a large operator that is down. */
function wholeGroups(share: number) {
  return (random: SeededRandom, seats: number): number[] => {
    const groups = randomSeats(share)(random, seats / GROUP);
    return groups.flatMap((group) => Array.from({ length: GROUP }, (_, i) => GROUP * group + i));
  };
}

const CASES: readonly Case[] = [
  { name: "absent-0", goal: 600_000, absent: () => [], what: "nobody absent" },
  { name: "absent-1", goal: 750_000, absent: randomSeats(0.01), what: "1 % of the seats absent at random" },
  { name: "absent-10", goal: 1_300_000, absent: randomSeats(0.1), what: "10 % of the seats absent at random" },
  { name: "absent-30", goal: 2_400_000, absent: randomSeats(0.3), what: "30 % of the seats absent at random" },
  {
    name: "absent-30-groups",
    goal: 900_000,
    absent: wholeGroups(0.3),
    what: "10 of the 32 groups of 256 seats absent",
  },
];

/** Whole transactions of `submit`, all entries changed. The first three epochs, which are dearer, do not count. */
export async function checkpointFigures(world: World, say: (line: string) => void): Promise<Figure[]> {
  const { beacon, keys, random } = world;
  const voters = new Voters(beacon, keys);
  const submit = async (epoch: number, absent: readonly number[]): Promise<number> => {
    await passToEpoch(beacon, epoch + 1);
    return gasOf(voters.justify(epoch, { changes: allChanged(world, epoch), absent }));
  };
  let epoch = 1;
  while (epoch <= EPOCHS_PER_FIGURE) await submit(epoch++, []);
  const figures: Figure[] = [];
  for (const { name, goal, absent, what } of CASES) {
    const gas: number[] = [];
    for (let i = 0; i < EPOCHS_PER_FIGURE; i++) gas.push(await submit(epoch++, absent(random, keys.length)));
    const value = Math.round(gas.reduce((sum, each) => sum + each, 0) / gas.length);
    say(`${what}: ${value} gas (${gas.join(", ")})`);
    figures.push({
      name: `checkpoint-gas/${name}`,
      value,
      unit: "gas",
      goal,
      peers: CHECKPOINT_PEERS,
      conditions:
        `whole transaction; ${keys.length} seats, ${beacon.parameters.shardCount} of ${beacon.parameters.shardCount} ` +
        `entries changed, ${what}, all keys packed; mean of ${EPOCHS_PER_FIGURE} epochs in a row (${gas.join(", ")}), ` +
        "the last of which writes their times of acceptance",
    });
  }
  return figures;
}
