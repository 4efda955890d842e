import type { JsonRpcProvider } from "ethers";
import { connectContracts } from "./contracts.ts";
import type { ContractAddresses } from "./parent-view.ts";

/** 2^64 - 1: an epoch that never comes. */
const FAR_FUTURE_EPOCH = (1n << 64n) - 1n;
const NOBODY = `0x${"00".repeat(20)}`;

/** As `ValidatorStatus` of the contracts counts them. */
const STATUSES = ["pending", "active", "exiting", "exited", "withdrawable", "withdrawn"] as const;

/** Where a validator stands, in the latest block of the parent chain. Amounts are in wei. */
export interface StakeStanding {
  readonly status: (typeof STATUSES)[number];
  readonly isSlashed: boolean;
  readonly seat: number;
  readonly activationEpoch: number;
  /** null while it does not leave. */
  readonly exitEpoch: number | null;
  /** From when on the stake may be paid out, in epochs and in blocks; null while that is open. */
  readonly withdrawableEpoch: number | null;
  readonly withdrawableBlock: number | null;
  readonly withdrawalAddress: string;
  /** Whom it is offered to; null if nobody. */
  readonly proposedWithdrawalAddress: string | null;
  readonly stake: bigint;
  /** What a withdrawal now would burn of it. */
  readonly correlationPenalty: bigint;
}

/** null when there is no such validator. */
export async function stakeStanding(
  provider: JsonRpcProvider,
  addresses: ContractAddresses,
  validator: number,
): Promise<StakeStanding | null> {
  const { registry, staking } = connectContracts(addresses, provider);
  if (validator < 1 || BigInt(validator) > (await registry.validatorCount())) return null;
  const [[status, isSlashed], tenure, stake, proposed, withdrawable, correlationPenalty] = await Promise.all([
    staking.statusOf(validator),
    registry.tenure(validator),
    staking.stakeOf(validator),
    staking.proposedWithdrawalAddress(validator),
    staking.withdrawableFrom(validator),
    staking.correlationPenalty(validator),
  ]);
  return {
    status: STATUSES[Number(status)] as StakeStanding["status"],
    isSlashed,
    seat: Number(tenure.seat),
    activationEpoch: Number(tenure.activationEpoch),
    exitEpoch: epochOrNull(tenure.exitEpoch),
    withdrawableEpoch: epochOrNull(withdrawable.epoch),
    withdrawableBlock: withdrawable.blockNumber === 0n ? null : Number(withdrawable.blockNumber),
    withdrawalAddress: stake.withdrawalAddress,
    proposedWithdrawalAddress: proposed === NOBODY ? null : proposed,
    stake: stake.amount,
    correlationPenalty,
  };
}

function epochOrNull(epoch: bigint): number | null {
  return epoch === FAR_FUTURE_EPOCH ? null : Number(epoch);
}
