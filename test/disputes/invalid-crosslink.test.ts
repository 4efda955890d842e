import { expect } from "chai";
import fc from "fast-check";
import { network } from "hardhat";
import { createNativeCrypto } from "../../crypto/native.ts";
import { type DisputeEvidence, FAULTS, type Fault, PREDICATES, type Predicate } from "../../ledger/dispute-evidence.ts";
import { STEP_KIND } from "../../ledger/step.ts";
import { fromHex, toHex, ZERO_HASH } from "../../protocol/bytes.ts";
import { firstSlotOf } from "../../protocol/clock.ts";
import { genesisCrosslink } from "../../protocol/crosslink.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { createDomain, type Domain } from "../../protocol/eip712.ts";
import { MAX_PAYLOAD_BYTES, MAX_STEPS } from "../../protocol/presets.ts";
import { encodeEvidence } from "../../relayer/parent/dispute-codec.ts";
import { TEST_PARAMETERS } from "../support/beacon.ts";
import { type ClaimedBlock, ClaimedCrosslink, type Claims, rawLeaf } from "../support/claimed-crosslink.ts";
import { mutated } from "../support/mutation.ts";
import { property } from "../support/property.ts";

const NO_BLOCK = 0xffff;
const SHARD = 3;
const GENERATION = 1;
const EPOCH = 9;
const OTHER = new Uint8Array(32).fill(0x77);

async function deploy() {
  const { ethers } = await network.create();
  const registry = await ethers.deployContract("BeaconRegistry", [TEST_PARAMETERS]);
  const judge = await ethers.deployContract("InvalidCrosslink", [registry]);
  const { chainId } = await ethers.provider.getNetwork();
  return { ethers, judge, chainId, registry: fromHex(await registry.getAddress()) };
}

describe("InvalidCrosslink", () => {
  let crypto: Crypto;
  let domain: Domain;
  let ethers: Awaited<ReturnType<typeof deploy>>["ethers"];
  let judge: Awaited<ReturnType<typeof deploy>>["judge"];
  let parent: ClaimedCrosslink;

  before(async () => {
    crypto = await createNativeCrypto();
    const deployed = await deploy();
    ({ ethers, judge } = deployed);
    domain = createDomain(crypto, deployed.chainId, deployed.registry);
    parent = new ClaimedCrosslink(crypto, domain, {
      shardId: SHARD,
      generation: 0,
      epoch: 5,
      blocks: [block(2, 20), block(3, 21), block(1, 30)],
    });
  });

  const fees = (step: number) => 21_000n * BigInt(step);

  function leaf(step: number, word: Partial<Parameters<typeof rawLeaf>[2]> = {}, seed = step) {
    const kind = step === 0 ? STEP_KIND.blockStart : 1 + (step % 3);
    return rawLeaf(crypto, seed, { index: step, kind, length: 44 + step, fees: fees(step), ...word });
  }

  function block(steps: number, slot: number, changes: Partial<ClaimedBlock> = {}): ClaimedBlock {
    return { leaves: Array.from({ length: steps }, (_, step) => leaf(step)), slot, ...changes };
  }

  /** Of 5, 1 and 4 steps; `last` is in the last slot of the crosslink's epoch. */
  function blocks(): [ClaimedBlock, ClaimedBlock, ClaimedBlock] {
    return [block(5, 40), block(1, 41), block(4, firstSlotOf(TEST_PARAMETERS, EPOCH + 1) - 1)];
  }

  function claim(changes: Partial<Claims> = {}): ClaimedCrosslink {
    const claims = { shardId: SHARD, generation: GENERATION, epoch: EPOCH, parent, blocks: blocks(), ...changes };
    return new ClaimedCrosslink(crypto, domain, claims);
  }

  /** The sound crosslink with another block at that index. */
  function claimBlock(index: number, changes: Partial<ClaimedBlock>): ClaimedCrosslink {
    return claim({ blocks: blocks().map((each, i) => (i === index ? { ...each, ...changes } : each)) });
  }

  function withLeaf(index: number, step: number, changed: ReturnType<typeof leaf>): ClaimedCrosslink {
    const leaves = (blocks()[index] as ClaimedBlock).leaves.map((each, i) => (i === step ? changed : each));
    return claimBlock(index, { leaves });
  }

  const ofCrosslink = ({ parent: opened }: ClaimedCrosslink): DisputeEvidence => ({
    predicate: "Crosslink",
    parent: opened,
  });
  const ofHeader = (claimed: ClaimedCrosslink, index: number): DisputeEvidence => ({
    predicate: "Header",
    index,
    header: claimed.header(index),
  });
  const ofLink = (claimed: ClaimedCrosslink, index: number): DisputeEvidence => ({
    predicate: "HeaderLink",
    index,
    header: claimed.header(index),
    below: claimed.below(index),
  });
  const ofBoundary = (claimed: ClaimedCrosslink, index: number): DisputeEvidence & { predicate: "Boundary" } => ({
    predicate: "Boundary",
    index,
    header: claimed.header(index),
    leaf: claimed.leaf(index, (claimed.headers[index]?.stepCount ?? 0) - 1),
  });
  const ofLeaf = (claimed: ClaimedCrosslink, index: number, step: number): DisputeEvidence & { predicate: "Leaf" } => ({
    predicate: "Leaf",
    index,
    header: claimed.header(index),
    step,
    leaf: claimed.leaf(index, step),
  });

  function ask({ argument }: ClaimedCrosslink, evidence: DisputeEvidence) {
    return judge.judge(PREDICATES.indexOf(evidence.predicate), argument, encodeEvidence(evidence));
  }

  async function expectFault(claimed: ClaimedCrosslink, evidence: DisputeEvidence, fault: Fault, blockIndex: number) {
    const found = await ask(claimed, evidence);
    expect(FAULTS[Number(found.fault)]).to.equal(fault);
    expect(Number(found.blockIndex)).to.equal(blockIndex);
  }

  async function expectSound(claimed: ClaimedCrosslink, evidence: DisputeEvidence) {
    expect(FAULTS[Number((await ask(claimed, evidence)).fault)]).to.equal("None");
  }

  /** All that there is to be shown of a crosslink. */
  function* everything(claimed: ClaimedCrosslink): Generator<DisputeEvidence> {
    yield ofCrosslink(claimed);
    for (const [index, { stepCount }] of claimed.headers.entries()) {
      yield ofHeader(claimed, index);
      yield ofLink(claimed, index);
      yield ofBoundary(claimed, index);
      for (let step = 0; step < stepCount; step++) yield ofLeaf(claimed, index, step);
    }
  }

  describe("a sound crosslink", () => {
    const shapes: Record<string, () => ClaimedCrosslink> = {
      "of blocks of 5, 1 and 4 steps": () => claim(),
      "of one block of one step": () => claim({ blocks: [block(1, 31)] }),
      "of as many blocks as its tree has leaves": () =>
        claim({ blocks: [31, 32, 33, 34].map((slot) => block(2, slot)) }),
      "on the genesis crosslink": () => new ClaimedCrosslink(crypto, domain, genesisClaims([block(3, 0), block(1, 1)])),
      "with the longest payload": () => withLeaf(0, 2, leaf(2, { length: MAX_PAYLOAD_BYTES })),
    };
    for (const [name, make] of Object.entries(shapes)) {
      it(name, async () => {
        const claimed = make();
        for (const evidence of everything(claimed)) await expectSound(claimed, evidence);
      });
    }

    it("with a block of as many steps as there may be", async () => {
      const claimed = claimBlock(1, { claims: { stepCount: MAX_STEPS } });
      await expectSound(claimed, ofHeader(claimed, 1));
    });

    it("stays sound whatever is brought against it", async () => {
      const claimed = claim();
      for (const predicate of PREDICATES.slice(0, 5)) {
        const samples = [...everything(claimed)]
          .filter((evidence) => evidence.predicate === predicate)
          .map((evidence) => fromHex(encodeEvidence(evidence)));
        await fc.assert(
          fc.asyncProperty(mutated(samples), async (evidence) => {
            const found = await judge
              .judge(PREDICATES.indexOf(predicate), claimed.argument, toHex(evidence))
              .catch(() => null);
            expect(Number(found?.fault ?? 0)).to.equal(0);
          }),
          property(60),
        );
      }
    });
  });

  function genesisClaims(on: readonly ClaimedBlock[], changes: Partial<Claims> = {}): Claims {
    return { shardId: SHARD, generation: GENERATION, epoch: EPOCH, blocks: on, ...changes };
  }

  describe("Crosslink", () => {
    for (const [name, firstBlock, lastBlock] of [
      ["a block is left out", 5, 7],
      ["the parent's last block comes again", 3, 5],
      ["the numbers begin anew", 1, 3],
      ["the numbers are as large as they can be", 2 ** 53 - 3, 2 ** 53 - 1],
    ] as const) {
      it(`WrongFirstBlock when ${name}`, async () => {
        const claimed = claim({ claims: { firstBlock, lastBlock } });
        await expectFault(claimed, ofCrosslink(claimed), "WrongFirstBlock", NO_BLOCK);
      });
    }

    it("WrongFirstBlock when the first one of the shard is not block 1", async () => {
      const claims = genesisClaims([block(3, 0)], { claims: { firstBlock: 0, lastBlock: 0 } });
      const claimed = new ClaimedCrosslink(crypto, domain, claims);
      await expectFault(claimed, ofCrosslink(claimed), "WrongFirstBlock", NO_BLOCK);
    });

    it("reverts for another parent", async () => {
      for (const other of [{ ...parent.crosslink, epoch: 6 }, genesisCrosslink(SHARD)]) {
        const evidence: DisputeEvidence = { predicate: "Crosslink", parent: other };
        await expect(ask(claim(), evidence)).to.be.revertedWithCustomError(judge, "Openings_WrongParent");
      }
    });
  });

  describe("Header", () => {
    const cases: [fault: Fault, name: string, claims: ClaimedBlock["claims"]][] = [
      ["HeaderOfOtherShard", "of another shard", { shardId: SHARD + 1 }],
      ["HeaderOfOtherGeneration", "of the generation before", { generation: GENERATION - 1 }],
      ["HeaderOfOtherGeneration", "of the next generation", { generation: GENERATION + 1 }],
      ["WrongBlockNumber", "with the number before", { number: 4 }],
      ["WrongBlockNumber", "with the next number", { number: 6 }],
      ["WrongBlockNumber", "with the largest number", { number: 2 ** 53 - 1 }],
      ["StepCountOutOfRange", "without steps", { stepCount: 0 }],
      ["StepCountOutOfRange", "with one step too many", { stepCount: MAX_STEPS + 1 }],
      ["StepCountOutOfRange", "with the largest count", { stepCount: 2 ** 32 - 1 }],
      ["SlotAfterEpoch", "of the next epoch", { slot: firstSlotOf(TEST_PARAMETERS, EPOCH + 1) }],
      ["SlotAfterEpoch", "of the last slot", { slot: 2 ** 53 - 1 }],
    ];
    for (const [fault, name, claims] of cases) {
      it(`${fault} ${name}`, async () => {
        const claimed = claimBlock(1, { claims: claims ?? {} });
        await expectFault(claimed, ofHeader(claimed, 1), fault, 1);
        await expectSound(claimed, ofHeader(claimed, 0));
      });
    }

    it("takes a slot of an earlier epoch: votes may have failed since", async () => {
      const claimed = claimBlock(1, { claims: { slot: 0 } });
      await expectSound(claimed, ofHeader(claimed, 1));
    });
  });

  describe("HeaderLink", () => {
    it("WrongParentHash within the crosslink", async () => {
      const claimed = claimBlock(2, { claims: { parentHash: OTHER } });
      await expectFault(claimed, ofLink(claimed, 2), "WrongParentHash", 2);
      await expectSound(claimed, ofLink(claimed, 1));
    });

    it("WrongParentHash to the parent's last block", async () => {
      const claimed = claimBlock(0, { claims: { parentHash: OTHER } });
      await expectFault(claimed, ofLink(claimed, 0), "WrongParentHash", 0);
    });

    it("WrongParentHash on the genesis crosslink", async () => {
      const claims = { parentHash: ZERO_HASH };
      const claimed = new ClaimedCrosslink(crypto, domain, genesisClaims([block(3, 8, { claims })]));
      await expectFault(claimed, ofLink(claimed, 0), "WrongParentHash", 0);
    });

    for (const [name, slot] of [
      ["the same slot", 30],
      ["an earlier slot", 29],
    ] as const) {
      it(`SlotNotLater for ${name} as the parent's last block`, async () => {
        const claimed = claimBlock(0, { slot });
        await expectFault(claimed, ofLink(claimed, 0), "SlotNotLater", 0);
      });
    }

    it("SlotNotLater within the crosslink", async () => {
      const claimed = claimBlock(1, { slot: 40 });
      await expectFault(claimed, ofLink(claimed, 1), "SlotNotLater", 1);
    });

    it("reverts for another block below", async () => {
      const claimed = claim();
      const link = ofLink(claimed, 2) as DisputeEvidence & { predicate: "HeaderLink" };
      const notBelow = { ...link, below: claimed.below(1) };
      await expect(ask(claimed, notBelow)).to.be.revertedWithCustomError(judge, "Openings_WrongHeader");
      const first = ofLink(claimed, 0) as typeof link;
      const below = { parent: parent.crosslink, header: parent.header(1) };
      await expect(ask(claimed, { ...first, below })).to.be.revertedWithCustomError(judge, "Openings_WrongHeader");
      await expect(ask(claimed, { ...first, below: null })).to.be.revertedWithCustomError(
        judge,
        "Openings_WrongParent",
      );
    });
  });

  describe("Boundary", () => {
    it("CrosslinkStateMismatch, without a leaf", async () => {
      const claimed = claim({ claims: { stateRoot: OTHER } });
      const evidence: DisputeEvidence = { ...ofBoundary(claimed, 2), leaf: null };
      await expectFault(claimed, evidence, "CrosslinkStateMismatch", NO_BLOCK);
      await expectSound(claimed, ofBoundary(claimed, 1));
    });

    it("BlocksPadding, without a leaf", async () => {
      const claimed = claim({ hidden: [OTHER] });
      await expectFault(claimed, { ...ofBoundary(claimed, 2), leaf: null }, "BlocksPadding", NO_BLOCK);
      await expectSound(claimed, ofBoundary(claimed, 0));
    });

    for (const [name, hidden] of [
      ["beside it", [OTHER]],
      ["behind all others", [ZERO_HASH, ZERO_HASH, OTHER]],
    ] as const) {
      it(`TracePadding ${name}`, async () => {
        const claimed = claimBlock(0, { hidden });
        await expectFault(claimed, ofBoundary(claimed, 0), "TracePadding", 0);
      });
    }

    it("HeaderStateMismatch", async () => {
      const claimed = claimBlock(0, { claims: { stateRoot: OTHER } });
      await expectFault(claimed, ofBoundary(claimed, 0), "HeaderStateMismatch", 0);
    });

    it("HeaderStateMismatch of the last block, of whose state the crosslink is", async () => {
      const claimed = claimBlock(2, { claims: { stateRoot: OTHER } });
      await expectFault(claimed, ofBoundary(claimed, 2), "HeaderStateMismatch", 2);
    });

    for (const [name, more] of [
      ["more", 1n],
      ["less", -1n],
    ] as const) {
      it(`HeaderFeesMismatch for one wei ${name}`, async () => {
        const claimed = claimBlock(0, { claims: { fees: fees(4) + more } });
        await expectFault(claimed, ofBoundary(claimed, 0), "HeaderFeesMismatch", 0);
      });
    }

    it("takes fees of 128 bits", async () => {
      const claimed = withLeaf(0, 4, leaf(4, { fees: 2n ** 128n - 1n }));
      await expectSound(claimed, ofBoundary(claimed, 0));
    });

    it("reverts for a leaf that is not the last, and for none where the crosslink's own boundary is sound", async () => {
      const claimed = claim();
      const [first, last] = [ofBoundary(claimed, 0), ofBoundary(claimed, 2)];
      for (const evidence of [
        { ...first, leaf: claimed.leaf(0, 3) },
        { ...last, leaf: { ...claimed.leaf(2, 3), stateRoot: OTHER } },
      ]) {
        await expect(ask(claimed, evidence)).to.be.revertedWithCustomError(judge, "Openings_WrongLeaf");
      }
      await expect(ask(claimed, { ...last, leaf: null })).to.be.revertedWithCustomError(
        judge,
        "PaddedTree_ProofLength",
      );
    });

    it("reverts for the last leaf of a header without steps", async () => {
      const claimed = claimBlock(0, { claims: { stepCount: 0 } });
      const header = claimed.header(0);
      const evidence: DisputeEvidence = { predicate: "Boundary", index: 0, header, leaf: claimed.leaf(0, 4) };
      await expect(ask(claimed, evidence)).to.be.revertedWithPanic(0x11);
    });
  });

  describe("Leaf", () => {
    const cases: [fault: Fault, name: string, step: number, word: Parameters<typeof leaf>[1]][] = [
      ["WrongLeafIndex", "of the step before", 2, { index: 1 }],
      ["WrongLeafIndex", "beyond 32 bits", 2, { index: 2 + 2 ** 32 }],
      ["UnknownStepKind", "a refund", 2, { kind: 4 }],
      ["UnknownStepKind", "the largest", 2, { kind: 255 }],
      ["PayloadTooLong", "by one byte", 2, { length: MAX_PAYLOAD_BYTES + 1 }],
      ["PayloadTooLong", "by as many as it can be", 2, { length: 2 ** 32 - 1 }],
      ["MisplacedBlockStart", "in the middle", 2, { kind: STEP_KIND.blockStart }],
      ["MisplacedBlockStart", "not at the start", 0, { kind: STEP_KIND.transaction }],
    ];
    for (const [fault, name, step, word] of cases) {
      it(`${fault}: ${name}`, async () => {
        const claimed = withLeaf(0, step, leaf(step, word));
        await expectFault(claimed, ofLeaf(claimed, 0, step), fault, 0);
        await expectSound(claimed, ofLeaf(claimed, 0, 1));
      });
    }

    for (const byte of [29, 30, 31]) {
      it(`LeafPadding: byte ${byte}`, async () => {
        const claimed = leaf(2);
        const word = claimed.word.slice();
        word[byte] = 1;
        const padded = withLeaf(0, 2, { ...claimed, word });
        await expectFault(padded, ofLeaf(padded, 0, 2), "LeafPadding", 0);
      });
    }

    it("reverts for another leaf, another place and another path", async () => {
      const claimed = claim();
      const sound = ofLeaf(claimed, 0, 2);
      const { siblings } = sound.leaf;
      const wrong: [error: string, evidence: DisputeEvidence][] = [
        ["Openings_WrongLeaf", { ...sound, leaf: { ...sound.leaf, payloadHash: OTHER } }],
        ["Openings_WrongLeaf", { ...sound, step: 3 }],
        ["Openings_WrongLeaf", { ...sound, leaf: { ...sound.leaf, siblings: [OTHER, ...siblings.slice(1)] } }],
        ["PaddedTree_IndexOutOfRange", { ...sound, step: 5 }],
        ["PaddedTree_ProofLength", { ...sound, leaf: { ...sound.leaf, siblings: siblings.slice(1) } }],
        ["PaddedTree_ProofLength", { ...sound, leaf: { ...sound.leaf, siblings: [...siblings, ZERO_HASH] } }],
        ["Openings_WrongHeader", { ...sound, index: 1 }],
        ["PaddedTree_IndexOutOfRange", { ...sound, index: 3 }],
        ["PaddedTree_IndexOutOfRange", { ...sound, index: 2 ** 32 - 1 }],
      ];
      for (const [error, evidence] of wrong) {
        await expect(ask(claimed, evidence)).to.be.revertedWithCustomError(judge, error);
      }
    });
  });

  it("reverts for a header that the crosslink does not bind, whatever is wrong with it", async () => {
    const claimed = claim();
    const other = { ...claimed.header(1), header: { ...claimed.header(1).header, shardId: SHARD + 1 } };
    const evidence: DisputeEvidence = { predicate: "Header", index: 1, header: other };
    await expect(ask(claimed, evidence)).to.be.revertedWithCustomError(judge, "Openings_WrongHeader");
    const short = { ...claimed.header(1), siblings: claimed.header(1).siblings.slice(1) };
    await expect(ask(claimed, { ...evidence, header: short })).to.be.revertedWithCustomError(
      judge,
      "PaddedTree_ProofLength",
    );
  });

  it("reverts for a predicate that others judge, and for what is no evidence", async () => {
    const claimed = claim();
    const evidence = encodeEvidence(ofHeader(claimed, 0));
    const others: Predicate[] = ["Step", "InboxDuty", "MessageDuty", "Silence"];
    for (const predicate of others) {
      await expect(judge.judge(PREDICATES.indexOf(predicate), claimed.argument, evidence))
        .to.be.revertedWithCustomError(judge, "Judge_WrongPredicate")
        .withArgs(PREDICATES.indexOf(predicate));
    }
    for (const bytes of ["0x", evidence.slice(0, -64)]) {
      await expect(judge.judge(PREDICATES.indexOf("Header"), claimed.argument, bytes)).to.be.revertedWithoutReason(
        ethers,
      );
    }
  });
});
