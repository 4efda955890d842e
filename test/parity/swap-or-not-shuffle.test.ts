import { expect } from "chai";
import { network } from "hardhat";
import { createNativeCrypto } from "../../crypto/native.ts";
import { fromHex } from "../../protocol/bytes.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { committeeSlice, computeShuffledIndex, computeShuffledList } from "../../protocol/swap-or-not-shuffle.ts";
import { SeededRandom } from "../support/random.ts";
import { listVectors, readVector } from "../support/vectors.ts";

/** Positions computed on chain in one call. */
const CHUNK = 100;

/** The three fields of a `mapping.yaml` of consensus-specs: flow style, one per line or the mapping folded over several. */
function parseMapping(yaml: string): { seed: Uint8Array; count: number; mapping: number[] } {
  const seed = /seed: '?(0x[0-9a-f]{64})/.exec(yaml)?.[1];
  const count = /count: (\d+)/.exec(yaml)?.[1];
  const mapping = /mapping:\s*\[([\d,\s]*)\]/.exec(yaml)?.[1];
  if (seed === undefined || count === undefined || mapping === undefined) throw new Error("not a shuffling vector");
  return { seed: fromHex(seed), count: Number(count), mapping: (mapping.match(/\d+/g) ?? []).map(Number) };
}

describe("swap-or-not shuffle: consensus-specs, TypeScript and Solidity", () => {
  let crypto: Crypto;

  before(async () => {
    crypto = await createNativeCrypto();
  });

  async function deploy() {
    const { ethers } = await network.create();
    return ethers.deployContract("SwapOrNotShuffleMock");
  }

  for (const [preset, rounds] of [
    ["minimal", 10],
    ["mainnet", 90],
  ] as const) {
    it(`gives the vectors of consensus-specs: ${preset}, ${rounds} rounds`, async function () {
      const folder = `consensus-spec-shuffling/${preset}`;
      const names = listVectors(this, folder);
      const mock = await deploy();
      expect(names).to.not.be.empty;
      for (const name of names) {
        const { seed, count, mapping } = parseMapping(readVector(this, `${folder}/${name}/mapping.yaml`));
        expect(mapping).to.have.length(count);
        expect([...computeShuffledList(crypto, count, seed, rounds)]).to.deep.equal(mapping);
        for (let i = 0; i < count; i++) {
          expect(computeShuffledIndex(crypto, i, count, seed, rounds)).to.equal(mapping[i]);
        }
        // All of a small list on chain; of a large one its two ends.
        const starts = Array.from({ length: Math.ceil(count / CHUNK) }, (_, i) => i * CHUNK);
        for (const start of count <= 1000 ? starts : [0, (starts.at(-1) as number) - CHUNK, starts.at(-1) as number]) {
          const end = Math.min(count, start + CHUNK);
          const onChain = await mock.computeShuffledRange(start, end, count, seed, rounds);
          expect(onChain.map(Number)).to.deep.equal(mapping.slice(start, end));
        }
      }
    });
  }

  it("agrees on random seeds, sizes and rounds", async () => {
    const random = new SeededRandom();
    const mock = await deploy();
    for (const count of [1, 2, 255, 256, 257, 1 + random.below(20_000), 1 + random.below(20_000)]) {
      const seed = random.bytes(32);
      const rounds = random.below(100);
      const list = computeShuffledList(crypto, count, seed, rounds);
      expect(new Set(list).size).to.equal(count);
      for (let i = 0; i < 10; i++) {
        const index = random.below(count);
        expect(computeShuffledIndex(crypto, index, count, seed, rounds)).to.equal(list[index]);
        expect((await mock.computeShuffledIndex(index, count, seed, rounds)).shuffled).to.equal(list[index]);
      }
    }
  });

  it("agrees beyond 32 bits, where block numbers fill all their four bytes", async () => {
    const random = new SeededRandom();
    const mock = await deploy();
    const count = 2 ** 40;
    for (const index of [0, 2 ** 39 + 12_345, count - 1]) {
      const seed = random.bytes(32);
      const expected = computeShuffledIndex(crypto, index, count, seed, 256);
      expect((await mock.computeShuffledIndex(index, count, seed, 256)).shuffled).to.equal(expected);
    }
  });

  it("refuses what is out of range", async () => {
    const mock = await deploy();
    const seed = new Uint8Array(32);
    await expect(mock.computeShuffledIndex(5, 5, seed, 10))
      .to.be.revertedWithCustomError(mock, "SwapOrNotShuffle_IndexOutOfRange")
      .withArgs(5, 5);
    await expect(mock.computeShuffledIndex(0, 2n ** 40n + 1n, seed, 10))
      .to.be.revertedWithCustomError(mock, "SwapOrNotShuffle_CountTooLarge")
      .withArgs(2n ** 40n + 1n);
    await expect(mock.computeShuffledIndex(0, 5, seed, 257))
      .to.be.revertedWithCustomError(mock, "SwapOrNotShuffle_TooManyRounds")
      .withArgs(257);
    await expect(mock.committeeSlice(4, 4, 100))
      .to.be.revertedWithCustomError(mock, "SwapOrNotShuffle_IndexOutOfRange")
      .withArgs(4, 4);
  });

  it("cuts the same committees, which partition the seats", async () => {
    const mock = await deploy();
    for (const [committees, seats] of [
      [1, 8],
      [3, 25],
      [4, 32],
      [64, 8192],
      [7, 100],
    ] as const) {
      let next = 0;
      for (let position = 0; position < committees; position++) {
        const { start, end } = committeeSlice(position, committees, seats);
        expect(start).to.equal(next);
        next = end;
        const onChain = await mock.committeeSlice(position, committees, seats);
        expect([Number(onChain.start), Number(onChain.end)]).to.deep.equal([start, end]);
      }
      expect(next).to.equal(seats);
    }
  });

  it("prints what a position costs", async () => {
    const mock = await deploy();
    for (const rounds of [10, 90]) {
      const { gasUsed } = await mock.computeShuffledIndex(4711, 8192, new Uint8Array(32), rounds);
      console.log(`      computeShuffledIndex of 8,192 seats, ${rounds} rounds: ${gasUsed} gas`);
    }
  });
});
