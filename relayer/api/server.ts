import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import Fastify, { type FastifyError } from "fastify";
import { WebSocketServer } from "ws";
import {
  type AccessRules,
  DEFAULT_ACCESS,
  isAllowedHost,
  isAllowedOrigin,
  originHeaders,
  PREFLIGHT_HEADERS,
} from "./access.ts";
import { answerJsonRpc, type RpcLimits, type RpcMethods } from "./json-rpc.ts";
import { RpcSocket, type SocketLimits } from "./rpc-socket.ts";

/** What the server answers with. */
export interface ApiHandlers {
  /** Of `GET /`: JSON. */
  index(): unknown;
  /** JSON-RPC methods of `/shards/:id`, by POST and by WebSocket; undefined when this node does not operate that shard. */
  shard(id: number): RpcMethods | undefined;
  /** Told of what went wrong inside, of which the client learns nothing. */
  onError(error: unknown): void;
}

export interface ApiLimits extends RpcLimits, SocketLimits {
  /** Bytes of a request's body, or of a WebSocket message. */
  readonly body: number;
  /** Connections at a time, WebSockets among them; more are closed at once. */
  readonly connections: number;
}

export const DEFAULT_API_LIMITS: ApiLimits = {
  body: 1024 * 1024,
  batch: 1000,
  batchTime: 5000,
  answer: 25 * 1024 * 1024,
  connections: 512,
  sockets: 128,
  subscriptions: 32,
  unsent: 4 * 1024 * 1024,
  pingInterval: 30_000,
};

export interface ApiServerOptions {
  /** The loopback interface unless said otherwise. */
  readonly host?: string;
  /** 0 for any that is free. */
  readonly port: number;
  readonly handlers: ApiHandlers;
  readonly access?: Partial<AccessRules>;
  readonly limits?: Partial<ApiLimits>;
}

export interface ApiServer {
  /** `http://host:port` */
  readonly url: string;
  close(): Promise<void>;
}

/** Why a request is refused before anybody looks at it, or null. */
function refusal(
  access: AccessRules,
  { host, origin }: { readonly host?: string | undefined; readonly origin?: string | undefined },
): string | null {
  if (!isAllowedHost(access, host)) return "invalid host specified";
  return isAllowedOrigin(access, origin) ? null : "origin not allowed";
}

/** Listens before it returns. */
export async function createApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { handlers, host = "127.0.0.1" } = options;
  const limits = { ...DEFAULT_API_LIMITS, ...options.limits };
  const access = { ...DEFAULT_ACCESS, ...options.access };
  const app = Fastify({
    bodyLimit: limits.body,
    // A client that sends its request byte by byte, and one that does not read its answer.
    requestTimeout: 30_000,
    connectionTimeout: 60_000,
    forceCloseConnections: true,
  });
  app.server.maxConnections = limits.connections;
  // Only this type: a form on a web page can send others without asking the browser for leave.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "string" }, (_request, body, done) => done(null, body));

  app.setErrorHandler((error: FastifyError, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) handlers.onError(error);
    return reply.code(status).send({ error: status >= 500 ? "internal error" : error.message });
  });

  app.addHook("onRequest", async ({ headers }, reply) => {
    const refused = refusal(access, headers);
    if (refused !== null) return reply.code(403).send({ error: refused });
    reply.headers(originHeaders(access, headers.origin));
  });

  const methodsAt = (id: string) => (/^[1-9][0-9]{0,9}$/.test(id) ? handlers.shard(Number(id)) : undefined);

  app.get("/", () => handlers.index());
  for (const path of ["/", "/shards/:id"]) {
    app.options(path, (_request, reply) => reply.code(204).headers(PREFLIGHT_HEADERS).send());
  }
  app.post("/shards/:id", async (request, reply) => {
    const { id } = request.params as { id: string };
    const methods = methodsAt(id);
    if (methods === undefined) return reply.code(404).send({ error: `shard ${id.slice(0, 20)} is not served here` });
    const { onError } = handlers;
    const body = (request.body as string | undefined) ?? "";
    const answer = await answerJsonRpc({ methods, limits, onError }, body);
    if (answer === null) return reply.code(204).send();
    return reply.type("application/json").send(answer);
  });

  const sockets = new WebSocketServer({ noServer: true, maxPayload: limits.body, perMessageDeflate: false });
  app.server.on("upgrade", (request, connection: Duplex, head) => {
    const methods = methodsAt(/^\/shards\/([^/?]*)(?:\?.*)?$/.exec(request.url ?? "")?.[1] ?? "");
    if (refusal(access, request.headers) !== null) refuseUpgrade(connection, 403);
    else if (methods === undefined) refuseUpgrade(connection, 404);
    else if (sockets.clients.size >= limits.sockets) refuseUpgrade(connection, 503);
    else
      sockets.handleUpgrade(request, connection, head, (socket) => {
        new RpcSocket({ socket, methods, limits, onError: handlers.onError });
      });
  });

  const url = await app.listen({ host, port: options.port });
  return {
    url,
    close: async () => {
      for (const socket of sockets.clients) socket.terminate();
      await app.close();
    },
  };
}

function refuseUpgrade(connection: Duplex, status: number): void {
  connection.on("error", () => {});
  connection.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
