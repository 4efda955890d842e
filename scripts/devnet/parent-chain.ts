import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { JsonRpcProvider } from "ethers";

/** A parent chain for the devnet: Hardhat's network in a process of its own, so that nothing the relayer does slows its clock. */
export interface ParentChain {
  readonly url: string;
  /** From here on a block at every interval, and none in between. */
  mineAtIntervals(milliseconds: number): Promise<void>;
  /** Told when the process ends before `close`. */
  onExit(listener: (code: number | null) => void): void;
  close(): Promise<void>;
}

export const PARENT_PORT = 8545;

/** @throws Error when the port is taken or the network does not start */
export async function startParentChain(port = PARENT_PORT): Promise<ParentChain> {
  const child = fork(fileURLToPath(new URL("./parent-process.ts", import.meta.url)), [String(port)], {
    // Standard output belongs to the devnet's own report.
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let complaint = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-2_000);
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.once("message", (message) => resolve(String(message)));
    child.once("exit", (code) => {
      const busy = complaint.includes("EADDRINUSE");
      const why = busy ? `port ${port} is in use: stop what listens there, or give --parent` : complaint.trim();
      reject(new Error(`the parent chain did not start (exit code ${code}): ${why}`));
    });
  });
  let closing = false;
  const provider = new JsonRpcProvider(url, undefined, { staticNetwork: true });
  return {
    url,
    mineAtIntervals: async (milliseconds) => {
      await provider.send("evm_setAutomine", [false]);
      await provider.send("evm_setIntervalMining", [milliseconds]);
    },
    onExit: (listener) => {
      child.once("exit", (code) => {
        if (!closing) listener(code);
      });
    },
    close: async () => {
      closing = true;
      provider.destroy();
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.disconnect();
      await ended;
    },
  };
}
