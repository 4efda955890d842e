import { toHex } from "../../../protocol/bytes.ts";
import type { Crypto } from "../../../protocol/crypto.ts";
import { connectContracts } from "../contracts.ts";
import type { ContractAddresses } from "../parent-view.ts";
import { SPARE_GAS_FOR_ROLLING, type TransactionSender } from "../transaction-sender.ts";

/** How a validator leaves and its stake is paid out. All throw ContractReverted, and what else `TransactionSender.send` throws. */

/** A validator's own wish to leave: `VoluntaryExit` signed by its key. */
export interface SignedExit {
  /** The first one in which it is to be brought. */
  readonly epoch: number;
  /** 96 bytes */
  readonly signature: Uint8Array;
}

/**
 * @param signed brings the validator's own wish; without it the sending account has to be the withdrawal address
 * @returns the first epoch without the validator
 */
export async function exitValidator(
  crypto: Crypto,
  sender: TransactionSender,
  addresses: ContractAddresses,
  validator: number,
  signed: SignedExit | null,
): Promise<number> {
  const { staking, registry } = connectContracts(addresses, sender.provider);
  const call =
    signed === null
      ? { action: "Staking.exit", data: staking.interface.encodeFunctionData("exit", [validator]) }
      : {
          action: "Staking.exitSigned",
          data: staking.interface.encodeFunctionData("exitSigned", [
            validator,
            signed.epoch,
            toHex(crypto.bls.decompressG2(signed.signature)),
          ]),
        };
  await sender.send({ ...call, to: addresses.staking, spareGas: SPARE_GAS_FOR_ROLLING });
  return Number((await registry.tenure(validator)).exitEpoch);
}

/** Pays the stake out to the withdrawal address; returns the wei that were paid. */
export async function withdrawStake(
  sender: TransactionSender,
  addresses: ContractAddresses,
  validator: number,
): Promise<bigint> {
  const { staking } = connectContracts(addresses, sender.provider);
  await rollExit(sender, addresses, validator);
  const data = staking.interface.encodeFunctionData("withdraw", [validator]);
  const receipt = await sender.send({ action: "Staking.withdraw", to: addresses.staking, data });
  for (const log of receipt.logs) {
    // The receiver may be a contract with events of its own.
    if (log.address.toLowerCase() !== addresses.staking.toLowerCase()) continue;
    const withdrawn = staking.interface.parseLog(log);
    if (withdrawn?.name === "Withdrawn") return withdrawn.args.amount;
  }
  throw new Error(`Staking.withdraw left no event in ${receipt.hash}`);
}

/** Offers the stake to another withdrawal address, which has to accept. Zero takes the offer back. */
export async function proposeWithdrawalAddress(
  sender: TransactionSender,
  addresses: ContractAddresses,
  validator: number,
  proposed: string,
): Promise<void> {
  const { staking } = connectContracts(addresses, sender.provider);
  const data = staking.interface.encodeFunctionData("proposeWithdrawalAddress", [validator, proposed]);
  await sender.send({ action: "Staking.proposeWithdrawalAddress", to: addresses.staking, data });
}

export async function acceptWithdrawalAddress(
  sender: TransactionSender,
  addresses: ContractAddresses,
  validator: number,
): Promise<void> {
  const { staking } = connectContracts(addresses, sender.provider);
  const data = staking.interface.encodeFunctionData("acceptWithdrawalAddress", [validator]);
  await sender.send({ action: "Staking.acceptWithdrawalAddress", to: addresses.staking, data });
}

/** Blocks are counted from when the exit has become history: on a quiet network somebody has to see to it. */
async function rollExit(sender: TransactionSender, addresses: ContractAddresses, validator: number): Promise<void> {
  const { registry } = connectContracts(addresses, sender.provider);
  const [{ exitEpoch }, block, epoch] = await Promise.all([
    registry.tenure(validator),
    registry.exitBlock(validator),
    registry.currentEpoch(),
  ]);
  if (block !== 0n || epoch < exitEpoch) return;
  const data = registry.interface.encodeFunctionData("rollEpochs", [MAX_CHANGES]);
  await sender.send({ action: "BeaconRegistry.rollEpochs", to: addresses.registry, data });
}

/** Changes of the validator set that are rolled at once: what fits a transaction. */
const MAX_CHANGES = 64;
