import { expect } from "chai";
import { provePossession } from "../../protocol/bls.ts";
import { fromHex, toHex } from "../../protocol/bytes.ts";
import { proofOfPossessionDigest } from "../../protocol/vote.ts";
import {
  type Beacon,
  batchDeposit,
  deployBeacon,
  depositAll,
  type KeyPair,
  newKeys,
  passGenesis,
  passToEpoch,
} from "../support/beacon.ts";

/** EIP-7825: what a transaction may use on most chains. */
const TRANSACTION_GAS_LIMIT = 16_777_216n;

describe("Staking", () => {
  let beacon: Beacon;
  let keys: KeyPair[];
  let owner: string;
  let stake: bigint;
  let loadFixture: Beacon["networkHelpers"]["loadFixture"];

  before(async () => {
    beacon = await deployBeacon();
    loadFixture = beacon.networkHelpers.loadFixture.bind(beacon.networkHelpers);
    keys = newKeys(beacon.crypto, 104);
    owner = beacon.stranger.address;
    stake = beacon.parameters.stake;
  });

  async function deployed() {}

  beforeEach(() => loadFixture(deployed));

  function proofOf({ secretKey, point }: KeyPair, withdrawalAddress = owner): string {
    const digest = proofOfPossessionDigest(beacon.crypto, beacon.domain, point, fromHex(withdrawalAddress));
    return toHex(beacon.crypto.bls.decompressG2(provePossession(beacon.crypto, secretKey, digest)));
  }

  describe("deposit", () => {
    it("takes one stake for one key and enrols it", async () => {
      const { staking, registry, launcher } = beacon;
      const [key] = keys as [KeyPair];
      const deposit = staking.deposit(toHex(key.point), proofOf(key), owner, { value: stake });
      await expect(deposit).to.emit(staking, "Deposited").withArgs(1, 1, owner, launcher.address);
      await expect(deposit).to.emit(registry, "ValidatorEnrolled").withArgs(1, 0, 0, toHex(key.point));
      await expect(deposit).to.changeEtherBalance(beacon.ethers, staking, stake);
      expect(await staking.stakeOf(1)).to.deep.equal([owner, stake]);
      console.log(`      gas: deposit ${(await (await deposit).wait())?.gasUsed}`);
    });
  });

  describe("depositBatch", () => {
    it("takes many stakes of one owner with one proof, within the gas of a transaction", async () => {
      const { staking } = beacon;
      const max = Number(await staking.maxBatch());
      const { publicKeys, proof } = batchDeposit(beacon, keys.slice(0, max), owner);
      const deposit = staking.depositBatch(publicKeys, proof, owner, { value: stake * BigInt(max) });
      await expect(deposit).to.emit(staking, "Deposited").withArgs(1, max, owner, beacon.launcher.address);
      await expect(deposit).to.changeEtherBalance(beacon.ethers, staking, stake * BigInt(max));
      expect(await staking.stakeOf(max)).to.deep.equal([owner, stake]);
      const gasUsed = (await (await deposit).wait())?.gasUsed ?? 0n;
      console.log(`      gas: batch of ${max} before genesis ${gasUsed}, ${gasUsed / BigInt(max)} per key`);
      expect(gasUsed).to.be.lessThan(TRANSACTION_GAS_LIMIT);
    });

    it("fits the gas of a transaction after genesis, spread over as many epochs as the churn wants", async () => {
      const { staking, registry } = beacon;
      await depositAll(beacon, keys.slice(96));
      await passGenesis(beacon);
      await passToEpoch(beacon, 3);
      const max = Number(await staking.maxBatch());
      const { publicKeys, proof } = batchDeposit(beacon, keys.slice(0, max), owner);
      const deposit = await staking.depositBatch(publicKeys, proof, owner, { value: stake * BigInt(max) });
      const gasUsed = (await deposit.wait())?.gasUsed ?? 0n;
      console.log(`      gas: batch of ${max} after genesis ${gasUsed}, ${gasUsed / BigInt(max)} per key`);
      expect(gasUsed).to.be.lessThan(TRANSACTION_GAS_LIMIT);
      expect(await registry.tenure(8 + max)).to.deep.equal([BigInt(7 + max), BigInt(5 + max / 4 - 1), 2n ** 64n - 1n]);
    });
  });

  it("knows no stake of nobody", async () => {
    const { staking } = beacon;
    await expect(staking.stakeOf(1)).to.be.revertedWithCustomError(staking, "Staking_UnknownValidator").withArgs(1);
  });
});
