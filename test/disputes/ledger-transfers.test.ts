import { expect } from "chai";
import { network } from "hardhat";
import type { BuiltBlock } from "../../ledger/build-block.ts";
import type { Step } from "../../ledger/step.ts";
import { openStep, type StepAccess } from "../../ledger/step-witness.ts";
import type { BlockHeader } from "../../protocol/block-header.ts";
import { toHex, ZERO_HASH } from "../../protocol/bytes.ts";
import { paddedTreeProof, paddedTreeRoot } from "../../protocol/padded-tree.ts";
import { type TraceLeaf, traceLeafHash } from "../../protocol/trace.ts";
import { addressAt, crypto, ETHER, type Key, keyOf, Shard, sign } from "../ledger/shard-fixture.ts";
import { SeededRandom } from "../support/random.ts";
import { STEP_VERDICTS } from "../support/step-verdicts.ts";

const ACCOUNTS = 40;
const TRANSFERS = 60;

async function deploy() {
  const { ethers } = await network.create();
  return ethers.deployContract("TransferVerifier");
}

function accessArgument({ end, word, otherKey, otherWord, siblings }: StepAccess) {
  return {
    end,
    otherKey: toHex(otherKey ?? ZERO_HASH),
    word: toHex(word ?? otherWord ?? ZERO_HASH),
    siblings: siblings.map(toHex),
  };
}

function leafArgument(leaf: TraceLeaf) {
  return { ...leaf, payloadHash: toHex(leaf.payloadHash), stateRoot: toHex(leaf.stateRoot) };
}

describe("TransferVerifier on blocks of the ledger", () => {
  const shard = new Shard();
  let verifier: Awaited<ReturnType<typeof deploy>>;
  let previous: BlockHeader | null;
  let built: BuiltBlock;

  before(async () => {
    verifier = await deploy();
    const random = new SeededRandom();
    const keys = Array.from({ length: ACCOUNTS }, (_, i) => keyOf(i));
    const nonces = new Map<Key, bigint>();
    shard.build(
      8,
      keys.map(({ address }) => shard.deposit(address, ETHER)),
    );
    previous = shard.state.header;

    const transfers: Step[] = Array.from({ length: TRANSFERS }, (_, i) => {
      const from = keys[random.below(ACCOUNTS)] as Key;
      const nonce = nonces.get(from) ?? 0n;
      nonces.set(from, nonce + 1n);
      // To accounts that are there, to new ones, and to the sender; sometimes of nothing.
      const recipients = [(keys[random.below(ACCOUNTS)] as Key).address, addressAt(i), from.address];
      return shard.transfer(from, recipients[i % 3] as Uint8Array, BigInt(i % 4) * 1000n, nonce);
    });
    built = shard.build(9, transfers);
    expect(built.skipped).to.have.length(0);
  });

  function transferStep(index: number, trace: readonly TraceLeaf[] = built.trace) {
    const { witness, preRoot } = openStep(shard.environment, previous, sign(built), index);
    const [before, leaf] = [trace[index - 1], trace[index]] as [TraceLeaf, TraceLeaf];
    expect(toHex(preRoot)).to.equal(toHex(before.stateRoot));
    const leaves = trace.map((each) => traceLeafHash(crypto, each));
    return {
      traceRoot: toHex(paddedTreeRoot(crypto, leaves)),
      stepCount: trace.length,
      index,
      leaf: leafArgument(leaf),
      leafSiblings: paddedTreeProof(crypto, leaves, index).map(toHex),
      previous: leafArgument(before),
      previousSiblings: paddedTreeProof(crypto, leaves, index - 1).map(toHex),
      payload: toHex((built.steps[index] as Step).payload),
      accesses: witness.accesses.map(accessArgument),
    };
  }

  async function verdict(step: ReturnType<typeof transferStep>) {
    return STEP_VERDICTS[Number(await verifier.judge(shard.environment.chainId, step))];
  }

  it("finds every transfer sound, from the block's witness alone", async () => {
    for (let index = 1; index <= TRANSFERS; index++) {
      const step = transferStep(index);
      expect(step.traceRoot).to.equal(toHex(built.header.traceRoot));
      expect(await verdict(step)).to.equal("Sound", `step ${index}`);
    }
  });

  it("finds the one step that the operator got wrong", async () => {
    const trace = [...built.trace];
    const wrong = 20;
    // From this step on the block goes by another state; the steps after it have no witness any more.
    trace[wrong] = { ...(trace[wrong] as TraceLeaf), stateRoot: crypto.sha256(ZERO_HASH) };
    expect(await verdict(transferStep(wrong - 1, trace))).to.equal("Sound");
    expect(await verdict(transferStep(wrong, trace))).to.equal("WrongStateRoot");
  });
});
