import { connectContracts } from "../contracts.ts";
import type { ContractAddresses } from "../parent-view.ts";
import type { TransactionSender } from "../transaction-sender.ts";

/**
 * Collects what the sending account's reports, answers and challenges have earned, from stakes and from bonds. Sends nothing when that is nothing.
 * @returns wei
 * @throws what `TransactionSender.send` throws
 */
export async function claimRewards(sender: TransactionSender, addresses: ContractAddresses): Promise<bigint> {
  const { staking, shardRegistry, dataChallenges } = connectContracts(addresses, sender.provider);
  let claimed = 0n;
  for (const [name, contract] of [
    ["Staking", staking],
    ["ShardRegistry", shardRegistry],
    ["DataChallenges", dataChallenges],
  ] as const) {
    const credit = await contract.creditOf(sender.address);
    if (credit === 0n) continue;
    const data = contract.interface.encodeFunctionData("claim");
    await sender.send({ action: `${name}.claim`, to: await contract.getAddress(), data });
    claimed += credit;
  }
  return claimed;
}
