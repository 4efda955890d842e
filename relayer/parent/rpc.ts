import { setTimeout as sleep } from "node:timers/promises";
import { FetchRequest, isError, type JsonRpcPayload, JsonRpcProvider, type JsonRpcResult, Network } from "ethers";
import { ParentSettingError } from "./errors.ts";

const REQUEST_TIMEOUT_MS = 20_000;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;

/** Node's own errors of connections that may work the next time. */
const CONNECTION_ERRORS: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EAI_AGAIN",
  "ENOTFOUND",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_SOCKET",
]);

/** Whether the same request may succeed later: the endpoint was out of reach, overloaded or broken, not wrong. */
export function isTransient(error: unknown): boolean {
  if (isError(error, "TIMEOUT") || isError(error, "NETWORK_ERROR") || isError(error, "SERVER_ERROR")) return true;
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" && CONNECTION_ERRORS.has(code);
}

/**
 * Repeats what fails transiently, with growing pauses.
 * @throws the last error; at once one that is not transient, or when `signal` aborts
 */
export async function withRetries<T>(
  attempts: number,
  signal: AbortSignal | undefined,
  call: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (attempt >= attempts || !isTransient(error)) throw error;
      const pause = Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS);
      await sleep(pause, undefined, signal === undefined ? {} : { signal });
    }
  }
}

/**
 * A provider that does nothing by itself: no polling, no cache that hides a reorg, no look for the network at each call.
 * @param expectedChainId what the chain has to be, if the configuration says so
 * @throws ParentSettingError when the endpoint is not there, or serves another chain
 */
export async function connectProvider(
  url: string,
  options: { readonly expectedChainId?: bigint | undefined; readonly attempts: number; readonly signal?: AbortSignal },
): Promise<JsonRpcProvider> {
  const chainId = await withRetries(options.attempts, options.signal, () => readChainId(url)).catch(
    (cause: unknown) => {
      options.signal?.throwIfAborted();
      throw new ParentSettingError("parent.url", `no JSON-RPC endpoint answers at ${withoutSecrets(url)}`, { cause });
    },
  );
  if (options.expectedChainId !== undefined && options.expectedChainId !== chainId) {
    throw new ParentSettingError(
      "parent.chainId",
      `the endpoint serves chain ${chainId}, not ${options.expectedChainId}`,
    );
  }
  return new PromptProvider(request(url), Network.from(chainId), {
    staticNetwork: true,
    cacheTimeout: -1,
    batchMaxCount: 1,
  });
}

/** Reads answers with the platform's decoder: that of ethers, in JavaScript, takes seconds for the events of some thousand validators. */
class PromptProvider extends JsonRpcProvider {
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });

  override async _send(payload: JsonRpcPayload | JsonRpcPayload[]): Promise<JsonRpcResult[]> {
    const question = this._getConnection();
    question.body = JSON.stringify(payload);
    question.setHeader("content-type", "application/json");
    const response = await question.send();
    response.assertOk();
    const answer = JSON.parse(this.#decoder.decode(response.body ?? undefined));
    return Array.isArray(answer) ? answer : [answer];
  }
}

function request(url: string): FetchRequest {
  const fetchRequest = new FetchRequest(url);
  fetchRequest.timeout = REQUEST_TIMEOUT_MS;
  return fetchRequest;
}

/** Asked by hand: the provider of ethers repeats this question without end when nobody answers. */
async function readChainId(url: string): Promise<bigint> {
  const question = request(url);
  question.body = { jsonrpc: "2.0", id: 1, method: "eth_chainId", params: [] };
  const response = await question.send();
  response.assertOk();
  return BigInt(response.bodyJson.result);
}

/** Path, query and user often hold an access key, which has no place in a log. */
function withoutSecrets(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : "an address that is no URL";
}
