import type { Beacon } from "../../test/support/beacon.ts";

interface StructLog {
  readonly op: string;
  readonly depth: number;
  readonly gas: number;
  readonly stack?: readonly string[];
}

/** What a call that the called contract of a transaction makes costs it: the gas before less the gas after. */
export async function costOfCall(
  { connection }: Pick<Beacon, "connection">,
  hash: string,
  to: string,
): Promise<number> {
  const { structLogs } = (await connection.provider.request({
    method: "debug_traceTransaction",
    params: [hash, { disableMemory: true, disableStorage: true }],
  })) as { structLogs: StructLog[] };
  const target = BigInt(to);
  const outer = structLogs.filter(({ depth }) => depth === 1);
  const at = outer.findIndex(({ op, stack }) => {
    const address = stack?.at(-2);
    return op === "STATICCALL" && address !== undefined && BigInt(`0x${address.replace(/^0x/, "")}`) === target;
  });
  const [before, after] = [outer[at], outer[at + 1]];
  if (before === undefined || after === undefined) throw new Error(`the transaction does not call ${to}`);
  return before.gas - after.gas;
}
