import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { JsonRpcProvider, parseEther, Wallet } from "ethers";
import { fromHex } from "../../protocol/bytes.ts";
import { depositToInbox } from "../../relayer/parent/actions/add-inbox-entry.ts";
import { TransactionSender } from "../../relayer/parent/transaction-sender.ts";
import { Devnet } from "../devnet/devnet.ts";
import { parseOptions } from "../devnet/options.ts";
import { startParentChain } from "../devnet/parent-chain.ts";
import { launcherKey } from "../devnet/setup.ts";
import type { Target } from "./capabilities.ts";

const SHARD = 1;
const BLOCK_MS = 1000;
const PATIENCE_MS = 120_000;

export interface OwnDevnet {
  readonly target: Target;
  close(): Promise<void>;
}

/** A devnet of its own, on ports that are free, and an account with coins on its first shard. */
export async function startOwnDevnet(say: (line: string) => void): Promise<OwnDevnet> {
  const folder = mkdtempSync(path.join(tmpdir(), "watchfire-conformance-"));
  const parent = await startParentChain(0);
  const port = await freePort();
  const arguments_ = ["--shards", "2", "--operators", "2", "--parent", parent.url, "--port", String(port)];
  let ticking: Promise<void> | undefined;
  const devnet = new Devnet(parseOptions(arguments_), folder, (line) => {
    say(line);
    // Shards are served: from here on the devnet waits for the parent chain's clock. Before, it would be slow with it.
    if (line.startsWith("shard ")) ticking ??= parent.mineAtIntervals(BLOCK_MS);
  });
  const close = async () => {
    await devnet.close();
    await parent.close();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await devnet.start(new AbortController().signal);
    await ticking;
    const url = `http://127.0.0.1:${port}/shards/${SHARD}`;
    const wallet = Wallet.createRandom();
    await fund(parent.url, `http://127.0.0.1:${port}`, url, wallet.address);
    return { target: { url, privateKey: wallet.privateKey as `0x${string}` }, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Deposits on the parent chain, and waits until the shard has imported it. */
async function fund(parentUrl: string, apiUrl: string, shardUrl: string, address: string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  const patiently = async () => {
    if (performance.now() > deadline) throw new Error("the deposit did not arrive on the shard");
    await sleep(500);
  };
  // Its operator takes a shard up when it has seen it on the parent chain.
  while (!(await isServed(shardUrl))) await patiently();
  const parent = new JsonRpcProvider(parentUrl);
  const shard = new JsonRpcProvider(shardUrl, undefined, { cacheTimeout: -1 });
  try {
    const { addresses } = (await (await fetch(apiUrl)).json()) as { addresses: Parameters<typeof depositToInbox>[1] };
    const sender = new TransactionSender(parent, launcherKey((await parent.getNetwork()).chainId, undefined));
    await depositToInbox(sender, addresses, SHARD, fromHex(address), parseEther("1"));
    while ((await shard.getBalance(address)) === 0n) await patiently();
  } finally {
    shard.destroy();
    parent.destroy();
  }
}

async function isServed(shardUrl: string): Promise<boolean> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_chainId" });
  const headers = { "content-type": "application/json" };
  return (await fetch(shardUrl, { method: "POST", headers, body })).ok;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
