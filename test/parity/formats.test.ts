import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect } from "chai";
import { concat as concatHex, sha256, TypedDataEncoder } from "ethers";
import fc from "fast-check";
import { network } from "hardhat";
import { createNativeCrypto } from "../../crypto/native.ts";
import { createPortableCrypto } from "../../crypto/portable.ts";
import { decodeImportMessage, encodeImportMessage } from "../../ledger/step.ts";
import { concat, equal, fromHex, toHex, word } from "../../protocol/bytes.ts";
import { checkpointRoot } from "../../protocol/checkpoint.ts";
import { type Crosslink, crosslinkHash } from "../../protocol/crosslink.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { createDomain, type Domain } from "../../protocol/eip712.ts";
import { decodeAccount, encodeAccount, outboxKey } from "../../protocol/state.ts";
import { traceLeafHash } from "../../protocol/trace.ts";
import { decodeSubmission, submissionStruct } from "../../relayer/parent/submission-codec.ts";
import { formatVectors } from "../../scripts/vectors/all.ts";
import { sampleImport } from "../../scripts/vectors/import-message.ts";
import { sampleDomain } from "../../scripts/vectors/samples.ts";
import { type Fields, fieldsOf, STRUCTURES, type Structure, structHashOf } from "../../scripts/vectors/structures.ts";
import { sampleSubmission } from "../../scripts/vectors/submission.ts";
import { CrosslinkAnchors__factory } from "../../types/factories/beacon/CrosslinkAnchors__factory.ts";
import { g1, g2 } from "../support/points.ts";
import { property } from "../support/property.ts";

/** Three opinions on every format: the protocol's TypeScript, the contracts' Solidity, and where there is one, ethers. */

const VECTORS = resolve(import.meta.dirname, "../../docs/formats.vectors.json");

async function deploy() {
  const { ethers } = await network.create();
  return {
    roots: await ethers.deployContract("SigningRootsMock"),
    formats: await ethers.deployContract("FormatsMock"),
    trees: await ethers.deployContract("TreesMock"),
    bls: await ethers.deployContract("BlsMock"),
  };
}

const address = fc.uint8Array({ minLength: 20, maxLength: 20 });
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
const shardId = fc.nat({ max: 2 ** 32 - 1 });
const u64 = fc.maxSafeNat();
const u128 = fc.bigInt({ min: 0n, max: 2n ** 128n - 1n });
const ARBITRARY: Readonly<Record<string, fc.Arbitrary<number | bigint | Uint8Array>>> = {
  uint8: fc.nat({ max: 255 }),
  uint32: shardId,
  uint64: u64,
  uint128: u128,
  bytes32: hash,
  address,
  bytes: fc.uint8Array({ maxLength: 300 }),
  key: fc.uint8Array({ minLength: 128, maxLength: 128 }),
  keys: fc.integer({ min: 1, max: 4 }).chain((n) => fc.uint8Array({ minLength: 128 * n, maxLength: 128 * n })),
};

function arbitraryOf(types: Readonly<Record<string, string>>): fc.Arbitrary<Fields> {
  return fc.record(
    Object.fromEntries(
      Object.entries(types).map(([name, type]) => [
        name,
        ARBITRARY[type] as fc.Arbitrary<number | bigint | Uint8Array>,
      ]),
    ),
  );
}

/** Values as ethers takes them. */
function hexed(fields: Fields): Record<string, number | bigint | string> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, typeof value === "object" ? toHex(value) : value]),
  );
}

/** What JSON holds of the vectors that are checked here one by one. */
interface Vectors {
  readonly submission: {
    readonly input: string;
    readonly previousEntries: string[];
    readonly changed: string;
    readonly entries: string;
    readonly entriesOfTarget: string[];
    readonly targetRoot: string;
  };
  readonly importMessage: { readonly encoding: string; readonly shardCount: number; readonly checkpointRoot: string };
  readonly bls: {
    readonly signature: { message: string; eip2537: string };
    readonly keys: readonly { eip2537: string }[];
    readonly proofOfPossession: { digest: string; eip2537: string };
    readonly batchProofOfPossession: { digest: string; eip2537: string; coefficients: string[] };
    readonly voteAndReveal: Readonly<
      Record<"voteDigest" | "revealDigest" | "aggregateKey" | "proposerKey" | "signature" | "reveal", string>
    >;
  };
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.slice(2), "hex"));
}

const vectors = () => JSON.parse(readFileSync(VECTORS, "utf8")) as Vectors;

describe("formats: vectors, TypeScript, Solidity and ethers", () => {
  let crypto: Crypto;
  let domain: Domain;
  let contracts: Awaited<ReturnType<typeof deploy>>;

  before(async () => {
    crypto = await createNativeCrypto();
    domain = createDomain(crypto, 31_337n, new Uint8Array(20).fill(0x57));
    contracts = await deploy();
  });

  describe("docs/formats.vectors.json", () => {
    it("is what the protocol computes (if the change is meant: node scripts/vectors.ts)", () => {
      expect(readFileSync(VECTORS, "utf8")).to.equal(formatVectors(crypto));
    });

    it("is the same with the cryptography of browsers", () => {
      expect(readFileSync(VECTORS, "utf8")).to.equal(formatVectors(createPortableCrypto()));
    });
  });

  describe("structures", () => {
    /** Digest by the contracts, or hashStruct of what is not signed. */
    async function onChain(name: string, fields: Fields): Promise<string> {
      const { roots } = contracts;
      const values = hexed(fields);
      const method = roots.getFunction(name.charAt(0).toLowerCase() + name.slice(1));
      const takesStruct = method.fragment.inputs.some((input) => input.baseType === "tuple");
      const domainArgument = method.fragment.inputs[0]?.name === "domainSeparator" ? [domain.separator] : [];
      return method(...domainArgument, ...(takesStruct ? [values] : Object.values(values)));
    }

    async function expectThreeOpinions(structure: Structure, input: Fields) {
      const fields = structure.fields(crypto, input);
      const ours = toHex(structure.digest(crypto, domain, input));
      const types = { [structure.name]: fieldsOf(structure.type) };
      const ethersDomain = {
        name: "Watchfire",
        version: "1",
        chainId: domain.parentChainId,
        verifyingContract: toHex(domain.registry),
      };
      expect(TypedDataEncoder.from(types).encodeType(structure.name)).to.equal(structure.type);
      expect(TypedDataEncoder.hashStruct(structure.name, types, hexed(fields))).to.equal(
        toHex(structHashOf(crypto, structure, fields)),
      );
      const theirs = structure.isSigned
        ? TypedDataEncoder.hash(ethersDomain, types, hexed(fields))
        : TypedDataEncoder.hashStruct(structure.name, types, hexed(fields));
      expect(ours).to.equal(theirs, "ethers");
      expect(ours).to.equal(await onChain(structure.name, fields), "Solidity");
    }

    for (const structure of STRUCTURES) {
      it(`${structure.name}: random values`, async () => {
        await fc.assert(
          fc.asyncProperty(arbitraryOf(structure.inputs), (input) => expectThreeOpinions(structure, input)),
          property(25),
        );
      });
    }

    it("the genesis crosslink", async () => {
      const zero = new Uint8Array(32);
      const genesis: Crosslink = {
        shardId: 77,
        generation: 0,
        epoch: 0,
        parent: zero,
        firstBlock: 0,
        lastBlock: 0,
        blocksRoot: zero,
        stateRoot: zero,
      };
      expect(await contracts.roots.genesisCrosslink(domain.separator, 77)).to.equal(
        toHex(crosslinkHash(crypto, domain, genesis)),
      );
    });
  });

  describe("words and leaves (trees: trees.test.ts)", () => {
    it("words of accounts", async () => {
      const balance = fc.bigInt({ min: 0n, max: 2n ** 192n - 1n });
      const nonce = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
      await fc.assert(
        fc.asyncProperty(nonce, balance, async (n, b) => {
          const encoded = encodeAccount(n, b);
          const { decoded, encoded: again } = await contracts.formats.account(encoded);
          expect([decoded.nonce, decoded.balance, again]).to.deep.equal([n, b, toHex(encoded)]);
          expect(decodeAccount(encoded)).to.deep.equal({ nonce: n, balance: b });
        }),
        property(25),
      );
    });

    it("trace leaves", async () => {
      const leaf = fc.record({
        index: u64,
        kind: fc.nat({ max: 255 }),
        length: shardId,
        fees: u128,
        payloadHash: hash,
        stateRoot: hash,
      });
      await fc.assert(
        fc.asyncProperty(leaf, async (value) => {
          const argument = { ...value, payloadHash: toHex(value.payloadHash), stateRoot: toHex(value.stateRoot) };
          expect(await contracts.formats.traceLeaf(argument)).to.equal(toHex(traceLeafHash(crypto, value)));
        }),
        property(40),
      );
    });

    it("entries of a checkpoint, from their records", async () => {
      const crosslink = fc.record({
        shardId: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
        generation: shardId,
        epoch: u64,
        parent: hash,
        firstBlock: fc.integer({ min: 1, max: 2 ** 40 }),
        blocksRoot: hash,
        stateRoot: hash,
      });
      await fc.assert(
        fc.asyncProperty(crosslink, fc.nat({ max: 3 }), fc.nat({ max: 31 }), async (part, position, more) => {
          const value: Crosslink = { ...part, lastBlock: part.firstBlock + more };
          const entries: Uint8Array[] = Array.from({ length: 4 }, () => new Uint8Array(32));
          entries[position] = value.parent;
          const record = concat(
            word(value.generation).subarray(28),
            word(value.firstBlock).subarray(24),
            word(value.lastBlock).subarray(24),
            value.blocksRoot,
            value.stateRoot,
          );
          const allocation = ((BigInt(value.generation) << 32n) | BigInt(value.shardId)) << BigInt(64 * position);
          const replaced = await contracts.formats.replaceEntries(
            entries,
            1 << position,
            record,
            0,
            [allocation],
            domain.separator,
            value.epoch,
            32,
          );
          if (!equal(value.parent, new Uint8Array(32))) {
            expect(replaced[position]).to.equal(toHex(crosslinkHash(crypto, domain, value)));
          }
        }),
        property(25),
      );
    });
  });

  describe("what vectors hold of whole inputs", () => {
    it("a submission: its input is what Solidity makes of it, and what followers read", async () => {
      const { submission } = sampleSubmission(crypto);
      const anchors = CrosslinkAnchors__factory.createInterface();
      const { input } = vectors().submission;
      expect(await contracts.formats.submit(submissionStruct(submission))).to.equal(input);
      expect(decodeSubmission(anchors, input)).to.deep.equal(submission);
    });

    it("a submission: its records make the entries that were voted for", async () => {
      const { submission, target } = sampleSubmission(crypto);
      const { entries, changed, previousEntries, targetRoot, entriesOfTarget } = vectors().submission;
      const { separator } = sampleDomain(crypto);
      const replaced = await contracts.formats.replaceEntries(
        previousEntries,
        changed,
        entries,
        0b111,
        [],
        separator,
        submission.targetEpoch,
        32,
      );
      expect([...replaced]).to.deep.equal(entriesOfTarget);
      const body = await contracts.roots.checkpointBody(
        submission.targetEpoch,
        submission.sourceEpoch,
        submission.sourceRoot,
        submission.rewardsRoot,
      );
      expect(sha256(concatHex([await contracts.trees.paddedRoot(entriesOfTarget), body]))).to.equal(targetRoot);
      expect(toHex(checkpointRoot(crypto, target))).to.equal(targetRoot);
    });

    it("an import: its payload decodes to what it was made of, and back", () => {
      const { step } = sampleImport(crypto);
      const { encoding, shardCount } = vectors().importMessage;
      const decoded = decodeImportMessage(step.message.destination, shardCount, fromHex(encoding));
      expect(decoded).to.deep.equal(step);
      expect(toHex(encodeImportMessage(decoded))).to.equal(encoding);
    });

    it("an import: Solidity finds the message in the outbox, the outbox in the state, the state in the checkpoint", async () => {
      const { step, root } = sampleImport(crypto);
      const { message, crosslink, count } = step;
      const { separator } = sampleDomain(crypto);
      const { roots, trees } = contracts;
      const [sender, recipient] = [toHex(message.sender), toHex(message.recipient)];
      const digest = await roots.message(separator, { ...message, sender, recipient });
      const outbox = await trees.appendRootOf(digest, message.index, count, [...step.outboxSiblings]);
      const keys = await trees.stateKeys(recipient, message.destination);
      const word = await trees.outboxWord(count, outbox);
      const [outboxKeyOf] = [...keys].slice(-1) as [string];
      expect(outboxKeyOf).to.equal(toHex(outboxKey(crypto, message.destination)));
      expect(await trees.sparseRootOf(outboxKeyOf, word, [...step.stateSiblings])).to.equal(toHex(crosslink.stateRoot));
      const entry = await roots.crosslink(separator, crosslink);
      const entriesRoot = await trees.paddedRootOf(entry, step.position, 4, [...step.entrySiblings]);
      expect(sha256(concatHex([entriesRoot, toHex(step.bodyRoot)]))).to.equal(toHex(root));
      expect(vectors().importMessage.checkpointRoot).to.equal(toHex(root));
    });
  });

  describe("BLS vectors on chain", () => {
    let bls: Vectors["bls"];

    before(() => {
      bls = vectors().bls;
    });

    const point1 = (hex: string) => g1(bytesOf(hex));
    const point2 = (hex: string) => g2(bytesOf(hex));

    it("proof of possession", async () => {
      const [key] = bls.keys as [Vectors["bls"]["keys"][number]];
      const { digest, eip2537 } = bls.proofOfPossession;
      expect(await contracts.bls.verifyPossession(digest, point1(key.eip2537), point2(eip2537))).to.equal(true);
      // A signature of the same key is no proof: its tag is another.
      const { message, eip2537: signature } = bls.signature;
      expect(await contracts.bls.verifyPossession(message, point1(key.eip2537), point2(signature))).to.equal(false);
    });

    it("proof of possession of a batch, and its coefficients", async () => {
      const keys = bls.keys.map((key) => point1(key.eip2537));
      const { digest, eip2537, coefficients } = bls.batchProofOfPossession;
      expect((await contracts.bls.verifyPossessionBatch(digest, keys, point2(eip2537))).accepted).to.equal(true);
      expect((await contracts.bls.coefficients(digest, keys)).map(String)).to.deep.equal(coefficients);
    });

    it("vote and reveal in one check", async () => {
      const { voteDigest, revealDigest, aggregateKey, proposerKey, signature, reveal } = bls.voteAndReveal;
      const [accepted] = await contracts.bls.verifyVoteAndReveal(
        point1(aggregateKey),
        voteDigest,
        point1(proposerKey),
        revealDigest,
        point2(signature),
        point2(reveal),
      );
      expect(accepted).to.equal(true);
    });
  });
});
