import { toHex } from "../../protocol/bytes.ts";
import { BASE_FEE } from "../../protocol/presets.ts";
import type { Account } from "../../protocol/state.ts";
import { decodeCall, FLAT_GAS, isSystemAddress, type SystemCall } from "../../protocol/system-contracts.ts";
import type { ShardOperator } from "../operator/shard-operator.ts";
import type { BlockReader } from "./block-reader.ts";
import { quantity } from "./ethereum-json.ts";
import { JsonRpcError, type RpcMethod, SERVER_ERROR } from "./json-rpc.ts";
import {
  addressParameter,
  type BlockReference,
  blockReferenceParameter,
  bytesParameter,
  objectParameter,
  quantityParameter,
} from "./parameters.ts";

/** geth's code for a call that reverts. */
const REVERTED = 3;
/** A system contract has no bytecode; wallets only ask whether there is any (0xfe is INVALID). */
const SYSTEM_CODE = "0xfe";

function reverted(reason: string): JsonRpcError {
  return new JsonRpcError(REVERTED, `execution reverted: ${reason}`, "0x");
}

interface CallParameters {
  readonly from: Uint8Array;
  readonly to: Uint8Array;
  readonly value: bigint;
  readonly data: Uint8Array;
}

/** @throws JsonRpcError */
function callParameters(value: unknown): CallParameters {
  const { from, to, value: amount, data, input } = objectParameter(value, 0);
  const payload = input ?? data;
  if (to === undefined || to === null) throw reverted("contract creation is not supported");
  return {
    from: from === undefined || from === null ? new Uint8Array(20) : addressParameter(from, 0),
    to: addressParameter(to, 0),
    value: amount === undefined || amount === null ? 0n : quantityParameter(amount, 0),
    data: payload === undefined || payload === null ? new Uint8Array(0) : bytesParameter(payload, 0),
  };
}

/** Methods that read accounts or try a call on them. */
export function stateMethods(operator: ShardOperator, blocks: BlockReader): Record<string, RpcMethod> {
  const accountAt = (address: Uint8Array, reference: BlockReference): Account => {
    const number = blocks.existingNumber(reference);
    const account = operator.chain.accountAt(address, number);
    if (account === null) {
      throw new JsonRpcError(SERVER_ERROR, `missing trie node: state of block ${number} is not available`);
    }
    return account;
  };

  /** What the call would be, provided that it would succeed. @throws JsonRpcError otherwise */
  const tryCall = (call: CallParameters, balance: bigint): SystemCall => {
    const decoded = decodeCall(call.to, call.data);
    if (decoded === null) throw reverted("neither a transfer nor a call that a system contract knows");
    if (call.value > balance) {
      throw new JsonRpcError(SERVER_ERROR, `insufficient funds for transfer: address ${toHex(call.from)}`);
    }
    if (decoded.name === "sendMessage") {
      const { arguments: message } = decoded;
      if (message === null) throw reverted("arguments of sendMessage are not canonical, or its data is too long");
      if (message.destination === operator.shardId || message.destination > operator.chain.head.shardCount) {
        throw reverted(`no messages to shard ${message.destination}`);
      }
      if (message.recipient.every((byte) => byte === 0)) throw reverted("the recipient is zero");
    }
    return decoded;
  };

  return {
    eth_getBalance: ([address, block]) =>
      quantity(accountAt(addressParameter(address, 0), blockReferenceParameter(block, 1)).balance),

    eth_getTransactionCount: ([address, block]) => {
      const who = addressParameter(address, 0);
      const reference = blockReferenceParameter(block, 1);
      return quantity(reference === "pending" ? operator.mempool.pendingNonce(who) : accountAt(who, reference).nonce);
    },

    eth_getCode: ([address, block]) => {
      blocks.existingNumber(blockReferenceParameter(block, 1));
      return isSystemAddress(addressParameter(address, 0)) ? SYSTEM_CODE : "0x";
    },

    eth_getStorageAt: ([address, , block]) => {
      addressParameter(address, 0);
      blocks.existingNumber(blockReferenceParameter(block, 2));
      return `0x${"00".repeat(32)}`;
    },

    eth_call: ([call, block]) => {
      const decoded = callParameters(call);
      tryCall(decoded, accountAt(decoded.from, blockReferenceParameter(block, 1)).balance);
      return "0x";
    },

    eth_estimateGas: ([call, block]) => {
      const decoded = callParameters(call);
      const { balance } = accountAt(decoded.from, blockReferenceParameter(block, 1));
      return quantity(FLAT_GAS[tryCall(decoded, balance).name]);
    },

    eth_gasPrice: () => quantity(BASE_FEE),
    eth_maxPriorityFeePerGas: () => "0x0",
  };
}
