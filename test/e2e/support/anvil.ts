import { type AddressInfo, createServer } from "node:net";
import path from "node:path";
import { Program } from "./program.ts";

const root = path.join(import.meta.dirname, "../../..");

/** A chain of Foundry's, with a block every second. */
export async function startAnvil(): Promise<{ readonly url: string; readonly program: Program }> {
  const port = await freePort();
  const script = path.join(root, "node_modules/@foundry-rs/anvil/bin.mjs");
  const argv = [script, "--port", String(port), "--block-time", "1", "--accounts", "1", "--balance", "1000000"];
  const program = new Program("anvil", process.execPath, argv);
  try {
    await program.says("Listening on", 30_000);
  } catch (error) {
    await program.stop();
    throw error;
  }
  return { url: `http://127.0.0.1:${port}`, program };
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
