import {
  AbiCoder,
  type AddressLike,
  type ContractTransactionResponse,
  keccak256,
  type ParamType,
  type Signer,
} from "ethers";
import { FAULTS, type Fault, PREDICATES, type Predicate } from "../../ledger/dispute-evidence.ts";
import { bitsFrom } from "../../protocol/bits.ts";
import { type BlockHeader, blockHash } from "../../protocol/block-header.ts";
import { SIGNATURE_TAG } from "../../protocol/bls.ts";
import { toHex } from "../../protocol/bytes.ts";
import type { Checkpoint } from "../../protocol/checkpoint.ts";
import { type Crosslink, crosslinkHash } from "../../protocol/crosslink.ts";
import { addressOfKey, signAsOperator } from "../../protocol/operator-signature.ts";
import { paddedTreeProof, paddedTreeRoot } from "../../protocol/padded-tree.ts";
import { committeeSlice, computeShuffledIndex } from "../../protocol/swap-or-not-shuffle.ts";
import { traceLeafHash } from "../../protocol/trace.ts";
import { DataChallenges__factory } from "../../types/factories/disputes/DataChallenges__factory.ts";
import { Disputes__factory } from "../../types/factories/disputes/Disputes__factory.ts";
import { JudgeMock__factory } from "../../types/factories/mocks/JudgeMock__factory.ts";
import {
  type Disputable,
  deployBeacon,
  depositAll,
  type KeyPair,
  newKeys,
  passGenesis,
  passToEpoch,
  TEST_PARAMETERS,
} from "./beacon.ts";
import { Voters } from "./checkpoints.ts";
import { SeededRandom } from "./random.ts";
import type { CrosslinkProof } from "./settled-shards.ts";

export const SEATS = 18;
/** Seats that did not vote, by epoch. */
export const ABSENT: Readonly<Record<number, readonly number[]>> = { 1: [2, 7, 11], 2: [2, 3] };
export const NO_BLOCK = 0xffff;
export const NO_SALT = toHex(new Uint8Array(32));

/** A block that claims more has only so many. */
const MAX_STEPS = 16_384;

const coder = AbiCoder.defaultAbiCoder();

export interface MadeStep {
  readonly word: string;
  readonly stateRoot: string;
  readonly payload: string;
}

export interface MadeBlock {
  readonly header: BlockHeader;
  readonly steps: readonly MadeStep[];
  readonly leaves: readonly Uint8Array[];
}

export type JudgedBeacon = Awaited<ReturnType<typeof deployJudgedBeacon>>;

/** With disputes whose judges, but for silence, find what the evidence says. */
async function deployJudgedBeacon() {
  const deployed: { contracts?: Awaited<ReturnType<typeof deployDisputes>> } = {};
  const beacon = await deployBeacon(TEST_PARAMETERS, async (on) => {
    deployed.contracts = await deployDisputes(on);
    return deployed.contracts.disputes;
  });
  return { ...beacon, ...(deployed.contracts as NonNullable<typeof deployed.contracts>) };
}

async function deployDisputes({ launcher, registry, anchors, staking, shards }: Disputable) {
  const judge = await new JudgeMock__factory(launcher).deploy();
  const challenges = await new DataChallenges__factory(launcher).deploy(registry, anchors);
  const judges = PREDICATES.map((predicate) => (predicate === "Silence" ? challenges : judge));
  const disputes = await new Disputes__factory(launcher).deploy(registry, anchors, staking, shards, judges as never);
  return { judge, challenges, disputes };
}

export type DisputedShards = Awaited<ReturnType<typeof disputedShards>>;

/**
 * Shards 1 and 2 have crosslinks in the checkpoint of epoch 1, and shard 1 another one in that of epoch 2, on top of it.
 * Nothing is settled. What predicates but Silence say of them is up to the evidence (JudgeMock).
 */
export async function disputedShards(stepCounts: readonly number[] = [5]) {
  const random = new SeededRandom();
  const beacon = await deployJudgedBeacon();
  const { crypto, domain, shards, disputes, networkHelpers } = beacon;
  const keys = newKeys(crypto, SEATS + 4, random);
  const operatorKey = random.secretKey();
  const operator = toHex(addressOfKey(crypto, operatorKey));
  await depositAll(beacon, keys.slice(0, SEATS));
  for (let i = 0; i < 2; i++) await shards.open(operator, { value: beacon.parameters.shardBond });
  await passGenesis(beacon);

  function makeBlock(shardId: number, number: number, stepCount: number): MadeBlock {
    const made = Array.from({ length: Math.min(stepCount, MAX_STEPS) }, (_, index) => {
      const payload = random.bytes(1 + random.below(60));
      const [stateRoot, payloadHash] = [random.bytes(32), crypto.keccak256(payload)];
      const claim = { index, kind: 1, length: payload.length, fees: BigInt(index) };
      const word = `0x${[index.toString(16).padStart(16, "0"), "01", payload.length.toString(16).padStart(8, "0"), index.toString(16).padStart(32, "0"), "000000"].join("")}`;
      return {
        step: { word, stateRoot: toHex(stateRoot), payload: toHex(payload) },
        leaf: traceLeafHash(crypto, { ...claim, payloadHash, stateRoot }),
      };
    });
    const leaves = made.map(({ leaf }) => leaf);
    const traceRoot = paddedTreeRoot(crypto, leaves);
    const rest = { parentHash: random.bytes(32), slot: number, stateRoot: random.bytes(32), fees: 0n };
    const header = { shardId, generation: 0, number, stepCount, traceRoot, ...rest };
    return { header, leaves, steps: made.map(({ step }) => step) };
  }

  const blocks = stepCounts.map((stepCount, i) => makeBlock(1, i + 1, stepCount));
  const hashes = blocks.map(({ header }) => blockHash(crypto, domain, header));

  const voters = new Voters(beacon, keys);
  const checkpoints = new Map<number, Checkpoint>();
  const crosslinks = new Map<string, Crosslink>();

  async function anchor(epoch: number, shardIds: readonly number[], generation = 0, parent?: Uint8Array) {
    await passToEpoch(beacon, epoch + 1);
    const changes = shardIds.map((shardId) => {
      const isFirst = shardId === 1 && epoch === 1;
      const lastBlock = isFirst ? blocks.length : epoch + blocks.length;
      const blocksRoot = isFirst ? paddedTreeRoot(crypto, hashes) : random.bytes(32);
      const record = { generation, firstBlock: isFirst ? 1 : lastBlock, lastBlock, blocksRoot };
      const change = { position: shardId - 1, shardId, record: { ...record, stateRoot: random.bytes(32) } };
      return parent === undefined ? change : { ...change, parent };
    });
    await voters.justify(epoch, { changes, absent: ABSENT[epoch] ?? [] });
    checkpoints.set(epoch, voters.source);
    for (const crosslink of voters.crosslinks.values()) crosslinks.set(`${crosslink.shardId}/${epoch}`, crosslink);
  }
  await anchor(1, [1, 2]);
  await anchor(2, [1]);

  const crosslink = (shardId: number, epoch: number) => crosslinks.get(`${shardId}/${epoch}`) as Crosslink;
  const hash = (shardId: number, epoch: number) => toHex(crosslinkHash(crypto, domain, crosslink(shardId, epoch)));
  const bits = (seats: readonly number[]) => (seats.length === 0 ? new Uint8Array() : bitsFrom(seats, SEATS));

  /** Shows the crosslink in the checkpoint of its epoch, or of a later one. */
  function proof(
    shardId: number,
    epoch: number,
    absent = ABSENT[epoch] ?? [],
    checkpointEpoch = epoch,
  ): CrosslinkProof {
    const checkpoint = checkpoints.get(checkpointEpoch) as Checkpoint;
    return voters.proof(checkpoint, shardId - 1, crosslink(shardId, epoch), bits(absent));
  }

  /** What makes JudgeMock find the fault in this crosslink. */
  function evidence(shardId: number, epoch: number, predicate: Predicate, fault: Fault, blockIndex = NO_BLOCK): string {
    const found = [PREDICATES.indexOf(predicate), FAULTS.indexOf(fault), blockIndex];
    const { stateRoot } = crosslink(shardId, epoch);
    return coder.encode(["uint8", "uint8", "uint16", "bytes32"], [...found, toHex(stateRoot)]);
  }

  function commitmentOf(
    from: string,
    predicate: Predicate,
    shown: CrosslinkProof,
    bytes: string,
    salt: string,
  ): string {
    const [, type] = disputes.interface.getFunction("dispute").inputs;
    const crosslinkType = type?.components?.find(({ name }) => name === "crosslink") as ParamType;
    const evidenceHash = keccak256(
      coder.encode(["uint8", crosslinkType, "bytes"], [PREDICATES.indexOf(predicate), shown.crosslink, bytes]),
    );
    return keccak256(coder.encode(["address", "bytes32", "bytes32"], [from, evidenceHash, salt]));
  }

  const salt = toHex(random.bytes(32));

  /** Commits in the name of the account, and lets the blocks pass after which it may reveal. */
  async function commit(
    from: Signer & { readonly address: string },
    predicate: Predicate,
    shown: CrosslinkProof,
    bytes: string,
  ): Promise<void> {
    await disputes.connect(from).commit(commitmentOf(from.address, predicate, shown, bytes, salt));
    const [min] = await disputes.revealWindow();
    await networkHelpers.mine(Number(min) - 1);
  }

  function disputeData(predicate: Predicate, shown: CrosslinkProof, bytes: string, itsSalt: string) {
    const args = [PREDICATES.indexOf(predicate), shown, bytes, itsSalt] as never;
    return { to: disputes, data: disputes.interface.encodeFunctionData("dispute", args) };
  }

  /** The crosslink is void for the fault, by the reporter who committed to it, or nobody. */
  async function makeVoid(
    shardId: number,
    epoch: number,
    {
      fault = "WrongStepState" as Fault,
      blockIndex = NO_BLOCK,
      reporter = beacon.stranger as typeof beacon.stranger | null,
    } = {},
  ) {
    const [shown, bytes] = [proof(shardId, epoch), evidence(shardId, epoch, "Step", fault, blockIndex)];
    if (reporter !== null) await commit(reporter, "Step", shown, bytes);
    const sender = reporter ?? beacon.launcher;
    return sender.sendTransaction(disputeData("Step", shown, bytes, reporter === null ? NO_SALT : salt));
  }

  /** Seats of the committee of a shard, in their order. */
  async function committee(shardId: number, epoch: number): Promise<number[]> {
    const { registry, parameters } = beacon;
    const seed = Buffer.from((await registry.seed(epoch)).slice(2), "hex");
    const count = Number(await registry.committeeCount(epoch));
    const seats = Number(await registry.seatCount(epoch));
    const { start, end } = committeeSlice(shardId - 1, count, seats);
    return Array.from({ length: end - start }, (_, i) =>
      computeShuffledIndex(crypto, start + i, seats, seed, parameters.shuffleRounds),
    );
  }

  /** Validators of the committee, by seat in these tests, but those whose seats are absent; ascending. */
  async function guilty(shardId: number, epoch: number, absent = ABSENT[epoch] ?? []): Promise<number[]> {
    const seats = (await committee(shardId, epoch)).filter((seat) => !absent.includes(seat));
    return seats.map((seat) => seat + 1).sort((a, b) => a - b);
  }

  /** Aggregate signature of these validators, 256 bytes. */
  function attest(validators: readonly number[], digest: string): string {
    const secretKeys = validators.map((validator) => (keys[validator - 1] as KeyPair).secretKey);
    const { bls } = crypto;
    const signature = bls.sign(bls.sumSecretKeys(secretKeys), Buffer.from(digest.slice(2), "hex"), SIGNATURE_TAG);
    return toHex(bls.decompressG2(signature));
  }

  const operatorSigned = (digest: string | Uint8Array, key = operatorKey): string =>
    toHex(signAsOperator(crypto, typeof digest === "string" ? Buffer.from(digest.slice(2), "hex") : digest, key));

  /** Who was punished in the transaction, ascending. */
  async function punishedIn(transaction: ContractTransactionResponse): Promise<number[]> {
    const receipt = await transaction.wait();
    const events = (receipt?.logs ?? []).map((log) => disputes.interface.parseLog(log));
    const validators = events.flatMap((event) =>
      event?.name === "SignerPunished" ? [Number(event.args.validator)] : [],
    );
    return validators.sort((a, b) => a - b);
  }

  /** A block of shard 1's first crosslink, with its path. */
  function headerOpening(index: number) {
    const { header } = blocks[index] as MadeBlock;
    return { header: headerStruct(header), siblings: paddedTreeProof(crypto, hashes, index).map(toHex) };
  }

  const stakeOf = async (validator: number) => (await beacon.staking.stakeOf(validator)).amount;
  const creditOf = (account: AddressLike) => beacon.staking.creditOf(account);

  return {
    beacon,
    keys,
    random,
    voters,
    operator,
    salt,
    blocks,
    anchor,
    crosslink,
    hash,
    bits,
    proof,
    evidence,
    commit,
    commitmentOf,
    disputeData,
    makeVoid,
    committee,
    guilty,
    attest,
    operatorSigned,
    punishedIn,
    headerOpening,
    blockHash: (index: number) => hashes[index] as Uint8Array,
    checkpoint: (epoch: number) => checkpoints.get(epoch) as Checkpoint,
    stakeOf,
    creditOf,
  };
}

export function headerStruct(header: BlockHeader) {
  return {
    ...header,
    parentHash: toHex(header.parentHash),
    traceRoot: toHex(header.traceRoot),
    stateRoot: toHex(header.stateRoot),
  };
}
