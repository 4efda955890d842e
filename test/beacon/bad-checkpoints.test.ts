import { expect } from "chai";
import { concat as concatHex, keccak256, type TransactionRequest, ZeroHash } from "ethers";
import { bitsFrom } from "../../protocol/bits.ts";
import { POSSESSION_TAG } from "../../protocol/bls.ts";
import { concat, equal, fromBigInt, fromHex, toBigInt, toHex, ZERO_HASH } from "../../protocol/bytes.ts";
import { type Checkpoint, nextCheckpoint } from "../../protocol/checkpoint.ts";
import { type Crosslink, crosslinkHash, genesisCrosslink } from "../../protocol/crosslink.ts";
import { createDomain } from "../../protocol/eip712.ts";
import { paddedTreeRoot } from "../../protocol/padded-tree.ts";
import { proposalDigest, randaoRevealDigest, type Vote, voteDigest } from "../../protocol/vote.ts";
import { ParentInconsistent } from "../../relayer/parent/errors.ts";
import { decodeSubmission } from "../../relayer/parent/submission-codec.ts";
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
  TEST_PARAMETERS,
} from "../support/beacon.ts";
import { type Change, Voters } from "../support/checkpoints.ts";
import { OTHER_ENCODINGS } from "../support/other-encodings.ts";
import { INFINITY_G2, nonCanonical, OFF_CURVE_G2, OFF_SUBGROUP_G2, padded, sumG2, timesG2 } from "../support/points.ts";
import { SeededRandom } from "../support/random.ts";

const G2_ADD = 0x0d;
const G2_MSM = 0x0e;
const PAIRING_CHECK = 0x0f;

const SHARD_COUNT = 8;
/** So many sit in the target epoch: four committees, for positions 0 to 3. The bitmap has six bits of padding. */
const SEATS = 34;
/** Seats of those who do not vote in the good submission. */
const ABSENT = [3, 17, 33];
const SOURCE = 1;
const TARGET = 2;
const NOW = 3;

/** The argument of `submit`, bytes as bytes. */
interface Submission {
  readonly targetEpoch: bigint | number;
  readonly sourceEpoch: bigint | number;
  readonly sourceRoot: Uint8Array;
  readonly previousEntries: readonly Uint8Array[];
  readonly changed: bigint;
  readonly entries: Uint8Array;
  readonly rewardsRoot: Uint8Array;
  readonly absent: Uint8Array;
  readonly signature: Uint8Array;
  readonly reveal: Uint8Array;
}

type Row = BadInput<Submission>;

/**
 * In epoch 3 a vote of epoch 2 on top of the justified checkpoint of epoch 1. Shards 1 to 3 are open, and the first two
 * have entries; position 3 has a committee and no shard. Two validators more are enrolled, for epoch 4.
 */
describe("Bad checkpoints", () => {
  let beacon: Beacon;
  let keys: KeyPair[];
  let voters: Voters;
  let target: Checkpoint;
  let crosslinks: ReadonlyMap<number, Crosslink>;
  let submission: Submission;
  let proposer: KeyPair;
  const random = new SeededRandom();

  before(async () => {
    beacon = await deployBeacon({ ...TEST_PARAMETERS, shardCount: SHARD_COUNT });
    keys = newKeys(beacon.crypto, SEATS + 2, random);
    await depositAll(beacon, keys.slice(0, SEATS));
    await openShards(beacon, 3);
    await passGenesis(beacon);
    voters = new Voters(beacon, keys);
    await passToEpoch(beacon, TARGET);
    await depositAll(beacon, keys.slice(SEATS));
    await voters.justify(SOURCE, { changes: [change(0, 1), change(1, 1)] });
    await passToEpoch(beacon, NOW);
    const vote = await voters.vote(TARGET, { changes: [change(0, 9), change(1, 9)], absent: ABSENT });
    [target, crosslinks] = [vote.target, voters.crosslinks];
    submission = {
      ...vote.submission,
      changed: BigInt(String(vote.struct.changed)),
      entries: fromHex(String(vote.struct.entries)),
    };
    proposer = keys[Number((await beacon.registry.proposer(TARGET)).seat)] as KeyPair;
  });

  const change = (position: number, firstBlock: number): Change => ({
    position,
    shardId: position + 1,
    record: {
      generation: 0,
      firstBlock,
      lastBlock: firstBlock + 7,
      blocksRoot: random.bytes(32),
      stateRoot: random.bytes(32),
    },
  });

  const present = () => keys.slice(0, SEATS).filter((_, seat) => !ABSENT.includes(seat));
  const sign = (signers: readonly KeyPair[], digest: Uint8Array) => voters.sign(signers, digest);
  const goodVote = (): Vote => ({
    sourceEpoch: SOURCE,
    sourceRoot: voters.root(),
    targetEpoch: TARGET,
    targetRoot: voters.root(target),
  });
  const otherChain = () => createDomain(beacon.crypto, beacon.domain.parentChainId + 1n, beacon.domain.registry);
  const otherContract = () => createDomain(beacon.crypto, beacon.domain.parentChainId, new Uint8Array(20).fill(0xc0));
  const signVote = (overrides: Partial<Vote>, domain = beacon.domain) =>
    sign(present(), voteDigest(beacon.crypto, domain, { ...goodVote(), ...overrides }));
  const signReveal = (epoch: number, signer = proposer, domain = beacon.domain) =>
    sign([signer], randaoRevealDigest(beacon.crypto, domain, epoch));

  /** What two thirds sign if they take one of the crosslinks for another. */
  function signCrosslink(overrides: Partial<Crosslink>): Uint8Array {
    const { crypto, domain } = beacon;
    const source = { epoch: SOURCE, root: voters.root(), entries: voters.source.entries };
    const changed = [...crosslinks].map(([position, crosslink]) => ({
      position,
      hash: crosslinkHash(crypto, domain, position === 1 ? { ...crosslink, ...overrides } : crosslink),
    }));
    return signVote({ targetRoot: voters.root(nextCheckpoint(source, TARGET, ZERO_HASH, changed)) });
  }

  /** 84 bytes per changed position. */
  const record = (firstBlock: bigint, lastBlock: bigint) =>
    concat(new Uint8Array(4), fromBigInt(firstBlock, 8), fromBigInt(lastBlock, 8), new Uint8Array(64));

  function input(s: Submission): string {
    const previousEntries = s.previousEntries.map(toHex);
    return beacon.anchors.interface.encodeFunctionData("submit", [{ ...s, previousEntries }]);
  }

  const send = (data: string): TransactionRequest => ({ to: beacon.anchors, data });

  /** The coefficient under which vote and reveal of the good submission are added up. */
  function coefficient(): bigint {
    const { crypto, domain } = beacon;
    const { bls } = crypto;
    const voteKey = bls.decompressG1(bls.aggregatePublicKeys(present().map(({ publicKey }) => publicKey)));
    const digests = [voteDigest(crypto, domain, goodVote()), randaoRevealDigest(crypto, domain, TARGET)];
    const { signature, reveal } = submission;
    const transcript = concat(...digests, voteKey, proposer.point, signature, reveal);
    return toBigInt(crypto.keccak256(transcript).subarray(0, 16));
  }

  /** Something of the subgroup to shift signatures by. */
  const shift = () => sign(keys.slice(0, 1), random.bytes(32));

  const invalidSignature = (name: string, changes: Row["change"]): Row => ({
    name,
    change: changes,
    refusal: ["CrosslinkAnchors_InvalidSignature"],
  });

  const epochs: readonly Row[] = [
    ...[0n, 2n, 2n ** 64n - 1n].map(
      (sourceEpoch): Row => ({
        name: `a vote on top of the checkpoint of ${sourceEpoch}`,
        change: () => ({ sourceEpoch }),
        refusal: ["CrosslinkAnchors_NotLatestJustified", sourceEpoch, SOURCE],
      }),
    ),
    {
      name: "a vote on top of genesis, with all that opens it",
      change: async () => {
        const { submission: stale } = await new Voters(beacon, keys).vote(TARGET, { absent: ABSENT });
        return { ...stale, changed: 0n, entries: new Uint8Array() };
      },
      refusal: ["CrosslinkAnchors_NotLatestJustified", 0, SOURCE],
    },
    ...[0, SOURCE].map(
      (targetEpoch): Row => ({
        name: `the epoch ${targetEpoch}, which is not after the source`,
        change: () => ({ targetEpoch }),
        refusal: ["CrosslinkAnchors_TargetNotAfterSource", targetEpoch, SOURCE],
      }),
    ),
    ...[BigInt(NOW), BigInt(NOW) + 1n, 2n ** 32n + BigInt(TARGET), 2n ** 64n - 1n].map(
      (targetEpoch): Row => ({
        name: `the epoch ${targetEpoch}, which is not over`,
        change: () => ({ targetEpoch }),
        refusal: ["BeaconRegistry_EpochNotOver", targetEpoch, NOW],
      }),
    ),
  ];

  const openings: readonly Row[] = [
    ...[0, 1, SHARD_COUNT - 1, SHARD_COUNT + 1, 2 * SHARD_COUNT].map(
      (count): Row => ({
        name: `${count} previous entries`,
        change: ({ previousEntries }) => ({
          previousEntries: [...previousEntries, ...previousEntries, ZERO_HASH].slice(0, count),
        }),
        refusal: ["CrosslinkAnchors_EntryCount", count, SHARD_COUNT],
      }),
    ),
    ...[
      {
        name: "another previous entry, of a position that changes",
        wrong: ({ previousEntries: [, ...rest] }: Submission) => ({ previousEntries: [random.bytes(32), ...rest] }),
      },
      {
        name: "another previous entry, of a position that stays",
        wrong: ({ previousEntries }: Submission) => ({
          previousEntries: [...previousEntries.slice(0, -1), random.bytes(32)],
        }),
      },
      {
        name: "previous entries in another order",
        wrong: ({ previousEntries }: Submission) => ({ previousEntries: [...previousEntries].reverse() }),
      },
      {
        name: "the entries before those",
        wrong: () => ({ previousEntries: new Array<Uint8Array>(SHARD_COUNT).fill(ZERO_HASH) }),
      },
      { name: "another root", wrong: () => ({ sourceRoot: random.bytes(32) }) },
      { name: "the root of genesis", wrong: () => ({ sourceRoot: new Voters(beacon, keys).root() }) },
      { name: "the root of the checkpoint voted for", wrong: () => ({ sourceRoot: voters.root(target) }) },
      { name: "the body in place of the root", wrong: () => ({ sourceRoot: voters.bodyRoot(voters.source) }) },
    ].map(
      ({ name, wrong }): Row => ({
        name,
        change: wrong,
        refusal: (bad, good) => ["CrosslinkAnchors_WrongSource", opened(bad), opened(good)],
      }),
    ),
  ];
  const opened = ({ sourceRoot, previousEntries }: Submission) =>
    keccak256(concatHex([sourceRoot, ...previousEntries].map(toHex)));

  const positions: readonly Row[] = [
    ...[4n, 7n, 8n, 255n].map(
      (position): Row => ({
        name: `a change at position ${position}, which has no committee`,
        change: ({ changed, entries }) => ({
          changed: changed | (1n << position),
          entries: concat(entries, record(1n, 1n)),
        }),
        refusal: (bad) => ["CrosslinkAnchors_NoCommittee", bad.changed, 4],
      }),
    ),
    {
      name: "a change at a position without a shard",
      change: ({ changed, entries }) => ({ changed: changed | 8n, entries: concat(entries, record(1n, 1n)) }),
      refusal: ["CheckpointEntries_NoShard", 3],
    },
    ...[0, 84, 167, 169, 252].map(
      (length): Row => ({
        name: `${length} bytes of records for two changes`,
        change: ({ entries }) => ({ entries: concat(entries, entries).subarray(0, length) }),
        refusal: ["CheckpointEntries_RecordsLength", length, 168],
      }),
    ),
    {
      name: "records without a change",
      change: () => ({ changed: 0n }),
      refusal: ["CheckpointEntries_RecordsLength", 168, 0],
    },
    // The first entry of a shard, and one that has a parent.
    ...[2n, 0n].flatMap((position) =>
      [
        { name: "no number", range: [0n, 0n] },
        { name: "a first block of number 0", range: [0n, 5n] },
        { name: "a last block before the first", range: [6n, 5n] },
        { name: "one block too many", range: [9n, 9n + BigInt(TEST_PARAMETERS.maxBlocks)] },
        { name: "blocks up to 2^64 - 1", range: [1n, 2n ** 64n - 1n] },
        { name: "a last block that nobody would decode", range: [2n ** 53n - 1n, 2n ** 53n] },
        { name: "a range that wraps", range: [2n ** 64n - 1n, 0n] },
      ].map(({ name, range }): Row => {
        const [first, last] = range as [bigint, bigint];
        return {
          name: `${name}, at position ${position}`,
          change: () => ({ changed: 1n << position, entries: record(first, last) }),
          refusal: ["CheckpointEntries_BlockRange", position, first, last],
        };
      }),
    ),
  ];

  const absences: readonly Row[] = [
    // A bitmap cannot name a seat twice; what would come next to that is a second bitmap behind the first.
    ...[1, 4, 6, 10, 32].map(
      (length): Row => ({
        name: `a bitmap of ${length} bytes for ${SEATS} seats`,
        change: ({ absent }) => ({ absent: concat(absent, absent, new Uint8Array(32)).subarray(0, length) }),
        refusal: ["AbsentSeats_Length", length, 5],
      }),
    ),
    {
      name: "a bitmap of nobody",
      change: () => ({ absent: new Uint8Array(5) }),
      refusal: ["AbsentSeats_Empty"],
    },
    // Seats that are vacant in the target epoch are past its last one, as long as nobody leaves a seat.
    ...[
      { name: "a validator that sits from epoch 4 on", seat: SEATS },
      { name: "the other of them", seat: SEATS + 1 },
      { name: "the last bit of padding", seat: 39 },
    ].map(
      ({ name, seat }): Row => ({
        name: `${name} among the absent`,
        change: () => ({ absent: bitsFrom([...ABSENT, seat], 40) }),
        refusal: ["AbsentSeats_Padding", seat, SEATS],
      }),
    ),
    ...[
      { name: "one vote too few", absent: Array.from({ length: 12 }, (_, seat) => seat), votes: 22 },
      { name: "the vote of one seat", absent: Array.from({ length: SEATS - 1 }, (_, seat) => seat + 1), votes: 1 },
      { name: "nobody's vote", absent: Array.from({ length: SEATS }, (_, seat) => seat), votes: 0 },
    ].map(
      ({ name, absent, votes }): Row => ({
        name,
        change: () => ({
          absent: bitsFrom(absent, SEATS),
          signature:
            votes === 0
              ? INFINITY_G2
              : sign(
                  keys.slice(0, SEATS).filter((_, seat) => !absent.includes(seat)),
                  voteDigest(beacon.crypto, beacon.domain, goodVote()),
                ),
        }),
        refusal: ["CrosslinkAnchors_NoQuorum", votes, SEATS],
      }),
    ),
    invalidSignature("nobody absent where some are", () => ({ absent: new Uint8Array() })),
    invalidSignature("one seat more absent than there is", () => ({ absent: bitsFrom([...ABSENT, 20], SEATS) })),
    invalidSignature("one seat less absent than there is", () => ({ absent: bitsFrom(ABSENT.slice(1), SEATS) })),
    invalidSignature("another seat absent", () => ({ absent: bitsFrom([4, 17, 33], SEATS) })),
  ];

  const votes: readonly Row[] = [
    invalidSignature("other rewards than were voted for", () => ({ rewardsRoot: random.bytes(32) })),
    invalidSignature("fewer changes than were voted for", ({ entries }) => ({
      changed: 1n,
      entries: entries.subarray(0, 84),
    })),
    invalidSignature("a change more than was voted for", ({ entries }) => ({
      changed: 7n,
      entries: concat(entries, record(1n, 1n)),
    })),
    invalidSignature("the changes at other positions", () => ({ changed: 5n })),
    invalidSignature("the records in another order", ({ entries }) => ({
      entries: concat(entries.subarray(84), entries.subarray(0, 84)),
    })),
    {
      name: "a generation that the shard has not reached",
      change: ({ entries }) => ({ entries: entries.with(3, 1) }),
      refusal: ["CheckpointEntries_FutureGeneration", 0, 1, 0],
    },
    ...[
      { name: "first block", at: 11 },
      { name: "last block", at: 19 },
      { name: "blocks", at: 20 },
      { name: "state", at: 83 },
    ].map(({ name, at }) =>
      invalidSignature(`another ${name} than was voted for`, ({ entries }) => {
        const changed = Uint8Array.from(entries);
        changed[at] = (changed[at] as number) ^ 1;
        return { entries: changed };
      }),
    ),
    // What is in no record the contract knows itself; a vote for something else is none for that.
    invalidSignature("a vote for a crosslink on top of the shard's genesis", () => ({
      signature: signCrosslink({
        parent: crosslinkHash(beacon.crypto, beacon.domain, genesisCrosslink(2)),
      }),
    })),
    invalidSignature("a vote for a crosslink on top of nothing", () => ({
      signature: signCrosslink({ parent: ZERO_HASH }),
    })),
    ...[SOURCE, NOW].map((epoch) =>
      invalidSignature(`a vote for a crosslink of epoch ${epoch}`, () => ({ signature: signCrosslink({ epoch }) })),
    ),
    invalidSignature("a vote for a crosslink of another shard", () => ({ signature: signCrosslink({ shardId: 1 }) })),
    invalidSignature("a vote for blocks that the record does not have", () => ({
      signature: signCrosslink({ firstBlock: 10 }),
    })),
    ...[
      { name: "another source epoch", wrong: (): Partial<Vote> => ({ sourceEpoch: 0 }) },
      { name: "another source", wrong: (): Partial<Vote> => ({ sourceRoot: random.bytes(32) }) },
      { name: "another target epoch", wrong: (): Partial<Vote> => ({ targetEpoch: NOW }) },
      { name: "another target", wrong: (): Partial<Vote> => ({ targetRoot: random.bytes(32) }) },
      { name: "no change", wrong: (): Partial<Vote> => ({ targetRoot: voters.root() }) },
    ].map(({ name, wrong }) => invalidSignature(`a vote for ${name}`, () => ({ signature: signVote(wrong()) }))),
    invalidSignature("a vote on another chain", () => ({ signature: signVote({}, otherChain()) })),
    invalidSignature("a vote for another contract", () => ({ signature: signVote({}, otherContract()) })),
    invalidSignature("a signature of the proposal", () => ({
      signature: sign(present(), proposalDigest(beacon.crypto, beacon.domain, TARGET, voters.root(target))),
    })),
    invalidSignature("signatures of others", () => ({
      signature: sign(keys.slice(0, 31), voteDigest(beacon.crypto, beacon.domain, goodVote())),
    })),
    invalidSignature("the negative of the signature", ({ signature }) => ({ signature: timesG2(signature, -1n) })),
    invalidSignature("infinity as the signature", () => ({ signature: INFINITY_G2 })),
  ];

  const reveals: readonly Row[] = [
    ...[SOURCE, NOW].map((epoch) =>
      invalidSignature(`the reveal of epoch ${epoch}`, () => ({ reveal: signReveal(epoch) })),
    ),
    invalidSignature("the reveal of somebody who is not the proposer", () => ({
      reveal: signReveal(TARGET, present().find(({ point }) => !equal(point, proposer.point)) as KeyPair),
    })),
    invalidSignature("the reveal on another chain", () => ({ reveal: signReveal(TARGET, proposer, otherChain()) })),
    invalidSignature("the reveal for another contract", () => ({
      reveal: signReveal(TARGET, proposer, otherContract()),
    })),
    invalidSignature("the reveal under the tag of proofs of possession", () => {
      const { bls } = beacon.crypto;
      const digest = randaoRevealDigest(beacon.crypto, beacon.domain, TARGET);
      return { reveal: bls.decompressG2(bls.sign(proposer.secretKey, digest, POSSESSION_TAG)) };
    }),
    invalidSignature("the negative of the reveal", ({ reveal }) => ({ reveal: timesG2(reveal, -1n) })),
    invalidSignature("infinity as the reveal", () => ({ reveal: INFINITY_G2 })),
    invalidSignature("infinity as both", () => ({ reveal: INFINITY_G2, signature: INFINITY_G2 })),
    invalidSignature("signature and reveal swapped", ({ signature, reveal }) => ({
      signature: reveal,
      reveal: signature,
    })),
    invalidSignature("signature and reveal shifted against each other", ({ signature, reveal }) => {
      const by = shift();
      return { signature: sumG2(signature, timesG2(by, -1n)), reveal: sumG2(reveal, by) };
    }),
    invalidSignature("a reveal shifted, and the signature by the coefficient times as much", (good) => {
      const by = shift();
      return {
        signature: sumG2(good.signature, timesG2(timesG2(by, coefficient()), -1n)),
        reveal: sumG2(good.reveal, by),
      };
    }),
    invalidSignature("all of it in the signature, and another reveal", (good) => {
      const reveal = shift();
      const rest = timesG2(sumG2(good.reveal, timesG2(reveal, -1n)), coefficient());
      return { signature: sumG2(good.signature, rest), reveal };
    }),
  ];

  const points: readonly Row[] = (["signature", "reveal"] as const).flatMap((field): Row[] => {
    const first = field === "signature" ? G2_ADD : G2_MSM;
    const bad = [
      { name: "off the curve", precompile: first, point: () => OFF_CURVE_G2 },
      // An addition does not look at the subgroup; the pairing does.
      {
        name: "off the subgroup",
        precompile: field === "signature" ? PAIRING_CHECK : G2_MSM,
        point: () => OFF_SUBGROUP_G2,
      },
      {
        name: "shifted off the subgroup",
        precompile: field === "signature" ? PAIRING_CHECK : G2_MSM,
        point: (good: Uint8Array) => sumG2(good, OFF_SUBGROUP_G2),
      },
      ...[0, 1, 2, 3].flatMap((i) => [
        { name: `with p added to coordinate ${i}`, precompile: first, point: (p: Uint8Array) => nonCanonical(p, i) },
        { name: `with a bit before coordinate ${i}`, precompile: first, point: (p: Uint8Array) => padded(p, i) },
      ]),
    ];
    return [
      ...bad.map(
        ({ name, precompile, point }): Row => ({
          name: `a ${field} ${name}`,
          change: (good) => ({ [field]: point(good[field]) }),
          refusal: ["Bls_PrecompileFailed", precompile],
        }),
      ),
      ...[0, 96, 255, 257, 512].map(
        (length): Row => ({
          name: `a ${field} of ${length} bytes`,
          change: (good) => ({ [field]: concat(good[field], good[field], ZERO_HASH).subarray(0, length) }),
          refusal: ["CrosslinkAnchors_SignatureLength", length],
        }),
      ),
    ];
  });

  const table = {
    beacon: () => beacon,
    good: () => submission,
    transaction: (bad: Submission) => send(input(bad)),
  };

  describe("of wrong epochs", () => refusesEach({ ...table, rows: epochs }));
  describe("that do not open their source", () => refusesEach({ ...table, rows: openings }));
  describe("with wrong changes", () => refusesEach({ ...table, rows: positions }));
  describe("with wrong absences", () => refusesEach({ ...table, rows: absences }));
  describe("that were not voted for", () => refusesEach({ ...table, rows: votes }));
  describe("with wrong reveals", () => refusesEach({ ...table, rows: reveals }));
  describe("with points that are none", () => refusesEach({ ...table, rows: points }));

  describe("in another encoding", () => {
    refusesEach<{ readonly encode: (data: string) => string }>({
      beacon: () => beacon,
      good: () => ({ encode: (data) => data }),
      transaction: ({ encode }) => send(encode(input(submission))),
      rows: Object.entries(OTHER_ENCODINGS).map(([name, encode]) => ({
        name,
        change: () => ({ encode }),
        refusal: ["CrosslinkAnchors_NotCanonical"],
      })),
    });

    it("are refused by followers too", () => {
      for (const [name, encode] of Object.entries(OTHER_ENCODINGS)) {
        const data = encode(input(submission));
        expect(() => decodeSubmission(beacon.anchors.interface, data), name).to.throw(ParentInconsistent);
      }
    });
  });

  describe("of wrong senders", () => {
    it("refuses a contract", async () => {
      const caller = await beacon.ethers.deployContract("CallerMock");
      const data = caller.interface.encodeFunctionData("call", [await beacon.anchors.getAddress(), input(submission)]);
      const refusal: Refusal = ["CrosslinkAnchors_NotPlainAccount", await caller.getAddress()];
      await expectRefused(beacon, { to: caller, data }, refusal);
    });

    it("refuses an account that has delegated to code (EIP-7702)", async () => {
      const [, , account] = await beacon.ethers.getSigners();
      if (account === undefined) throw new Error("the network has no third account");
      await beacon.networkHelpers.setCode(account.address, `0xef0100${"c0".repeat(20)}`);
      const refusal: Refusal = ["CrosslinkAnchors_NotPlainAccount", account.address];
      await expectRefused(beacon, send(input(submission)), refusal, account);
    });
  });

  describe("too late", () => {
    const late = TARGET + TEST_PARAMETERS.submitEpochs + 1;
    let snapshot: Awaited<ReturnType<Beacon["networkHelpers"]["takeSnapshot"]>>;

    before(async () => {
      snapshot = await beacon.networkHelpers.takeSnapshot();
      await passToEpoch(beacon, late);
    });

    after(() => snapshot.restore());

    refusesEach<Submission>({
      ...table,
      rows: [
        {
          name: "what was good before",
          change: () => ({}),
          refusal: ["CrosslinkAnchors_TooLate", TARGET, late],
        },
      ],
    });
  });

  describe("without a proposer", () => {
    it("refuses the vote of an epoch without seats", async () => {
      const empty = await deployBeacon();
      await passGenesis(empty);
      await passToEpoch(empty, 2);
      const genesis = new Voters(empty, []);
      const signature = sign(keys.slice(0, 1), random.bytes(32));
      const data = input({
        targetEpoch: 1,
        sourceEpoch: 0,
        sourceRoot: genesis.root(),
        previousEntries: genesis.source.entries,
        changed: 0n,
        entries: new Uint8Array(),
        rewardsRoot: ZERO_HASH,
        absent: new Uint8Array(),
        signature,
        reveal: signature,
      });
      await expectRefused(empty, { to: empty.anchors, data }, ["CrosslinkAnchors_NoProposer", 1]);
    });
  });

  describe("at last", () => {
    it("takes what was refused with a change, at the last moment and once", async () => {
      await passToEpoch(beacon, TARGET + TEST_PARAMETERS.submitEpochs);
      const entriesRoot = toHex(paddedTreeRoot(beacon.crypto, target.entries));
      await expect(beacon.stranger.sendTransaction(send(input(submission))))
        .to.emit(beacon.anchors, "CheckpointAccepted")
        .withArgs(TARGET, SOURCE, toHex(voters.root(target)), entriesRoot, ZeroHash, submission.changed);
      await expectRefused(beacon, send(input(submission)), ["CrosslinkAnchors_NotLatestJustified", SOURCE, TARGET]);
    });
  });
});
