import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import { decodeBlock } from "../../../ledger/block.ts";
import { createLedgerEnvironment } from "../../../ledger/environment.ts";
import { rootAbove } from "../../../ledger/state-proof.ts";
import { STEP_KIND } from "../../../ledger/step.ts";
import { verifyBlock } from "../../../ledger/verify-block.ts";
import { zeroSubtreeHashes } from "../../../protocol/append-tree.ts";
import type { BlockHeader } from "../../../protocol/block-header.ts";
import { toHex } from "../../../protocol/bytes.ts";
import { crosslinkHash } from "../../../protocol/crosslink.ts";
import { messageDigest } from "../../../protocol/message.ts";
import { operatorSigned } from "../../../protocol/operator-signature.ts";
import { hashNode, paddedTreeRoot, rootFromPath } from "../../../protocol/padded-tree.ts";
import { outboxKey, outboxWordOf, stateLeafHash } from "../../../protocol/state.ts";
import { FEE_COLLECTOR_ADDRESS } from "../../../protocol/system-contracts.ts";
import type { MessageSource } from "../../../relayer/operator/ports.ts";
import { ShardOperatorError } from "../../../relayer/operator/shard-operator.ts";
import { MemoryRecordLog } from "../../../relayer/store/record-log.ts";
import { ETHER, GWEI, OperatedShards, testAccount } from "../../support/operated-shards.ts";

const crypto = await createNativeCrypto();
const alice = testAccount(crypto, 1);
const bob = testAccount(crypto, 2);
const FEE = 21_000n * GWEI;

/** One shard on which Alice has 10 ether, after the block that imported them. */
async function funded(count = 1): Promise<OperatedShards> {
  const shards = new OperatedShards(crypto, count);
  shards.parent.deposit(1, alice.address, 10n * ETHER);
  await shards.nextEpoch();
  return shards;
}

describe("ShardOperator", () => {
  it("refuses a shard that is not open, or not its own", () => {
    const shards = new OperatedShards(crypto, 1);
    shards.parent.openShard(bob.address);
    const start = (shardId: number) => () => shards.restart(1, { shardId });
    expect(start(2)).to.throw(ShardOperatorError, "is operated by");
    expect(start(3)).to.throw(ShardOperatorError, "is not open");
  });

  describe("builds", () => {
    it("one block per epoch in any case, and no more when there is nothing to do", async () => {
      const shards = new OperatedShards(crypto, 1);
      expect(await shards.nextEpoch()).to.deep.equal([1]);
      expect(await shards.nextSlot()).to.deep.equal([]);
      expect(await shards.nextEpoch()).to.deep.equal([1]);
      expect(await shards.nextSlot()).to.deep.equal([]);
      expect(shards.operator(1).chain.head).to.deep.equal({ number: 2, slot: 16, epoch: 2, shardCount: 1 });
    });

    it("one more after a block with fees, which are credited by it", async () => {
      const shards = await funded();
      const { chain, mempool } = shards.operator(1);
      mempool.add(shards.transfer(1, alice, {}));
      expect(await shards.nextSlot()).to.deep.equal([1]);
      expect(chain.account(FEE_COLLECTOR_ADDRESS).balance).to.equal(0n);
      expect(await shards.nextSlot()).to.deep.equal([1]);
      expect(chain.account(FEE_COLLECTOR_ADDRESS).balance).to.equal(FEE);
      expect(await shards.nextSlot()).to.deep.equal([]);
    });

    it("at most one block per slot", async () => {
      const shards = await funded();
      const { mempool } = shards.operator(1);
      await shards.nextSlot();
      mempool.add(shards.transfer(1, alice, {}));
      expect(shards.operator(1).onSlot(shards.slot)).to.equal(true);
      mempool.add(shards.transfer(1, alice, {}));
      expect(shards.operator(1).onSlot(shards.slot)).to.equal(false);
      expect(shards.operator(1).onSlot(shards.slot - 1)).to.equal(false);
      expect(await shards.nextSlot()).to.deep.equal([1]);
    });

    it("nothing before the parent chain is known far enough", async () => {
      const shards = new OperatedShards(crypto, 1);
      expect(shards.operator(1).onSlot(8)).to.equal(false);
      shards.parent.epoch = 1;
      expect(shards.operator(1).onSlot(8)).to.equal(true);
    });

    it("nothing while as many blocks as a crosslink holds are unanchored", async () => {
      const shards = new OperatedShards(crypto, 1);
      const { maxBlocks } = shards.parent.parameters;
      for (let i = 0; i < maxBlocks; i++) expect(await shards.nextEpoch()).to.deep.equal([1]);
      expect(await shards.nextEpoch()).to.deep.equal([]);
      const [crosslink] = shards.anchor();
      expect(crosslink?.lastBlock).to.equal(maxBlocks);
      expect(await shards.nextSlot()).to.deep.equal([1]);
    });

    it("nothing when the parent chain has anchored blocks that it has lost", async () => {
      const shards = await funded();
      await shards.nextEpoch();
      expect(shards.anchor()).to.have.length(1);
      const forgetful = shards.restart(1, { blocks: new MemoryRecordLog() });
      expect(forgetful.onSlot(shards.slot)).to.equal(false);
    });

    it("blocks that verify by their witness", async () => {
      const shards = await funded(2);
      for (const value of [1n, 2n]) {
        shards.operator(1).mempool.add(shards.transfer(1, alice, { to: bob.address, value }));
        await shards.nextSlot();
      }
      shards.operator(1).mempool.add(shards.message(1, alice, 2, bob.address, 5n));
      await shards.nextSlot();
      const { domain, parameters } = shards.parent;
      const environment = createLedgerEnvironment({
        crypto,
        domain,
        parameters,
        facts: shards.parent.facts(),
        shardId: 1,
      });
      let previous: BlockHeader | null = null;
      expect(shards.shard(1).published).to.have.length(4);
      for (const block of shards.shard(1).published) {
        const verdict = verifyBlock(environment, { previous, generation: 0, operator: shards.key.address }, block);
        expect(verdict).to.include({ ok: true });
        previous = decodeBlock(block).header;
      }
    });

    it("again what could not be written to the log", async () => {
      const shards = await funded();
      const { blocks, operator } = shards.shard(1);
      const append = blocks.append.bind(blocks);
      blocks.append = () => {
        throw new Error("no space left");
      };
      operator.mempool.add(shards.transfer(1, alice, { to: bob.address, value: 7n }));
      const published = shards.shard(1).published.length;
      const failure = await shards.nextSlot().catch((error: unknown) => error);
      expect(failure).to.be.instanceOf(Error);
      expect(shards.shard(1).published).to.have.length(published);
      expect(operator.chain.account(bob.address).balance).to.equal(0n);
      blocks.append = append;
      expect(await shards.nextSlot()).to.deep.equal([1]);
      expect(operator.chain.account(bob.address).balance).to.equal(7n);
    });
  });

  describe("imports", () => {
    it("deposits, an input delay after they were recorded", async () => {
      const shards = new OperatedShards(crypto, 1);
      shards.parent.deposit(1, alice.address, 5n);
      await shards.nextSlot();
      expect(shards.operator(1).chain.account(alice.address).balance).to.equal(0n);
      await shards.nextEpoch();
      expect(shards.operator(1).chain.account(alice.address).balance).to.equal(5n);
      shards.parent.deposit(1, alice.address, 6n);
      await shards.nextSlot();
      expect(shards.operator(1).chain.account(alice.address).balance).to.equal(5n);
      await shards.nextEpoch();
      expect(shards.operator(1).chain.account(alice.address).balance).to.equal(11n);
    });

    it("forced transactions, which have a receipt like any other", async () => {
      const shards = await funded();
      const payload = shards.transfer(1, alice, { to: bob.address, value: 3n });
      shards.operator(1).mempool.add(payload);
      shards.parent.force(1, payload);
      shards.parent.epoch++;
      shards.operator(1).onSlot(16);
      const { chain, mempool } = shards.operator(1);
      const hash = toHex(crypto.keccak256(payload));
      const located = chain.index.transaction(hash);
      expect(located?.block.header.number).to.equal(2);
      expect(toHex(located?.transaction.payload as Uint8Array)).to.equal(toHex(payload));
      expect(chain.account(bob.address).balance).to.equal(3n);
      expect(mempool.count).to.equal(0);
    });

    it("nothing from a source that fails or hangs, and builds all the same", async () => {
      const shards = await funded(2);
      await shards.nextEpoch();
      shards.anchor();
      shards.parent.settle();
      await shards.nextEpoch();
      const errors: unknown[] = [];
      const failing = async () => Promise.reject(new Error("no route"));
      shards.restart(1, { messagesFor: failing, onError: (error) => errors.push(error) });
      shards.restart(2, { messagesFor: () => new Promise(() => {}) });
      for (let i = 0; i < 3; i++) expect(await shards.nextEpoch()).to.deep.equal([1, 2]);
      expect(errors).to.have.length(3);
    });

    it("messages of another shard once they are settled, whatever rubbish comes with them", async () => {
      const shards = await funded(2);
      for (const value of [3n, 4n]) {
        shards.operator(1).mempool.add(shards.message(1, alice, 2, bob.address, value));
        await shards.nextSlot();
      }
      await shards.nextEpoch();
      shards.anchor();
      const sound = (first: number, asOfEpoch: number) => shards.operator(1).messagesTo(2, first, asOfEpoch);
      expect(sound(0, shards.parent.epoch)).to.deep.equal([]);
      shards.parent.settle();
      await shards.nextSlot();
      const destination = shards.shard(2);
      expect(destination.operator.chain.account(bob.address).balance).to.equal(0n);

      const forged = sound(0, shards.parent.epoch).map((payload) => payload.with(70, 0xff));
      const rubbish = [new Uint8Array(3), new Uint8Array(400).fill(1), ...forged];
      shards.restart(2, {
        messagesFor: async (shardId, source, first, asOfEpoch) => {
          expect([shardId, source]).to.deep.equal([2, 1]);
          const answer = sound(first, asOfEpoch);
          return [...rubbish, ...answer.slice(0, 1), ...answer];
        },
      });
      await shards.nextEpoch();
      expect(await shards.nextSlot()).to.include(2);
      const { chain } = destination.operator;
      expect(chain.account(bob.address).balance).to.equal(7n);
      expect(chain.cursor(1)).to.equal(2);
      const { steps } = decodeBlock(destination.blocks.read(destination.blocks.last) as Uint8Array);
      expect(steps.map(({ kind }) => kind)).to.deep.equal([
        STEP_KIND.blockStart,
        STEP_KIND.importMessage,
        STEP_KIND.importMessage,
      ]);
      expect(chain.index.block(chain.head.number)?.logs).to.have.length(2);
      // Rubbish alone is no reason for a block.
      for (let i = 0; i < 6; i++) expect(await shards.nextSlot()).to.not.include(2);
    });
  });

  describe("what it has to import", () => {
    /** Shard 1 has sent two messages to shard 2, which are settled. */
    async function sent(messagesFor: MessageSource) {
      const shards = await funded(2);
      for (const value of [3n, 4n]) {
        shards.operator(1).mempool.add(shards.message(1, alice, 2, bob.address, value));
        await shards.nextSlot();
      }
      await shards.nextEpoch();
      shards.anchor();
      shards.parent.settle();
      const errors: Error[] = [];
      shards.restart(2, { messagesFor, onError: (error) => errors.push(error as Error) });
      return { shards, errors };
    }

    it("keeps it from building while a demanded message is overdue and nobody has it", async () => {
      let isThere = false;
      const { shards, errors } = await sent((_, source, first, asOfEpoch) =>
        isThere ? shards.operator(source).messagesTo(2, first, asOfEpoch) : [],
      );
      const { forceEpochs } = shards.parent.parameters;
      shards.parent.demandMessage(2, 1, 0);
      for (let i = 1; i < forceEpochs; i++) {
        expect(await shards.nextEpoch()).to.include(2);
        shards.anchor();
      }
      expect(errors).to.deep.equal([]);
      for (let i = 0; i < 3; i++) expect(await shards.nextEpoch()).to.not.include(2);
      expect(errors.map(({ message }) => message)[0]).to.include("import 0 from shard 1 is overdue");

      isThere = true;
      // It asks again some slots after it was told that there is nothing.
      for (let i = 0; i < 6; i++) await shards.nextSlot();
      expect(shards.operator(2).chain.cursor(1)).to.equal(2);
    });

    it("is no message that nobody has demanded", async () => {
      const { shards, errors } = await sent(() => []);
      for (let i = 0; i < 2 * shards.parent.parameters.forceEpochs; i++) {
        expect(await shards.nextEpoch()).to.include(2);
        shards.anchor();
      }
      expect(errors).to.deep.equal([]);
    });
  });

  describe("transfers", () => {
    it("move value, and the fee a block later", async () => {
      const shards = await funded();
      const { chain, mempool } = shards.operator(1);
      mempool.add(shards.transfer(1, alice, { to: bob.address, value: ETHER, maxPriorityFeePerGas: GWEI }));
      await shards.nextSlot();
      expect(chain.account(alice.address)).to.deep.equal({ nonce: 1n, balance: 9n * ETHER - 2n * FEE });
      expect(chain.account(bob.address).balance).to.equal(ETHER);
      expect(chain.account(FEE_COLLECTOR_ADDRESS).balance).to.equal(0n);
      mempool.add(shards.transfer(1, alice, { to: bob.address }));
      await shards.nextSlot();
      expect(chain.account(FEE_COLLECTOR_ADDRESS).balance).to.equal(2n * FEE);
    });

    it("leave earlier states readable", async () => {
      const shards = await funded();
      const { chain, mempool } = shards.operator(1);
      for (const value of [5n, 6n]) {
        mempool.add(shards.transfer(1, alice, { to: bob.address, value }));
        await shards.nextSlot();
      }
      expect([0, 1, 2, 3].map((number) => chain.accountAt(bob.address, number)?.balance)).to.deep.equal([
        0n,
        0n,
        5n,
        11n,
      ]);
      expect([0, 1, 2, 3].map((number) => chain.accountAt(alice.address, number)?.nonce)).to.deep.equal([
        0n,
        0n,
        1n,
        2n,
      ]);
      expect(chain.accountAt(alice.address, 0)?.balance).to.equal(0n);
      expect(chain.accountAt(alice.address, 1)?.balance).to.equal(10n * ETHER);
    });
  });

  describe("crosslinks", () => {
    it("anchor the blocks since the parent's, up to the epoch's last slot", async () => {
      const shards = await funded();
      shards.operator(1).mempool.add(shards.transfer(1, alice, {}));
      await shards.nextSlot();
      await shards.nextEpoch();
      const operator = shards.operator(1);
      const parent = operator.standing("justified");
      const signed = operator.buildCrosslink(1, parent);
      const { chain } = operator;
      expect(signed?.crosslink).to.deep.equal({
        shardId: 1,
        generation: 0,
        epoch: 1,
        parent: chain.hashOf(0),
        firstBlock: 1,
        lastBlock: 2,
        blocksRoot: paddedTreeRoot(crypto, [chain.hashOf(1), chain.hashOf(2)]),
        stateRoot: chain.header(2)?.stateRoot,
      });
      const digest = crosslinkHash(crypto, shards.parent.domain, signed!.crosslink);
      expect(operatorSigned(crypto, digest, signed!.operatorSignature, shards.key.address)).to.equal(true);

      shards.parent.justify(1, [signed!.crosslink]);
      const next = operator.buildCrosslink(2, operator.standing("justified"));
      expect(next?.crosslink).to.deep.include({ parent: digest, firstBlock: 3, lastBlock: 3 });
      shards.parent.justify(2, [next!.crosslink]);
      expect(operator.buildCrosslink(3, operator.standing("justified"))).to.equal(null);
    });

    it("are one per epoch, before and after a restart", async () => {
      const shards = await funded();
      const parent = shards.operator(1).standing("justified");
      const signed = shards.operator(1).buildCrosslink(1, parent);
      await shards.nextSlot();
      for (const operator of [shards.operator(1), shards.restart(1)]) {
        expect(operator.buildCrosslink(1, parent)).to.deep.equal(signed);
        expect(operator.buildCrosslink(1, { ...parent, hash: new Uint8Array(32).fill(1) })).to.equal(null);
      }
    });

    it("do not build on another chain's blocks", async () => {
      const shards = await funded();
      await shards.nextEpoch();
      const [crosslink] = shards.anchor();
      shards.parent.justify(2, [{ ...crosslink!, epoch: 2, stateRoot: new Uint8Array(32).fill(9) }]);
      const operator = shards.operator(1);
      expect(() => operator.buildCrosslink(3, operator.standing("justified"))).to.throw(ShardOperatorError);
    });
  });

  describe("proofs of messages", () => {
    const withMessages = async () => {
      const shards = await funded();
      for (const value of [3n, 4n, 5n]) {
        shards.operator(1).mempool.add(shards.message(1, alice, 0, bob.address, value));
        await shards.nextSlot();
      }
      await shards.nextEpoch();
      shards.anchor();
      shards.parent.settle();
      // Later messages and states do not touch what was settled.
      shards.operator(1).mempool.add(shards.message(1, alice, 0, bob.address, 6n));
      await shards.nextSlot();
      await shards.nextEpoch();
      return shards;
    };

    it("lead from each message to the settled checkpoint's root", async () => {
      const shards = await withMessages();
      const { domain, settled } = shards.parent;
      for (const operator of [shards.operator(1), shards.restart(1)]) {
        for (const [index, value] of [3n, 4n, 5n].entries()) {
          const { message, proof } = operator.proofs.prove(0, index)!;
          expect(message).to.deep.include({ source: 1, destination: 0, index, value, recipient: bob.address });
          const upper = zeroSubtreeHashes(crypto).slice(proof.siblings.length, 32);
          const outbox = rootFromPath(crypto, messageDigest(crypto, domain, message), index, [
            ...proof.siblings,
            ...upper,
          ]);
          const key = outboxKey(crypto, 0);
          const leaf = stateLeafHash(crypto, key, outboxWordOf(crypto, proof.count, outbox));
          const { crosslink } = proof.crosslink;
          expect(rootAbove(crypto, key, leaf, proof.stateSiblings)).to.deep.equal(crosslink.stateRoot);
          const entry = crosslinkHash(crypto, domain, crosslink);
          const entries = rootFromPath(crypto, entry, proof.crosslink.position, proof.crosslink.siblings);
          expect(hashNode(crypto, entries, proof.crosslink.bodyRoot)).to.deep.equal(settled.root);
        }
        expect(operator.proofs.prove(0, 3)).to.equal(null);
        expect(operator.proofs.prove(2, 0)).to.equal(null);
      }
    });

    it("are not given from an exception", async () => {
      const shards = await withMessages();
      shards.parent.settle([0]);
      expect(shards.operator(1).proofs.prove(0, 0)).to.equal(null);
    });
  });

  it("goes on from its own blocks after a restart", async () => {
    const shards = await funded();
    for (let i = 0; i < 3; i++) {
      shards.operator(1).mempool.add(shards.transfer(1, alice, { to: bob.address, value: 2n }));
      await shards.nextSlot();
    }
    const before = shards.operator(1).chain;
    const after = shards.restart(1).chain;
    expect(after.head).to.deep.equal(before.head);
    expect(after.headHash).to.deep.equal(before.headHash);
    expect(after.account(bob.address)).to.deep.equal(before.account(bob.address));
    expect(after.index.block(3)).to.deep.equal(before.index.block(3));
    shards.operator(1).mempool.add(shards.transfer(1, alice, { to: bob.address, value: 2n }));
    expect(await shards.nextSlot()).to.deep.equal([1]);
    expect(after.account(bob.address).balance).to.equal(8n);
  });
});
