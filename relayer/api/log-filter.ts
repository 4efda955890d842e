import { toHex } from "../../protocol/bytes.ts";
import type { Log } from "../../protocol/system-contracts.ts";
import { INVALID_PARAMS, JsonRpcError } from "./json-rpc.ts";
import { addressParameter, hashParameter, objectParameter } from "./parameters.ts";

/** Alternatives for the address or for one topic. */
const MAX_ALTERNATIVES = 1000;

/** null: anything fits. */
type Alternatives = ReadonlySet<string> | null;

function alternatives(value: unknown, read: (item: unknown) => string): Alternatives {
  if (value === undefined || value === null) return null;
  const items = Array.isArray(value) ? value : [value];
  if (items.length > MAX_ALTERNATIVES)
    throw new JsonRpcError(INVALID_PARAMS, "exceed max addresses or topics per search position");
  return items.length === 0 ? null : new Set(items.map(read));
}

function topicsParameter(value: unknown, position: number): Alternatives[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || value.length > 4) throw new JsonRpcError(INVALID_PARAMS, "exceed max topics");
  return value.map((topic) => alternatives(topic, (item) => hashParameter(item, position)));
}

/** Reads `address` and `topics` of a filter of execution-apis. @returns whether a log fits @throws JsonRpcError */
export function logFilterParameter(value: unknown, position: number): (log: Log) => boolean {
  const filter = objectParameter(value, position);
  const addresses = alternatives(filter.address, (item) => toHex(addressParameter(item, position)));
  const topics = topicsParameter(filter.topics, position);
  return (log) => {
    if (addresses !== null && !addresses.has(toHex(log.address))) return false;
    return topics.every((wanted, i) => {
      const topic = log.topics[i];
      return topic !== undefined && (wanted === null || wanted.has(toHex(topic)));
    });
  };
}
