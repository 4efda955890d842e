import { expect } from "chai";
import { bitsFrom } from "../../protocol/bits.ts";
import { POSSESSION_TAG } from "../../protocol/bls.ts";
import { toHex } from "../../protocol/bytes.ts";
import { createDomain } from "../../protocol/eip712.ts";
import { randaoRevealDigest, rollAnswerDigest } from "../../protocol/vote.ts";
import { type BadInput, refusesEach } from "../support/bad-inputs.ts";
import {
  type Beacon,
  deployBeacon,
  depositAll,
  type KeyPair,
  newKeys,
  passGenesis,
  passToEpoch,
} from "../support/beacon.ts";
import { Voters } from "../support/checkpoints.ts";
import { INFINITY_G2, nonCanonical, OFF_CURVE_G2, OFF_SUBGROUP_G2 } from "../support/points.ts";
import { SeededRandom } from "../support/random.ts";

/** The bitmap has six bits of padding. */
const SEATS = 10;
/** Its occupant left before the roll was called. */
const VACANT = 7;
/** In which it was called. */
const EPOCH = 16;
const PAIRING_CHECK = 0x0f;

interface Answer {
  readonly seats: Uint8Array;
  readonly signature: Uint8Array;
}

type Row = BadInput<Answer>;

/** The roll is called; seat 0 has answered, and seats 2, 3 and 9 would. */
describe("Bad answers to the roll", () => {
  let beacon: Beacon;
  let keys: KeyPair[];
  let voters: Voters;
  let good: Answer;
  const random = new SeededRandom();

  before(async () => {
    beacon = await deployBeacon();
    keys = newKeys(beacon.crypto, SEATS, random);
    voters = new Voters(beacon, keys);
    await depositAll(beacon, keys);
    await passGenesis(beacon);
    await beacon.staking.connect(beacon.stranger).exit(VACANT + 1);
    await passToEpoch(beacon, EPOCH);
    await beacon.rollCall.call();
    await beacon.rollCall.answer(bits(0), sign([0]));
    good = { seats: bits(2, 3, 9), signature: sign([2, 3, 9]) };
  });

  const bits = (...seats: number[]) => bitsFrom(seats, SEATS);
  const digestOf = (epoch: number, domain = beacon.domain) => rollAnswerDigest(beacon.crypto, domain, epoch);
  const sign = (seats: readonly number[], digest = digestOf(EPOCH)) =>
    voters.sign(
      seats.map((seat) => keys[seat] as KeyPair),
      digest,
    );

  const seats = (name: string, given: () => Uint8Array, ...refusal: [string, ...(number | string)[]]): Row => ({
    name,
    change: () => ({ seats: given() }),
    refusal,
  });
  const signature = (name: string, given: () => Uint8Array, ...refusal: [string, ...(number | string)[]]): Row => ({
    name,
    change: () => ({ signature: given() }),
    refusal,
  });
  const INVALID = "RollCall_InvalidSignature";
  const FAILED = ["Bls_PrecompileFailed", PAIRING_CHECK] as const;

  refusesEach<Answer>({
    beacon: () => beacon,
    good: () => good,
    transaction: (answer) => ({
      to: beacon.rollCall,
      data: beacon.rollCall.interface.encodeFunctionData("answer", [answer.seats, answer.signature]),
    }),
    rows: [
      seats("a seat that did not sign, with others", () => bits(2, 3, 4, 9), INVALID),
      seats("a signature of more than the seats", () => bits(2, 3), INVALID),
      seats("another seat", () => bits(2, 3, 8), INVALID),
      seats("a seat that has answered already, in place of one that signed", () => bits(0, 2, 3), INVALID),
      seats("no bitmap", () => new Uint8Array(), INVALID),
      seats("an empty bitmap", () => bits(), "AbsentSeats_Empty"),
      seats("a bitmap cut off", () => bits(2, 3, 9).subarray(0, 1), "AbsentSeats_Length", 1, 2),
      seats("a longer bitmap", () => bitsFrom([2, 3, 9], 24), "AbsentSeats_Length", 3, 2),
      seats("a seat that is not there", () => bitsFrom([2, 3, 9, 10], 16), "AbsentSeats_Padding", 10, SEATS),
      seats("a seat that is vacant", () => bits(2, 3, VACANT, 9), "AbsentSeats_Vacant", VACANT),

      signature("an answer to an earlier roll", () => sign([2, 3, 9], digestOf(EPOCH - 1)), INVALID),
      signature("an answer to a later roll", () => sign([2, 3, 9], digestOf(EPOCH + 1)), INVALID),
      signature(
        "an answer on another chain",
        () => {
          const { crypto, domain } = beacon;
          const elsewhere = createDomain(crypto, domain.parentChainId + 1n, domain.registry);
          return sign([2, 3, 9], digestOf(EPOCH, elsewhere));
        },
        INVALID,
      ),
      signature(
        "an answer to another contract",
        () => {
          const { crypto, domain } = beacon;
          const elsewhere = createDomain(crypto, domain.parentChainId, new Uint8Array(20).fill(0xc0));
          return sign([2, 3, 9], digestOf(EPOCH, elsewhere));
        },
        INVALID,
      ),
      signature(
        "a reveal of that epoch",
        () => sign([2, 3, 9], randaoRevealDigest(beacon.crypto, beacon.domain, EPOCH)),
        INVALID,
      ),
      signature(
        "a proof of possession",
        () => {
          const { bls } = beacon.crypto;
          const secretKey = bls.sumSecretKeys([2, 3, 9].map((seat) => (keys[seat] as KeyPair).secretKey));
          return bls.decompressG2(bls.sign(secretKey, digestOf(EPOCH), POSSESSION_TAG));
        },
        INVALID,
      ),
      signature("nobody's signature", () => INFINITY_G2, INVALID),
      ...[0, 96, 255, 257, 512].map((length) =>
        signature(`a signature of ${length} bytes`, () => random.bytes(length), "RollCall_SignatureLength", length),
      ),
      signature("a point off the curve", () => OFF_CURVE_G2, ...FAILED),
      signature("a point outside the subgroup", () => OFF_SUBGROUP_G2, ...FAILED),
      signature("a coordinate that is not below the modulus", () => nonCanonical(good.signature), ...FAILED),
      {
        name: "nobody's signature for no seat",
        change: () => ({ seats: new Uint8Array(), signature: INFINITY_G2 }),
        refusal: [INVALID],
      },
    ],
  });

  it("leave the good one to be taken", async () => {
    const { rollCall } = beacon;
    await rollCall.answer(good.seats, good.signature);
    expect(await rollCall.answers(EPOCH, 0)).to.equal(toHex(bitsFrom([0, 2, 3, 9], 256)));
  });
});
