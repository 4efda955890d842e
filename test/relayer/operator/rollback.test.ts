import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import { decodeBlock } from "../../../ledger/block.ts";
import { LedgerError } from "../../../ledger/errors.ts";
import { toHex } from "../../../protocol/bytes.ts";
import type { Crosslink } from "../../../protocol/crosslink.ts";
import type { BlockIndexLimits } from "../../../relayer/operator/block-index.ts";
import type { ShardOperator } from "../../../relayer/operator/shard-operator.ts";
import { MemoryRecordLog } from "../../../relayer/store/record-log.ts";
import { ETHER, OperatedShards, testAccount } from "../../support/operated-shards.ts";

const crypto = await createNativeCrypto();
const alice = testAccount(crypto, 1);
const bob = testAccount(crypto, 2);
const NOBODY = new Uint8Array(20);

/** Everything that a reader can ask of a shard at its last block, and of all states before. */
function readable(operator: ShardOperator) {
  const { chain } = operator;
  const { number } = chain.head;
  const blocks = Array.from({ length: number }, (_, i) => i + 1);
  return {
    head: chain.head,
    hashes: blocks.map((n) => toHex(chain.hashOf(n))),
    headers: blocks.map((n) => chain.header(n)),
    indexed: blocks.map((n) => chain.index.block(n)).filter((block) => block !== null),
    balances: [0, ...blocks].map((n) => [chain.accountAt(alice.address, n), chain.accountAt(bob.address, n)]),
    cursors: [0, 1, 2].map((source) => chain.cursor(source)),
    sent: [0, 2].map((destination) => chain.outboxes.log(destination)?.count ?? 0),
    paths: [...(chain.outboxes.paths(number) ?? [])].filter(([, { count }]) => count > 0),
  };
}

/**
 * Shard 1 with a crosslink in the checkpoint of each epoch, over several blocks of transfers and messages. Returns what was
 * anchored, and what was to be read after each crosslink's last block.
 */
async function anchored(epochs: number, options: { readonly indexLimits?: Partial<BlockIndexLimits> } = {}) {
  const shards = new OperatedShards(crypto, 2);
  if (options.indexLimits !== undefined) shards.restart(1, { indexLimits: options.indexLimits });
  shards.parent.deposit(1, alice.address, 10n * ETHER);
  await shards.nextEpoch();
  const crosslinks: Crosslink[] = [];
  for (let epoch = 1; epoch <= epochs; epoch++) {
    shards.operator(1).mempool.add(shards.transfer(1, alice, { to: bob.address, value: BigInt(epoch) }));
    await shards.nextSlot();
    shards.operator(1).mempool.add(shards.message(1, alice, epoch % 2 === 0 ? 0 : 2, bob.address, 5n));
    await shards.nextSlot();
    await shards.nextEpoch();
    crosslinks.push(shards.anchor().find(({ shardId }) => shardId === 1) as Crosslink);
  }
  return { shards, crosslinks };
}

describe("A shard whose crosslink is void", () => {
  const EPOCHS = 4;

  for (const [name, options] of [
    ["by undoing", {}],
    ["by executing again, when it is too far to undo", { indexLimits: { blocks: 2 } }],
  ] as const) {
    for (let epoch = 1; epoch <= EPOCHS; epoch++) {
      it(`goes back over ${EPOCHS + 1 - epoch} crosslinks ${name}, and on in the next generation`, async () => {
        const { shards, crosslinks } = await anchored(EPOCHS, options);
        const { resume } = shards.parent.voidEntry(1, epoch);
        expect(resume.lastBlock).to.equal(crosslinks[epoch - 2]?.lastBlock ?? 0);
        const operator = shards.operator(1);
        const before = operator.chain.head.number;
        expect(operator.follow()).to.equal(true);
        expect(operator.chain.head.number).to.equal(resume.lastBlock);

        // As a node that has never seen anything of the blocks after it.
        const sound = new MemoryRecordLog();
        for (let n = 1; n <= resume.lastBlock; n++) sound.append(operator.chain.encodedBlock(n) as Uint8Array);
        const whole = { blocks: sound, crosslinks: new MemoryRecordLog(), ...options };
        const untouched = readable(shards.restart(1, whole));
        shards.shard(1).operator = operator;
        expect(readable(operator)).to.deep.equal(untouched);

        for (let i = 0; i < 3; i++) {
          if (operator.chain.account(alice.address).balance > 0n) {
            operator.mempool.add(
              shards.transfer(1, alice, {
                to: bob.address,
                value: 100n,
                nonce: operator.mempool.pendingNonce(alice.address),
              }),
            );
          }
          expect(await shards.nextSlot()).to.include(1);
        }
        const { head, log } = operator.chain;
        expect(head.number).to.equal(resume.lastBlock + 3);
        for (let n = resume.lastBlock + 1; n <= head.number; n++) {
          expect(operator.chain.header(n)?.generation).to.equal(1);
          expect(log.numbered(n)).to.have.length(n <= before ? 2 : 1);
        }
        const after = readable(operator);
        expect(readable(shards.restart(1, options))).to.deep.equal(after);
      });
    }
  }

  it("anchors in the new generation on top of what it resumes from", async () => {
    const { shards, crosslinks } = await anchored(3);
    const { resume } = shards.parent.voidEntry(1, 2);
    await shards.nextSlot();
    await shards.nextEpoch();
    const [next] = shards.anchor().filter(({ shardId }) => shardId === 1);
    expect(next).to.deep.include({ generation: 1, firstBlock: resume.lastBlock + 1, lastBlock: resume.lastBlock + 1 });
    const operator = shards.operator(1);
    expect(toHex(next?.parent as Uint8Array)).to.equal(
      toHex(operator.crosslinks.ofEpoch(1).get(0)?.hash as Uint8Array),
    );
    expect(resume).to.deep.equal(crosslinks[0]);
    expect(operator.standing("justified").lastBlock).to.equal(resume.lastBlock + 1);
    expect(operator.follow()).to.equal(true);
    expect(operator.chain.head.number).to.equal(resume.lastBlock + 2);
  });

  it("goes back again when the new generation is void, too", async () => {
    const { shards } = await anchored(2);
    shards.parent.voidEntry(1, 2);
    await shards.nextEpoch();
    await shards.nextEpoch();
    shards.anchor();
    const standing = shards.operator(1).chain.head.number;
    const { resume } = shards.parent.voidEntry(1, shards.parent.justified.epoch);
    expect(await shards.nextEpoch()).to.include(1);
    const operator = shards.operator(1);
    expect(operator.chain.head.number)
      .to.equal(resume.lastBlock + 1)
      .and.to.be.below(standing);
    expect(operator.chain.header(operator.chain.head.number)?.generation).to.equal(2);
    const generations = operator.chain.log
      .numbered(resume.lastBlock + 1)
      .map((block) => decodeBlock(block).header.generation);
    expect(generations).to.deep.equal([2, 1, 0]);
  });

  it("signs one crosslink per generation and epoch", async () => {
    const { shards } = await anchored(2);
    const operator = shards.operator(1);
    const epoch = shards.parent.epoch - 1;
    const before = operator.crosslinks.ofEpoch(epoch).get(0)?.signed;
    expect(before).to.not.equal(undefined);
    shards.parent.voidEntry(1, epoch);
    expect(operator.buildCrosslink(epoch, operator.standing("justified"))).to.equal(null);
    shards.slot++;
    expect(operator.onSlot(shards.slot)).to.equal(true);
    const signed = operator.buildCrosslink(shards.parent.epoch, operator.standing("justified"));
    expect(signed?.crosslink.generation).to.equal(1);
    for (const again of [operator, shards.restart(1)]) {
      expect(again.buildCrosslink(shards.parent.epoch, again.standing("justified"))).to.deep.equal(signed);
      expect(again.crosslinks.ofEpoch(epoch).get(0)?.signed).to.deep.equal(before);
    }
  });

  it("imports deposits again, then includes the transactions that they pay for", async () => {
    const { shards } = await anchored(2);
    const operator = shards.operator(1);
    const { chain, mempool } = operator;
    const before = { alice: chain.account(alice.address), bob: chain.account(bob.address) };
    const waiting = mempool.add(shards.transfer(1, alice, { to: bob.address, value: 77n }));
    const [included] = [...Array(chain.head.number).keys()].flatMap(
      (i) => chain.index.block(i + 1)?.transactions ?? [],
    );
    const removed: number[] = [];
    operator.blocks.listen({
      added: () => {},
      removed: (blocks) => removed.push(...blocks.map(({ header }) => header.number)),
    });
    const head = chain.head.number;
    shards.parent.voidEntry(1, 1);
    operator.follow();
    expect(chain.head.number).to.equal(0);
    expect(removed).to.deep.equal(Array.from({ length: head }, (_, i) => i + 1));
    expect(chain.index.transaction(included?.hash as string)).to.equal(null);
    expect(chain.account(alice.address).balance).to.equal(0n);
    expect(chain.outboxes.log(0)?.count).to.equal(0);

    await shards.nextSlot();
    expect(mempool.get(included?.hash as string), "pending again").to.not.equal(null);
    expect(mempool.get(waiting)).to.not.equal(null);
    await shards.nextSlot();
    await shards.nextSlot();
    expect(chain.index.transaction(included?.hash as string)?.block.header).to.include({ generation: 1, number: 2 });
    expect(chain.account(alice.address).nonce).to.equal(before.alice.nonce + 1n);
    expect(chain.account(bob.address).balance).to.equal(before.bob.balance + 77n);
    expect(chain.outboxes.log(0)?.count).to.equal(1);
    expect(chain.outboxes.log(2)?.count).to.equal(1);
    expect(mempool.count).to.equal(0);
  });

  it("takes messages of others again, each of them once", async () => {
    const { shards } = await anchored(1);
    shards.parent.settle();
    for (let i = 0; i < 3; i++) await shards.nextEpoch();
    const { chain } = shards.operator(2);
    expect([chain.cursor(1), chain.account(bob.address).balance]).to.deep.equal([1, 5n]);
    shards.anchor();
    const epoch = shards.parent.justified.epoch;
    shards.parent.voidEntry(2, epoch);
    shards.operator(2).follow();
    expect([chain.cursor(1), chain.account(bob.address).balance]).to.deep.equal([0, 0n]);
    for (let i = 0; i < 3; i++) await shards.nextSlot();
    expect([chain.cursor(1), chain.account(bob.address).balance]).to.deep.equal([1, 5n]);
    expect(chain.header(chain.head.number)?.generation).to.equal(1);
  });

  it("proves messages against what is settled, and not against what is void", async () => {
    const { shards, crosslinks } = await anchored(2);
    const operator = shards.operator(1);
    shards.parent.settle();
    const proven = operator.proofs.prove(2, 0);
    expect(proven?.proof.crosslink.crosslink).to.deep.equal(crosslinks[1]);
    await shards.nextEpoch();
    shards.operator(1).mempool.add(shards.message(1, alice, 2, bob.address, 5n));
    await shards.nextSlot();
    await shards.nextEpoch();
    shards.anchor();
    shards.parent.voidEntry(1, shards.parent.justified.epoch);
    shards.parent.settle();
    for (const again of [operator, shards.restart(1)]) {
      expect(again.follow()).to.equal(true);
      const { message, proof } = again.proofs.prove(2, 0) as NonNullable<typeof proven>;
      expect(message).to.deep.equal(proven?.message);
      expect(proof.crosslink.crosslink).to.deep.equal(crosslinks[1]);
      expect(again.proofs.prove(2, 1)).to.equal(null);
      expect(again.standing("settled").lastBlock).to.equal(crosslinks[1]?.lastBlock);
    }
  });

  it("builds nothing while it has no operator, and goes on when it has one", async () => {
    const { shards } = await anchored(2);
    const { parent } = shards;
    const standing = shards.operator(1).standing("justified").lastBlock;
    await shards.nextSlot();
    parent.advanceGeneration(1, NOBODY);
    expect(await shards.nextEpoch()).to.not.include(1);
    const operator = shards.operator(1);
    expect(operator.chain.head.number).to.equal(standing);
    expect(operator.buildCrosslink(parent.epoch - 1, operator.standing("justified"))).to.equal(null);
    parent.takeOver(1, bob.address);
    expect(await shards.nextEpoch()).to.not.include(1);
    parent.advanceGeneration(1, shards.key.address);
    expect(await shards.nextEpoch()).to.include(1);
    expect(operator.chain.header(standing + 1)?.generation).to.equal(2);
  });

  it("signs no second block of a number and generation, whatever the parent chain takes back", async () => {
    const { shards } = await anchored(2);
    const operator = shards.operator(1);
    const { chain } = operator;
    const old = chain.head.number;
    const oldHash = toHex(chain.headHash);
    shards.parent.voidEntry(1, 1);
    for (let i = 0; i < 4; i++) await shards.nextEpoch();
    expect(chain.head.number).to.be.below(old);
    const first = chain.log.read(1) as Uint8Array;

    // The void is gone: what was there before is there again, and what waits is judged by it.
    const stale = operator.mempool.pendingNonce(alice.address);
    shards.parent.takeBackVoid(1);
    expect(operator.follow()).to.equal(true);
    expect([chain.head.number, toHex(chain.headHash)]).to.deep.equal([old, oldHash]);
    expect(operator.mempool.pendingNonce(alice.address)).to.equal(chain.account(alice.address).nonce);
    expect(stale <= chain.account(alice.address).nonce).to.equal(true);
    expect(toHex(shards.restart(1).chain.headHash)).to.equal(oldHash);

    // It comes again, of another epoch: the generation has blocks of these numbers already, on another branch.
    shards.parent.voidEntry(1, 2);
    const { lastBlock } = shards.parent.parentOf(1) as Crosslink;
    expect(lastBlock).to.be.below(chain.log.lastOf(1));
    for (const again of [shards.operator(1), shards.restart(1)]) {
      expect(again.follow()).to.equal(true);
      expect(again.chain.head.number).to.equal(lastBlock);
      expect(again.onSlot(++shards.slot)).to.equal(false);
    }
    expect(shards.operator(1).chain.log.numbered(1).map(toHex)).to.include(toHex(first));
    const signed = new Map<string, Set<string>>();
    for (const block of shards.shard(1).published) {
      const { header } = decodeBlock(block);
      const place = `${header.generation}/${header.number}`;
      signed.set(place, (signed.get(place) ?? new Set()).add(toHex(block)));
    }
    for (const [place, blocks] of signed) expect(blocks.size, place).to.equal(1);
  });

  it("goes on where it was when the parent chain is not known far enough for a block that it goes back to", async () => {
    const { shards } = await anchored(3);
    const operator = shards.operator(1);
    const before = readable(operator);
    shards.parent.voidEntry(1, 1);
    expect(operator.follow()).to.equal(true);
    expect(operator.chain.head.number).to.equal(0);
    shards.parent.takeBackVoid(1);
    const { epoch } = shards.parent;
    shards.parent.epoch = 1;
    expect(() => operator.follow())
      .to.throw(LedgerError)
      .with.property("code", "FactsUnavailable");
    expect(operator.chain.head.number).to.be.above(0).and.below(before.head.number);
    expect(operator.chain.log.last).to.equal(operator.chain.head.number);
    shards.parent.epoch = epoch;
    expect(operator.follow()).to.equal(true);
    expect(readable(operator)).to.deep.equal(before);
  });

  it("keeps the outboxes of its state and of its log the same", async () => {
    const { shards } = await anchored(3);
    shards.parent.voidEntry(1, 2);
    const operator = shards.operator(1);
    operator.follow();
    // What was void comes first: a message to the parent chain and one to shard 2, each after a transfer.
    for (let i = 0; i < 2; i++) await shards.nextSlot();
    const paths = operator.chain.outboxes.paths(operator.chain.head.number);
    expect([paths?.get(0)?.count, paths?.get(2)?.count]).to.deep.equal([1, 2]);
    const log = operator.chain.outboxes.log(2);
    expect([log?.count, log?.message(1)?.index]).to.deep.equal([2, 1]);
    expect(operator.chain.outboxes.log(0)?.count).to.equal(1);
    expect(readable(shards.restart(1))).to.deep.equal(readable(operator));
  });
});
