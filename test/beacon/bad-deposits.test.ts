import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { POSSESSION_TAG, possessionCoefficients, provePossession, SIGNATURE_TAG } from "../../protocol/bls.ts";
import { concat, fromHex } from "../../protocol/bytes.ts";
import { createDomain, type Domain } from "../../protocol/eip712.ts";
import { batchProofOfPossessionDigest, proofOfPossessionDigest, voteDigest } from "../../protocol/vote.ts";
import { type BadInput, type Refusal, refusesEach } from "../support/bad-inputs.ts";
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
import {
  INFINITY_G1,
  INFINITY_G2,
  nonCanonical,
  OFF_CURVE_G1,
  OFF_CURVE_G2,
  OFF_SUBGROUP_G1,
  OFF_SUBGROUP_G2,
  otherSign,
  outOfSubgroup,
  padded,
  timesG2,
} from "../support/points.ts";

/** Order of the groups of BLS12-381. */
const GROUP_ORDER = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n;

const G1_MSM = 0x0c;
const PAIRING_CHECK = 0x0f;

/** What both ways to deposit take. `keys` is one key, or several one behind the other. */
interface Deposit {
  readonly keys: Uint8Array;
  readonly proof: Uint8Array;
  readonly withdrawalAddress: string;
  readonly value: bigint;
}

type Row = BadInput<Deposit>;

/** Each way to deposit, before genesis and after it, when the first key has been enrolled as validator 1. */
for (const phase of ["before genesis", "after genesis"] as const) {
  describe(`Bad deposits ${phase}`, () => {
    let beacon: Beacon;
    let enrolled: KeyPair;
    let keys: KeyPair[];
    let owner: string;
    let stake: bigint;
    let maxBatch: number;

    before(async () => {
      beacon = await deployBeacon();
      [enrolled, ...keys] = newKeys(beacon.crypto, 4) as [KeyPair, ...KeyPair[]];
      [owner, stake] = [beacon.stranger.address, beacon.parameters.stake];
      maxBatch = Number(await beacon.staking.maxBatch());
      await depositAll(beacon, [enrolled]);
      if (phase === "before genesis") return;
      await passGenesis(beacon);
      await passToEpoch(beacon, 3);
    });

    const first = () => keys[0] as KeyPair;
    const second = () => keys[1] as KeyPair;
    const third = () => keys[2] as KeyPair;

    function negative({ secretKey, publicKey }: KeyPair): KeyPair {
      const { bls } = beacon.crypto;
      const other = otherSign(publicKey);
      const negativeSecret = bls.combineSecretKeys([secretKey], [GROUP_ORDER - 1n]);
      return { secretKey: negativeSecret, publicKey: other, point: bls.decompressG1(other) };
    }

    const pointOf = (proof: Uint8Array) => beacon.crypto.bls.decompressG2(proof);

    function proofOf({ secretKey, point }: KeyPair, withdrawalAddress = owner, domain: Domain = beacon.domain) {
      const digest = proofOfPossessionDigest(beacon.crypto, domain, point, fromHex(withdrawalAddress));
      return pointOf(provePossession(beacon.crypto, secretKey, digest));
    }

    const batchOf = (list: readonly KeyPair[], withdrawalAddress = owner, domain: Domain = beacon.domain) => {
      const { publicKeys, proof } = batchDeposit({ ...beacon, domain }, list, withdrawalAddress);
      return { keys: fromHex(publicKeys), proof: fromHex(proof), value: stake * BigInt(list.length) };
    };

    const identity = ({ point }: KeyPair) => beacon.crypto.keccak256(point.subarray(16, 64));
    const keyTaken = (key: KeyPair, validator: number): Refusal => ["ValidatorSet_KeyTaken", identity(key), validator];
    const otherChain = () => createDomain(beacon.crypto, beacon.domain.parentChainId + 1n, beacon.domain.registry);
    const otherContract = () => createDomain(beacon.crypto, beacon.domain.parentChainId, new Uint8Array(20).fill(0xc0));

    /** Money and withdrawal address; `count` is how many keys there are. */
    const terms = (count: number): readonly Row[] => [
      ...[
        { name: "no coins", value: () => 0n },
        { name: "a wei too little", value: () => BigInt(count) * stake - 1n },
        { name: "a wei too much", value: () => BigInt(count) * stake + 1n },
        { name: "the coins of one key more", value: () => BigInt(count + 1) * stake },
      ].map(({ name, value }) => ({
        name,
        change: () => ({ value: value() }),
        refusal: (bad: Deposit): Refusal => ["Staking_WrongAmount", bad.value, BigInt(count) * stake],
      })),
    ];

    const proofLengths: readonly Row[] = [0, 96, 255, 257, 512].map((length) => ({
      name: `a proof of ${length} bytes`,
      change: ({ proof }) => ({ proof: concat(proof, new Uint8Array(256)).subarray(0, length) }),
      refusal: ["Staking_ProofLength", length],
    }));

    /** Points as proofs, and the precompile that refuses them. */
    const proofPoints: readonly Row[] = [
      { name: "off the curve", proof: () => OFF_CURVE_G2 },
      { name: "off the subgroup", proof: () => OFF_SUBGROUP_G2 },
      ...[0, 1, 2, 3].flatMap((i) => [
        { name: `with p added to coordinate ${i}`, proof: (good: Uint8Array) => nonCanonical(good, i) },
        { name: `with a bit before coordinate ${i}`, proof: (good: Uint8Array) => padded(good, i) },
      ]),
    ].map(({ name, proof }) => ({
      name: `a proof ${name}`,
      change: (good: Deposit) => ({ proof: proof(good.proof) }),
      refusal: ["Bls_PrecompileFailed", PAIRING_CHECK],
    }));

    const invalidProof = (name: string, change: Row["change"]): Row => ({
      name,
      change,
      refusal: ["Staking_InvalidProof"],
    });

    const badPoints = [
      { name: "off the curve", key: () => OFF_CURVE_G1 },
      { name: "of order 3", key: () => OFF_SUBGROUP_G1 },
      { name: "off the subgroup", key: outOfSubgroup },
      { name: "with p added to x", key: (good: Uint8Array) => nonCanonical(good, 0) },
      { name: "with p added to y", key: (good: Uint8Array) => nonCanonical(good, 1) },
      { name: "with a bit before x", key: (good: Uint8Array) => padded(good, 0) },
      { name: "with a bit before y", key: (good: Uint8Array) => padded(good, 1) },
    ];

    describe("of one key", () => {
      const good = (): Deposit => ({
        keys: first().point,
        proof: proofOf(first()),
        withdrawalAddress: owner,
        value: stake,
      });

      refusesEach<Deposit>({
        beacon: () => beacon,
        good,
        transaction: ({ keys, proof, withdrawalAddress, value }) => ({
          to: beacon.staking,
          data: beacon.staking.interface.encodeFunctionData("deposit", [keys, proof, withdrawalAddress]),
          value,
        }),
        rows: [
          ...terms(1),
          {
            name: "nobody to pay back to",
            change: () => ({ withdrawalAddress: ZeroAddress, proof: proofOf(first(), ZeroAddress) }),
            refusal: ["Staking_ZeroWithdrawalAddress"],
          },
          ...[0, 48, 96, 127, 129, 256].map(
            (length): Row => ({
              name: `a key of ${length} bytes`,
              change: ({ keys }) => ({ keys: concat(keys, keys).subarray(0, length) }),
              refusal: ["Staking_PublicKeyLength", length],
            }),
          ),
          ...badPoints.map(
            ({ name, key }): Row => ({
              name: `a key ${name}`,
              change: ({ keys }) => ({ keys: key(keys) }),
              refusal: ["Bls_PrecompileFailed", PAIRING_CHECK],
            }),
          ),
          ...proofLengths,
          ...proofPoints,
          invalidProof("infinity as the key", () => ({ keys: INFINITY_G1 })),
          invalidProof("infinity as the proof", () => ({ proof: INFINITY_G2 })),
          invalidProof("infinity as both", () => ({ keys: INFINITY_G1, proof: INFINITY_G2 })),
          invalidProof("the proof of another key", () => ({ proof: proofOf(second()) })),
          invalidProof("the proof for another withdrawal address", () => ({
            proof: proofOf(first(), beacon.launcher.address),
          })),
          invalidProof("another withdrawal address", () => ({ withdrawalAddress: beacon.launcher.address })),
          invalidProof("the proof on another chain", () => ({ proof: proofOf(first(), owner, otherChain()) })),
          invalidProof("the proof for another contract", () => ({ proof: proofOf(first(), owner, otherContract()) })),
          invalidProof("the negative of the proof", ({ proof }) => ({ proof: timesG2(proof, -1n) })),
          invalidProof("the negative of the key", () => ({ keys: negative(first()).point })),
          invalidProof("a signature under the tag of votes", () => {
            const digest = proofOfPossessionDigest(beacon.crypto, beacon.domain, first().point, fromHex(owner));
            return { proof: pointOf(beacon.crypto.bls.sign(first().secretKey, digest, SIGNATURE_TAG)) };
          }),
          invalidProof("a vote", () => {
            const zero = new Uint8Array(32);
            const vote = { sourceEpoch: 0, sourceRoot: zero, targetEpoch: 1, targetRoot: zero };
            const digest = voteDigest(beacon.crypto, beacon.domain, vote);
            return { proof: pointOf(beacon.crypto.bls.sign(first().secretKey, digest, SIGNATURE_TAG)) };
          }),
          invalidProof("the proof of a batch of it alone", () => ({ proof: batchOf([first()]).proof })),
          {
            name: "a key that is enrolled",
            change: () => ({ keys: enrolled.point, proof: proofOf(enrolled) }),
            refusal: () => keyTaken(enrolled, 1),
          },
          {
            name: "the negative of a key that is enrolled",
            change: () => ({ keys: negative(enrolled).point, proof: proofOf(negative(enrolled)) }),
            refusal: () => keyTaken(enrolled, 1),
          },
        ],
      });

      it("takes what was refused with a change", async () => {
        const { keys, proof, withdrawalAddress, value } = good();
        await expect(beacon.staking.deposit(keys, proof, withdrawalAddress, { value }))
          .to.emit(beacon.staking, "Deposited")
          .withArgs(2, 1, owner, beacon.launcher.address);
      });
    });

    describe("of several keys", () => {
      const list = () => [second(), third()];
      /** The number that the first of them gets. */
      let next: number;

      before(async () => {
        next = Number(await beacon.registry.validatorCount()) + 1;
      });

      const good = (): Deposit => ({ ...batchOf(list()), withdrawalAddress: owner });

      /** Keys and what proves possession of the sum of them under these coefficients. */
      function combined(points: Uint8Array, secretKeys: Uint8Array[], coefficients: bigint[]) {
        const { crypto, domain } = beacon;
        const digest = batchProofOfPossessionDigest(crypto, domain, points, fromHex(owner));
        const secretKey = crypto.bls.combineSecretKeys(secretKeys, coefficients);
        return { keys: points, proof: pointOf(crypto.bls.sign(secretKey, digest, POSSESSION_TAG)) };
      }

      refusesEach<Deposit>({
        beacon: () => beacon,
        good,
        transaction: ({ keys, proof, withdrawalAddress, value }) => ({
          to: beacon.staking,
          data: beacon.staking.interface.encodeFunctionData("depositBatch", [keys, proof, withdrawalAddress]),
          value,
        }),
        rows: [
          ...terms(2),
          {
            name: "nobody to pay back to",
            change: () => ({ withdrawalAddress: ZeroAddress, proof: batchOf(list(), ZeroAddress).proof }),
            refusal: ["Staking_ZeroWithdrawalAddress"],
          },
          ...[127, 255, 257].map(
            (length): Row => ({
              name: `keys of ${length} bytes`,
              change: ({ keys }) => ({ keys: concat(keys, keys).subarray(0, length) }),
              refusal: ["Staking_PublicKeyLength", length],
            }),
          ),
          {
            name: "no keys",
            change: () => ({ keys: new Uint8Array(), value: 0n }),
            refusal: () => ["Staking_BatchSize", 0, maxBatch],
          },
          {
            name: "one key more than fits",
            change: () => ({
              keys: new Uint8Array(128 * (maxBatch + 1)),
              value: stake * BigInt(maxBatch + 1),
            }),
            refusal: () => ["Staking_BatchSize", maxBatch + 1, maxBatch],
          },
          ...badPoints.flatMap(({ name, key }) =>
            [0, 1].map(
              (place): Row => ({
                name: `a key ${name} at place ${place}`,
                change: ({ keys }) => ({
                  keys: concat(
                    ...[0, 1].map((i) => {
                      const point = keys.subarray(128 * i, 128 * (i + 1));
                      return i === place ? key(point) : point;
                    }),
                  ),
                }),
                refusal: ["Bls_PrecompileFailed", G1_MSM],
              }),
            ),
          ),
          ...proofLengths,
          ...proofPoints,
          invalidProof("infinity among the keys", ({ keys }) => ({ keys: concat(keys.subarray(0, 128), INFINITY_G1) })),
          invalidProof("infinity as the proof", () => ({ proof: INFINITY_G2 })),
          invalidProof("the proof of other keys", () => ({ proof: batchOf([first(), second()]).proof })),
          invalidProof("the proof of the keys the other way round", () => ({
            proof: batchOf([third(), second()]).proof,
          })),
          invalidProof("the keys the other way round", () => ({ keys: batchOf([third(), second()]).keys })),
          invalidProof("the proof of more keys", () => ({ proof: batchOf([second(), third(), first()]).proof })),
          invalidProof("the proof of one of the keys", () => ({ proof: batchOf([second()]).proof })),
          invalidProof("the proof for another withdrawal address", () => ({
            proof: batchOf(list(), beacon.launcher.address).proof,
          })),
          invalidProof("another withdrawal address", () => ({ withdrawalAddress: beacon.launcher.address })),
          invalidProof("the proof on another chain", () => ({ proof: batchOf(list(), owner, otherChain()).proof })),
          invalidProof("the proof for another contract", () => ({
            proof: batchOf(list(), owner, otherContract()).proof,
          })),
          invalidProof("the negative of the proof", ({ proof }) => ({ proof: timesG2(proof, -1n) })),
          invalidProof("a proof without coefficients", ({ keys }) =>
            combined(
              keys,
              list().map(({ secretKey }) => secretKey),
              [1n, 1n],
            ),
          ),
          invalidProof("the coefficients of the keys the other way round", ({ keys }) => {
            const { crypto, domain } = beacon;
            const digest = batchProofOfPossessionDigest(crypto, domain, keys, fromHex(owner));
            const publicKeys = list().map(({ publicKey }) => publicKey);
            return combined(
              keys,
              list().map(({ secretKey }) => secretKey),
              possessionCoefficients(crypto, publicKeys, digest).reverse(),
            );
          }),
          invalidProof("a key that makes up for another's, by their sum", () => {
            // Of the second key nobody here has the secret: it is the difference to one whose secret is known.
            const { bls } = beacon.crypto;
            const rogue = bls.decompressG1(
              bls.combinePublicKeys([second().publicKey, third().publicKey], [1n, GROUP_ORDER - 1n]),
            );
            return combined(concat(third().point, rogue), [second().secretKey], [1n]);
          }),
          {
            name: "a key twice",
            change: () => batchOf([second(), second()]),
            refusal: () => keyTaken(second(), next),
          },
          {
            name: "a key and its negative",
            change: () => batchOf([second(), negative(second())]),
            refusal: () => keyTaken(second(), next),
          },
          {
            name: "a key that is enrolled among others",
            change: () => batchOf([second(), enrolled]),
            refusal: () => keyTaken(enrolled, 1),
          },
          {
            name: "the negative of a key that is enrolled among others",
            change: () => batchOf([negative(enrolled), second()]),
            refusal: () => keyTaken(enrolled, 1),
          },
        ],
      });

      it("takes what was refused with a change", async () => {
        const { keys, proof, withdrawalAddress, value } = good();
        await expect(beacon.staking.depositBatch(keys, proof, withdrawalAddress, { value }))
          .to.emit(beacon.staking, "Deposited")
          .withArgs(next, 2, owner, beacon.launcher.address);
      });
    });
  });
}
