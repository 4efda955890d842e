import { expect } from "chai";
import { AbiCoder, Contract, getAddress, isError, JsonRpcProvider, NonceManager, Wallet } from "ethers";
import { createPublicClient, createWalletClient, defineChain, http, parseAbi } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { createNativeCrypto } from "../../../crypto/native.ts";
import { toHex } from "../../../protocol/bytes.ts";
import { MESSENGER_ABI, MESSENGER_ADDRESS } from "../../../protocol/system-contracts.ts";
import { type ApiServer, createApiServer } from "../../../relayer/api/server.ts";
import { createShardRpc } from "../../../relayer/api/shard-rpc.ts";
import { ETHER, GWEI, OperatedShards, testAccount } from "../../support/operated-shards.ts";

const crypto = await createNativeCrypto();
const alice = testAccount(crypto, 1);
const bob = testAccount(crypto, 2);
const BOB = getAddress(toHex(bob.address)) as `0x${string}`;
const MESSENGER = getAddress(toHex(MESSENGER_ADDRESS)) as `0x${string}`;

// biome-ignore lint/suspicious/noExplicitAny: JSON of many shapes, whose fields the assertions name
type Result = any;

describe("JSON-RPC of a shard", () => {
  let shards: OperatedShards;
  let server: ApiServer;
  let url: string;
  let provider: JsonRpcProvider;
  let wallet: Wallet;
  let slots: NodeJS.Timeout;

  beforeEach(async () => {
    shards = new OperatedShards(crypto, 2);
    shards.parent.deposit(1, alice.address, 10n * ETHER);
    await shards.nextEpoch();
    const rpc = createShardRpc(shards.operator(1));
    server = await createApiServer({
      port: 0,
      handlers: {
        index: () => ({}),
        shard: (id) => (id === 1 ? rpc : undefined),
        onError: (error) => console.error(error),
      },
    });
    url = `${server.url}/shards/1`;
    provider = new JsonRpcProvider(url, undefined, { pollingInterval: 20, cacheTimeout: -1 });
    wallet = new Wallet(toHex(alice.key), provider);
    slots = setInterval(() => void shards.nextSlot(), 20);
  });

  afterEach(async () => {
    clearInterval(slots);
    provider.destroy();
    await server.close();
  });

  const call = async (method: string, ...params: unknown[]) => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
    return (await answer.json()) as { result?: Result; error?: { code: number; message: string; data?: unknown } };
  };
  const failure = async (promise: Promise<unknown>) => promise.then(() => null).catch((error: unknown) => error);

  describe("serves ethers", () => {
    it("a transfer, from estimate to receipt", async () => {
      const { chainId } = await provider.getNetwork();
      expect(chainId).to.equal(BigInt(shards.operator(1).chainId));
      expect(await provider.getBalance(wallet.address)).to.equal(10n * ETHER);
      expect(await wallet.estimateGas({ to: BOB, value: 1n })).to.equal(21_000n);

      const sent = await wallet.sendTransaction({ to: BOB, value: ETHER });
      expect(await provider.getTransactionCount(wallet.address, "pending")).to.equal(1);
      const receipt = await sent.wait();
      expect(receipt).to.include({
        status: 1,
        gasUsed: 21_000n,
        gasPrice: GWEI,
        type: 2,
        to: BOB,
        from: wallet.address,
      });
      expect(receipt?.fee).to.equal(21_000n * GWEI);
      expect(await provider.getBalance(BOB)).to.equal(ETHER);
      expect(await provider.getBalance(wallet.address)).to.equal(9n * ETHER - 21_000n * GWEI);

      const found = await provider.getTransaction(sent.hash);
      expect(found).to.include({
        hash: sent.hash,
        value: ETHER,
        blockNumber: receipt?.blockNumber,
        nonce: 0,
        index: 0,
      });
      expect(found?.signature.serialized).to.equal(sent.signature.serialized);
    });

    it("many transfers of one sender", async () => {
      const manager = new NonceManager(wallet);
      const sent = [];
      for (let i = 0; i < 5; i++) sent.push(await manager.sendTransaction({ to: BOB, value: 1n }));
      const receipts = await Promise.all(sent.map((transaction) => transaction.wait()));
      expect(receipts.map((receipt) => receipt?.status)).to.deep.equal([1, 1, 1, 1, 1]);
      expect(await provider.getBalance(BOB)).to.equal(5n);
    });

    it("blocks", async () => {
      clearInterval(slots);
      shards.operator(1).mempool.add(shards.transfer(1, alice, { to: bob.address }));
      await shards.nextSlot();
      const block = await provider.getBlock("latest", true);
      const { chain } = shards.operator(1);
      expect(block).to.include({
        number: chain.head.number,
        hash: toHex(chain.headHash),
        timestamp: shards.parent.genesisTime + chain.head.slot,
        gasUsed: 21_000n,
        baseFeePerGas: GWEI,
      });
      expect(block?.prefetchedTransactions[0]).to.include({ from: wallet.address, to: BOB, value: 1n });
      expect(await provider.getBlock(toHex(chain.headHash))).to.include({ number: block?.number });
      const genesis = await provider.getBlock(0);
      expect(genesis?.hash).to.equal((await provider.getBlock(1))?.parentHash);
      expect(await provider.getBlock(99)).to.equal(null);
    });

    it("messages, with their logs", async () => {
      const messenger = new Contract(MESSENGER, MESSENGER_ABI, wallet);
      const arguments_ = [2, BOB, "0x1234"] as const;
      expect(await provider.getCode(MESSENGER)).to.not.equal("0x");
      expect(await messenger.getFunction("sendMessage").estimateGas(...arguments_, { value: 5n })).to.equal(100_000n);
      const sent = await messenger.getFunction("sendMessage")(...arguments_, { value: 5n });
      const receipt = await sent.wait();
      expect(receipt).to.include({ status: 1, gasUsed: 100_000n });
      expect(receipt.logs[0].args.toArray()).to.deep.equal([2n, 0n, wallet.address, BOB, 5n, "0x1234"]);

      const events = await messenger.queryFilter(messenger.getEvent("MessageSent")(2), 0);
      expect(events.map(({ transactionHash }) => transactionHash)).to.deep.equal([sent.hash]);
      expect(await messenger.queryFilter(messenger.getEvent("MessageSent")(1), 0)).to.deep.equal([]);
      expect(await messenger.queryFilter(messenger.getEvent("MessageReceived")(), 0)).to.deep.equal([]);
      const { logsBloom } = await provider.send("eth_getBlockByNumber", [
        `0x${receipt.blockNumber.toString(16)}`,
        false,
      ]);
      expect(logsBloom).to.not.equal(`0x${"00".repeat(256)}`);
    });

    it("errors that it knows by name", async () => {
      const manager = { nonce: 0, to: BOB, value: 1n };
      await (await wallet.sendTransaction(manager)).wait();
      expect(isError(await failure(wallet.sendTransaction(manager)), "NONCE_EXPIRED")).to.equal(true);
      const rich = { to: BOB, value: 11n * ETHER, gasLimit: 21_000 };
      expect(isError(await failure(wallet.sendTransaction(rich)), "INSUFFICIENT_FUNDS")).to.equal(true);
      clearInterval(slots);
      await wallet.sendTransaction({ to: BOB, value: 1n, nonce: 1 });
      const replacing = wallet.sendTransaction({ to: BOB, value: 2n, nonce: 1 });
      expect(isError(await failure(replacing), "REPLACEMENT_UNDERPRICED")).to.equal(true);
      const creation = wallet.estimateGas({ data: "0x6000" });
      expect(isError(await failure(creation), "CALL_EXCEPTION")).to.equal(true);
      const messenger = new Contract(MESSENGER, MESSENGER_ABI, wallet);
      const nowhere = messenger.getFunction("sendMessage").staticCall(9, BOB, "0x");
      expect(isError(await failure(nowhere), "CALL_EXCEPTION")).to.equal(true);
    });
  });

  it("serves viem", async () => {
    const chain = defineChain({
      id: shards.operator(1).chainId,
      name: "shard",
      nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
      rpcUrls: { default: { http: [url] } },
    });
    const reader = createPublicClient({ chain, transport: http(), pollingInterval: 20 });
    const writer = createWalletClient({ chain, transport: http(), account: privateKeyToAccount(toHex(alice.key)) });
    const hash = await writer.sendTransaction({ to: BOB, value: 7n });
    const receipt = await reader.waitForTransactionReceipt({ hash });
    expect(receipt).to.include({ status: "success", gasUsed: 21_000n, effectiveGasPrice: GWEI, type: "eip1559" });
    expect(await reader.getBalance({ address: BOB, blockTag: "latest" })).to.equal(7n);

    const abi = parseAbi(MESSENGER_ABI);
    const sent = await writer.writeContract({
      address: MESSENGER,
      abi,
      functionName: "sendMessage",
      args: [0, BOB, "0x"],
      value: 3n,
    });
    await reader.waitForTransactionReceipt({ hash: sent });
    const [event] = await reader.getContractEvents({
      address: MESSENGER,
      abi,
      eventName: "MessageSent",
      fromBlock: 0n,
    });
    expect(event?.args).to.deep.include({ destination: 0, index: 0n, value: 3n, recipient: BOB });
    const block = await reader.getBlock({ blockHash: receipt.blockHash, includeTransactions: true });
    expect(block.transactions[0]).to.include({ hash, value: 7n, nonce: 0, type: "eip1559" });
    expect((await reader.getFeeHistory({ blockCount: 4, rewardPercentiles: [50] })).baseFeePerGas.at(-1)).to.equal(
      GWEI,
    );
  });

  describe("reads", () => {
    it("justified and settled state under safe and finalized", async () => {
      clearInterval(slots);
      const balances = async () =>
        Promise.all(["latest", "safe", "finalized"].map((tag) => provider.getBalance(BOB, tag)));
      const transfer = async (value: bigint) => {
        shards.operator(1).mempool.add(shards.transfer(1, alice, { to: bob.address, value }));
        await shards.nextSlot();
      };
      await transfer(1n);
      await shards.nextEpoch();
      shards.anchor();
      shards.parent.settle();
      await transfer(2n);
      await shards.nextEpoch();
      shards.anchor();
      await transfer(4n);
      expect(await balances()).to.deep.equal([7n, 3n, 1n]);
      expect(await provider.getTransactionCount(wallet.address, "finalized")).to.equal(1);
      expect((await provider.getBlock("safe"))?.number).to.equal(4);
      expect(await provider.getBalance(BOB, 2)).to.equal(1n);
      expect((await call("eth_getBalance", BOB, "0x63")).error).to.deep.equal({
        code: -32000,
        message: "header not found",
      });
    });

    it("no further back than it keeps blocks and states", async () => {
      clearInterval(slots);
      const old = createShardRpc(shards.restart(1, { indexLimits: { blocks: 2 } }));
      for (let i = 0; i < 3; i++) await shards.nextEpoch();
      for (const [method, params] of [
        ["eth_getBlockByNumber", ["0x1", false]],
        ["eth_getLogs", [{ fromBlock: "0x1" }]],
      ] as const) {
        const refused = await failure(Promise.resolve().then(() => old.get(method)?.(params)));
        expect(refused).to.include({ code: 4444, message: "pruned history unavailable" });
      }
      expect(old.get("eth_getBlockByNumber")?.(["0x3", false])).to.include({ number: "0x3" });
      expect(old.get("eth_getBlockByNumber")?.(["0x0", false])).to.include({ number: "0x0" });
      expect(old.get("eth_feeHistory")?.(["0x9", "latest", []])).to.include({ oldestBlock: "0x2" });
    });

    it("its own methods", async () => {
      clearInterval(slots);
      shards.operator(1).mempool.add(shards.message(1, alice, 0, bob.address, 5n));
      await shards.nextSlot();
      await shards.nextEpoch();
      shards.anchor();
      shards.parent.settle();

      const { result: status } = await call("watchfire_status");
      const { chain } = shards.operator(1);
      expect(status).to.deep.include({ shardId: 1, position: 0, generation: 0, pendingTransactions: 0 });
      expect(status.head).to.deep.equal({ ...chain.head, hash: toHex(chain.headHash) });
      expect(status.settled).to.deep.include({ epoch: 1, block: 2 });

      const { result: blocks } = await call("watchfire_getBlocks", 1, "0x3");
      expect(blocks).to.deep.equal(shards.shard(1).published.map(toHex));
      expect((await call("watchfire_getBlocks", 1, 33)).error?.code).to.equal(-32602);

      const { result: crosslink } = await call("watchfire_getCrosslink", 1);
      expect(crosslink.crosslink).to.include({ shardId: 1, epoch: 1, firstBlock: 1, lastBlock: 2 });
      expect(crosslink.hash).to.equal(status.settled.crosslink);
      expect((await call("watchfire_getCrosslink", crosslink.hash)).result).to.deep.equal(crosslink);
      expect((await call("watchfire_getCrosslink", 9)).result).to.equal(null);

      const { result: proven } = await call("watchfire_getMessageProof", 0, 0);
      expect(proven.message).to.include({ source: 1, destination: 0, index: 0, value: "0x5" });
      // As an argument of Vault.withdraw.
      const crosslinkType =
        "tuple(uint32 shardId,uint32 generation,uint64 epoch,bytes32 parent,uint64 firstBlock,uint64 lastBlock,bytes32 blocksRoot,bytes32 stateRoot)";
      const proofType = `tuple(tuple(uint64 checkpointEpoch,bytes32 bodyRoot,bytes32 absentHash,uint16 position,${crosslinkType} crosslink,bytes32[] siblings) crosslink,bytes32[] stateSiblings,uint64 count,bytes32[] siblings)`;
      const messageType =
        "tuple(uint32 source,uint32 destination,uint64 index,address sender,address recipient,uint128 value,bytes data)";
      const encoded = AbiCoder.defaultAbiCoder().encode([messageType, proofType], [proven.message, proven.proof]);
      expect(encoded.length).to.be.greaterThan(1000);
      expect((await call("watchfire_getMessageProof", 0, 1)).result).to.equal(null);
    });
  });

  describe("refuses", () => {
    it("what does not exist", async () => {
      expect((await call("eth_mine")).error?.code).to.equal(-32601);
      expect((await call("constructor")).error?.code).to.equal(-32601);
    });

    for (const [method, params] of [
      ["eth_getBalance", []],
      ["eth_getBalance", ["0x12"]],
      ["eth_getBalance", [BOB, "newest"]],
      ["eth_getBalance", [BOB, -1]],
      ["eth_getBlockByNumber", ["0xzz", false]],
      ["eth_getTransactionReceipt", ["0x12"]],
      ["eth_sendRawTransaction", ["0x0"]],
      ["eth_getLogs", [{ topics: ["0x12"] }]],
      ["eth_getLogs", [{ fromBlock: "0x5", toBlock: "0x1" }]],
      ["eth_feeHistory", ["0x1", "latest", [50, 10]]],
      ["watchfire_getBlocks", [2, 1]],
      ["watchfire_getMessageProof", ["first"]],
    ] as const) {
      it(`${method} of ${JSON.stringify(params)}`, async () => {
        expect((await call(method, ...params)).error?.code).to.equal(-32602);
      });
    }

    it("a range of logs that is too wide", async () => {
      const { error } = await call("eth_getLogs", { fromBlock: "0x0", toBlock: "0x2710" });
      expect(error?.code).to.equal(-32005);
    });
  });
});
