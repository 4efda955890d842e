import type { Addressable } from "ethers";
import { PREDICATES, type Predicate } from "../../ledger/dispute-evidence.ts";
import type { Parameters } from "../../protocol/presets.ts";
import { DataChallenges__factory } from "../../types/factories/disputes/DataChallenges__factory.ts";
import { Disputes__factory } from "../../types/factories/disputes/Disputes__factory.ts";
import { IgnoredDuties__factory } from "../../types/factories/disputes/IgnoredDuties__factory.ts";
import { InvalidCrosslink__factory } from "../../types/factories/disputes/InvalidCrosslink__factory.ts";
import { InvalidStep__factory } from "../../types/factories/disputes/InvalidStep__factory.ts";
import { LedgerVerifier__factory } from "../../types/factories/disputes/LedgerVerifier__factory.ts";
import { type Disputable, deployBeacon } from "./beacon.ts";

async function deployDisputes({ launcher, registry, anchors, staking, shards, inbox }: Disputable) {
  const verifier = await new LedgerVerifier__factory(launcher).deploy(registry, shards, inbox, anchors);
  const invalidStep = await new InvalidStep__factory(launcher).deploy(registry, verifier);
  const invalidCrosslink = await new InvalidCrosslink__factory(launcher).deploy(registry);
  const duties = await new IgnoredDuties__factory(launcher).deploy(registry, inbox);
  const challenges = await new DataChallenges__factory(launcher).deploy(registry, anchors);
  const others: Partial<Record<Predicate, Addressable>> = {
    Step: invalidStep,
    InboxDuty: duties,
    MessageDuty: duties,
    Silence: challenges,
  };
  const judges = PREDICATES.map((predicate) => others[predicate] ?? invalidCrosslink);
  const disputes = await new Disputes__factory(launcher).deploy(registry, anchors, staking, shards, judges as never);
  return { disputes, challenges, invalidStep };
}

/** As `deployBeacon`, with the disputes and the judges that a deployment has. */
export async function deployDisputingBeacon(parameters: Parameters) {
  const deployed: { contracts?: Awaited<ReturnType<typeof deployDisputes>> } = {};
  const beacon = await deployBeacon(parameters, async (on) => {
    deployed.contracts = await deployDisputes(on);
    return deployed.contracts.disputes;
  });
  return { ...beacon, ...(deployed.contracts as NonNullable<typeof deployed.contracts>) };
}
