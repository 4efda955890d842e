import { bls12_381 } from "@noble/curves/bls12-381.js";
import { expect } from "chai";
import { network } from "hardhat";
import { concat, toHex, word } from "../../protocol/bytes.ts";
import { parametersFor } from "../../protocol/presets.ts";
import { BeaconRegistry__factory, PrecompileMock__factory } from "../../types/index.ts";
import { firstSigner } from "../support/beacon.ts";
import { nonCanonical, OFF_SUBGROUP_G1, OFF_SUBGROUP_G2 } from "../support/points.ts";

const G1_ADD = 0x0b;
const G1_MSM = 0x0c;
const G2_ADD = 0x0d;
const G2_MSM = 0x0e;
const PAIRING_CHECK = 0x0f;
const MAP_FP2_TO_G2 = 0x11;

const element = (value: bigint) => concat(word(value >> 256n), word(value & ((1n << 256n) - 1n)));
const g1 = ({ x, y }: { x: bigint; y: bigint }) => concat(element(x), element(y));
const { BASE: G1 } = bls12_381.G1.Point;
const { BASE: G2 } = bls12_381.G2.Point;
const P1 = g1(G1);
const P1_NEGATIVE = g1(G1.negate());
const P2 = concat(...[G2.x.c0, G2.x.c1, G2.y.c0, G2.y.c1].map(element));

/** What the probe asks and has to be answered. */
const QUESTIONS: [number, Uint8Array][] = [
  [G1_ADD, concat(P1, P1)],
  [G1_MSM, concat(P1, word(2))],
  [G2_ADD, concat(P2, P2)],
  [G2_MSM, concat(P2, word(2))],
  [MAP_FP2_TO_G2, concat(element(1n), element(2n))],
  [PAIRING_CHECK, concat(P1, P2, P1_NEGATIVE, P2)],
  [PAIRING_CHECK, concat(P1, P2, P1, P2)],
];

/** What it asks and has to be refused. */
const TRAPS: [number, Uint8Array][] = [
  [G1_MSM, concat(OFF_SUBGROUP_G1, word(2))],
  [G2_MSM, concat(OFF_SUBGROUP_G2, word(2))],
  [PAIRING_CHECK, concat(OFF_SUBGROUP_G1, P2)],
  [PAIRING_CHECK, concat(P1, OFF_SUBGROUP_G2)],
  [G2_ADD, concat(nonCanonical(P2), P2)],
  [G2_MSM, concat(nonCanonical(P2), word(2))],
  [PAIRING_CHECK, concat(P1, nonCanonical(P2))],
];

function addressOf(precompile: number): string {
  return `0x${precompile.toString(16).padStart(40, "0")}`;
}

describe("Eip2537Probe", () => {
  const parameters = parametersFor("minimal", "devnet");

  /** A chain that has no BLS12-381. */
  async function withoutPrecompiles() {
    const { ethers, networkHelpers } = await network.create({ override: { hardfork: "cancun" } });
    return { ethers, networkHelpers, registries: new BeaconRegistry__factory(await firstSigner(ethers)) };
  }

  it("refuses a chain without the precompiles", async () => {
    const { registries } = await withoutPrecompiles();
    await expect(registries.deploy(parameters))
      .to.be.revertedWithCustomError(registries, "Eip2537Probe_UnfitChain")
      .withArgs(G1_ADD);
  });

  it("refuses a chain as soon as one of the answers is wrong", async () => {
    const real = await network.create();
    const answers = await Promise.all(
      QUESTIONS.map(([precompile, input]) =>
        real.ethers.provider.call({ to: addressOf(precompile), data: toHex(input) }),
      ),
    );

    const { ethers, networkHelpers, registries } = await withoutPrecompiles();
    const teacher = await firstSigner(ethers);
    const code = await ethers.provider.getCode(await ethers.deployContract("PrecompileMock"));
    for (const precompile of new Set(QUESTIONS.map(([precompile]) => precompile))) {
      await networkHelpers.setCode(addressOf(precompile), code);
    }
    const all = [...QUESTIONS, ...TRAPS];
    const teach = async (index: number, answer: string) => {
      const [precompile, input] = all[index]!;
      await PrecompileMock__factory.connect(addressOf(precompile), teacher).teach(input, answer);
    };
    for (const [i, answer] of answers.entries()) await teach(i, answer);
    await registries.deploy(parameters);

    for (const [i, [precompile]] of all.entries()) {
      const answer = answers[i] ?? "0x";
      // Another last byte; an answer where there has to be none.
      const last = Number(`0x${answer.slice(-2)}`) ^ 1;
      await teach(i, answer === "0x" ? toHex(word(1)) : `${answer.slice(0, -2)}${last.toString(16).padStart(2, "0")}`);
      await expect(registries.deploy(parameters), `question ${i}`)
        .to.be.revertedWithCustomError(registries, "Eip2537Probe_UnfitChain")
        .withArgs(precompile);
      await teach(i, answer);
    }
    await registries.deploy(parameters);
  });
});
