import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

export interface RpcRequest {
  readonly id: number;
  readonly method: string;
  readonly params: readonly unknown[];
}

/** What the endpoint says instead of the chain: an HTTP status, a JSON-RPC error or a result. */
export type Interference =
  | { readonly status: number }
  | { readonly error: { readonly code: number; readonly message: string } }
  | { readonly result: unknown };

/** A JSON-RPC endpoint in front of a chain that a test can make fail, refuse or lie. */
export class Endpoint {
  readonly url: string;
  readonly close: () => Promise<void>;
  /** undefined lets the request pass. */
  interfere: (request: RpcRequest) => Interference | undefined = () => undefined;

  private constructor(url: string, close: () => Promise<void>) {
    this.url = url;
    this.close = close;
  }

  static async before(chainUrl: string): Promise<Endpoint> {
    const server = createServer(async (incoming, outgoing) => {
      const body = await text(incoming);
      const request = JSON.parse(body) as RpcRequest;
      const interference = endpoint.interfere(request);
      if (interference !== undefined && "status" in interference) {
        outgoing.writeHead(interference.status).end();
        return;
      }
      outgoing.setHeader("content-type", "application/json");
      outgoing.end(
        interference === undefined
          ? await (
              await fetch(chainUrl, { method: "POST", headers: { "content-type": "application/json" }, body })
            ).text()
          : JSON.stringify({ jsonrpc: "2.0", id: request.id, ...interference }),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const endpoint = new Endpoint(
      `http://127.0.0.1:${port}`,
      () =>
        new Promise((resolve) => {
          server.close(() => resolve());
          server.closeAllConnections();
        }),
    );
    return endpoint;
  }
}

async function text(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
