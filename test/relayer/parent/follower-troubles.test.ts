import { once } from "node:events";
import { expect } from "chai";
import type { JsonRpcProvider } from "ethers";
import { createNativeCrypto } from "../../../crypto/native.ts";
import { toHex } from "../../../protocol/bytes.ts";
import type { Crypto } from "../../../protocol/crypto.ts";
import { parametersFor } from "../../../protocol/presets.ts";
import { depositToInbox } from "../../../relayer/parent/actions/add-inbox-entry.ts";
import { openShard } from "../../../relayer/parent/actions/open-shard.ts";
import type { DeploymentRecord } from "../../../relayer/parent/deployment.ts";
import { ParentMoved, ParentSettingError, ParentStalled } from "../../../relayer/parent/errors.ts";
import { type FollowerOptions, ParentFollower } from "../../../relayer/parent/parent-follower.ts";
import { connectProvider } from "../../../relayer/parent/rpc.ts";
import { TransactionSender } from "../../../relayer/parent/transaction-sender.ts";
import { Endpoint } from "./support/endpoint.ts";
import { TestChain } from "./support/test-chain.ts";

const OPERATOR = new Uint8Array(20).fill(0x22);
const USER = new Uint8Array(20).fill(0x33);

describe("ParentFollower in trouble", () => {
  const parameters = parametersFor("minimal", "devnet");
  let crypto: Crypto;
  let chain: TestChain;
  let endpoint: Endpoint;
  let provider: JsonRpcProvider;
  let record: DeploymentRecord;
  let sender: TransactionSender;
  let followers: ParentFollower[];
  let beginning: string;

  async function connect(options: FollowerOptions = {}): Promise<ParentFollower> {
    const follower = await ParentFollower.connect(crypto, provider, record, { intervalMs: 10, ...options });
    followers.push(follower);
    return follower;
  }

  async function settingOf(attempt: Promise<unknown>): Promise<string> {
    const error = await attempt.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (!(error instanceof ParentSettingError)) throw error ?? new Error("nothing was thrown");
    return error.setting;
  }

  before(async () => {
    crypto = await createNativeCrypto();
  });

  beforeEach(async () => {
    followers = [];
    chain = await TestChain.start();
    beginning = await chain.snapshot();
    await chain.mine(2);
    record = await chain.deploy(parameters);
    sender = new TransactionSender(chain.provider, chain.launcherKey, { intervalMs: 10 });
    await openShard(sender, record.addresses, OPERATOR, parameters.shardBond);
    endpoint = await Endpoint.before(chain.url);
    provider = await connectProvider(endpoint.url, { attempts: 1 });
  });

  afterEach(async () => {
    for (const follower of followers) await follower.stop();
    provider.destroy();
    await endpoint.close();
    await chain.close();
  });

  describe("settings", () => {
    it("names the chain id when the endpoint serves another chain", async () => {
      const attempt = connectProvider(chain.url, { expectedChainId: 1n, attempts: 1 });
      expect(await settingOf(attempt)).to.equal("parent.chainId");
    });

    it("names the url when nobody answers, and keeps its secrets", async () => {
      const attempt = connectProvider("http://127.0.0.1:9/v1/s3cret", { attempts: 2 });
      expect(await settingOf(attempt)).to.equal("parent.url");
      expect(String(await attempt.catch((error: unknown) => error))).not.to.include("s3cret");
    });

    it("names the address at which there is no contract, or another one", async () => {
      const { addresses } = record;
      const withRegistry = (registry: string) =>
        ParentFollower.connect(crypto, provider, { ...record, addresses: { ...addresses, registry } });
      expect(await settingOf(withRegistry(toHex(USER)))).to.equal("parent.addresses.registry");
      expect(await settingOf(withRegistry(addresses.inbox))).to.equal("parent.addresses.registry");
      const swapped = { ...addresses, staking: addresses.vault };
      const attempt = ParentFollower.connect(crypto, provider, { ...record, addresses: swapped });
      expect(await settingOf(attempt)).to.equal("parent.addresses.staking");
    });
  });

  describe("the chain", () => {
    it("tells once that a parent without new blocks has stalled, and again after the next block", async () => {
      const follower = await connect({ stalledAfterMs: 40 });
      const errors: Error[] = [];
      follower.on("error", (error) => errors.push(error));
      await follower.start();
      await new Promise((resolve) => setTimeout(resolve, 150));
      expect(errors).to.have.length(1);
      expect(errors[0]).to.be.instanceOf(ParentStalled);
      const block = once(follower, "block");
      await chain.mine();
      await block;
      await once(follower, "error");
      expect(errors).to.have.length(2);
    });

    it("follows a reorg by itself", async () => {
      const follower = await connect();
      await follower.start();
      const snapshot = await chain.snapshot();
      const told = once(follower, "inbox");
      await depositToInbox(sender, record.addresses, 1, USER, 5n);
      await told;
      const again = once(follower, "inbox");
      await chain.revert(snapshot);
      await depositToInbox(sender, record.addresses, 1, USER, 7n);
      await chain.mine(2);
      await again;
      expect(follower.view.inboxCount(1)).to.equal(1);
      expect(follower.view.inboxEntry(1, 0)?.value).to.equal(7n);
    });

    it("reads everything again when not even the block before the deployment is left", async () => {
      const follower = await connect();
      await follower.poll();
      const reorg = once(follower, "reorg");
      await chain.revert(beginning);
      await chain.mineAt((await chain.now()) + 1000);
      await chain.mine(1);
      // The same account and nonces give the same addresses.
      expect(await chain.deploy(parameters)).to.deep.equal(record);
      await openShard(sender, record.addresses, USER, parameters.shardBond);
      await chain.mine();
      await follower.poll();
      await reorg;
      expect(follower.view.shards().map((shard) => toHex(shard.operator))).to.deep.equal([toHex(USER)]);
    });

    it("starts although the chain changes while its history is read", async () => {
      const follower = await connect();
      let questions = 0;
      endpoint.interfere = ({ method }) => {
        const isMoving = method === "eth_getBlockByNumber" && ++questions === 2;
        return isMoving ? { result: null } : undefined;
      };
      await follower.start();
      expect(follower.view.shards()).to.have.length(1);
    });

    it("waits for an endpoint that lags behind, without a reorg", async () => {
      const follower = await connect();
      await follower.poll();
      const behind = await chain.provider.send("eth_getBlockByNumber", ["latest", false]);
      await depositToInbox(sender, record.addresses, 1, USER, 5n);
      await follower.poll();
      follower.on("reorg", () => expect.fail("a reorg was told"));
      endpoint.interfere = ({ method, params }) =>
        method === "eth_getBlockByNumber" && params[0] === "latest" ? { result: behind } : undefined;
      await follower.poll();
      expect(follower.view.inboxCount(1)).to.equal(1);
    });
  });

  describe("the endpoint", () => {
    it("reads history in ranges, smaller ones where it refuses", async () => {
      const whole = await connect();
      await whole.poll();
      const follower = await connect({ rangeBlocks: 6 });
      endpoint.interfere = ({ method, params }) => {
        if (method !== "eth_getLogs") return undefined;
        const { fromBlock, toBlock } = params[0] as { fromBlock: string; toBlock: string };
        const isTooLong = Number(toBlock) - Number(fromBlock) > 1;
        return isTooLong ? { error: { code: -32005, message: "query exceeds max block range 2" } } : undefined;
      };
      await follower.poll();
      expect(follower.view.head).to.deep.equal(whole.view.head);
      expect(follower.view.shards()).to.deep.equal(whole.view.shards());
    });

    it("takes the events of the head by its hash: an endpoint that lags behind would have none", async () => {
      const follower = await connect();
      await follower.poll();
      await depositToInbox(sender, record.addresses, 1, USER, 5n);
      endpoint.interfere = ({ method, params }) =>
        method === "eth_getLogs" && "toBlock" in (params[0] as object) ? { result: [] } : undefined;
      await follower.poll();
      expect(follower.view.inboxCount(1)).to.equal(1);
    });

    it("takes no events of another block of the same number", async () => {
      const follower = await connect({ rangeBlocks: 10 });
      await follower.poll();
      await chain.mine();
      await depositToInbox(sender, record.addresses, 1, USER, 5n);
      const logs = await chain.provider.send("eth_getLogs", [{ fromBlock: "latest", toBlock: "latest" }]);
      const forked = logs.map((log: object) => ({ ...log, blockHash: toHex(new Uint8Array(32).fill(1)) }));
      endpoint.interfere = ({ method }) => (method === "eth_getLogs" ? { result: forked } : undefined);
      const attempt = await follower.poll().catch((error: unknown) => error);
      expect(attempt).to.be.instanceOf(ParentMoved);
      endpoint.interfere = () => undefined;
      await follower.poll();
      expect(follower.view.inboxCount(1)).to.equal(1);
    });

    it("retries what fails transiently", async () => {
      const failed = new Set<string>();
      endpoint.interfere = ({ method }) => {
        if (failed.has(method)) return undefined;
        failed.add(method);
        return { status: 503 };
      };
      const follower = await connect();
      await follower.poll();
      expect([...failed]).to.include.members(["eth_getCode", "eth_call", "eth_getBlockByNumber", "eth_getLogs"]);
      expect(follower.view.shards()).to.have.length(1);
    });

    it("tells a lasting failure, and goes on when it is over", async () => {
      const follower = await connect({ attempts: 1 });
      await follower.start();
      const error = once(follower, "error");
      endpoint.interfere = () => ({ status: 503 });
      await error;
      follower.on("error", () => undefined);
      endpoint.interfere = () => undefined;
      const inbox = once(follower, "inbox");
      await depositToInbox(sender, record.addresses, 1, USER, 5n);
      await inbox;
    });
  });
});
