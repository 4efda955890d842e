import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import { type BlockHeader, blockHash } from "../../../protocol/block-header.ts";
import { SIGNATURE_TAG } from "../../../protocol/bls.ts";
import { fromHex, ZERO_HASH } from "../../../protocol/bytes.ts";
import type { Crypto } from "../../../protocol/crypto.ts";
import type { Domain } from "../../../protocol/eip712.ts";
import type { Evidence, SignedVote } from "../../../protocol/evidence.ts";
import { addressOfKey, signAsOperator } from "../../../protocol/operator-signature.ts";
import { parametersFor } from "../../../protocol/presets.ts";
import { voteDigest } from "../../../protocol/vote.ts";
import { claimRewards } from "../../../relayer/parent/actions/claim-rewards.ts";
import { openShard } from "../../../relayer/parent/actions/open-shard.ts";
import { pursueOffence } from "../../../relayer/parent/actions/pursue-offence.ts";
import { registerValidators } from "../../../relayer/parent/actions/register-validators.ts";
import { scheduleGenesis } from "../../../relayer/parent/actions/schedule-genesis.ts";
import { ContractReverted } from "../../../relayer/parent/contract-errors.ts";
import { connectContracts } from "../../../relayer/parent/contracts.ts";
import { type DeploymentRecord, readDeployment } from "../../../relayer/parent/deployment.ts";
import { encodeReport, evidenceHash, reportCommitment, reportOf } from "../../../relayer/parent/evidence-codec.ts";
import { TransactionSender } from "../../../relayer/parent/transaction-sender.ts";
import { SeededRandom } from "../../support/random.ts";
import { registrationOf } from "./support/registration.ts";
import { TestChain } from "./support/test-chain.ts";

/** More than one page of the guilty. */
const VALIDATORS = 40;
const ROOT = new Uint8Array(32).fill(7);

describe("pursueOffence", function () {
  this.timeout(120_000);
  const parameters = parametersFor("minimal", "devnet");
  let crypto: Crypto;
  let random: SeededRandom;
  let chain: TestChain;
  let record: DeploymentRecord;
  let domain: Domain;
  let secretKeys: Uint8Array[];
  let operatorKey: Uint8Array;
  let launcher: TransactionSender;
  let snapshot: string;

  const contracts = () => connectContracts(record.addresses, chain.provider);
  /** A program that knows nothing of earlier ones but the account's key. */
  const started = (key = chain.launcherKey) => {
    const sender = new TransactionSender(chain.provider, key, { intervalMs: 5 });
    return { sender, secret: crypto.keccak256(key) };
  };
  const pursue = (evidence: Evidence, guilty: readonly number[], account = started()) =>
    pursueOffence(crypto, account, record.addresses, evidence, guilty);
  const sent = (account = started()) => chain.provider.getTransactionCount(account.sender.address);
  const everybody = Array.from({ length: VALIDATORS }, (_, i) => i + 1);

  async function slashed(): Promise<number[]> {
    const { staking } = contracts();
    const isSlashed = await Promise.all(everybody.map(async (each) => (await staking.statusOf(each)).isSlashed));
    return everybody.filter((_, i) => isSlashed[i]);
  }

  function vote(root: Uint8Array, validators: readonly number[]): SignedVote {
    const fields = { sourceEpoch: 0, sourceRoot: ZERO_HASH, targetEpoch: 1, targetRoot: root };
    const keys = validators.map((validator) => secretKeys[validator - 1] as Uint8Array);
    const digest = voteDigest(crypto, domain, fields);
    return {
      vote: fields,
      signers: { validators },
      signature: crypto.bls.sign(crypto.bls.sumSecretKeys(keys), digest, SIGNATURE_TAG),
    };
  }

  const doubleVote = (a: readonly number[], b: readonly number[]): Evidence => ({
    kind: "votes",
    a: vote(ZERO_HASH, a),
    b: vote(ROOT, b),
  });

  before(async () => {
    crypto = await createNativeCrypto();
    random = new SeededRandom();
    chain = await TestChain.start();
    record = await chain.deploy(parameters);
    ({ domain } = await readDeployment(crypto, chain.provider, record.addresses));
    launcher = started().sender;
    operatorKey = random.secretKey();
    secretKeys = everybody.map(() => random.secretKey());
    const registration = registrationOf(crypto, domain, secretKeys, fromHex(launcher.address));
    await registerValidators(crypto, launcher, record.addresses, registration, parameters.stake);
    await openShard(launcher, record.addresses, addressOfKey(crypto, operatorKey), parameters.shardBond);
    const genesisTime = (await chain.now()) + 10;
    await scheduleGenesis(launcher, record.addresses, genesisTime);
    await chain.mineAt(genesisTime + 2 * parameters.slotsPerEpoch * parameters.secondsPerSlot);
  });

  beforeEach(async () => {
    snapshot = await chain.snapshot();
  });

  afterEach(() => chain.revert(snapshot));
  after(() => chain.close());

  it("commits, waits, reveals and punishes, whenever the program is started anew", async () => {
    const evidence = doubleVote(everybody, everybody.slice(1));
    const guilty = everybody.slice(1);
    const before = await sent();
    expect(await pursue(evidence, guilty)).to.equal("waiting");
    expect(await pursue(evidence, guilty), "too early to reveal").to.equal("waiting");
    expect((await sent()) - before, "one commitment").to.equal(1);
    await chain.mine(4);
    expect(await pursue(evidence, guilty)).to.equal("done");
    expect(await slashed()).to.deep.equal(guilty);

    const after = await sent();
    expect(await pursue(evidence, guilty), "punished already").to.equal("done");
    expect(await sent(), "nothing more is sent").to.equal(after);
    expect(after - before, "commitment, report, two pages").to.equal(4);
  });

  it("goes on where a program stopped between report and punishment", async () => {
    const evidence = doubleVote([3, 5], [5, 9]);
    const account = started();
    await pursue(evidence, [5], account);
    await chain.mine(4);
    const report = reportOf(crypto, evidence);
    const salt = crypto.keccak256(Uint8Array.from([...account.secret, ...fromHex(evidenceHash(report))]));
    await account.sender.send({ action: "report", to: record.addresses.slashings, data: encodeReport(report, salt) });
    expect(await slashed()).to.deep.equal([]);
    expect(await pursue(evidence, [5])).to.equal("done");
    expect(await slashed()).to.deep.equal([5]);
  });

  it("counts as done what somebody else has reported, and leaves the reward to it", async () => {
    const evidence = doubleVote([3, 5], [5, 9]);
    const other = started(random.secretKey());
    await launcher.send({ action: "a gift", to: other.sender.address, data: "0x", value: 10n ** 18n });
    const salt = ROOT;
    const report = reportOf(crypto, evidence);
    const { slashings, staking } = contracts();
    const commitment = reportCommitment(other.sender.address, report, salt);
    const commit = slashings.interface.encodeFunctionData("commit", [commitment]);
    await pursue(evidence, [5]);
    await other.sender.send({ action: "commit", to: record.addresses.slashings, data: commit });
    await chain.mine(4);
    await other.sender.send({ action: "report", to: record.addresses.slashings, data: encodeReport(report, salt) });
    expect(await pursue(evidence, [5])).to.equal("done");
    expect(await slashed()).to.deep.equal([5]);
    const reward = parameters.stake / 32n / 8n;
    expect([await staking.creditOf(launcher.address), await staking.creditOf(other.sender.address)]).to.deep.equal([
      0n,
      reward,
    ]);
    expect(await claimRewards(other.sender, record.addresses)).to.equal(reward);
    expect(await claimRewards(other.sender, record.addresses), "once").to.equal(0n);
  });

  it("commits again when a commitment was left until it is of no use any more", async () => {
    const evidence = doubleVote([3], [3]);
    await pursue(evidence, [3]);
    await chain.mine(1025);
    expect(await pursue(evidence, [3])).to.equal("waiting");
    await chain.mine(4);
    expect(await pursue(evidence, [3])).to.equal("done");
    expect(await slashed()).to.deep.equal([3]);
  });

  it("takes an operator's bond, once", async () => {
    const header = (stateRoot: Uint8Array) => {
      const fields: BlockHeader = {
        shardId: 1,
        generation: 0,
        number: 4,
        parentHash: ROOT,
        slot: 9,
        stepCount: 1,
        traceRoot: ROOT,
        stateRoot,
        fees: 0n,
      };
      return { header: fields, signature: signAsOperator(crypto, blockHash(crypto, domain, fields), operatorKey) };
    };
    const evidence: Evidence = { kind: "headers", a: header(ROOT), b: header(ZERO_HASH) };
    expect(await pursue(evidence, [])).to.equal("waiting");
    await chain.mine(4);
    expect(await pursue(evidence, [])).to.equal("done");
    expect((await contracts().shardRegistry.shard(1)).bond).to.equal(0n);
    expect(await claimRewards(launcher, record.addresses)).to.equal(parameters.shardBond / 8n);
    const before = await sent();
    expect(await pursue(evidence, [])).to.equal("done");
    expect(await sent()).to.equal(before);
  });

  it("says why evidence that is none was refused", async () => {
    const evidence = doubleVote([3], [3]);
    if (evidence.kind !== "votes") throw new Error("it is about votes");
    const forged: Evidence = { ...evidence, b: { ...evidence.b, signers: { validators: [4] } } as SignedVote };
    await pursue(forged, [3]);
    await chain.mine(4);
    const error = await pursue(forged, [3]).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(ContractReverted);
    expect((error as ContractReverted).error).to.equal("Slashings_InvalidSignature");
    expect(await slashed()).to.deep.equal([]);
  });
});
