import type { JsonRpcProvider } from "ethers";
import { connectContracts } from "./contracts.ts";
import type { ContractAddresses } from "./parent-view.ts";

const NOBODY = `0x${"00".repeat(20)}`;

/** What the shard registry says of a shard, in the latest block of the parent chain. */
export interface ShardRegistration {
  readonly position: number;
  /** null while nobody operates it: whoever brings the bond may. */
  readonly operator: string | null;
  readonly generation: number;
  /** EIP-155 chain id of its transactions. */
  readonly chainId: number;
  readonly openedEpoch: number;
  /** wei */
  readonly bond: bigint;
}

/** null when there is no such shard. */
export async function shardRegistration(
  provider: JsonRpcProvider,
  addresses: ContractAddresses,
  shardId: number,
): Promise<ShardRegistration | null> {
  const { shardRegistry } = connectContracts(addresses, provider);
  if (!(await shardRegistry.isOpen(shardId))) return null;
  const shard = await shardRegistry.shard(shardId);
  return {
    position: Number(shard.position),
    operator: shard.operator === NOBODY ? null : shard.operator,
    generation: Number(shard.generation),
    chainId: Number(shard.chainId),
    openedEpoch: Number(shard.openedEpoch),
    bond: shard.bond,
  };
}
