import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { encryptKeystoreJsonSync, Wallet } from "ethers";
import {
  type ConformanceClient,
  LOG_RANGE,
  MESSAGE_GAS,
  MESSENGER,
  type Target,
  TOO_MUCH,
  TRANSFER_GAS,
  webSocketUrl,
} from "./capabilities.ts";

/** The program itself: the script that the package puts in front of it ends with 0 whatever happened. */
function castBinary(): string {
  const platform = `${process.platform}-${process.arch === "x64" ? "amd64" : process.arch}`;
  const folder = path.join(import.meta.dirname, "../../node_modules/@foundry-rs", `cast-${platform}`);
  return path.join(folder, "bin", process.platform === "win32" ? "cast.exe" : "cast");
}

const TIMEOUT_MS = 60_000;
const SEND_MESSAGE = "sendMessage(uint32,address,bytes)";
const MESSAGE_SENT = "MessageSent(uint32 indexed,uint64 indexed,address indexed,address,uint256,bytes)";

/** Foundry's `cast`, as from a terminal. The key reaches it in a keystore: arguments are seen by every user of a machine. */
export async function startCast({ url, privateKey }: Target): Promise<ConformanceClient> {
  const folder = mkdtempSync(path.join(tmpdir(), "watchfire-cast-"));
  const keystore = path.join(folder, "key.json");
  const password = path.join(folder, "password");
  const wallet = new Wallet(privateKey);
  const json = encryptKeystoreJsonSync(wallet, "conformance", { scrypt: { N: 1024 } });
  // ethers capitalises the field's name; cast reads it as the definition of the format writes it.
  writeFileSync(keystore, json.replace('"Crypto"', '"crypto"'), { mode: 0o600 });
  writeFileSync(password, "conformance", { mode: 0o600 });
  const env = {
    ...process.env,
    ETH_RPC_URL: url,
    ETH_KEYSTORE: keystore,
    ETH_PASSWORD: password,
    FOUNDRY_DISABLE_NIGHTLY_WARNING: "1",
  };

  const cast = async (...args: readonly string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)(castBinary(), args, { env, timeout: TIMEOUT_MS });
    return stdout.trim();
  };
  // biome-ignore lint/suspicious/noExplicitAny: JSON of many shapes, whose fields the checks name
  const castJson = async (...args: readonly string[]): Promise<any> => JSON.parse(await cast(...args, "--json"));
  const send = (...args: readonly string[]) => castJson("send", "--poll-interval", "1", ...args);
  const me = wallet.address;
  const stranger = Wallet.createRandom().address;
  const numberOf = async (...args: readonly string[]) => BigInt((await cast(...args)).split(" ")[0] as string);

  return {
    name: "cast",
    checks: {
      network: async () => {
        assert.equal(await cast("rpc", "net_version"), `"${await cast("chain-id")}"`);
      },
      balance: async () => {
        assert.ok((await numberOf("balance", me)) > 0n);
        assert.equal(await numberOf("balance", stranger), 0n);
        assert.ok((await numberOf("nonce", me, "--block", "pending")) >= (await numberOf("nonce", me)));
      },
      estimate: async () => {
        assert.equal(await numberOf("estimate", "--from", me, "--value", "1", stranger), TRANSFER_GAS);
        const message = [MESSENGER, SEND_MESSAGE, "0", stranger, "0x"];
        assert.equal(await numberOf("estimate", "--from", me, "--value", "1", ...message), MESSAGE_GAS);
        assert.ok((await numberOf("gas-price")) > 0n);
        assert.ok((await numberOf("base-fee")) > 0n);
      },
      transfer: async () => {
        const receipt = await send(stranger, "--value", "7");
        assert.equal(BigInt(receipt.status), 1n);
        assert.equal(BigInt(receipt.gasUsed), TRANSFER_GAS);
        assert.equal(await numberOf("balance", stranger), 7n);
      },
      transaction: async () => {
        const { transactionHash, blockHash } = await send(stranger, "--value", "1");
        assert.equal((await castJson("tx", transactionHash)).hash, transactionHash);
        assert.equal((await castJson("receipt", transactionHash)).blockHash, blockHash);
        assert.ok((await castJson("block", blockHash)).transactions.includes(transactionHash));
      },
      message: async () => {
        const { logs } = await send(MESSENGER, SEND_MESSAGE, "0", stranger, "0x", "--value", "1");
        assert.equal(logs[0].address, MESSENGER);
      },
      logs: async () => {
        const head = Number(await numberOf("block-number"));
        const from = String(Math.max(0, head - LOG_RANGE));
        assert.ok((await castJson("logs", "--from-block", from, "--address", MESSENGER, MESSAGE_SENT)).length > 0);
      },
      tags: async () => {
        let before = -1n;
        for (const tag of ["finalized", "safe", "latest"]) {
          const number = BigInt((await castJson("block", tag)).number);
          assert.ok(number >= before);
          before = number;
          await numberOf("balance", me, "--block", tag);
        }
      },
      refusals: async () => {
        const rich = send(stranger, "--value", String(TOO_MUCH), "--gas-limit", String(TRANSFER_GAS));
        await assert.rejects(rich, /insufficient funds/);
        const nonce = (await numberOf("nonce", me)) - 1n;
        await assert.rejects(send(stranger, "--value", "1", "--nonce", String(nonce)), /nonce too low/);
      },
      replacement: async () => {
        const next = await numberOf("nonce", me);
        const after = ["--nonce", String(next + 1n)];
        const fees = ["--gas-price", "10gwei", "--priority-gas-price", "1gwei"];
        const dearer = ["--gas-price", "11gwei", "--priority-gas-price", "1.1gwei"];
        await cast("send", "--async", stranger, "--value", "1", ...after, ...fees);
        const again = cast("send", "--async", stranger, "--value", "2", ...after, ...fees);
        await assert.rejects(again, /replacement transaction underpriced/);
        const replacing = await cast("send", "--async", stranger, "--value", "2", ...after, ...dearer);
        await send(stranger, "--value", "1", "--nonce", String(next));
        assert.equal(BigInt((await castJson("receipt", replacing)).status), 1n);
      },
      creation: async () => {
        await assert.rejects(send("--create", "0x6000"), /contract creation is not supported/);
      },
      unknown: async () => {
        await assert.rejects(cast("rpc", "eth_mine"), /-32601/);
      },
      heads: async () => {
        // By WebSocket it waits for receipts by newHeads.
        const receipt = await send("--rpc-url", webSocketUrl(url), stranger, "--value", "1");
        assert.equal(BigInt(receipt.status), 1n);
      },
    },
    close: async () => rmSync(folder, { recursive: true, force: true }),
  };
}
