import { expect } from "chai";
import { TypedDataEncoder } from "ethers";
import { network } from "hardhat";
import { createNativeCrypto } from "../../crypto/native.ts";
import { blockHash } from "../../protocol/block-header.ts";
import { fromHex, toHex } from "../../protocol/bytes.ts";
import { checkpointBodyRoot } from "../../protocol/checkpoint.ts";
import { crosslinkHash, genesisCrosslink } from "../../protocol/crosslink.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { createDomain, type Domain } from "../../protocol/eip712.ts";
import { inboxEntryDigest } from "../../protocol/inbox-entry.ts";
import { messageDigest } from "../../protocol/message.ts";
import {
  batchProofOfPossessionDigest,
  proofOfPossessionDigest,
  proposalDigest,
  randaoRevealDigest,
  rollAnswerDigest,
  voluntaryExitDigest,
  voteDigest,
} from "../../protocol/vote.ts";
import type { SigningRootsMock } from "../../types/index.ts";
import { SeededRandom } from "../support/random.ts";

const U64 = Number.MAX_SAFE_INTEGER;
const U32 = 2 ** 32 - 1;

describe("Signing roots: TypeScript, Solidity and ethers", () => {
  let crypto: Crypto;
  let random: SeededRandom;
  let domain: Domain;
  let mock: SigningRootsMock;
  let separator: string;
  /** What ethers makes of a structure, from the type string alone. */
  let typed: (type: string, value: Record<string, unknown>) => string;

  before(async () => {
    crypto = await createNativeCrypto();
    random = new SeededRandom();
    const { ethers } = await network.create();
    mock = await ethers.deployContract("SigningRootsMock");
    const registry = random.bytes(20);
    domain = createDomain(crypto, 31337n, registry);
    separator = toHex(domain.separator);
    const eip712 = { name: "Watchfire", version: "1", chainId: 31337n, verifyingContract: toHex(registry) };
    expect(TypedDataEncoder.hashDomain(eip712)).to.equal(separator);
    typed = (type, value) => TypedDataEncoder.hash(eip712, typesOf(type), value);
  });

  function typesOf(type: string) {
    const [, name, fields] = /^(\w+)\((.*)\)$/.exec(type) ?? [];
    if (name === undefined || fields === undefined) throw new Error(type);
    const list = fields.split(",").map((field) => {
      const [fieldType, fieldName] = field.split(" ") as [string, string];
      return { type: fieldType, name: fieldName };
    });
    return { [name]: list };
  }

  const hexed = <T extends object>(value: T) =>
    Object.fromEntries(
      Object.entries(value).map(([name, field]) => [name, field instanceof Uint8Array ? toHex(field) : field]),
    ) as { [K in keyof T]: T[K] extends Uint8Array ? string : T[K] };

  it("crosslinks, and those of genesis", async () => {
    const crosslink = {
      shardId: U32,
      generation: 7,
      epoch: U64,
      parent: random.bytes(32),
      firstBlock: 1,
      lastBlock: U64,
      blocksRoot: random.bytes(32),
      stateRoot: random.bytes(32),
    };
    const digest = toHex(crosslinkHash(crypto, domain, crosslink));
    expect(await mock.crosslink(separator, hexed(crosslink))).to.equal(digest);
    expect(
      typed(
        "Crosslink(uint32 shardId,uint32 generation,uint64 epoch,bytes32 parent,uint64 firstBlock,uint64 lastBlock,bytes32 blocksRoot,bytes32 stateRoot)",
        crosslink,
      ),
    ).to.equal(digest);
    expect(await mock.genesisCrosslink(separator, 9)).to.equal(
      toHex(crosslinkHash(crypto, domain, genesisCrosslink(9))),
    );
  });

  it("block headers", async () => {
    const header = {
      shardId: 3,
      generation: U32,
      number: U64,
      parentHash: random.bytes(32),
      slot: U64,
      stepCount: 16_384,
      traceRoot: random.bytes(32),
      stateRoot: random.bytes(32),
      fees: 2n ** 128n - 1n,
    };
    const digest = toHex(blockHash(crypto, domain, header));
    expect(await mock.blockHeader(separator, hexed(header))).to.equal(digest);
    expect(
      typed(
        "BlockHeader(uint32 shardId,uint32 generation,uint64 number,bytes32 parentHash,uint64 slot,uint32 stepCount,bytes32 traceRoot,bytes32 stateRoot,uint128 fees)",
        header,
      ),
    ).to.equal(digest);
  });

  it("messages and inbox entries", async () => {
    for (const length of [0, 1, 31, 256]) {
      const message = {
        source: 1,
        destination: U32,
        index: U64,
        sender: random.bytes(20),
        recipient: random.bytes(20),
        value: 2n ** 128n - 1n,
        data: random.bytes(length),
      };
      const digest = toHex(messageDigest(crypto, domain, message));
      expect(await mock.message(separator, hexed(message))).to.equal(digest);
      expect(
        typed(
          "Message(uint32 source,uint32 destination,uint64 index,address sender,address recipient,uint128 value,bytes data)",
          hexed(message),
        ),
      ).to.equal(digest);
      const { source: shardId, destination: _, ...rest } = message;
      const entry = { shardId, epoch: U64, kind: 1, ...rest };
      const entryDigest = toHex(inboxEntryDigest(crypto, domain, entry));
      expect(await mock.inboxEntry(separator, hexed(entry))).to.equal(entryDigest);
      expect(
        typed(
          "InboxEntry(uint32 shardId,uint64 index,uint64 epoch,uint8 kind,address sender,address recipient,uint128 value,bytes data)",
          hexed(entry),
        ),
      ).to.equal(entryDigest);
    }
  });

  it("votes, proposals, reveals, answers to the roll, exits and checkpoint bodies", async () => {
    const [a, b] = [random.bytes(32), random.bytes(32)];
    const vote = { sourceEpoch: 5, sourceRoot: a, targetEpoch: U64, targetRoot: b };
    const digest = toHex(voteDigest(crypto, domain, vote));
    expect(await mock.vote(separator, 5, a, U64, b)).to.equal(digest);
    expect(typed("Vote(uint64 sourceEpoch,bytes32 sourceRoot,uint64 targetEpoch,bytes32 targetRoot)", vote)).to.equal(
      digest,
    );
    expect(await mock.proposal(separator, U64, a)).to.equal(toHex(proposalDigest(crypto, domain, U64, a)));
    expect(await mock.randaoReveal(separator, U64)).to.equal(toHex(randaoRevealDigest(crypto, domain, U64)));
    expect(await mock.rollAnswer(separator, U64)).to.equal(toHex(rollAnswerDigest(crypto, domain, U64)));
    const exit = voluntaryExitDigest(crypto, domain, 2 ** 32 - 1, U64);
    expect(await mock.voluntaryExit(separator, 2 ** 32 - 1, U64)).to.equal(toHex(exit));
    const body = { epoch: U64, sourceEpoch: 3, sourceRoot: a, rewardsRoot: b };
    expect(await mock.checkpointBody(U64, 3, a, b)).to.equal(toHex(checkpointBodyRoot(crypto, body)));
  });

  it("proofs of possession", async () => {
    const owner = fromHex(`0x${"c0".repeat(20)}`);
    const keys = random.bytes(3 * 128);
    const one = keys.subarray(0, 128);
    const digest = proofOfPossessionDigest(crypto, domain, one, owner);
    expect(await mock.proofOfPossession(separator, crypto.keccak256(one), toHex(owner))).to.equal(toHex(digest));
    const batch = batchProofOfPossessionDigest(crypto, domain, keys, owner);
    expect(await mock.batchProofOfPossession(separator, crypto.keccak256(keys), 3, toHex(owner))).to.equal(
      toHex(batch),
    );
  });
});
