import { nextTurn } from "./event-loop-turns.ts";

/** JSON-RPC 2.0 (jsonrpc.org/specification): requests and batches as text in, text out. */

/** What a method answers instead of a result. */
export class JsonRpcError extends Error {
  override readonly name = "JsonRpcError";
  readonly code: number;
  readonly data: unknown;

  constructor(code: number, message: string, data?: unknown) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

export const PARSE_ERROR = -32700;
export const INVALID_REQUEST = -32600;
export const METHOD_NOT_FOUND = -32601;
export const INVALID_PARAMS = -32602;
export const INTERNAL_ERROR = -32603;
/** The code of geth for whatever a node declines. */
export const SERVER_ERROR = -32000;
/** The codes of geth for a batch that takes too long, and for one whose answers grow too long. */
const TIMED_OUT = -32002;
const RESPONSE_TOO_LARGE = -32003;
/** Work on a batch after which others have their turn. */
const SLICE_MS = 10;

/** A connection that can be told of things later: a WebSocket. */
export interface RpcSession {
  /**
   * @param start takes what sends one notification, returns what ends the subscription
   * @returns its id
   * @throws JsonRpcError when the connection has too many
   */
  subscribe(start: (notify: (result: unknown) => void) => () => void): string;
  /** Whether there was such a subscription. */
  unsubscribe(id: string): boolean;
}

/** Takes the positional parameters; the result, or what it resolves to, is JSON. @throws JsonRpcError */
export type RpcMethod = (params: readonly unknown[], session?: RpcSession) => unknown;
export type RpcMethods = ReadonlyMap<string, RpcMethod>;

export interface RpcLimits {
  /** Requests in a batch. */
  readonly batch: number;
  /** Characters of the answers to a batch after which the rest is refused. */
  readonly answer: number;
  /** Milliseconds after which the rest of a batch is refused. */
  readonly batchTime: number;
}

/** What answers requests. */
export interface RpcContext {
  readonly methods: RpcMethods;
  /** Missing where nothing can be told later. */
  readonly session?: RpcSession;
  readonly limits: RpcLimits;
  /** Told of what went wrong inside, of which the client learns nothing. */
  readonly onError: (error: unknown) => void;
}

interface Request {
  readonly id: string | number | null | undefined;
  readonly method: string;
  readonly params: readonly unknown[];
}

function failure(id: unknown, error: JsonRpcError): string {
  const { code, message, data } = error;
  return JSON.stringify({
    jsonrpc: "2.0",
    id: id ?? null,
    error: { code, message, ...(data === undefined ? {} : { data }) },
  });
}

/** @throws JsonRpcError */
function asRequest(value: unknown): Request {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new JsonRpcError(INVALID_REQUEST, "invalid request");
  }
  const { jsonrpc, id, method, params = [] } = value as Record<string, unknown>;
  const idIsValid = id === undefined || id === null || typeof id === "string" || typeof id === "number";
  if (jsonrpc !== "2.0" || typeof method !== "string" || !idIsValid) {
    throw new JsonRpcError(INVALID_REQUEST, "invalid request");
  }
  if (!Array.isArray(params)) throw new JsonRpcError(INVALID_PARAMS, "non-array args");
  return { id, method, params };
}

/** The answer, or null to a notification. */
async function answerOne({ methods, session, onError }: RpcContext, value: unknown): Promise<string | null> {
  const id = (value as { id?: unknown } | null)?.id;
  try {
    const request = asRequest(value);
    const method = methods.get(request.method);
    if (method === undefined) {
      throw new JsonRpcError(
        METHOD_NOT_FOUND,
        `the method ${request.method.slice(0, 80)} does not exist/is not available`,
      );
    }
    const result = await method(request.params, session);
    return request.id === undefined ? null : JSON.stringify({ jsonrpc: "2.0", id: request.id, result: result ?? null });
  } catch (error) {
    if (error instanceof JsonRpcError) {
      const isScalar = typeof id === "string" || typeof id === "number";
      return id === undefined && error.code !== INVALID_REQUEST ? null : failure(isScalar ? id : null, error);
    }
    onError(error);
    return id === undefined ? null : failure(id, new JsonRpcError(INTERNAL_ERROR, "internal error"));
  }
}

/** @returns the answer's text, or null when nothing in the body wants one */
export async function answerJsonRpc(context: RpcContext, body: string): Promise<string | null> {
  const { limits } = context;
  await nextTurn();
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return failure(null, new JsonRpcError(PARSE_ERROR, "parse error"));
  }
  if (!Array.isArray(parsed)) return answerOne(context, parsed);
  if (parsed.length === 0) return failure(null, new JsonRpcError(INVALID_REQUEST, "empty batch"));
  if (parsed.length > limits.batch) {
    return failure(null, new JsonRpcError(INVALID_REQUEST, `batch too large: at most ${limits.batch} requests`));
  }
  const answers: string[] = [];
  const started = performance.now();
  let sliceStarted = started;
  let length = 0;
  for (const value of parsed) {
    if (performance.now() - sliceStarted > SLICE_MS) {
      await nextTurn();
      sliceStarted = performance.now();
    }
    const refusal =
      length > limits.answer
        ? new JsonRpcError(RESPONSE_TOO_LARGE, "response too large")
        : sliceStarted - started > limits.batchTime
          ? new JsonRpcError(TIMED_OUT, "request timed out")
          : null;
    const answer = refusal === null ? await answerOne(context, value) : refuse(value, refusal);
    if (answer !== null) answers.push(answer);
    length += answer?.length ?? 0;
  }
  return answers.length === 0 ? null : `[${answers.join(",")}]`;
}

/** The refusal of a request that is not looked at any more, or null to a notification. */
function refuse(value: unknown, error: JsonRpcError): string | null {
  const id = (value as { id?: unknown } | null)?.id;
  if (id === undefined) return null;
  return failure(typeof id === "string" || typeof id === "number" ? id : null, error);
}
