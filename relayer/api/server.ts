import Fastify, { type FastifyError } from "fastify";
import { answerJsonRpc, type RpcLimits, type RpcMethods } from "./json-rpc.ts";

/** What the server answers with. */
export interface ApiHandlers {
  /** Of `GET /`: JSON. */
  index(): unknown;
  /** JSON-RPC methods of `POST /shards/:id`; undefined when this node does not operate that shard. */
  shard(id: number): RpcMethods | undefined;
  /** Told of what went wrong inside, of which the client learns nothing. */
  onError(error: unknown): void;
}

export interface ApiLimits extends RpcLimits {
  /** Bytes of a request's body. */
  readonly body: number;
}

export const DEFAULT_API_LIMITS: ApiLimits = { body: 1024 * 1024, batch: 100, answer: 25 * 1024 * 1024 };

export interface ApiServerOptions {
  /** The loopback interface unless said otherwise. */
  readonly host?: string;
  /** 0 for any that is free. */
  readonly port: number;
  readonly handlers: ApiHandlers;
  readonly limits?: Partial<ApiLimits>;
}

export interface ApiServer {
  /** `http://host:port` */
  readonly url: string;
  close(): Promise<void>;
}

/** Listens before it returns. */
export async function createApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { handlers, host = "127.0.0.1" } = options;
  const limits = { ...DEFAULT_API_LIMITS, ...options.limits };
  const app = Fastify({
    bodyLimit: limits.body,
    // A client that sends its request byte by byte.
    requestTimeout: 30_000,
    forceCloseConnections: true,
  });
  // Only this type: a form on a web page can send others without asking the browser for leave.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "string" }, (_request, body, done) => done(null, body));

  app.setErrorHandler((error: FastifyError, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) handlers.onError(error);
    return reply.code(status).send({ error: status >= 500 ? "internal error" : error.message });
  });

  app.get("/", () => handlers.index());
  app.post("/shards/:id", async (request, reply) => {
    const { id } = request.params as { id: string };
    const methods = /^[1-9][0-9]{0,9}$/.test(id) ? handlers.shard(Number(id)) : undefined;
    if (methods === undefined) return reply.code(404).send({ error: `shard ${id.slice(0, 20)} is not served here` });
    const answer = await answerJsonRpc(methods, (request.body as string | undefined) ?? "", limits, handlers.onError);
    if (answer === null) return reply.code(204).send();
    return reply.type("application/json").send(answer);
  });

  const url = await app.listen({ host, port: options.port });
  return { url, close: () => app.close() };
}
