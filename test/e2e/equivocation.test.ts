import { expect } from "chai";
import { bitsFrom, setBits } from "../../protocol/bits.ts";
import { BLOCK_HEADER_BYTES, blockHash, readBlockHeader, writeBlockHeader } from "../../protocol/block-header.ts";
import { SIGNATURE_TAG } from "../../protocol/bls.ts";
import { ByteReader, ByteWriter, concat, equal } from "../../protocol/bytes.ts";
import { checkpointRoot, nextCheckpoint } from "../../protocol/checkpoint.ts";
import { crosslinkHash } from "../../protocol/crosslink.ts";
import {
  type Attestation,
  type CrosslinkMessage,
  encodeGossip,
  type GossipMessage,
  type Proposal,
  type SeatVote,
} from "../../protocol/gossip.ts";
import { signAsOperator } from "../../protocol/operator-signature.ts";
import { proposalDigest, voteDigest } from "../../protocol/vote.ts";
import type { Transport } from "../../relayer/network/transport.ts";
import { committeeOf } from "../../relayer/parent/committee.ts";
import { connectContracts } from "../../relayer/parent/contracts.ts";
import { type Member, Network } from "./support/network.ts";

const OTHER_ROOT = new Uint8Array(32).fill(0xee);
/** They sign twice; their nodes know nothing of it, as when a key is used in two places. */
const OFFENDERS = ["operator-2", "operator-3"];
const INITIAL_PENALTY_QUOTIENT = 32n;
const REWARD_QUOTIENT = 8n;

describe("two operators equivocate", () => {
  let network: Network;
  let stranger: Transport;

  before(async function () {
    this.timeout(180_000);
    network = await Network.start({ watchers: 1 });
    stranger = network.hub.connect("stranger", () => {});
  });

  after(async function () {
    this.timeout(60_000);
    stranger?.close();
    await network?.close();
  });

  const publish = (message: GossipMessage) => stranger.publish(encodeGossip(message));
  const sentBy = <K extends GossipMessage["kind"]>(name: string | null, kind: K) =>
    network.sent
      .filter(({ from, message }) => message.kind === kind && (name === null || from === name))
      .map(({ message }) => message as Extract<GossipMessage, { kind: K }>);
  const secretOf = (member: Member, publicKey: Uint8Array) =>
    member.keys.validatorKeys.find((key) => equal(network.crypto.bls.publicKey(key), publicKey));
  const sign = (keys: readonly Uint8Array[], digest: Uint8Array) => {
    const { bls } = network.crypto;
    return bls.sign(bls.sumSecretKeys(keys), digest, SIGNATURE_TAG);
  };

  /** Validators by number, at these seats in that epoch. */
  const numbersAt = (seats: readonly number[], epoch: number) =>
    seats.map((seat) => network.view.occupant(seat, epoch)?.index as number);

  function voteTwice(member: Member, vote: SeatVote): number[] {
    const { crypto, view } = network;
    const seats = setBits(vote.seats.bits);
    const keys = seats.map((seat) => secretOf(member, view.occupant(seat, vote.targetEpoch)?.publicKey as Uint8Array));
    const { sourceEpoch, sourceRoot, targetEpoch } = vote;
    const digest = voteDigest(crypto, view.domain, { sourceEpoch, sourceRoot, targetEpoch, targetRoot: OTHER_ROOT });
    publish({ ...vote, checkpointRoot: OTHER_ROOT, signature: sign(keys as Uint8Array[], digest) });
    return numbersAt(seats, targetEpoch);
  }

  /** One member of the committee signs another crosslink. */
  function attestTwice(member: Member, attestation: Attestation, signed: CrosslinkMessage): number[] {
    const { crypto, view } = network;
    const { shardId, epoch, members } = attestation;
    const committee = committeeOf(view, view.shard(shardId)?.position as number, epoch) ?? [];
    const place = setBits(members.bits)[0] as number;
    const validator = committee[place];
    const crosslink = { ...signed.crosslink, stateRoot: OTHER_ROOT };
    const key = secretOf(member, validator?.publicKey as Uint8Array) as Uint8Array;
    publish({
      kind: "certificate",
      signed: { crosslink, operatorSignature: signed.operatorSignature },
      members: { count: members.count, bits: bitsFrom([place], members.count) },
      signature: sign([key], crosslinkHash(crypto, view.domain, crosslink)),
    });
    return [validator?.index as number];
  }

  function proposeTwice(member: Member, proposal: Proposal): number[] {
    const { crypto, view } = network;
    const { epoch, sourceEpoch } = proposal;
    const source = view.checkpoint(sourceEpoch);
    const validator = view.proposer(epoch)?.validator;
    if (source === null || validator == null) throw new Error("who proposes is not known");
    const from = { epoch: sourceEpoch, root: source.root, entries: source.checkpoint.entries };
    const root = checkpointRoot(crypto, nextCheckpoint(from, epoch, OTHER_ROOT, []));
    const key = secretOf(member, validator.publicKey) as Uint8Array;
    const proposerSignature = sign([key], proposalDigest(crypto, view.domain, epoch, root));
    publish({ ...proposal, rewardsRoot: OTHER_ROOT, entries: [], proposerSignature });
    return [validator.index];
  }

  function signHeaderTwice(member: Member, block: Uint8Array): number {
    const { crypto, view } = network;
    const header = { ...readBlockHeader(new ByteReader(block)), stateRoot: OTHER_ROOT };
    const signature = signAsOperator(crypto, blockHash(crypto, view.domain, header), member.keys.accountKey);
    const rest = block.subarray(BLOCK_HEADER_BYTES + 65);
    publish({ kind: "block", block: concat(writeBlockHeader(new ByteWriter(), header).finish(), signature, rest) });
    return header.shardId;
  }

  const blockOf = (member: Member) => {
    const blocks = sentBy(member.keys.name, "block");
    if (blocks.length === 0) throw new Error(`${member.keys.name} has published no block`);
    return blocks[blocks.length - 1]?.block as Uint8Array;
  };

  it("and lose stakes and bonds by the watcher alone; the others lose nothing, and finality goes on", async function () {
    this.timeout(300_000);
    const { view } = network;
    const [second, third] = OFFENDERS.map((name) => network.member(name)) as [Member, Member];
    await network.until("finality", () => view.finalized.epoch > 0, 8);
    const slashed = () =>
      Array.from({ length: view.validatorCount() }, (_, i) => i + 1).filter((each) => view.validator(each)?.isSlashed);
    expect(slashed(), "nobody has done anything yet").to.deep.equal([]);

    const guilty = new Set<number>();
    const [vote] = sentBy(second.keys.name, "vote").slice(-1);
    for (const each of voteTwice(second, vote as SeatVote)) guilty.add(each);
    const attestation = sentBy(third.keys.name, "attestation").find(
      ({ crosslinkHash: hash, epoch }) => epoch > 0 && crosslinkOf(hash) !== undefined,
    ) as Attestation;
    for (const each of attestTwice(third, attestation, crosslinkOf(attestation.crosslinkHash) as CrosslinkMessage))
      guilty.add(each);
    const proposed = sentBy(null, "proposal").at(-1) as Proposal;
    const proposerKey = view.proposer(proposed.epoch)?.validator?.publicKey as Uint8Array;
    const proposer = network.members.find((member) => secretOf(member, proposerKey) !== undefined) as Member;
    for (const each of proposeTwice(proposer, proposed)) guilty.add(each);
    const shards = [second, third].map((member) => signHeaderTwice(member, blockOf(member)));

    const isDone = () => slashed().length >= guilty.size && shards.every((id) => !view.isBonded(id, 0));
    await network.until("everybody's punishment", isDone, 16);
    const doneIn = view.epoch();
    await network.until("finality afterwards", () => view.finalized.epoch >= doneIn, 16);

    expect(slashed()).to.deep.equal([...guilty].sort((a, b) => a - b));
    const { staking, shardRegistry } = connectContracts(network.deployment.addresses, network.provider);
    const { stake, shardBond } = view.parameters;
    for (let validator = 1; validator <= view.validatorCount(); validator++) {
      const { amount } = await staking.stakeOf(validator);
      const expected = guilty.has(validator) ? stake - stake / INITIAL_PENALTY_QUOTIENT : stake;
      expect(amount, `stake of validator ${validator}`).to.equal(expected);
      expect(view.validator(validator)?.exitEpoch === Number.POSITIVE_INFINITY).to.equal(!guilty.has(validator));
    }
    for (const { id } of view.shards()) {
      const { bond } = await shardRegistry.shard(id);
      expect(bond, `bond of shard ${id}`).to.equal(shards.includes(id) ? 0n : shardBond);
    }

    const events = await staking.queryFilter(staking.filters.RewardClaimed());
    const bonds = await shardRegistry.queryFilter(shardRegistry.filters.RewardClaimed());
    const claimed = [...events, ...bonds].reduce((sum, { args }) => sum + args.amount, 0n);
    const fromStakes = (BigInt(guilty.size) * (stake / INITIAL_PENALTY_QUOTIENT)) / REWARD_QUOTIENT;
    expect(claimed).to.equal(fromStakes + (2n * shardBond) / REWARD_QUOTIENT);
  });

  function crosslinkOf(hash: Uint8Array): CrosslinkMessage | undefined {
    const { crypto, view } = network;
    return sentBy(null, "crosslink").find(({ crosslink }) =>
      equal(crosslinkHash(crypto, view.domain, crosslink), hash),
    );
  }
});
