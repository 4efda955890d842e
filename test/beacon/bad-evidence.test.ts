import { AbiCoder, concat as concatHex, keccak256, toBeHex, ZeroAddress } from "ethers";
import { bitsFrom } from "../../protocol/bits.ts";
import { type BlockHeader, blockHash } from "../../protocol/block-header.ts";
import { POSSESSION_TAG } from "../../protocol/bls.ts";
import { toHex, ZERO_HASH } from "../../protocol/bytes.ts";
import { type Checkpoint, checkpointBodyRoot, checkpointRoot, genesisCheckpoint } from "../../protocol/checkpoint.ts";
import { type Crosslink, crosslinkHash, genesisCrosslink } from "../../protocol/crosslink.ts";
import { createDomain } from "../../protocol/eip712.ts";
import type { AcceptedVote, Evidence, SignedVote } from "../../protocol/evidence.ts";
import { addressOfKey } from "../../protocol/operator-signature.ts";
import { hashNode, paddedTreeRoot } from "../../protocol/padded-tree.ts";
import { proposalDigest, type Vote, voteDigest } from "../../protocol/vote.ts";
import {
  encodeReport,
  type Report,
  reportCommitment,
  reportOf,
  signersOf,
} from "../../relayer/parent/evidence-codec.ts";
import { type BadInput, expectRefused, type Refusal, refusesEach } from "../support/bad-inputs.ts";
import {
  type Beacon,
  deployBeacon,
  depositAll,
  type KeyPair,
  newKeys,
  openShards,
  passGenesis,
  passToEpoch,
} from "../support/beacon.ts";
import { Voters } from "../support/checkpoints.ts";
import { Reporter } from "../support/evidence.ts";
import { INFINITY_G2, nonCanonical, OFF_CURVE_G2, OFF_SUBGROUP_G2, sumG2, timesG2 } from "../support/points.ts";
import { SeededRandom } from "../support/random.ts";

const PAIRING_CHECK = 0x0f;
/** So many sit in every epoch; the bitmap has six bits of padding. */
const SEATS = 34;
const NOW = 6;
/** Seats that were absent in the accepted vote of epoch 5, which has the source 0. */
const ABSENT = [0, 9, 33];
const LISTED = [2, 4, 11];
const ATTESTED = [2, 4, 12];
const MAX_LISTED = 512;
const SALT = new Uint8Array(32).fill(0x17);
/** Order of secp256k1. */
const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** Structs of a report, as ethers takes them. */
type Struct = Record<string, unknown>;
type Row = BadInput<Report>;

/** Good evidence of every offence, from which each row differs in one thing. All of it is committed to in time. */
describe("Bad evidence", () => {
  let beacon: Beacon;
  let keys: KeyPair[];
  let reporter: Reporter;
  let five: Checkpoint;
  /** What is good, by the forms of its votes or by its kind. */
  let good: Record<"list" | "absence" | "accepted" | "attestations" | "proposals" | "headers", Evidence>;
  const random = new SeededRandom();
  const all = Array.from({ length: SEATS }, (_, seat) => seat + 1);
  const operatorKey = random.secretKey();
  const vote: Vote = {
    sourceEpoch: 2,
    sourceRoot: random.bytes(32),
    targetEpoch: 3,
    targetRoot: random.bytes(32),
  };
  const other: Vote = { ...vote, targetRoot: random.bytes(32) };
  const crosslink: Crosslink = { ...genesisCrosslink(1), epoch: 4, blocksRoot: random.bytes(32) };
  const header: BlockHeader = {
    shardId: 1,
    generation: 0,
    number: 9,
    parentHash: random.bytes(32),
    slot: 40,
    stepCount: 1,
    traceRoot: random.bytes(32),
    stateRoot: random.bytes(32),
    fees: 7n,
  };
  const votes = (a: SignedVote | AcceptedVote, b: SignedVote | AcceptedVote): Evidence => ({ kind: "votes", a, b });

  before(async () => {
    beacon = await deployBeacon();
    keys = newKeys(beacon.crypto, SEATS, random);
    reporter = new Reporter(beacon, keys, beacon.stranger);
    await depositAll(beacon, keys);
    await beacon.shards.open(operator(), { value: beacon.parameters.shardBond });
    await openShards(beacon, 1);
    await passGenesis(beacon);
    await passToEpoch(beacon, NOW);
    const voters = new Voters(beacon, keys);
    await voters.justify(5, { absent: ABSENT });
    five = voters.source;
    const its = reporter.accepted(five, bitsFrom(ABSENT, SEATS));
    good = {
      list: votes(reporter.listed(vote, LISTED), reporter.listed(other, LISTED)),
      absence: votes(reporter.present(vote, all, ABSENT), reporter.listed(other, LISTED)),
      accepted: votes(its, reporter.listed(vote, LISTED)),
      attestations: {
        kind: "attestations",
        a: reporter.attestation(crosslink, ATTESTED),
        b: reporter.attestation({ ...crosslink, stateRoot: random.bytes(32) }, ATTESTED),
      },
      proposals: {
        kind: "proposals",
        validator: 7,
        a: reporter.proposal(7, 4, random.bytes(32)),
        b: reporter.proposal(7, 4, random.bytes(32)),
      },
      headers: {
        kind: "headers",
        a: reporter.header(header, operatorKey),
        b: reporter.header({ ...header, slot: 41 }, operatorKey),
      },
    };
  });

  const operator = () => toHex(addressOfKey(beacon.crypto, operatorKey));
  const digestOf = (its: Vote) => voteDigest(beacon.crypto, beacon.domain, its);
  const otherDomain = () => createDomain(beacon.crypto, 1n, beacon.domain.registry);

  async function commit(report: Report): Promise<void> {
    const { slashings, stranger, networkHelpers } = beacon;
    const [min] = await slashings.revealWindow();
    await slashings.connect(stranger).commit(reportCommitment(stranger.address, report, SALT));
    await networkHelpers.mine(Number(min));
  }

  const send = (report: Report) => ({ to: beacon.slashings, data: encodeReport(report, SALT) });

  /** Rows about evidence in one of the good forms: what each changes in the first, or in both, of its messages. */
  function refuses(
    form: keyof typeof good,
    rows: readonly {
      readonly name: string;
      readonly change: (a: Struct, b: Struct) => { a?: Struct; b?: Struct; head?: readonly unknown[] };
      readonly refusal: Refusal | (() => Refusal);
    }[],
  ): void {
    refusesEach<Report>({
      beacon: () => beacon,
      good: () => reportOf(beacon.crypto, good[form]),
      transaction: send,
      rows: rows.map(({ name, change, refusal }): Row => {
        return {
          name,
          change: async ({ name: report, args }) => {
            const [b, a, ...head] = [...args].reverse() as [Struct, Struct, ...unknown[]];
            const changed = change(a, b);
            const bad = {
              name: report,
              args: [...(changed.head ?? head.reverse()), { ...a, ...changed.a }, { ...b, ...changed.b }],
            };
            await commit(bad);
            return bad;
          },
          refusal: typeof refusal === "function" ? () => refusal() : refusal,
        };
      }),
    });
  }

  /** A vote of these numbers, as a struct, whoever signed it. */
  const struct = (its: Vote) => ({ ...its, sourceRoot: toHex(its.sourceRoot), targetRoot: toHex(its.targetRoot) });
  const listedVote = (its: Vote): Struct => {
    const { args } = reportOf(beacon.crypto, votes(reporter.listed(its, LISTED), reporter.listed(its, LISTED)));
    return args[0] as Struct;
  };
  const numbers = (...validators: number[]) => concatHex(validators.map((validator) => toBeHex(validator, 4)));

  describe("votes that do not contradict each other", () => {
    const cases: [string, Vote, Vote][] = [
      ["the same vote twice", vote, vote],
      ["votes again, from one source for a later epoch", vote, { ...other, targetEpoch: 4 }],
      ["one link and the next", vote, { ...other, sourceEpoch: 3, targetEpoch: 4 }],
      ["links that overlap", { ...vote, targetEpoch: 4 }, { ...other, sourceEpoch: 3, targetEpoch: 5 }],
      ["links far apart", vote, { ...other, sourceEpoch: 40, targetEpoch: 50 }],
    ];
    refuses(
      "list",
      cases.map(([name, a, b]) => ({
        name,
        change: () => ({ a: listedVote(a), b: listedVote(b) }),
        refusal: ["Slashings_VotesNotSlashable"] as const,
      })),
    );
  });

  describe("lists", () => {
    refuses("list", [
      { name: "nobody", change: () => ({ a: { signers: "0x" } }), refusal: ["ValidatorList_Length", 0, MAX_LISTED] },
      ...[1, 3, 5, 13].map((length) => ({
        name: `a list of ${length} bytes`,
        change: () => ({ a: { signers: toHex(random.bytes(length)) } }),
        refusal: ["ValidatorList_Length", length, MAX_LISTED] as const,
      })),
      {
        name: "too long a list",
        change: () => ({ a: { signers: numbers(...Array.from({ length: MAX_LISTED + 1 }, (_, i) => i + 1)) } }),
        refusal: ["ValidatorList_Length", 4 * (MAX_LISTED + 1), MAX_LISTED],
      },
      {
        name: "a list out of order",
        change: () => ({ b: { signers: numbers(4, 2, 11) } }),
        refusal: ["ValidatorList_NotAscending", 2, 4],
      },
      {
        name: "somebody twice",
        change: () => ({ a: { signers: numbers(2, 4, 4, 11) } }),
        refusal: ["ValidatorList_NotAscending", 4, 4],
      },
      {
        name: "the validator 0",
        change: () => ({ a: { signers: numbers(0, 2, 4, 11) } }),
        refusal: ["BeaconRegistry_UnknownValidator", 0],
      },
      {
        name: "a validator that is not enrolled",
        change: () => ({ a: { signers: numbers(2, 4, 11, SEATS + 1) } }),
        refusal: ["BeaconRegistry_UnknownValidator", SEATS + 1],
      },
    ]);
  });

  describe("signatures", () => {
    const sign = (validators: readonly number[], digest: Uint8Array) =>
      beacon.crypto.bls.decompressG2(reporter.sign(validators, digest));
    const signatureOfA = () => sign(LISTED, digestOf(vote));
    const precompile = ["Bls_PrecompileFailed", PAIRING_CHECK] as const;
    const invalid = (): Refusal => ["Slashings_InvalidSignature", digestOf(vote)];
    const proofs: [string, () => Uint8Array, Refusal | (() => Refusal)][] = [
      ...[0, 64, 96, 255, 257].map((length): [string, () => Uint8Array, Refusal] => [
        `a signature of ${length} bytes`,
        () => new Uint8Array(length),
        ["Slashings_ProofLength", length, 256],
      ]),
      ["infinity", () => INFINITY_G2, invalid],
      ["a point off the curve", () => OFF_CURVE_G2, precompile],
      ["a point outside the subgroup", () => OFF_SUBGROUP_G2, precompile],
      ["the signature and a point outside the subgroup", () => sumG2(signatureOfA(), OFF_SUBGROUP_G2), precompile],
      ["a coordinate above the modulus", () => nonCanonical(signatureOfA()), precompile],
      ["the signature twice", () => timesG2(signatureOfA(), 2n), invalid],
      ["the signature of the other vote", () => sign(LISTED, digestOf(other)), invalid],
      ["a signature without one of those listed", () => sign(LISTED.slice(1), digestOf(vote)), invalid],
      ["a signature with one more", () => sign([...LISTED, 12], digestOf(vote)), invalid],
      [
        "a signature for another deployment",
        () => sign(LISTED, voteDigest(beacon.crypto, otherDomain(), vote)),
        invalid,
      ],
      [
        "a signature under the tag of proofs of possession",
        () => {
          const { bls } = beacon.crypto;
          const secrets = LISTED.map((validator) => (keys[validator - 1] as KeyPair).secretKey);
          return bls.decompressG2(bls.sign(bls.sumSecretKeys(secrets), digestOf(vote), POSSESSION_TAG));
        },
        invalid,
      ],
    ];
    refuses(
      "list",
      proofs.map(([name, proof, refusal]) => ({
        name,
        change: () => ({ a: { proof: toHex(proof()) } }),
        refusal,
      })),
    );
    refuses("list", [
      {
        name: "a second signature that is the first",
        change: (a) => ({ b: { proof: a.proof } }),
        refusal: () => ["Slashings_InvalidSignature", digestOf(other)],
      },
      ...(
        [
          ["source epoch", { sourceEpoch: 1 }],
          ["source root", { sourceRoot: random.bytes(32) }],
          ["target root", { targetRoot: random.bytes(32) }],
        ] as const
      ).map(([name, change]) => ({
        name: `another ${name} than was signed`,
        change: () => ({ a: { vote: struct({ ...vote, ...change }) } }),
        refusal: (): Refusal => ["Slashings_InvalidSignature", digestOf({ ...vote, ...change })],
      })),
    ]);
  });

  describe("absent seats", () => {
    const bitmap = (...seats: number[]) => toHex(bitsFrom(seats, 8 * Math.ceil(SEATS / 8)));
    refuses("absence", [
      ...[1, 4, 6, 32].map((length) => ({
        name: `a bitmap of ${length} bytes for ${SEATS} seats`,
        change: () => ({ a: { signers: toHex(new Uint8Array(length).fill(1)) } }),
        refusal: ["AbsentSeats_Length", length, 5] as const,
      })),
      { name: "a bitmap of nobody", change: () => ({ a: { signers: bitmap() } }), refusal: ["AbsentSeats_Empty"] },
      {
        name: "a seat that is not there",
        change: () => ({ a: { signers: bitmap(...ABSENT, SEATS) } }),
        refusal: ["AbsentSeats_Padding", SEATS, SEATS],
      },
      {
        name: "somebody present who did not sign",
        change: () => ({ a: { signers: bitmap(...ABSENT.slice(1)) } }),
        refusal: () => ["Slashings_InvalidSignature", digestOf(vote)],
      },
      {
        name: "somebody absent who signed",
        change: () => ({ a: { signers: bitmap(...ABSENT, 20) } }),
        refusal: () => ["Slashings_InvalidSignature", digestOf(vote)],
      },
      {
        name: "nobody absent",
        change: () => ({ a: { signers: "0x" } }),
        refusal: () => ["Slashings_InvalidSignature", digestOf(vote)],
      },
      {
        name: "everybody absent",
        change: () => ({ a: { signers: bitmap(...all.map((validator) => validator - 1)) } }),
        refusal: () => ["Slashings_InvalidSignature", digestOf(vote)],
      },
      {
        name: "an epoch whose seats may still change",
        change: () => {
          const [a, b] = [vote, other].map((its) => ({ vote: struct({ ...its, targetEpoch: 1000 }) }));
          return { a, b } as { a: Struct; b: Struct };
        },
        refusal: ["BeaconRegistry_EpochOpen", 1000, NOW + 1],
      },
    ]);
  });

  describe("accepted votes", () => {
    const opening = (checkpoint: Checkpoint) =>
      concatHex([toHex(paddedTreeRoot(beacon.crypto, checkpoint.entries)), toHex(checkpoint.body.rewardsRoot)]);
    /** The checkpoint voted for, as a struct. */
    const voteFor = ({ body, entries }: Checkpoint) =>
      struct({
        sourceEpoch: body.sourceEpoch,
        sourceRoot: body.sourceRoot,
        targetEpoch: body.epoch,
        targetRoot: checkpointRoot(beacon.crypto, { body, entries }),
      });
    const withBody = (body: Partial<Checkpoint["body"]>): Checkpoint => ({ ...five, body: { ...five.body, ...body } });
    /** What the parts make of a body. */
    const rootOf = (body: Partial<Checkpoint["body"]>, entriesRoot = paddedTreeRoot(beacon.crypto, five.entries)) =>
      hashNode(beacon.crypto, entriesRoot, checkpointBodyRoot(beacon.crypto, { ...five.body, ...body }));
    const wrongOpening = (opened: () => Uint8Array) => (): Refusal => [
      "Slashings_WrongOpening",
      opened(),
      checkpointRoot(beacon.crypto, five),
    ];
    const elsewhere = random.bytes(32);
    refuses("accepted", [
      ...[0, 32, 63, 65, 256].map((length) => ({
        name: `${length} bytes for the two parts of a root`,
        change: () => ({ a: { proof: toHex(new Uint8Array(length)) } }),
        refusal: ["Slashings_ProofLength", length, 64] as const,
      })),
      {
        name: "another root of entries",
        change: () => ({ a: { proof: concatHex([toHex(elsewhere), toHex(ZERO_HASH)]) } }),
        refusal: wrongOpening(() => rootOf({}, elsewhere)),
      },
      {
        name: "another root of rewards",
        change: () => ({
          a: { proof: concatHex([toHex(paddedTreeRoot(beacon.crypto, five.entries)), toHex(elsewhere)]) },
        }),
        refusal: wrongOpening(() => rootOf({ rewardsRoot: elsewhere })),
      },
      {
        // It would make a second vote of everybody who signed the right one.
        name: "another source root than the checkpoint has",
        change: () => ({ a: { vote: { ...voteFor(five), sourceRoot: toHex(elsewhere) } } }),
        refusal: wrongOpening(() => rootOf({ sourceRoot: elsewhere })),
      },
      {
        name: "another source epoch than the checkpoint has",
        change: () => ({ a: { vote: { ...voteFor(five), sourceEpoch: 1 } } }),
        refusal: wrongOpening(() => rootOf({ sourceEpoch: 1 })),
      },
      {
        name: "a checkpoint that was not accepted, with all that opens it",
        change: () => ({
          a: {
            vote: voteFor(withBody({ rewardsRoot: elsewhere })),
            proof: opening(withBody({ rewardsRoot: elsewhere })),
          },
        }),
        refusal: ["Slashings_NotAccepted", 5],
      },
      {
        name: "an epoch without a checkpoint",
        change: () => ({ a: { vote: voteFor(withBody({ epoch: 4 })), proof: opening(withBody({ epoch: 4 })) } }),
        refusal: ["Slashings_NotAccepted", 4],
      },
      {
        name: "the checkpoint of genesis, for which nobody voted",
        change: () => {
          const genesis = genesisCheckpoint(beacon.parameters.shardCount);
          const b = listedVote({ ...vote, sourceEpoch: 0, targetEpoch: 0 });
          return { a: { vote: voteFor(genesis), proof: opening(genesis), signers: "0x" }, b };
        },
        refusal: ["Slashings_NotAccepted", 0],
      },
      ...(
        [
          ["nobody", "0x"],
          ["others", toHex(bitsFrom([1, 9, 33], SEATS))],
          ["one fewer", toHex(bitsFrom(ABSENT.slice(1), SEATS))],
          ["no bit set", toHex(new Uint8Array(5))],
          ["a longer bitmap", toHex(bitsFrom(ABSENT, SEATS + 8))],
        ] as const
      ).map(([name, signers]) => ({
        name: `${name} absent`,
        change: () => ({ a: { signers } }),
        refusal: ["Slashings_NotAccepted", 5] as const,
      })),
    ]);
  });

  describe("attestations", () => {
    const hashOf = (its: Crosslink) => crosslinkHash(beacon.crypto, beacon.domain, its);
    const attested = (its: Crosslink) => {
      const { a, b } = { a: reporter.attestation(its, LISTED), b: reporter.attestation(crosslink, LISTED) };
      return reportOf(beacon.crypto, { kind: "attestations", a, b }).args[0] as Struct;
    };
    refuses("attestations", [
      ...[{ shardId: 2 }, { generation: 1 }, { epoch: 5 }].map((different) => ({
        name: `attestations that differ in their ${Object.keys(different)}`,
        change: () => ({ a: attested({ ...crosslink, ...different }) }),
        refusal: ["Slashings_DifferentDuties"] as const,
      })),
      {
        name: "one attestation twice",
        change: () => ({ b: attested(crosslink) }),
        refusal: () => ["Slashings_SameMessage", hashOf(crosslink)],
      },
      {
        name: "an attestation that somebody listed did not sign",
        change: () => ({ a: { signers: numbers(...LISTED, 30) } }),
        refusal: () => ["Slashings_InvalidSignature", hashOf(crosslink)],
      },
      {
        name: "an attestation by nobody",
        change: () => ({ b: { signers: "0x" } }),
        refusal: ["ValidatorList_Length", 0, MAX_LISTED],
      },
      {
        name: "half a signature",
        change: () => ({ a: { signature: toHex(new Uint8Array(128)) } }),
        refusal: ["Slashings_ProofLength", 128, 256],
      },
    ]);
  });

  describe("proposals", () => {
    const digest = (root: unknown, epoch = 4) =>
      proposalDigest(beacon.crypto, beacon.domain, epoch, Uint8Array.from(Buffer.from(String(root).slice(2), "hex")));
    const rootOfA = () => (good.proposals.kind === "proposals" ? good.proposals.a.checkpointRoot : ZERO_HASH);
    refuses("proposals", [
      {
        name: "one proposal twice",
        change: (a) => ({ b: a }),
        refusal: () => ["Slashings_SameMessage", digest(toHex(rootOfA()))],
      },
      {
        name: "somebody else's proposals",
        change: () => ({ head: [8, 4] }),
        refusal: () => ["Slashings_InvalidSignature", digest(toHex(rootOfA()))],
      },
      {
        name: "proposals for another epoch",
        change: () => ({ head: [7, 5] }),
        refusal: () => ["Slashings_InvalidSignature", digest(toHex(rootOfA()), 5)],
      },
      {
        name: "a proposer who is not enrolled",
        change: () => ({ head: [SEATS + 1, 4] }),
        refusal: ["BeaconRegistry_UnknownValidator", SEATS + 1],
      },
      {
        name: "a proposal without its signature",
        change: () => ({ b: { signature: "0x" } }),
        refusal: ["Slashings_ProofLength", 0, 256],
      },
    ]);
  });

  describe("headers", () => {
    const signed = (its: BlockHeader, key = operatorKey) => {
      const { a, b } = { a: reporter.header(its, key), b: reporter.header(header, key) };
      return reportOf(beacon.crypto, { kind: "headers", a, b }).args[0] as Struct;
    };
    const hash = () => blockHash(beacon.crypto, beacon.domain, header);
    const signatureOf = (a: Struct) => String(a.signature);
    const nobodys = (): Refusal => ["Slashings_NotOperator", ZeroAddress, checksummed(operator())];
    const checksummed = (address: string) => beacon.ethers.getAddress(address);
    refuses("headers", [
      ...[{ shardId: 2 }, { generation: 1 }, { number: 10 }].map((different) => ({
        name: `headers that differ in their ${Object.keys(different)}`,
        change: () => ({ a: signed({ ...header, ...different }) }),
        refusal: ["Slashings_DifferentDuties"] as const,
      })),
      {
        name: "one header twice",
        change: (a) => ({ b: a }),
        refusal: () => ["Slashings_SameMessage", hash()],
      },
      {
        name: "headers of a generation that there has not been",
        change: () => ({ a: signed({ ...header, generation: 1 }), b: signed({ ...header, generation: 1, slot: 5 }) }),
        refusal: () => ["Slashings_NotOperator", checksummed(operator()), ZeroAddress],
      },
      {
        name: "headers of nobody in a generation without an operator",
        change: () => ({
          a: { ...signed({ ...header, generation: 1 }), signature: `0x${"00".repeat(65)}` },
          b: { ...signed({ ...header, generation: 1, slot: 5 }), signature: `0x${"00".repeat(65)}` },
        }),
        refusal: ["Slashings_NotOperator", ZeroAddress, ZeroAddress],
      },
      {
        name: "headers of a shard that is not there",
        change: () => ({ a: signed({ ...header, shardId: 9 }), b: signed({ ...header, shardId: 9, slot: 5 }) }),
        refusal: ["ShardRegistry_UnknownShard", 9],
      },
      {
        name: "a header signed by somebody else",
        change: () => ({ a: signed(header, random.secretKey().fill(3, 1)) }),
        refusal: () => {
          const stranger = addressOfKey(beacon.crypto, new Uint8Array(32).fill(3, 1));
          return ["Slashings_NotOperator", checksummed(toHex(stranger)), checksummed(operator())];
        },
      },
      ...[64, 66].map((length) => ({
        name: `a signature of ${length} bytes`,
        change: (a: Struct) => ({ a: { signature: `${signatureOf(a)}00`.slice(0, 2 + 2 * length) } }),
        refusal: ["Slashings_ProofLength", length, 65] as const,
      })),
      ...[0, 1, 26, 29, 255].map((v) => ({
        name: `a signature with v = ${v}`,
        change: (a: Struct) => ({ a: { signature: `${signatureOf(a).slice(0, -2)}${toBeHex(v).slice(2)}` } }),
        refusal: nobodys,
      })),
      {
        name: "a signature with a high s",
        change: (a) => {
          const signature = signatureOf(a);
          const [r, s, v] = [
            signature.slice(0, 66),
            BigInt(`0x${signature.slice(66, 130)}`),
            Number(`0x${signature.slice(130)}`),
          ];
          return { a: { signature: concatHex([r, toBeHex(N - s, 32), toBeHex(55 - v)]) } };
        },
        refusal: nobodys,
      },
      {
        name: "a signature of zeros",
        change: () => ({ a: { signature: concatHex([toHex(new Uint8Array(64)), "0x1b"]) } }),
        refusal: nobodys,
      },
    ]);
  });

  describe("commitments", () => {
    let snapshot: Awaited<ReturnType<Beacon["networkHelpers"]["takeSnapshot"]>>;
    const report = () => reportOf(beacon.crypto, good.list);
    const commitment = (from = beacon.stranger.address, salt = SALT) => reportCommitment(from, report(), salt);
    const commitAs = (hash: string) => beacon.slashings.connect(beacon.stranger).commit(hash);

    beforeEach(async () => {
      snapshot = await beacon.networkHelpers.takeSnapshot();
    });

    afterEach(() => snapshot.restore());

    it("refuses evidence that nobody committed to", async () => {
      await expectRefused(beacon, send(report()), ["CommitReveal_NotCommitted", commitment()]);
    });

    it("refuses evidence that was committed to under another salt", async () => {
      await commitAs(commitment(undefined, new Uint8Array(32)));
      await beacon.networkHelpers.mine(4);
      await expectRefused(beacon, send(report()), ["CommitReveal_NotCommitted", commitment()]);
    });

    it("refuses a copy of a report, also by whoever copied its commitment", async () => {
      const { launcher } = beacon;
      await commit(report());
      const copied = commitment(launcher.address);
      await expectRefused(beacon, send(report()), ["CommitReveal_NotCommitted", copied], launcher);
    });

    it("refuses a report before its time, and takes it from its first block on", async () => {
      const [min, max] = await beacon.slashings.revealWindow();
      await commitAs(commitment());
      const block = BigInt(await beacon.ethers.provider.getBlockNumber());
      const refusal: Refusal = ["CommitReveal_OutsideWindow", block + min, block + max];
      for (let i = 1; i < Number(min) - 1; i++) await expectRefused(beacon, send(report()), refusal);
      await expectRefused(beacon, send(report()), refusal);
      await beacon.stranger.sendTransaction(send(report()));
    });

    it("refuses a report after its time, and takes it after another commitment", async () => {
      const [min, max] = await beacon.slashings.revealWindow();
      await commitAs(commitment());
      const block = BigInt(await beacon.ethers.provider.getBlockNumber());
      await beacon.networkHelpers.mine(max - 1n);
      const again = beacon.slashings.interface.encodeFunctionData("commit", [commitment()]);
      await expectRefused(beacon, { to: beacon.slashings, data: again }, [
        "CommitReveal_AlreadyCommitted",
        commitment(),
      ]);
      await expectRefused(beacon, send(report()), ["CommitReveal_OutsideWindow", block + min, block + max]);
      await commitAs(commitment());
      await beacon.networkHelpers.mine(min);
      await beacon.stranger.sendTransaction(send(report()));
    });

    it("refuses to put off somebody else's report by the same commitment", async () => {
      const again = beacon.slashings.interface.encodeFunctionData("commit", [commitment()]);
      await commitAs(commitment());
      const refusal: Refusal = ["CommitReveal_AlreadyCommitted", commitment()];
      await expectRefused(beacon, { to: beacon.slashings, data: again }, refusal, beacon.launcher);
    });

    it("refuses a report twice, by its commitment and by its offence", async () => {
      await commit(report());
      await beacon.stranger.sendTransaction(send(report()));
      await expectRefused(beacon, send(report()), ["CommitReveal_NotCommitted", commitment()]);
      await commit(report());
      await expectRefused(beacon, send(report()), ["Slashings_AlreadyReported", idOf(good.list)]);
    });

    it("refuses to punish for what was not reported, or in the other order", async () => {
      const unreported = reporter.punishmentOf(good.absence);
      await expectRefused(beacon, unreported, ["Slashings_NotReported", idOf(good.absence)]);
      await commit(reportOf(beacon.crypto, good.absence));
      await beacon.stranger.sendTransaction(send(reportOf(beacon.crypto, good.absence)));
      if (good.absence.kind !== "votes") throw new Error("no votes");
      const { a, b } = good.absence;
      const swapped = votes(b, a);
      await expectRefused(beacon, reporter.punishmentOf(swapped), ["Slashings_NotReported", idOf(swapped)]);
    });

    function idOf(evidence: Evidence): string {
      const signers = "tuple(bool isList,uint64 epoch,bytes members)";
      return keccak256(AbiCoder.defaultAbiCoder().encode([signers, signers], signersOf(evidence) ?? []));
    }
  });

  describe("at last", () => {
    it("takes what was refused with a change", async () => {
      const { stranger, slashings } = beacon;
      const offences: bigint[] = [];
      for (const evidence of Object.values(good)) {
        await commit(reportOf(beacon.crypto, evidence));
        const receipt = await (await stranger.sendTransaction(send(reportOf(beacon.crypto, evidence)))).wait();
        for (const log of receipt?.logs ?? []) {
          const event = slashings.interface.parseLog(log);
          if (event?.name === "OffenceReported") offences.push(event.args.offence);
        }
      }
      if (offences.join() !== "0,0,1,2,3") throw new Error(`the offences were ${offences}`);
    });
  });
});
