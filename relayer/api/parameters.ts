import { fromHex } from "../../protocol/bytes.ts";
import { INVALID_PARAMS, JsonRpcError } from "./json-rpc.ts";

/** Parameters of JSON-RPC methods, as execution-apis encodes them. Each reader throws JsonRpcError -32602. */

export function invalidParameter(position: number, problem: string): JsonRpcError {
  return new JsonRpcError(INVALID_PARAMS, `invalid argument ${position}: ${problem}`);
}

function asText(value: unknown, position: number): string {
  if (value === undefined) throw new JsonRpcError(INVALID_PARAMS, `missing value for required argument ${position}`);
  if (typeof value !== "string") throw invalidParameter(position, "not a string");
  return value;
}

/** 20 bytes */
export function addressParameter(value: unknown, position: number): Uint8Array {
  const text = asText(value, position);
  if (!/^0x[0-9a-fA-F]{40}$/.test(text)) throw invalidParameter(position, "not an address");
  return fromHex(text);
}

/** In lower case. */
export function hashParameter(value: unknown, position: number): string {
  const text = asText(value, position);
  if (!/^0x[0-9a-fA-F]{64}$/.test(text)) throw invalidParameter(position, "not a hash of 32 bytes");
  return text.toLowerCase();
}

export function bytesParameter(value: unknown, position: number): Uint8Array {
  const text = asText(value, position);
  if (!/^0x(?:[0-9a-fA-F]{2})*$/.test(text)) throw invalidParameter(position, "not hexadecimal data");
  return fromHex(text);
}

/** At most 256 bits. */
export function quantityParameter(value: unknown, position: number): bigint {
  const text = asText(value, position);
  if (!/^0x[0-9a-fA-F]{1,64}$/.test(text)) throw invalidParameter(position, "not a hexadecimal quantity");
  return BigInt(text);
}

/** An index, a number or an id: hexadecimal, or a JSON number. */
export function numberParameter(value: unknown, position: number): number {
  const number = typeof value === "number" ? value : Number(quantityParameter(value, position));
  if (!Number.isSafeInteger(number) || number < 0) throw invalidParameter(position, "not a number up to 2^53 - 1");
  return number;
}

export function objectParameter(value: unknown, position: number): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalidParameter(position, "not an object");
  }
  return value as Record<string, unknown>;
}

/** A block by number, or by one of the names of execution-apis. */
export type BlockTag = "latest" | "pending" | "safe" | "finalized" | "earliest" | { readonly number: number };
/** EIP-1898 */
export type BlockReference = BlockTag | { readonly hash: string };

const NAMES = new Set<unknown>(["latest", "pending", "safe", "finalized", "earliest"]);

export function blockTagParameter(value: unknown, position: number): BlockTag {
  if (NAMES.has(value)) return value as Exclude<BlockTag, object>;
  return { number: numberParameter(value, position) };
}

/** Missing means the latest block. */
export function blockReferenceParameter(value: unknown, position: number): BlockReference {
  if (value === undefined || value === null) return "latest";
  if (typeof value !== "object") return blockTagParameter(value, position);
  const { blockHash, blockNumber } = objectParameter(value, position);
  if (blockHash !== undefined) return { hash: hashParameter(blockHash, position) };
  return blockTagParameter(blockNumber, position);
}
