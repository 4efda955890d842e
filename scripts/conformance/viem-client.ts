import assert from "node:assert/strict";
import {
  createPublicClient,
  createWalletClient,
  defineChain,
  http,
  InsufficientFundsError,
  MethodNotFoundRpcError,
  NonceTooLowError,
  parseAbi,
  webSocket,
} from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
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

/** Whether an error, or one that caused it, is of that class. */
function isCausedBy(error: unknown, kind: new (...args: never[]) => Error): boolean {
  if (!(error instanceof Error)) return false;
  const { cause } = error;
  return error instanceof kind || isCausedBy(cause, kind);
}

/** viem's public and wallet clients. */
export async function startViem({ url, privateKey }: Target): Promise<ConformanceClient> {
  const transport = http(url);
  const chain = defineChain({
    id: await createPublicClient({ transport }).getChainId(),
    name: "shard",
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: [url] } },
  });
  const account = privateKeyToAccount(privateKey);
  const { address } = account;
  const reader = createPublicClient({ chain, transport, pollingInterval: POLL_MS });
  const writer = createWalletClient({ chain, transport, account });
  const abi = parseAbi(MESSENGER_ABI);
  const stranger = privateKeyToAccount(generatePrivateKey()).address;
  const message = { account, address: MESSENGER, abi, functionName: "sendMessage", value: 1n } as const;
  const args = [0, stranger, "0x"] as const;
  const wait = (hash: `0x${string}`) => reader.waitForTransactionReceipt({ hash });

  return {
    name: "viem",
    checks: {
      network: async () => {
        assert.equal(await reader.request({ method: "net_version" as never }), String(await reader.getChainId()));
      },
      balance: async () => {
        assert.ok((await reader.getBalance({ address })) > 0n);
        assert.equal(await reader.getBalance({ address: stranger }), 0n);
        const nonces = { latest: 0, pending: 0 };
        for (const blockTag of ["latest", "pending"] as const)
          nonces[blockTag] = await reader.getTransactionCount({ address, blockTag });
        assert.ok(nonces.pending >= nonces.latest);
      },
      estimate: async () => {
        assert.equal(await reader.estimateGas({ account, to: stranger, value: 1n }), TRANSFER_GAS);
        assert.equal(await reader.estimateContractGas({ ...message, args }), MESSAGE_GAS);
        assert.ok((await reader.estimateFeesPerGas()).maxFeePerGas > 0n);
      },
      transfer: async () => {
        const receipt = await wait(await writer.sendTransaction({ to: stranger, value: 7n }));
        assert.equal(receipt.status, "success");
        assert.equal(receipt.gasUsed, TRANSFER_GAS);
        assert.equal(await reader.getBalance({ address: stranger }), 7n);
      },
      transaction: async () => {
        const hash = await writer.sendTransaction({ to: stranger, value: 1n });
        const { blockHash } = await wait(hash);
        assert.equal((await reader.getTransaction({ hash })).from.toLowerCase(), address.toLowerCase());
        assert.ok((await reader.getBlock({ blockHash })).transactions.includes(hash));
      },
      message: async () => {
        const { logs } = await wait(await writer.writeContract({ ...message, args }));
        assert.equal(logs[0]?.address, MESSENGER);
      },
      logs: async () => {
        const head = await reader.getBlockNumber();
        const fromBlock = head > LOG_RANGE ? head - BigInt(LOG_RANGE) : 0n;
        const sent = { address: MESSENGER, abi, eventName: "MessageSent", fromBlock } as const;
        const events = await reader.getContractEvents({ ...sent, args: { sender: address } });
        assert.ok(events.some((event) => event.args.recipient === stranger));
      },
      tags: async () => {
        let before = -1n;
        for (const blockTag of ["finalized", "safe", "latest"] as const) {
          const { number } = await reader.getBlock({ blockTag });
          assert.ok(number >= before);
          before = number;
          await reader.getBalance({ address, blockTag });
        }
      },
      refusals: async () => {
        const rich = writer.sendTransaction({ to: stranger, value: TOO_MUCH, gas: TRANSFER_GAS });
        await assert.rejects(rich, (error) => isCausedBy(error, InsufficientFundsError));
        const nonce = (await reader.getTransactionCount({ address })) - 1;
        const late = writer.sendTransaction({ to: stranger, value: 1n, nonce });
        await assert.rejects(late, (error) => isCausedBy(error, NonceTooLowError));
      },
      replacement: async () => {
        const nonce = (await reader.getTransactionCount({ address })) + 1;
        const fees = { maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 10n ** 9n };
        const dearer = { maxFeePerGas: 11n * 10n ** 9n, maxPriorityFeePerGas: 11n * 10n ** 8n };
        await writer.sendTransaction({ to: stranger, value: 1n, nonce, ...fees });
        const again = { to: stranger, value: 2n, nonce };
        await assert.rejects(writer.sendTransaction({ ...again, ...fees }), /replacement transaction underpriced/);
        const replacing = await writer.sendTransaction({ ...again, ...dearer });
        await writer.sendTransaction({ to: stranger, value: 1n, nonce: nonce - 1 });
        assert.equal((await wait(replacing)).status, "success");
      },
      creation: async () => {
        const creation = writer.deployContract({ abi: [], bytecode: "0x6000" });
        await assert.rejects(creation, /contract creation is not supported/);
      },
      unknown: async () => {
        const unknown = reader.request({ method: "eth_mine" as never });
        await assert.rejects(unknown, (error) => isCausedBy(error, MethodNotFoundRpcError));
      },
      batch: async () => {
        const batching = createPublicClient({ chain, transport: http(url, { batch: true }) });
        const balances = await Promise.all(Array.from({ length: 200 }, () => batching.getBalance({ address })));
        assert.equal(new Set(balances).size, 1);
      },
      heads: async () => {
        const options = { reconnect: false, keepAlive: false } as const;
        const socket = createPublicClient({ chain, transport: webSocket(webSocketUrl(url), options) });
        try {
          const head = new Promise<bigint>((resolve, reject) => {
            socket.watchBlocks({ onBlock: ({ number }) => resolve(number), onError: reject });
          });
          // If the transaction fails, nobody waits for it any more, and closing the socket rejects it.
          head.catch(() => {});
          await socket.getChainId();
          await wait(await writer.sendTransaction({ to: stranger, value: 1n }));
          assert.ok((await head) > 0n);
        } finally {
          (await (await socket.transport.getRpcClient()).socket).close();
        }
      },
    },
    close: async () => {},
  };
}
