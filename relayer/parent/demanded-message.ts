import type { JsonRpcProvider } from "ethers";
import { encodeImportMessage } from "../../ledger/step.ts";
import { fromHex, toHex } from "../../protocol/bytes.ts";
import { IInbox__factory } from "../../types/factories/shards/IInbox__factory.ts";
import type { ContractAddresses, MessageDemand } from "./parent-view.ts";

const inbox = IInbox__factory.createInterface();

/**
 * Reads from the parent chain what a demanded message is imported by: an ImportMessage payload (docs/formats.md,
 * section 5).
 * @returns null when it is not there any more, after a reorg
 */
export async function readDemand(
  provider: JsonRpcProvider,
  addresses: ContractAddresses,
  { place }: MessageDemand,
): Promise<Uint8Array | null> {
  const logs = await provider.getLogs({ address: addresses.inbox, blockHash: toHex(place.blockHash) });
  const log = logs.find(({ index }) => index === place.logIndex);
  const event = log === undefined ? null : inbox.parseLog(log);
  if (event?.name !== "MessageDemanded") return null;
  const { message, proof } = event.args;
  const { checkpointEpoch, bodyRoot, position, crosslink, siblings } = proof.crosslink;
  return encodeImportMessage({
    message: {
      source: Number(message.source),
      destination: Number(message.destination),
      index: Number(message.index),
      sender: fromHex(message.sender),
      recipient: fromHex(message.recipient),
      value: message.value,
      data: fromHex(message.data),
    },
    checkpointEpoch: Number(checkpointEpoch),
    bodyRoot: fromHex(bodyRoot),
    position: Number(position),
    entrySiblings: siblings.map(fromHex),
    crosslink: {
      shardId: Number(crosslink.shardId),
      generation: Number(crosslink.generation),
      epoch: Number(crosslink.epoch),
      parent: fromHex(crosslink.parent),
      firstBlock: Number(crosslink.firstBlock),
      lastBlock: Number(crosslink.lastBlock),
      blocksRoot: fromHex(crosslink.blocksRoot),
      stateRoot: fromHex(crosslink.stateRoot),
    },
    stateSiblings: proof.stateSiblings.map(fromHex),
    count: Number(proof.count),
    outboxSiblings: proof.siblings.map(fromHex),
  });
}
