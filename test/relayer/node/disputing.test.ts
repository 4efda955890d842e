import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import type { Fault } from "../../../ledger/dispute-evidence.ts";
import { createLedgerEnvironment } from "../../../ledger/environment.ts";
import { fromHex } from "../../../protocol/bytes.ts";
import { crosslinkHash } from "../../../protocol/crosslink.ts";
import type { Crypto } from "../../../protocol/crypto.ts";
import { addressOfKey, signAsOperator } from "../../../protocol/operator-signature.ts";
import { parametersFor } from "../../../protocol/presets.ts";
import { Disputing } from "../../../relayer/node/disputing.ts";
import { answerChallenge } from "../../../relayer/parent/actions/answer-challenge.ts";
import { openShard } from "../../../relayer/parent/actions/open-shard.ts";
import { registerValidators } from "../../../relayer/parent/actions/register-validators.ts";
import { scheduleGenesis } from "../../../relayer/parent/actions/schedule-genesis.ts";
import { submitCheckpoint } from "../../../relayer/parent/actions/submit-checkpoint.ts";
import type { DeploymentRecord } from "../../../relayer/parent/deployment.ts";
import { ParentFollower } from "../../../relayer/parent/parent-follower.ts";
import type { DataChallenge } from "../../../relayer/parent/parent-view.ts";
import { TransactionSender } from "../../../relayer/parent/transaction-sender.ts";
import { type LyingCrosslink, lie, partOf } from "../../support/liars.ts";
import { SeededRandom } from "../../support/random.ts";
import { publish, SoundShard } from "../../support/sound-shard.ts";
import { registrationOf } from "../parent/support/registration.ts";
import { TestChain } from "../parent/support/test-chain.ts";
import { keyring, voteOf } from "../parent/support/votes.ts";

const SHARD = 1;
const COMMITTEE = 8;

describe("Disputing, by the contracts as they are deployed", function () {
  this.timeout(240_000);
  const parameters = parametersFor("minimal", "devnet");
  let crypto: Crypto;
  let chain: TestChain;
  let record: DeploymentRecord;
  let follower: ParentFollower;
  let secretKeys: Uint8Array[];
  let operatorKey: Uint8Array;
  let snapshot: string;

  before(async () => {
    crypto = await createNativeCrypto();
    const random = new SeededRandom();
    chain = await TestChain.start();
    record = await chain.deploy(parameters);
    follower = await ParentFollower.connect(crypto, chain.provider, record);
    const sender = senderOf();
    operatorKey = random.secretKey();
    secretKeys = Array.from({ length: COMMITTEE }, () => random.secretKey());
    const registration = registrationOf(crypto, follower.view.domain, secretKeys, fromHex(sender.address));
    await registerValidators(crypto, sender, record.addresses, registration, parameters.stake);
    await openShard(sender, record.addresses, addressOfKey(crypto, operatorKey), parameters.shardBond);
    const genesisTime = (await chain.now()) + 100;
    await scheduleGenesis(sender, record.addresses, genesisTime);
    await chain.mineAt(genesisTime + 2 * parameters.slotsPerEpoch * parameters.secondsPerSlot);
  });

  beforeEach(async () => {
    snapshot = await chain.snapshot();
    follower = await ParentFollower.connect(crypto, chain.provider, record);
    await follower.poll();
  });

  afterEach(() => chain.revert(snapshot));
  after(() => chain.close());

  const senderOf = () => new TransactionSender(chain.provider, chain.launcherKey, { intervalMs: 5 });

  /** Everybody attests and votes for a crosslink that lies so. */
  async function anchor(fault: Fault): Promise<LyingCrosslink> {
    const { view } = follower;
    const { domain } = view;
    const environment = createLedgerEnvironment({ crypto, domain, parameters, facts: view.facts(), shardId: SHARD });
    const sound = new SoundShard(environment).build(1, [[], []]);
    const lying = lie(fault, sound, { crypto, domain, slotsPerEpoch: parameters.slotsPerEpoch });
    const changed = [{ position: 0, record: lying.crosslink }];
    const vote = voteOf(crypto, view, keyring(crypto, secretKeys), 1, changed);
    await submitCheckpoint(senderOf(), record.addresses, vote);
    await follower.poll();
    return lying;
  }

  /** The liar shows what it claims. */
  async function answer(challenge: DataChallenge, { blocks }: LyingCrosslink): Promise<void> {
    const block = blocks.at(-1) as LyingCrosslink["blocks"][number];
    const part = partOf(block, { first: 0, count: block.steps.length });
    const steps = part.steps.map(({ leaf: { word, stateRoot }, payload }) => ({ word, stateRoot, payload }));
    await answerChallenge(senderOf(), record.addresses, challenge.id, { kind: "steps", ...part, steps });
  }

  for (const fault of [
    "SlotNotLater",
    "CrosslinkStateMismatch",
    "WrongStepState",
    "StepInadmissible",
    "LeafPadding",
  ] as const) {
    it(`has ${fault} made void, and all who signed it punished`, async () => {
      const lying = await anchor(fault);
      const { view } = follower;
      const { domain } = view;
      const environment = createLedgerEnvironment({ crypto, domain, parameters, facts: view.facts(), shardId: SHARD });
      const blocks = publish(environment, lying, operatorKey);
      const account = { sender: senderOf(), secret: crypto.keccak256(chain.launcherKey) };
      const errors: unknown[] = [];
      const disputing = new Disputing({
        crypto,
        source: follower,
        addresses: record.addresses,
        account,
        accountKey: chain.launcherKey,
        fetchBlocks: async function* () {
          yield blocks;
        },
        rank: 0,
        watchers: 1,
        onError: (error) => errors.push(error),
        onWarning: () => {},
      });
      // The block at fault is signed, too; where none is, the operator's signature on the crosslink has to be known.
      if (fault === "SlotNotLater" || fault === "CrosslinkStateMismatch") {
        const { crosslink } = lying;
        const hash = crosslinkHash(crypto, domain, crosslink);
        const operatorSignature = signAsOperator(crypto, hash, operatorKey);
        disputing.take({ kind: "crosslink", crosslink, operatorSignature });
      }
      for (let i = 0; i < 24 && !view.isVoid(0, 1); i++) {
        await disputing.onBlock();
        await chain.mine();
        await follower.poll();
        for (const challenge of view.challenges()) if (challenge.missing !== 0) await answer(challenge, lying);
        await follower.poll();
      }
      expect(errors).to.deep.equal([]);
      expect(view.isVoid(0, 1)).to.equal(true);
      await disputing.onBlock();
      await follower.poll();
      expect(view.seatsOf(1).filter((validator) => validator?.isSlashed !== true)).to.deep.equal([]);
      // Void, and without its operator, whose bond is gone.
      expect(view.shard(SHARD)).to.deep.include({ generation: 2, operator: new Uint8Array(20) });
      expect(errors).to.deep.equal([]);
      disputing.close();
    });
  }
});
