import { fromHex, toHex } from "../../protocol/bytes.ts";
import type { Crosslink } from "../../protocol/crosslink.ts";
import { MAX_REQUESTED_BLOCKS } from "../../protocol/gossip.ts";
import type { Message } from "../../protocol/message.ts";
import type { ArchivedCrosslink } from "../operator/crosslink-archive.ts";
import type { ShardOperator } from "../operator/shard-operator.ts";
import { quantity } from "./ethereum-json.ts";
import { INVALID_PARAMS, JsonRpcError, type RpcMethod } from "./json-rpc.ts";
import { hashParameter, numberParameter } from "./parameters.ts";

/** Bytes of blocks after which no further one is added to an answer. */
const MAX_BLOCK_BYTES = 4 * 1024 * 1024;

function crosslinkJson(crosslink: Crosslink) {
  return {
    ...crosslink,
    parent: toHex(crosslink.parent),
    blocksRoot: toHex(crosslink.blocksRoot),
    stateRoot: toHex(crosslink.stateRoot),
  };
}

function messageJson(message: Message) {
  return {
    ...message,
    sender: toHex(message.sender),
    recipient: toHex(message.recipient),
    value: quantity(message.value),
    data: toHex(message.data),
  };
}

/** Methods that Ethereum has no name for. Numbers are JSON numbers, as in `docs/formats.md`; wei are hexadecimal. */
export function watchfireMethods(operator: ShardOperator): Record<string, RpcMethod> {
  const { chain, crosslinks, proofs, view, shardId } = operator;

  const finalityJson = (finality: "justified" | "settled") => {
    const { epoch, lastBlock, hash } = operator.standing(finality);
    return { epoch, block: lastBlock, crosslink: toHex(hash) };
  };

  return {
    watchfire_status: () => ({
      shardId,
      position: view.shard(shardId)?.position ?? null,
      generation: view.shard(shardId)?.generation ?? null,
      operator: toHex(view.shard(shardId)?.operator ?? new Uint8Array(20)),
      chainId: quantity(operator.chainId),
      head: { ...chain.head, hash: toHex(chain.headHash) },
      safe: finalityJson("justified"),
      settled: finalityJson("settled"),
      pendingTransactions: operator.mempool.count,
    }),

    /** Blocks `first` to `last` as they were published, in hexadecimal; fewer when they are too long for one answer. */
    watchfire_getBlocks: ([from, to]) => {
      const first = numberParameter(from, 0);
      const last = numberParameter(to, 1);
      if (last < first || last - first >= MAX_REQUESTED_BLOCKS) {
        throw new JsonRpcError(INVALID_PARAMS, `1 to ${MAX_REQUESTED_BLOCKS} blocks are served`);
      }
      const blocks: string[] = [];
      let bytes = 0;
      for (let number = first; number <= last && bytes < MAX_BLOCK_BYTES; number++) {
        const block = chain.encodedBlock(number);
        if (block === null) break;
        bytes += block.length;
        blocks.push(toHex(block));
      }
      return blocks;
    },

    /** By epoch, of several generations the last one, or by hash; null when this operator has signed no such crosslink. */
    watchfire_getCrosslink: ([reference]) => {
      const isHash = typeof reference === "string" && reference.length === 66;
      const archived: ArchivedCrosslink | null | undefined = isHash
        ? crosslinks.byHash(fromHex(hashParameter(reference, 0)))
        : [...crosslinks.ofEpoch(numberParameter(reference, 0)).values()].at(-1);
      if (archived === null || archived === undefined) return null;
      const { signed, hash } = archived;
      return {
        hash: toHex(hash),
        crosslink: crosslinkJson(signed.crosslink),
        operatorSignature: toHex(signed.operatorSignature),
      };
    },

    /** `Message` and `MessageProof` as Vault and CrosslinkAnchors take them; null while no settled state holds the message. */
    watchfire_getMessageProof: ([destination, index]) => {
      const proven = proofs.prove(numberParameter(destination, 0), numberParameter(index, 1));
      if (proven === null) return null;
      const { message, proof } = proven;
      return {
        message: messageJson(message),
        proof: {
          crosslink: {
            ...proof.crosslink,
            bodyRoot: toHex(proof.crosslink.bodyRoot),
            absentHash: toHex(proof.crosslink.absentHash),
            crosslink: crosslinkJson(proof.crosslink.crosslink),
            siblings: proof.crosslink.siblings.map(toHex),
          },
          stateSiblings: proof.stateSiblings.map(toHex),
          count: proof.count,
          siblings: proof.siblings.map(toHex),
        },
      };
    },
  };
}
