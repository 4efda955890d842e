import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import { decodeBlock, encodeBlock } from "../../../ledger/block.ts";
import { BLOCK_HEADER_BYTES, blockHash } from "../../../protocol/block-header.ts";
import { equal, toHex } from "../../../protocol/bytes.ts";
import type { Crosslink } from "../../../protocol/crosslink.ts";
import { MAX_REQUESTED_BLOCKS } from "../../../protocol/gossip.ts";
import { signAsOperator } from "../../../protocol/operator-signature.ts";
import { CatchUpError } from "../../../relayer/operator/catch-up.ts";
import type { BlockFetcher } from "../../../relayer/operator/ports.ts";
import { type ShardOperator, ShardOperatorError } from "../../../relayer/operator/shard-operator.ts";
import { MemoryRecordLog } from "../../../relayer/store/record-log.ts";
import { ETHER, OperatedShards, testAccount } from "../../support/operated-shards.ts";

const crypto = await createNativeCrypto();
const alice = testAccount(crypto, 1);
const bob = testAccount(crypto, 2);
const successor = testAccount(crypto, 3);
const NOBODY = new Uint8Array(20);
const EPOCHS = 3;
const { signal } = new AbortController();

type Peer = (first: number, last: number) => Uint8Array[];

describe("CatchUp", () => {
  let shards: OperatedShards;
  let former: ShardOperator;
  /** What the shard goes on from. */
  let resume: Crosslink;
  let errors: unknown[];

  /** A peer that has all that the former operator ever signed. */
  const whole: Peer = (first, last) => {
    const numbers = Array.from({ length: Math.min(last - first + 1, MAX_REQUESTED_BLOCKS) }, (_, i) => first + i);
    return numbers.flatMap((number) => former.chain.log.numbered(number));
  };
  const fetcher = (...peers: readonly Peer[]): BlockFetcher =>
    async function* (_shardId, first, last) {
      for (const peer of peers) yield peer(first, last);
    };
  const inBlocks =
    (change: (block: Uint8Array, number: number) => Uint8Array | null): Peer =>
    (first, last) =>
      whole(first, last).flatMap((block) => change(block, decodeBlock(block).header.number) ?? []);

  /** A node that has never seen the shard, which is its own now. */
  function newcomer(blocks = new MemoryRecordLog()): ShardOperator {
    errors = [];
    return shards.restart(1, {
      operatorKey: successor.key,
      blocks,
      crosslinks: new MemoryRecordLog(),
      onError: (error) => errors.push(error),
    });
  }

  async function fails(attempt: Promise<unknown>, kind: new (...args: never[]) => Error, words: string): Promise<void> {
    const error = await attempt.then(
      () => null,
      (reason: unknown) => reason as Error,
    );
    expect(error).to.be.instanceOf(kind);
    expect(error?.message).to.include(words);
  }

  beforeEach(async () => {
    shards = new OperatedShards(crypto, 2);
    shards.parent.deposit(1, alice.address, 10n * ETHER);
    await shards.nextEpoch();
    for (let epoch = 1; epoch <= EPOCHS; epoch++) {
      shards.operator(1).mempool.add(shards.message(1, alice, epoch % 2 === 0 ? 0 : 2, bob.address, BigInt(epoch)));
      for (let i = 0; i < 2; i++) await shards.nextSlot();
      await shards.nextEpoch();
      shards.anchor();
      if (epoch === 1) shards.parent.settle();
    }
    former = shards.operator(1);
    shards.parent.voidEntry(1, EPOCHS);
    // It goes on for some blocks before it loses the shard: they are of a generation that nothing is anchored of.
    for (let i = 0; i < 2; i++) await shards.nextSlot();
    shards.parent.advanceGeneration(1, NOBODY);
    shards.parent.takeOver(1, successor.address);
    resume = shards.parent.parentOf(1) as Crosslink;
  });

  it("takes a shard over from an empty disk, and goes on with it", async () => {
    const operator = newcomer();
    expect(operator.onSlot(++shards.slot), "before it has anything").to.equal(false);
    await operator.catchUp(fetcher(whole), signal);
    expect(errors).to.deep.equal([]);
    expect(operator.chain.head.number).to.equal(resume.lastBlock);
    former.follow();
    expect(toHex(operator.chain.headHash)).to.equal(toHex(former.chain.headHash));
    expect(operator.chain.account(bob.address)).to.deep.equal(former.chain.account(bob.address));
    expect(operator.proofs.prove(2, 0), "a message that its predecessor has sent").to.deep.equal(
      former.proofs.prove(2, 0),
    );
    expect(operator.proofs.prove(2, 0)).to.not.equal(null);

    operator.mempool.add(shards.transfer(1, alice, { to: bob.address, value: 5n }));
    expect(operator.onSlot(++shards.slot)).to.equal(true);
    expect(operator.chain.header(resume.lastBlock + 1)?.generation).to.equal(2);
    await shards.nextEpoch();
    const [next] = shards.anchor().filter(({ shardId }) => shardId === 1);
    expect(next).to.include({ generation: 2, firstBlock: resume.lastBlock + 1 });
    expect(operator.standing("justified").lastBlock).to.equal(next?.lastBlock);
  });

  it("takes transactions meanwhile, and judges them by the accounts that it finds", async () => {
    const operator = newcomer();
    expect(operator.behind).to.equal(null);
    const payload = shards.transfer(1, alice, { to: bob.address, value: 5n, nonce: 1n });
    const seen: (number | null)[] = [];
    const slow: Peer = (first, last) => {
      seen.push(operator.behind);
      // As soon as there is an account that can pay for it.
      if (operator.chain.account(alice.address).nonce === 0n && operator.chain.head.number > 0)
        operator.mempool.add(payload);
      return whole(first, last).filter((block) => decodeBlock(block).header.number <= first);
    };
    await operator.catchUp(fetcher(slow), signal);
    expect([seen[0], seen.at(-1), operator.behind]).to.deep.equal([resume.lastBlock, resume.lastBlock, null]);
    expect(operator.chain.account(alice.address).nonce, "it is overtaken").to.equal(2n);
    expect(operator.mempool.count).to.equal(0);
  });

  it("goes on after a crash in the middle of it, and after one at its end", async () => {
    const blocks = new MemoryRecordLog();
    let served = 0;
    const dying: Peer = (first, last) => {
      if (served++ > 3) throw new Error("the process died");
      return whole(first, last).filter((block) => decodeBlock(block).header.number <= first + 1);
    };
    await fails(newcomer(blocks).catchUp(fetcher(dying), signal), Error, "died");
    const kept = blocks.last;
    expect(kept).to.be.above(0).and.below(resume.lastBlock);
    const again = newcomer(blocks);
    await again.catchUp(fetcher(whole), signal);
    expect([again.chain.head.number, blocks.last]).to.deep.equal([resume.lastBlock, resume.lastBlock]);
    const restarted = newcomer(blocks);
    expect(restarted.follow()).to.equal(true);
    expect(toHex(restarted.chain.headHash)).to.equal(toHex(again.chain.headHash));
    expect(restarted.proofs.prove(2, 0)).to.deep.equal(former.proofs.prove(2, 0));
  });

  it("asks on when peers have rubbish, other copies, a part, or nothing", async () => {
    const flipped = inBlocks((block) => block.with(block.length - 1, (block.at(-1) as number) ^ 1));
    const flippedStep = inBlocks((block) => block.with(BLOCK_HEADER_BYTES + 65 + 20, 0xee));
    const short = inBlocks((block) => block.subarray(0, BLOCK_HEADER_BYTES + 70));
    const rubbish: Peer = () => [
      new Uint8Array(3),
      new Uint8Array(400).fill(0xff),
      new Uint8Array(BLOCK_HEADER_BYTES + 65),
    ];
    const odd = inBlocks((block, number) => (number % 2 === 1 ? block : null));
    const even = inBlocks((block, number) => (number % 2 === 0 ? block : null));
    const operator = newcomer();
    await operator.catchUp(
      fetcher(() => [], rubbish, short, flippedStep, flipped, odd, even),
      signal,
    );
    expect(operator.chain.head.number).to.equal(resume.lastBlock);
    for (let number = 1; number <= resume.lastBlock; number++) {
      expect(
        equal(
          operator.chain.encodedBlock(number) as Uint8Array,
          former.chain.log.numbered(number).at(-1) as Uint8Array,
        ),
      ).to.equal(true);
    }
  });

  it("makes do with blocks whose witness is bad, when nobody has a better copy", async () => {
    const flipped = inBlocks((block) => block.with(block.length - 1, (block.at(-1) as number) ^ 1));
    const operator = newcomer();
    await operator.catchUp(fetcher(flipped), signal);
    expect(operator.chain.head.number).to.equal(resume.lastBlock);
  });

  it("believes what is anchored, when the former operator has signed other blocks besides", async () => {
    const { domain } = shards.parent;
    const rival = (block: Uint8Array) => {
      const decoded = decodeBlock(block);
      const header = { ...decoded.header, stateRoot: new Uint8Array(32).fill(7) };
      const operatorSignature = signAsOperator(crypto, blockHash(crypto, domain, header), shards.key.key);
      return encodeBlock({ ...decoded, header, operatorSignature });
    };
    const operator = newcomer();
    await operator.catchUp(fetcher(inBlocks(rival), whole), signal);
    expect(operator.chain.head.number).to.equal(resume.lastBlock);
    expect(equal(operator.chain.headHash, former.chain.log.hashOf(resume.lastBlock))).to.equal(true);
  });

  it("says what is missing when nobody has it, and tries again", async () => {
    const operator = newcomer();
    await fails(operator.catchUp(fetcher(), signal), CatchUpError, "block 1 of shard 1 is not published");
    const without = inBlocks((block, number) => (number === 2 ? null : block));
    await fails(operator.catchUp(fetcher(without), signal), CatchUpError, "block 2 of shard 1 is not published");
    expect(operator.onSlot(++shards.slot)).to.equal(false);
    const unsound = inBlocks((block, number) => (number === 2 ? block.subarray(0, BLOCK_HEADER_BYTES + 65) : block));
    await fails(operator.catchUp(fetcher(unsound), signal), CatchUpError, "no copy of block 2 of shard 1 executes");
    await operator.catchUp(fetcher(whole), signal);
    expect(operator.chain.head.number).to.equal(resume.lastBlock);
  });

  it("signs nothing in a generation in which its key has signed blocks that it has lost", async () => {
    const operator = newcomer();
    await operator.catchUp(fetcher(whole), signal);
    expect(operator.onSlot(++shards.slot)).to.equal(true);
    const signed = operator.chain.encodedBlock(resume.lastBlock + 1) as Uint8Array;
    const remembering: Peer = (first, last) => [
      ...whole(first, last),
      ...(first <= resume.lastBlock + 1 && resume.lastBlock + 1 <= last ? [signed] : []),
    ];
    const forgetful = newcomer();
    await fails(forgetful.catchUp(fetcher(remembering), signal), CatchUpError, "is signed with this node's key");
    expect(forgetful.onSlot(++shards.slot)).to.equal(false);

    await shards.nextEpoch();
    shards.shard(1).operator = operator;
    shards.anchor();
    await fails(newcomer().catchUp(fetcher(whole), signal), ShardOperatorError, "must not sign others");
  });

  it("takes a shard back that somebody else has operated in between", async () => {
    const operator = newcomer();
    await operator.catchUp(fetcher(whole), signal);
    expect(operator.onSlot(++shards.slot)).to.equal(true);
    await shards.nextEpoch();
    shards.anchor();
    shards.parent.advanceGeneration(1, NOBODY);
    shards.parent.takeOver(1, shards.key.address);
    const between: Peer = (first, last) => {
      const { log } = operator.chain;
      return Array.from({ length: last - first + 1 }, (_, i) => log.numbered(first + i)).flat();
    };
    expect(former.follow()).to.equal(false);
    expect(former.onSlot(++shards.slot)).to.equal(false);
    await former.catchUp(fetcher(between), signal);
    const { lastBlock } = shards.parent.parentOf(1) as Crosslink;
    expect(lastBlock).to.be.above(resume.lastBlock);
    expect(former.chain.head.number).to.equal(lastBlock);
    expect(toHex(former.chain.headHash)).to.equal(toHex(operator.chain.hashOf(lastBlock)));
    expect(former.onSlot(++shards.slot)).to.equal(true);
    expect(former.chain.header(former.chain.head.number)?.generation).to.equal(3);
  });
});
