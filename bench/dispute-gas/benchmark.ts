import type { DisputeEvidence } from "../../ledger/dispute-evidence.ts";
import { FAULTS } from "../../ledger/dispute-evidence.ts";
import { disputeCommitment, encodeDispute } from "../../relayer/parent/dispute-codec.ts";
import type { Benchmark, Figure } from "../benchmark.ts";
import { costOfCall } from "./call-cost.ts";
import { CASES } from "./cases.ts";
import { type Anchored, createWorld, type DisputeWorld } from "./world.ts";

/** What each predicate's dispute may cost; a transfer's, and the verdict on it alone, may cost less. */
const GOAL = 1_000_000;
const TRANSFER_GOAL = 300_000;
const VERDICT_GOAL = 150_000;

/** Published figures of others (survey of November 2026): whole disputes of a batch of 32 transfers, without signatures. */
const PEERS = {
  "Hubble dispute of 32 transfers, least": 1_240_000,
  "Hubble dispute of 32 transfers, most": 2_040_000,
};
/** Execution alone. */
const VERDICT_PEERS = { "prototype of a single-step fraud proof, one transfer, depth 32": 103_500 };

const CONDITIONS =
  "whole transaction of Disputes.dispute by a reporter who had committed: makes the crosslink void and records the verdict; " +
  "64 shards, 64 blocks in the crosslink, 16,384 steps in the block, a state of a million accounts";

/** A dispute by every predicate, and about every kind of step, through the contracts as they are deployed. */
export const measureDisputeGas: Benchmark = async (say) => {
  const world = await createWorld(CASES, say);
  const figures: Figure[] = [];
  for (const [i, { name, what, fault, evidence }] of CASES.entries()) {
    const anchored = world.anchored[i] as Anchored;
    const { hash, gas } = await dispute(world, anchored, await evidence(anchored, world), fault);
    const isTransfer = name === "transfer";
    const goal = isTransfer ? TRANSFER_GOAL : GOAL;
    const conditions = `${CONDITIONS}; ${what}`;
    if (isTransfer) {
      const value = await costOfCall(world.beacon, hash, await world.beacon.invalidStep.getAddress());
      const verdict = { name: "dispute-gas/transfer-verdict", value, unit: "gas", goal: VERDICT_GOAL };
      const how = "what the call of InvalidStep costs Disputes, cold, with the openings of header and leaves";
      figures.push({ ...verdict, peers: VERDICT_PEERS, conditions: `${how}; ${what}` });
      say(`the verdict on a transfer: ${value} gas`);
    }
    figures.push({ name: `dispute-gas/${name}`, value: gas, unit: "gas", goal, peers: PEERS, conditions });
    say(`${name}, ${fault}: ${gas} gas`);
  }
  return figures;
};

/** Disputes by a commitment, finds the fault, and takes it back. */
async function dispute(
  { beacon, random }: DisputeWorld,
  { proof }: Anchored,
  evidence: DisputeEvidence,
  fault: string,
): Promise<{ readonly hash: string; readonly gas: number }> {
  const { disputes, stranger, networkHelpers } = beacon;
  const salt = random.bytes(32);
  await disputes.connect(stranger).commit(disputeCommitment(stranger.address, proof, evidence, salt));
  const [min] = await disputes.revealWindow();
  await networkHelpers.mine(Number(min));
  const sent = await stranger.sendTransaction({ to: disputes, data: encodeDispute(proof, evidence, salt) });
  const receipt = await sent.wait();
  if (receipt === null) throw new Error("the transaction was not mined");
  const events = receipt.logs.map((log) => disputes.interface.parseLog(log));
  const found = events.find((event) => event?.name === "CrosslinkDisputed");
  const name = FAULTS[Number(found?.args.fault)];
  if (name !== fault) throw new Error(`${name} was found, not ${fault}`);
  return { hash: receipt.hash, gas: Number(receipt.gasUsed) };
}
