import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import { decodeBlock } from "../../../ledger/block.ts";
import { equal, toHex } from "../../../protocol/bytes.ts";
import type { Crosslink } from "../../../protocol/crosslink.ts";
import { FEE_COLLECTOR_ADDRESS } from "../../../protocol/system-contracts.ts";
import type { ShardOperator } from "../../../relayer/operator/shard-operator.ts";
import { MemoryRecordLog } from "../../../relayer/store/record-log.ts";
import { ETHER, OperatedShards, testAccount } from "../../support/operated-shards.ts";
import { SeededRandom } from "../../support/random.ts";

const crypto = await createNativeCrypto();
const alice = testAccount(crypto, 1);
const bob = testAccount(crypto, 2);
const NOBODY = new Uint8Array(20);
const SHARD = 1;
const DEPOSIT = ETHER;
const RUNS = 6;
const ACTIONS = 120;

/** A shard to which anything happens that the parent chain can do to it, in any order. */
class Ordeal {
  readonly shards = new OperatedShards(crypto, 2);
  readonly #random: SeededRandom;
  /** Epochs whose entry of the shard stands and is not settled. */
  #anchored: number[] = [];
  /** The last action was a void. */
  #undoable: number[] | null = null;
  #deposits = 0;
  readonly done = new Map<string, number>();

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  get operator(): ShardOperator {
    return this.shards.operator(SHARD);
  }

  async act(): Promise<void> {
    const actions = [
      ...new Array(5).fill(this.#slot),
      ...new Array(3).fill(this.#anchor),
      this.#deposit,
      this.#pay,
      this.#pay,
      this.#send,
      this.#void,
      this.#void,
      this.#takeBack,
      this.#settle,
      this.#restart,
      this.#lose,
    ] as (() => Promise<boolean>)[];
    const action = actions[this.#random.below(actions.length)] as () => Promise<boolean>;
    const before = this.#undoable;
    if (!(await action.call(this))) return;
    const name = action.name.slice(1);
    this.done.set(name, (this.done.get(name) ?? 0) + 1);
    if (this.#undoable === before) this.#undoable = null;
  }

  /** What has to hold whatever has happened. */
  check(): void {
    const { shards, operator } = this;
    const { parent } = shards;
    if (!operator.follow()) throw new Error("the log has lost what the shard stands on");
    const standing = parent.parentOf(SHARD) as Crosslink;
    const { chain } = operator;
    const { generation } = parent.shard(SHARD) as { generation: number };
    expect(chain.log.follows(standing, generation)).to.equal(true);

    // One block of each number and generation.
    const signed = new Map<string, string>();
    for (const block of shards.shard(SHARD).published) {
      const { header } = decodeBlock(block);
      const place = `${header.generation}/${header.number}`;
      expect(signed.get(place) ?? toHex(block), `block ${place}`).to.equal(toHex(block));
      signed.set(place, toHex(block));
    }

    // Nothing has come or gone but deposits, fees and messages.
    const imported = BigInt(chain.cursor(0)) * DEPOSIT;
    const sent = [...Array(chain.outboxes.log(2)?.count ?? 0).keys()].reduce(
      (sum, i) => sum + (chain.outboxes.log(2)?.message(i)?.value ?? 0n),
      0n,
    );
    const held = [alice.address, bob.address, FEE_COLLECTOR_ADDRESS].reduce(
      (sum, address) => sum + chain.account(address).balance,
      chain.header(chain.head.number)?.fees ?? 0n,
    );
    expect(held + sent).to.equal(imported);
  }

  /** The same chain as one that has never gone back, and as that of a new process. */
  checkAnew(): void {
    const { shards, operator } = this;
    const seen = this.#seen(operator);
    const blocks = new MemoryRecordLog();
    for (let n = 1; n <= operator.chain.head.number; n++) blocks.append(operator.chain.encodedBlock(n) as Uint8Array);
    expect(this.#seen(shards.restart(SHARD, { blocks, crosslinks: new MemoryRecordLog() }))).to.deep.equal(seen);
    expect(this.#seen(shards.restart(SHARD))).to.deep.equal(seen);
  }

  #seen({ chain }: ShardOperator) {
    const { number } = chain.head;
    const log = chain.outboxes.log(2);
    return {
      hash: toHex(chain.headHash),
      head: chain.head,
      accounts: [alice, bob].map(({ address }) => [number, number >> 1, 0].map((n) => chain.accountAt(address, n))),
      last: chain.index.block(number),
      proof: log === null || log.count === 0 ? [] : log.proof(0, log.count),
      paths: chain.outboxes.paths(number)?.get(2),
    };
  }

  async #slot(): Promise<boolean> {
    return (await this.shards.nextSlot()).includes(SHARD);
  }

  async #anchor(): Promise<boolean> {
    await this.shards.nextEpoch();
    const crosslinks = this.shards.anchor();
    const isAnchored = crosslinks.some(({ shardId }) => shardId === SHARD);
    if (isAnchored) this.#anchored.push(this.shards.parent.justified.epoch);
    return isAnchored;
  }

  async #deposit(): Promise<boolean> {
    if (this.#deposits++ >= 12) return false;
    this.shards.parent.deposit(SHARD, alice.address, DEPOSIT);
    return true;
  }

  async #pay(): Promise<boolean> {
    return this.#add((nonce) => this.shards.transfer(SHARD, alice, { to: bob.address, value: 1n + nonce, nonce }));
  }

  async #send(): Promise<boolean> {
    return this.#add(() => this.shards.message(SHARD, alice, 2, bob.address, 7n));
  }

  #add(payload: (nonce: bigint) => Uint8Array): boolean {
    const { mempool } = this.operator;
    try {
      mempool.add(payload(mempool.pendingNonce(alice.address)));
      return true;
    } catch {
      return false;
    }
  }

  async #void(): Promise<boolean> {
    if (this.#anchored.length === 0) return false;
    const place = this.#random.below(this.#anchored.length);
    this.#undoable = [...this.#anchored];
    this.shards.parent.voidEntry(SHARD, this.#anchored[place] as number);
    this.#anchored = this.#anchored.slice(0, place);
    return true;
  }

  /** A reorg of the parent chain, after which the void has not happened. */
  async #takeBack(): Promise<boolean> {
    if (this.#undoable === null) return false;
    this.shards.parent.takeBackVoid(SHARD);
    this.#anchored = this.#undoable;
    return true;
  }

  async #settle(): Promise<boolean> {
    this.shards.parent.settle();
    const { settled } = this.shards.parent;
    const before = this.#anchored.length;
    this.#anchored = this.#anchored.filter((epoch) => epoch > settled.epoch);
    return this.#anchored.length < before;
  }

  async #restart(): Promise<boolean> {
    const { chain } = this.operator;
    const head = chain.headHash;
    this.operator.follow();
    const isSame = equal(head, chain.headHash);
    expect(toHex(this.shards.restart(SHARD).chain.headHash)).to.equal(toHex(chain.headHash));
    return isSame;
  }

  /** The bond is gone, and comes back with the same operator. */
  async #lose(): Promise<boolean> {
    const { parent, key } = this.shards;
    parent.advanceGeneration(SHARD, NOBODY);
    expect(await this.shards.nextSlot()).to.not.include(SHARD);
    parent.takeOver(SHARD, key.address);
    return true;
  }
}

describe("Generations of a shard", function () {
  this.timeout(120_000);

  it("lead to one chain and conserve value, whatever is void when, taken back, lost or restarted", async () => {
    const random = new SeededRandom();
    const done = new Map<string, number>();
    for (let run = 0; run < RUNS; run++) {
      const ordeal = new Ordeal(random);
      for (let i = 0; i < ACTIONS; i++) {
        await ordeal.act();
        ordeal.check();
        if (i % 10 === 0) ordeal.checkAnew();
      }
      for (const [name, count] of ordeal.done) done.set(name, (done.get(name) ?? 0) + count);
    }
    for (const name of ["slot", "anchor", "deposit", "pay", "send", "void", "takeBack", "settle", "restart", "lose"]) {
      expect(done.get(name) ?? 0, `${name} happened`).to.be.above(0);
    }
  });
});
