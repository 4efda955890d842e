import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import type { AcceptedCheckpoint, ParentView } from "../../relayer/parent/parent-view.ts";
import { Equivocations } from "../../relayer/watcher/equivocations.ts";
import type { Offence } from "../../relayer/watcher/offences.ts";
import { SightingLog } from "../../relayer/watcher/sighting-log.ts";
import {
  type Beacon,
  deployBeacon,
  depositAll,
  type KeyPair,
  newKeys,
  passGenesis,
  passToEpoch,
} from "../support/beacon.ts";
import { Voters } from "../support/checkpoints.ts";
import { Reporter } from "../support/evidence.ts";
import { SeededRandom } from "../support/random.ts";

const SEATS = 32;
/** As many as may be absent. */
const ABSENT = 10;

interface History {
  /** Voted for one after the other, so that the last but one is finalised. */
  readonly epochs: readonly number[];
  /** Seats that do not vote. */
  readonly absent: readonly number[];
  /** What makes its checkpoints others than those of another history. */
  readonly rewardsRoot: Uint8Array;
}

/**
 * Two histories of one parent chain, from one block on: what both finalise is bound to the same deployment, as it would be
 * on two sides of a network that is split. Each of them is finalised by the two thirds that are not absent from it.
 */
describe("Conflicting finality", () => {
  const random = new SeededRandom();
  const folders: string[] = [];
  let beacon: Beacon;
  let keys: KeyPair[];

  before(async () => {
    beacon = await deployBeacon();
    keys = newKeys(beacon.crypto, SEATS, random);
    await depositAll(beacon, keys);
    await passGenesis(beacon);
  });

  after(() => {
    for (const folder of folders) rmSync(folder, { recursive: true });
  });

  async function finalise({ epochs, absent, rewardsRoot }: History): Promise<AcceptedCheckpoint[]> {
    const voters = new Voters(beacon, keys);
    const accepted: AcceptedCheckpoint[] = [];
    for (const epoch of epochs) {
      await passToEpoch(beacon, epoch + 1);
      const { submission, struct, target } = await voters.vote(epoch, { absent, rewardsRoot });
      await beacon.anchors.submit(struct);
      voters.source = target;
      accepted.push({ checkpoint: target, root: voters.root(target), submission } as AcceptedCheckpoint);
    }
    expect((await beacon.anchors.finality()).finalized).to.equal(epochs.at(-2));
    return accepted;
  }

  /** What a watcher finds that has seen both histories. */
  function offencesIn(checkpoints: readonly AcceptedCheckpoint[]): Offence[] {
    const offences: Offence[] = [];
    const folder = mkdtempSync(path.join(tmpdir(), "watchfire-finality-"));
    folders.push(folder);
    const seats = keys.map(({ publicKey }, seat) => ({ index: seat + 1, publicKey }));
    const view = {
      domain: beacon.domain,
      parameters: beacon.parameters,
      justified: { epoch: 0 },
      epoch: () => 6,
      seatsOf: () => seats,
    } as unknown as ParentView;
    const onError = (error: unknown) => {
      throw error;
    };
    const log = new SightingLog(folder, onError);
    const watcher = new Equivocations({
      crypto: beacon.crypto,
      view,
      log,
      onError,
      onOffence: (o) => offences.push(o),
    });
    for (const checkpoint of checkpoints) watcher.accepted(checkpoint);
    return offences;
  }

  async function slashed(): Promise<number[]> {
    const numbers = keys.map((_, seat) => seat + 1);
    const statuses = await Promise.all(numbers.map((validator) => beacon.staking.statusOf(validator)));
    return numbers.filter((_, seat) => statuses[seat]?.isSlashed);
  }

  function history(epochs: readonly number[]): History {
    const absent = new Set<number>();
    while (absent.size < ABSENT) absent.add(random.below(SEATS));
    return { epochs, absent: [...absent].sort((a, b) => a - b), rewardsRoot: random.bytes(32) };
  }

  const cases = [
    { name: "for the same epochs, by votes for two targets", one: [1, 2], other: [1, 2] },
    { name: "for other epochs, by votes around others", one: [1, 2], other: [3, 4] },
    { name: "for epochs of which one is the same", one: [1, 2], other: [2, 3] },
  ];
  for (const { name, one, other } of cases) {
    it(`costs a third of the seats at least, in either history: ${name}`, async () => {
      const fork = await beacon.networkHelpers.takeSnapshot();
      const histories = [history(one), history(other)];
      const checkpoints: AcceptedCheckpoint[] = [];
      for (const each of histories) {
        checkpoints.push(...(await finalise(each)));
        await fork.restore();
      }
      const offences = offencesIn(checkpoints);
      const inBoth = keys
        .map((_, seat) => seat)
        .filter((seat) => !histories.some(({ absent }) => absent.includes(seat)))
        .map((seat) => seat + 1);
      expect(inBoth.length * 3).to.be.at.least(SEATS);

      const reporter = new Reporter(beacon, keys, beacon.stranger);
      for (const each of histories) {
        await finalise(each);
        for (const { evidence } of offences) {
          await reporter.report(evidence);
          await reporter.punish(evidence);
        }
        expect(await slashed()).to.deep.equal(inBoth);
        await fork.restore();
      }
    });
  }
});
