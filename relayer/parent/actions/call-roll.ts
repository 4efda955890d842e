import { toHex } from "../../../protocol/bytes.ts";
import type { Crypto } from "../../../protocol/crypto.ts";
import { ContractReverted } from "../contract-errors.ts";
import { connectContracts } from "../contracts.ts";
import type { ContractAddresses } from "../parent-view.ts";
import { SPARE_GAS_FOR_ROLLING, type TransactionSender } from "../transaction-sender.ts";

/**
 * Calls the roll.
 * @returns false when somebody else was first, or a checkpoint was accepted after all
 * @throws ContractReverted, and what else `TransactionSender.send` throws
 */
export function callRoll(sender: TransactionSender, addresses: ContractAddresses): Promise<boolean> {
  const { rollCall } = connectContracts(addresses, sender.provider);
  const data = rollCall.interface.encodeFunctionData("call");
  return unlessOver("RollCall_TooEarly", sender, { action: "RollCall.call", to: addresses.rollCall, data });
}

/**
 * Brings answers to the roll.
 * @param seats bitmap, one bit per seat of the roll's epoch
 * @param signature 96 bytes, of all these seats together
 * @returns false when nobody can answer any more
 * @throws ContractReverted, and what else `TransactionSender.send` throws
 */
export function answerRoll(
  crypto: Crypto,
  sender: TransactionSender,
  addresses: ContractAddresses,
  seats: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const { rollCall } = connectContracts(addresses, sender.provider);
  const args = [toHex(seats), toHex(crypto.bls.decompressG2(signature))] as const;
  const data = rollCall.interface.encodeFunctionData("answer", [...args]);
  return unlessOver("RollCall_NotAnswering", sender, { action: "RollCall.answer", to: addresses.rollCall, data });
}

/**
 * Has those of a group of 256 seats ejected that gave no answer.
 * @returns false when somebody else was first, or nothing comes of the roll any more
 * @throws ContractReverted, and what else `TransactionSender.send` throws
 */
export async function ejectGroup(
  sender: TransactionSender,
  addresses: ContractAddresses,
  group: number,
): Promise<boolean> {
  const { rollCall } = connectContracts(addresses, sender.provider);
  const data = rollCall.interface.encodeFunctionData("eject", [group]);
  const call = { action: "RollCall.eject", to: addresses.rollCall, data };
  try {
    return await unlessOver("RollCall_NotEjecting", sender, call);
  } catch (error) {
    if (!(error instanceof ContractReverted) || error.error !== "RollCall_AlreadyEjected") throw error;
    return false;
  }
}

async function unlessOver(
  over: string,
  sender: TransactionSender,
  call: { readonly action: string; readonly to: string; readonly data: string },
): Promise<boolean> {
  try {
    await sender.send({ ...call, spareGas: SPARE_GAS_FOR_ROLLING });
    return true;
  } catch (error) {
    if (!(error instanceof ContractReverted) || error.error !== over) throw error;
    return false;
  }
}
