import assert from "node:assert/strict";
import { Contract, type ErrorCode, isError, JsonRpcProvider, Wallet, WebSocketProvider } from "ethers";
import {
  type ConformanceClient,
  LOG_RANGE,
  MESSAGE_GAS,
  MESSENGER,
  MESSENGER_ABI,
  POLL_MS,
  type Target,
  TOO_MUCH,
  TRANSFER_GAS,
  webSocketUrl,
} from "./capabilities.ts";

/** A stock ethers Wallet on a JsonRpcProvider. */
export async function startEthers({ url, privateKey }: Target): Promise<ConformanceClient> {
  const provider = new JsonRpcProvider(url, undefined, { cacheTimeout: -1, pollingInterval: POLL_MS });
  const wallet = new Wallet(privateKey, provider);
  const messenger = new Contract(MESSENGER, MESSENGER_ABI, wallet);
  const sendMessage = messenger.getFunction("sendMessage");
  const stranger = Wallet.createRandom().address;
  const failsWith = async (promise: Promise<unknown>, code: ErrorCode) =>
    assert.rejects(promise, (error: unknown) => isError(error, code));

  return {
    name: "ethers",
    checks: {
      network: async () => {
        const { chainId } = await provider.getNetwork();
        assert.equal(await provider.send("net_version", []), String(chainId));
      },
      balance: async () => {
        assert.ok((await provider.getBalance(wallet.address)) > 0n);
        assert.equal(await provider.getBalance(Wallet.createRandom().address), 0n);
        assert.ok((await wallet.getNonce("pending")) >= (await wallet.getNonce("latest")));
      },
      estimate: async () => {
        assert.equal(await wallet.estimateGas({ to: stranger, value: 1n }), TRANSFER_GAS);
        assert.equal(await sendMessage.estimateGas(0, stranger, "0x", { value: 1n }), MESSAGE_GAS);
        assert.ok(((await provider.getFeeData()).maxFeePerGas ?? 0n) > 0n);
      },
      transfer: async () => {
        const receipt = await (await wallet.sendTransaction({ to: stranger, value: 7n })).wait();
        assert.equal(receipt?.status, 1);
        assert.equal(receipt?.gasUsed, TRANSFER_GAS);
        assert.equal(await provider.getBalance(stranger), 7n);
      },
      transaction: async () => {
        const sent = await wallet.sendTransaction({ to: stranger, value: 1n });
        const receipt = await sent.wait();
        const found = await provider.getTransaction(sent.hash);
        assert.equal(found?.signature.serialized, sent.signature.serialized);
        const block = await provider.getBlock(receipt?.blockHash ?? "", true);
        assert.ok(block?.transactions.includes(sent.hash));
      },
      message: async () => {
        const receipt = await (await sendMessage(0, stranger, "0x", { value: 1n })).wait();
        assert.equal(receipt.logs[0].args.getValue("recipient"), stranger);
      },
      logs: async () => {
        const head = await provider.getBlockNumber();
        const filter = messenger.getEvent("MessageSent")(0, null, wallet.address);
        assert.ok((await messenger.queryFilter(filter, Math.max(0, head - LOG_RANGE))).length > 0);
      },
      tags: async () => {
        const numbers = [];
        for (const tag of ["finalized", "safe", "latest"]) {
          numbers.push((await provider.getBlock(tag))?.number ?? Number.NaN);
          await provider.getBalance(wallet.address, tag);
        }
        assert.deepEqual(
          numbers,
          [...numbers].sort((a, b) => a - b),
        );
      },
      refusals: async () => {
        const to = stranger;
        await failsWith(wallet.sendTransaction({ to, value: TOO_MUCH, gasLimit: TRANSFER_GAS }), "INSUFFICIENT_FUNDS");
        const nonce = (await wallet.getNonce()) - 1;
        await failsWith(wallet.sendTransaction({ to, value: 1n, nonce }), "NONCE_EXPIRED");
      },
      replacement: async () => {
        const nonce = (await wallet.getNonce()) + 1;
        const fees = { maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 10n ** 9n };
        const dearer = { maxFeePerGas: 11n * 10n ** 9n, maxPriorityFeePerGas: 11n * 10n ** 8n };
        await wallet.sendTransaction({ to: stranger, value: 1n, nonce, ...fees });
        const again = { to: stranger, value: 2n, nonce };
        await failsWith(wallet.sendTransaction({ ...again, ...fees }), "REPLACEMENT_UNDERPRICED");
        const replacing = await wallet.sendTransaction({ ...again, ...dearer });
        await wallet.sendTransaction({ to: stranger, value: 1n, nonce: nonce - 1 });
        assert.equal((await replacing.wait())?.status, 1);
      },
      creation: async () => {
        await failsWith(wallet.sendTransaction({ data: "0x6000" }), "CALL_EXCEPTION");
      },
      unknown: async () => {
        await failsWith(provider.send("eth_mine", []), "UNSUPPORTED_OPERATION");
      },
      batch: async () => {
        // Requests of one tick go out as one batch.
        const nonces = await Promise.all(Array.from({ length: 50 }, () => wallet.getNonce()));
        assert.equal(new Set(nonces).size, 1);
      },
      heads: async () => {
        const socket = new WebSocketProvider(webSocketUrl(url));
        try {
          const head = new Promise<number>((resolve) => void socket.on("block", resolve));
          // Its answer comes after the subscription's.
          await socket.getNetwork();
          await (await wallet.sendTransaction({ to: stranger, value: 1n })).wait();
          assert.ok((await head) > 0);
          await socket.off("block");
          // Answered after its eth_unsubscribe, without whose answer ethers does not end in peace.
          await socket.getBlockNumber();
        } finally {
          await socket.destroy();
        }
      },
    },
    close: async () => provider.destroy(),
  };
}
