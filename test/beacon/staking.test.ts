import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { provePossession, SIGNATURE_TAG } from "../../protocol/bls.ts";
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
import { INFINITY_G1, INFINITY_G2, OFF_CURVE_G1, OFF_CURVE_G2, OFF_SUBGROUP_G1, otherSign } from "../support/points.ts";

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

    it("refuses another amount, address zero and wrong lengths", async () => {
      const { staking } = beacon;
      const [key] = keys as [KeyPair];
      const [point, proof] = [toHex(key.point), proofOf(key)];
      for (const value of [0n, stake - 1n, stake + 1n]) {
        await expect(staking.deposit(point, proof, owner, { value }))
          .to.be.revertedWithCustomError(staking, "Staking_WrongAmount")
          .withArgs(value, stake);
      }
      await expect(
        staking.deposit(point, proofOf(key, ZeroAddress), ZeroAddress, { value: stake }),
      ).to.be.revertedWithCustomError(staking, "Staking_ZeroWithdrawalAddress");
      for (const wrong of [point.slice(0, -2), `${point}00`, "0x"]) {
        await expect(staking.deposit(wrong, proof, owner, { value: stake }))
          .to.be.revertedWithCustomError(staking, "Staking_PublicKeyLength")
          .withArgs(wrong.length / 2 - 1);
      }
      for (const wrong of [proof.slice(0, -2), `${proof}00`]) {
        await expect(staking.deposit(point, wrong, owner, { value: stake }))
          .to.be.revertedWithCustomError(staking, "Staking_ProofLength")
          .withArgs(wrong.length / 2 - 1);
      }
    });

    it("refuses a proof for another address or key, and a signature that is none of possession", async () => {
      const { staking, crypto } = beacon;
      const [key, other] = keys as [KeyPair, KeyPair];
      const digest = proofOfPossessionDigest(crypto, beacon.domain, key.point, fromHex(owner));
      const signature = toHex(crypto.bls.decompressG2(crypto.bls.sign(key.secretKey, digest, SIGNATURE_TAG)));
      for (const proof of [proofOf(key, beacon.launcher.address), proofOf(other), signature, toHex(INFINITY_G2)]) {
        await expect(staking.deposit(toHex(key.point), proof, owner, { value: stake })).to.be.revertedWithCustomError(
          staking,
          "Staking_InvalidProof",
        );
      }
      await expect(
        staking.deposit(toHex(INFINITY_G1), toHex(INFINITY_G2), owner, { value: stake }),
      ).to.be.revertedWithCustomError(staking, "Staking_InvalidProof");
    });

    it("refuses points off the curve, outside the subgroup and in another encoding", async () => {
      const { staking } = beacon;
      const [key] = keys as [KeyPair];
      const proof = proofOf(key);
      const nonCanonical = key.point.slice();
      nonCanonical[0] = 1;
      for (const point of [OFF_CURVE_G1, OFF_SUBGROUP_G1, nonCanonical]) {
        await expect(staking.deposit(toHex(point), proof, owner, { value: stake })).to.be.revertedWithCustomError(
          staking,
          "Bls_PrecompileFailed",
        );
      }
      await expect(
        staking.deposit(toHex(key.point), toHex(OFF_CURVE_G2), owner, { value: stake }),
      ).to.be.revertedWithCustomError(staking, "Bls_PrecompileFailed");
    });

    it("refuses a key twice, and its negative", async () => {
      const { staking, registry, crypto } = beacon;
      const [key] = keys as [KeyPair];
      await staking.deposit(toHex(key.point), proofOf(key), owner, { value: stake });
      await expect(
        staking.deposit(toHex(key.point), proofOf(key), owner, { value: stake }),
      ).to.be.revertedWithCustomError(registry, "ValidatorSet_KeyTaken");
      const secretKey = crypto.bls.combineSecretKeys([key.secretKey], [GROUP_ORDER - 1n]);
      const publicKey = otherSign(key.publicKey);
      const negative = { secretKey, publicKey, point: crypto.bls.decompressG1(publicKey) };
      await expect(
        staking.deposit(toHex(negative.point), proofOf(negative), owner, { value: stake }),
      ).to.be.revertedWithCustomError(registry, "ValidatorSet_KeyTaken");
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
      expect(await registry.tenure(8 + max)).to.deep.equal([BigInt(7 + max), BigInt(5 + max / 4 - 1)]);
    });

    it("refuses no keys, too many, a wrong amount and a broken list", async () => {
      const { staking } = beacon;
      const { publicKeys, proof } = batchDeposit(beacon, keys.slice(0, 2), owner);
      const max = await staking.maxBatch();
      for (const [list, count] of [
        ["0x", 0n],
        [`0x${"00".repeat(128 * Number(max + 1n))}`, max + 1n],
      ] as const) {
        await expect(staking.depositBatch(list, proof, owner, { value: stake * count }))
          .to.be.revertedWithCustomError(staking, "Staking_BatchSize")
          .withArgs(count, max);
      }
      await expect(staking.depositBatch(publicKeys, proof, owner, { value: stake }))
        .to.be.revertedWithCustomError(staking, "Staking_WrongAmount")
        .withArgs(stake, 2n * stake);
      await expect(
        staking.depositBatch(`${publicKeys}00`, proof, owner, { value: 2n * stake }),
      ).to.be.revertedWithCustomError(staking, "Staking_PublicKeyLength");
      await expect(
        staking.depositBatch(publicKeys, proof, ZeroAddress, { value: 2n * stake }),
      ).to.be.revertedWithCustomError(staking, "Staking_ZeroWithdrawalAddress");
    });

    it("refuses the proof of another list or owner, and a key that is there twice", async () => {
      const { staking, registry } = beacon;
      const two = batchDeposit(beacon, keys.slice(0, 2), owner);
      const others = batchDeposit(beacon, keys.slice(1, 3), owner);
      const swapped = batchDeposit(beacon, [keys[1]!, keys[0]!], owner);
      const elsewhere = batchDeposit(beacon, keys.slice(0, 2), beacon.launcher.address);
      for (const { proof } of [others, swapped, elsewhere]) {
        await expect(
          staking.depositBatch(two.publicKeys, proof, owner, { value: 2n * stake }),
        ).to.be.revertedWithCustomError(staking, "Staking_InvalidProof");
      }
      const twice = batchDeposit(beacon, [keys[0]!, keys[0]!], owner);
      await expect(
        staking.depositBatch(twice.publicKeys, twice.proof, owner, { value: 2n * stake }),
      ).to.be.revertedWithCustomError(registry, "ValidatorSet_KeyTaken");
    });

    it("refuses a bad point among good ones", async () => {
      const { staking } = beacon;
      const good = batchDeposit(beacon, keys.slice(0, 2), owner);
      for (const point of [OFF_CURVE_G1, OFF_SUBGROUP_G1]) {
        const publicKeys = `${good.publicKeys.slice(0, 2 + 256)}${toHex(point).slice(2)}`;
        await expect(
          staking.depositBatch(publicKeys, good.proof, owner, { value: 2n * stake }),
        ).to.be.revertedWithCustomError(staking, "Bls_PrecompileFailed");
      }
      const infinity = `${good.publicKeys.slice(0, 2 + 256)}${"00".repeat(128)}`;
      await expect(
        staking.depositBatch(infinity, good.proof, owner, { value: 2n * stake }),
      ).to.be.revertedWithCustomError(staking, "Staking_InvalidProof");
    });
  });

  it("knows no stake of nobody", async () => {
    const { staking } = beacon;
    await expect(staking.stakeOf(1)).to.be.revertedWithCustomError(staking, "Staking_UnknownValidator").withArgs(1);
  });
});

/** Order of the groups of BLS12-381. */
const GROUP_ORDER = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n;
