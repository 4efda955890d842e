import { toHex } from "../../../protocol/bytes.ts";
import type { Crosslink } from "../../../protocol/crosslink.ts";
import type { Message } from "../../../protocol/message.ts";
import type { CrosslinkStruct, MessageProofStruct, MessageStruct } from "../../../types/beacon/ICrosslinkAnchors.ts";
import { ContractReverted } from "../contract-errors.ts";
import { connectContracts } from "../contracts.ts";
import type { ContractAddresses } from "../parent-view.ts";
import type { TransactionSender } from "../transaction-sender.ts";

/** Shows a message in the outbox of a settled state (docs/formats.md, section 7). All siblings bottom up. */
export interface MessageProof {
  readonly checkpointEpoch: number;
  readonly bodyRoot: Uint8Array;
  readonly absentHash: Uint8Array;
  readonly position: number;
  readonly crosslink: Crosslink;
  /** Of the entries tree only. */
  readonly entrySiblings: readonly Uint8Array[];
  /** From the leaf of the outbox to the state root. */
  readonly stateSiblings: readonly Uint8Array[];
  /** Messages in the outbox. */
  readonly count: number;
  readonly outboxSiblings: readonly Uint8Array[];
}

export interface WithdrawOutcome {
  readonly status: "paid" | "alreadyPaid";
  /** wei paid by this transaction, and left to pay in later epochs when the message is above the limit of one. */
  readonly paid: bigint;
  readonly outstanding: bigint;
}

/**
 * Has a message to the parent chain paid to its recipient.
 * @throws ContractReverted (`Vault_LimitReached` passes with the epoch), and what else `TransactionSender.send` throws
 */
export async function withdraw(
  sender: TransactionSender,
  addresses: ContractAddresses,
  message: Message,
  proof: MessageProof,
): Promise<WithdrawOutcome> {
  const { vault } = connectContracts(addresses, sender.provider);
  const data = vault.interface.encodeFunctionData("withdraw", [messageStruct(message), proofStruct(proof)]);
  try {
    const receipt = await sender.send({ action: "Vault.withdraw", to: addresses.vault, data });
    for (const log of receipt.logs) {
      // The recipient may be a contract with events of its own.
      if (log.address.toLowerCase() !== addresses.vault.toLowerCase()) continue;
      const withdrawn = vault.interface.parseLog(log);
      if (withdrawn?.name === "Withdrawn") {
        return { status: "paid", paid: withdrawn.args.value, outstanding: withdrawn.args.outstanding };
      }
    }
    throw new Error(`Vault.withdraw left no event in ${receipt.hash}`);
  } catch (error) {
    if (!(error instanceof ContractReverted) || error.error !== "Vault_AlreadyWithdrawn") throw error;
    return { status: "alreadyPaid", paid: 0n, outstanding: 0n };
  }
}

export function messageStruct(message: Message): MessageStruct {
  return {
    source: message.source,
    destination: message.destination,
    index: message.index,
    sender: toHex(message.sender),
    recipient: toHex(message.recipient),
    value: message.value,
    data: toHex(message.data),
  };
}

export function proofStruct(proof: MessageProof): MessageProofStruct {
  return {
    crosslink: {
      checkpointEpoch: proof.checkpointEpoch,
      bodyRoot: toHex(proof.bodyRoot),
      absentHash: toHex(proof.absentHash),
      position: proof.position,
      crosslink: crosslinkStruct(proof.crosslink),
      siblings: proof.entrySiblings.map(toHex),
    },
    stateSiblings: proof.stateSiblings.map(toHex),
    count: proof.count,
    siblings: proof.outboxSiblings.map(toHex),
  };
}

function crosslinkStruct(crosslink: Crosslink): CrosslinkStruct {
  return {
    shardId: crosslink.shardId,
    generation: crosslink.generation,
    epoch: crosslink.epoch,
    parent: toHex(crosslink.parent),
    firstBlock: crosslink.firstBlock,
    lastBlock: crosslink.lastBlock,
    blocksRoot: toHex(crosslink.blocksRoot),
    stateRoot: toHex(crosslink.stateRoot),
  };
}
