import { concat, toHex } from "../../../protocol/bytes.ts";
import type { Crypto } from "../../../protocol/crypto.ts";
import { ContractReverted } from "../contract-errors.ts";
import { connectContracts } from "../contracts.ts";
import type { ContractAddresses } from "../parent-view.ts";
import { SPARE_GAS_FOR_ROLLING, type TransactionSender } from "../transaction-sender.ts";

/** Keys of one owner, who stakes for all of them. */
export interface Registration {
  /** 48 bytes each, compressed. */
  readonly publicKeys: readonly Uint8Array[];
  /** 96 bytes: of one key its proof of possession, of several their batch proof. */
  readonly proof: Uint8Array;
  /** 20 bytes: where the stakes go in the end. */
  readonly withdrawalAddress: Uint8Array;
}

export interface RegistrationOutcome {
  /** In the second case nothing was paid: one of the keys, or its negative, belongs to this validator. */
  readonly status: "registered" | "keyTaken";
  /** Index of the first validator registered, the others follow; or of the one that has the key. */
  readonly validator: number;
}

/**
 * Pays the stakes. A contract takes `Staking.maxBatch()` keys at once.
 * @param stake wei per validator
 * @throws ContractReverted, and what else `TransactionSender.send` throws
 */
export async function registerValidators(
  crypto: Crypto,
  sender: TransactionSender,
  addresses: ContractAddresses,
  registration: Registration,
  stake: bigint,
): Promise<RegistrationOutcome> {
  const { staking } = connectContracts(addresses, sender.provider);
  const { publicKeys, withdrawalAddress } = registration;
  const method = publicKeys.length === 1 ? "deposit" : "depositBatch";
  const keys = concat(...publicKeys.map((key) => crypto.bls.decompressG1(key)));
  const call = {
    action: `Staking.${method}`,
    to: addresses.staking,
    data: staking.interface.encodeFunctionData(method as "deposit", [
      toHex(keys),
      toHex(crypto.bls.decompressG2(registration.proof)),
      toHex(withdrawalAddress),
    ]),
    value: stake * BigInt(publicKeys.length),
    spareGas: SPARE_GAS_FOR_ROLLING,
  };
  try {
    const receipt = await sender.send(call);
    for (const log of receipt.logs) {
      const deposited = staking.interface.parseLog(log);
      if (deposited?.name === "Deposited") {
        return { status: "registered", validator: Number(deposited.args.firstValidator) };
      }
    }
    throw new Error(`${call.action} left no event in ${receipt.hash}`);
  } catch (error) {
    if (!(error instanceof ContractReverted) || error.error !== "ValidatorSet_KeyTaken") throw error;
    return { status: "keyTaken", validator: Number(error.values.validator) };
  }
}
