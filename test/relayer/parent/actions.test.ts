import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import { ZERO_HASH } from "../../../protocol/bytes.ts";
import { genesisCrosslink } from "../../../protocol/crosslink.ts";
import type { Crypto } from "../../../protocol/crypto.ts";
import { parametersFor } from "../../../protocol/presets.ts";
import { depositToInbox, depositToInboxes } from "../../../relayer/parent/actions/add-inbox-entry.ts";
import { openShard } from "../../../relayer/parent/actions/open-shard.ts";
import { registerValidators } from "../../../relayer/parent/actions/register-validators.ts";
import { scheduleGenesis } from "../../../relayer/parent/actions/schedule-genesis.ts";
import { submitCheckpoint } from "../../../relayer/parent/actions/submit-checkpoint.ts";
import { withdraw } from "../../../relayer/parent/actions/withdraw.ts";
import { ContractReverted } from "../../../relayer/parent/contract-errors.ts";
import { connectContracts } from "../../../relayer/parent/contracts.ts";
import type { DeploymentRecord } from "../../../relayer/parent/deployment.ts";
import { ParentFollower } from "../../../relayer/parent/parent-follower.ts";
import { connectProvider } from "../../../relayer/parent/rpc.ts";
import {
  AccountTooPoor,
  type SenderOptions,
  TransactionNotIncluded,
  TransactionReplaced,
  TransactionSender,
} from "../../../relayer/parent/transaction-sender.ts";
import { SeededRandom } from "../../support/random.ts";
import { Endpoint } from "./support/endpoint.ts";
import { registrationOf } from "./support/registration.ts";
import { TestChain } from "./support/test-chain.ts";
import { keyring, voteOf } from "./support/votes.ts";

const ACCOUNT = new Uint8Array(20).fill(0x22);

describe("Actions on the parent chain", () => {
  const parameters = parametersFor("minimal", "devnet");
  let crypto: Crypto;
  let random: SeededRandom;
  let chain: TestChain;
  let record: DeploymentRecord;
  let sender: TransactionSender;

  /** The error of that class; anything else is thrown. */
  async function failure<E extends Error>(kind: new (...args: never[]) => E, attempt: Promise<unknown>): Promise<E> {
    const error = await attempt.then(
      () => new Error("nothing was thrown"),
      (reason: unknown) => reason,
    );
    if (!(error instanceof kind)) throw error;
    return error;
  }

  function senderWith(secretKey: Uint8Array, options: SenderOptions = {}): TransactionSender {
    return new TransactionSender(chain.provider, secretKey, { intervalMs: 10, ...options });
  }

  before(async () => {
    crypto = await createNativeCrypto();
    random = new SeededRandom();
  });

  beforeEach(async () => {
    chain = await TestChain.start();
    record = await chain.deploy(parameters);
    sender = senderWith(chain.launcherKey);
  });

  afterEach(() => chain.close());

  describe("what is done already", () => {
    it("is reported for a checkpoint", async () => {
      const follower = await ParentFollower.connect(crypto, chain.provider, record);
      const keys = Array.from({ length: 8 }, () => random.secretKey());
      const registration = registrationOf(crypto, follower.view.domain, keys, ACCOUNT);
      await registerValidators(crypto, sender, record.addresses, registration, parameters.stake);
      const genesisTime = (await chain.now()) + 10;
      await scheduleGenesis(sender, record.addresses, genesisTime);
      await chain.mineAt(genesisTime + 2 * parameters.slotsPerEpoch * parameters.secondsPerSlot);
      await follower.poll();

      const submission = voteOf(crypto, follower.view, keyring(crypto, keys), 1, []);
      const forged = { ...submission, reveal: submission.signature };
      const refused = await failure(ContractReverted, submitCheckpoint(sender, record.addresses, forged));
      expect(refused.error).to.equal("CrosslinkAnchors_InvalidSignature");
      const first = await submitCheckpoint(sender, record.addresses, submission);
      const second = await submitCheckpoint(sender, record.addresses, submission);
      expect([first.status, second.status]).to.deep.equal(["accepted", "alreadyAccepted"]);
    });

    it("is reported for a validator's key", async () => {
      const follower = await ParentFollower.connect(crypto, chain.provider, record);
      const keys = [random.secretKey()];
      const registration = registrationOf(crypto, follower.view.domain, keys, ACCOUNT);
      const register = () => registerValidators(crypto, sender, record.addresses, registration, parameters.stake);
      expect(await register()).to.deep.equal({ status: "registered", validator: 1 });
      expect(await register()).to.deep.equal({ status: "keyTaken", validator: 1 });
    });

    it("is reported for genesis", async () => {
      const genesisTime = (await chain.now()) + 100;
      const schedule = (time: number) => scheduleGenesis(sender, record.addresses, time);
      expect(await schedule(genesisTime)).to.deep.equal({ status: "scheduled", genesisTime });
      expect(await schedule(genesisTime + 1)).to.deep.equal({ status: "alreadyScheduled", genesisTime });
    });
  });

  describe("what is refused", () => {
    it("is told by the name and the values of the contract's error", async () => {
      const wrongBond = openShard(sender, record.addresses, ACCOUNT, 5n);
      const error = await failure(ContractReverted, wrongBond);
      expect(error.error).to.equal("ShardRegistry_WrongBond");
      expect(error.values).to.deep.equal({ value: 5n, expected: parameters.shardBond });
      expect(error.message).to.include("ShardRegistry.open").and.to.include("value: 5");
    });

    it("is told for errors of libraries, too", async () => {
      const message = {
        source: 1,
        destination: 0,
        index: 0,
        sender: ACCOUNT,
        recipient: ACCOUNT,
        value: 1n,
        data: new Uint8Array(),
      };
      const proof = {
        checkpointEpoch: 1,
        bodyRoot: ZERO_HASH,
        absentHash: ZERO_HASH,
        position: 0,
        crosslink: genesisCrosslink(1),
        entrySiblings: [],
        stateSiblings: [],
        count: 1,
        outboxSiblings: [],
      };
      const unsettled = await failure(ContractReverted, withdraw(sender, record.addresses, message, proof));
      expect(unsettled.error).to.equal("CrosslinkAnchors_NotSettled");
      const registration = { publicKeys: [crypto.bls.publicKey(random.secretKey())], withdrawalAddress: ACCOUNT };
      const proofOfOther = crypto.bls.sign(random.secretKey(), ZERO_HASH, "OTHER");
      const attempt = registerValidators(
        crypto,
        sender,
        record.addresses,
        { ...registration, proof: proofOfOther },
        parameters.stake,
      );
      expect((await failure(ContractReverted, attempt)).error).to.equal("Staking_InvalidProof");
    });

    it("does not stop what is sent after it", async () => {
      const open = (bond: bigint) => openShard(sender, record.addresses, ACCOUNT, bond);
      const [first, refused, third] = await Promise.allSettled([
        open(parameters.shardBond),
        open(5n),
        open(parameters.shardBond),
      ]);
      expect(first).to.deep.equal({ status: "fulfilled", value: 1 });
      expect(refused.status).to.equal("rejected");
      expect(third).to.deep.equal({ status: "fulfilled", value: 2 });
    });
  });

  describe("calls that do not build on one another", () => {
    const entriesOf = async (shards: readonly number[]) => {
      const { inbox } = connectContracts(record.addresses, chain.provider);
      return Promise.all(shards.map((shard) => inbox.entryCount(shard)));
    };
    const shardIds = Array.from({ length: 20 }, (_, i) => (i % 4) + 1);

    beforeEach(async () => {
      for (let i = 0; i < 4; i++) await openShard(sender, record.addresses, ACCOUNT, parameters.shardBond);
    });

    it("share blocks, up to sixteen in one", async () => {
      await chain.provider.send("evm_setAutomine", [false]);
      const deposited = depositToInboxes(sender, record.addresses, shardIds, ACCOUNT, 5n);
      for (const expected of [16, 4]) {
        const nonce = await chain.provider.getTransactionCount(sender.address, "latest");
        for (let pending = nonce; pending < nonce + expected; ) {
          await sleep(10);
          pending = await chain.provider.getTransactionCount(sender.address, "pending");
        }
        await chain.mine();
        expect((await chain.provider.getBlock("latest"))?.transactions).to.have.length(expected);
      }
      await deposited;
      expect(await entriesOf([1, 2, 3, 4])).to.deep.equal([5n, 5n, 5n, 5n]);
    });

    it("are all refused before one is sent, when one of them would fail", async () => {
      await failure(ContractReverted, depositToInboxes(sender, record.addresses, [1, 9, 2], ACCOUNT, 5n));
      expect(await entriesOf([1, 2])).to.deep.equal([0n, 0n]);
    });

    it("have to be paid for together", async () => {
      const key = random.secretKey();
      const poor = senderWith(key);
      // Enough for any one of them.
      const value = 10n ** 18n;
      await sender.send({ action: "a gift", to: poor.address, data: "0x", value: 2n * value });
      await failure(AccountTooPoor, depositToInboxes(poor, record.addresses, [1, 2, 3], ACCOUNT, value));
      await depositToInboxes(poor, record.addresses, [1], ACCOUNT, value);
      expect(await entriesOf([1, 2, 3])).to.deep.equal([1n, 0n, 0n]);
    });
  });

  describe("what the chain does not take", () => {
    it("is told for an account without coins", async () => {
      const poor = senderWith(random.secretKey());
      await openShard(sender, record.addresses, ACCOUNT, parameters.shardBond);
      await failure(AccountTooPoor, depositToInbox(poor, record.addresses, 1, ACCOUNT, 5n));
    });

    it("is sent again with higher fees, and told when it stays out of the blocks", async () => {
      await openShard(sender, record.addresses, ACCOUNT, parameters.shardBond);
      await chain.provider.send("evm_setAutomine", [false]);
      const impatient = senderWith(chain.launcherKey, { inclusionMs: 30, attempts: 3 });
      const attempt = depositToInbox(impatient, record.addresses, 1, ACCOUNT, 5n);
      const { hashes } = await failure(TransactionNotIncluded, attempt);
      expect(new Set(hashes)).to.have.length(3);

      // The next one has the same nonce: of all those pending only one can be included.
      const patient = senderWith(chain.launcherKey, { inclusionMs: 100, attempts: 10 });
      const deposit = depositToInbox(patient, record.addresses, 1, ACCOUNT, 5n);
      setTimeout(() => chain.mine(), 400);
      await deposit.catch((error: unknown) => expect(error).to.be.instanceOf(TransactionReplaced));
      await chain.mine();
      const { inbox } = connectContracts(record.addresses, chain.provider);
      expect(await inbox.entryCount(1)).to.equal(1n);
    });

    it("is sent once although the endpoint fails after taking it", async () => {
      await openShard(sender, record.addresses, ACCOUNT, parameters.shardBond);
      const endpoint = await Endpoint.before(chain.url);
      const provider = await connectProvider(endpoint.url, { attempts: 1 });
      let isTaken = false;
      endpoint.interfere = ({ method, params }) => {
        if (method !== "eth_sendRawTransaction" || isTaken) return undefined;
        isTaken = true;
        void chain.provider.send(method, [...params]);
        return { status: 503 };
      };
      const unlucky = new TransactionSender(provider, chain.launcherKey, { intervalMs: 10 });
      expect(await depositToInbox(unlucky, record.addresses, 1, ACCOUNT, 5n)).to.equal(0);
      expect(await depositToInbox(unlucky, record.addresses, 1, ACCOUNT, 5n)).to.equal(1);
      provider.destroy();
      await endpoint.close();
    });
  });
});
