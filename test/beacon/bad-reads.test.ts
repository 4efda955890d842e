import { expect } from "chai";
import { toHex } from "../../protocol/bytes.ts";
import { crosslinkHash } from "../../protocol/crosslink.ts";
import { accountKey, encodeAccount } from "../../protocol/state.ts";
import { ANY, type BadInput, type Refusal, refusesEach } from "../support/bad-inputs.ts";
import {
  ALICE,
  BOB,
  badCrosslinks,
  type CrosslinkProof,
  HASH,
  rotated,
  type SettledShards,
  settledShards,
} from "../support/settled-shards.ts";

/** What is read as settled is the state of shard 1 in epoch 1. Messages are read by bad-withdrawals.test.ts. */
describe("Bad reads of settled state", () => {
  let shards: SettledShards;

  before(async () => {
    shards = await settledShards();
  });

  const send = (data: string) => ({ to: shards.beacon.anchors, data });

  describe("of a crosslink", () => {
    interface Read {
      readonly crosslink: CrosslinkProof;
    }

    const good = (): Read => ({ crosslink: shards.crosslinkProof(1, 1) });

    refusesEach<Read>({
      beacon: () => shards.beacon,
      good,
      transaction: ({ crosslink }) =>
        send(shards.beacon.anchors.interface.encodeFunctionData("verifyCrosslink", [crosslink])),
      rows: [
        ...badCrosslinks<Read>(() => shards),
        {
          name: "a crosslink of another shard",
          change: ({ crosslink }) => ({
            crosslink: { ...crosslink, crosslink: { ...crosslink.crosslink, shardId: 2 } },
          }),
          refusal: () => ["CrosslinkAnchors_WrongCrosslink", ANY, shards.commitment(1)],
        },
        {
          name: "an entry of a generation that its shard is not in",
          change: () => ({ crosslink: shards.crosslinkProof(2, 2) }),
          refusal: ["CrosslinkAnchors_Excepted", 2, 1],
        },
      ],
    });

    it("takes what was refused with a change", async () => {
      const { crypto, domain, anchors } = shards.beacon;
      expect(await anchors.verifyCrosslink(good().crosslink)).to.equal(
        toHex(crosslinkHash(crypto, domain, shards.crosslink(1, 1))),
      );
    });
  });

  describe("of a word of the state", () => {
    interface Read {
      readonly crosslink: CrosslinkProof;
      readonly key: string;
      readonly word: string;
      readonly siblings: readonly string[];
    }

    const keyOf = (account: Uint8Array) => accountKey(shards.beacon.crypto, account);
    const siblingsOf = (account: Uint8Array, shardId: number, epoch: number) =>
      shards.stateOf(shardId, epoch).path(keyOf(account)).map(toHex);

    const good = (): Read => ({
      crosslink: shards.crosslinkProof(1, 1),
      key: toHex(keyOf(ALICE)),
      word: toHex(encodeAccount(1n, 10n ** 18n)),
      siblings: siblingsOf(ALICE, 1, 1),
    });

    const wrongState = (name: string, change: BadInput<Read>["change"]): BadInput<Read> => ({
      name,
      change,
      refusal: ({ crosslink }): Refusal => ["CrosslinkAnchors_WrongState", ANY, crosslink.crosslink.stateRoot],
    });

    refusesEach<Read>({
      beacon: () => shards.beacon,
      good,
      transaction: ({ crosslink, key, word, siblings }) =>
        send(
          shards.beacon.anchors.interface.encodeFunctionData("verifyState", [
            crosslink,
            key,
            word,
            { siblings: [...siblings] },
          ]),
        ),
      rows: [
        ...badCrosslinks<Read>(() => shards),
        wrongState("another key", () => ({ key: toHex(keyOf(BOB)) })),
        wrongState("a key that is not there", () => ({ key: HASH })),
        wrongState("another word", () => ({ word: toHex(encodeAccount(1n, 10n ** 18n + 1n)) })),
        wrongState("no word", () => ({ word: `0x${"00".repeat(32)}` })),
        wrongState("key and word swapped", ({ key, word }) => ({ key: word, word: key })),
        wrongState("no siblings", () => ({ siblings: [] })),
        wrongState("a sibling too few", ({ siblings }) => ({ siblings: siblings.slice(1) })),
        wrongState("a sibling too few at the top", ({ siblings }) => ({ siblings: siblings.slice(0, -1) })),
        wrongState("a sibling too many", ({ siblings }) => ({ siblings: [...siblings, HASH] })),
        wrongState("an empty sibling too many", ({ siblings }) => ({
          siblings: [`0x${"00".repeat(32)}`, ...siblings],
        })),
        wrongState("the first sibling changed", ({ siblings }) => ({ siblings: [HASH, ...siblings.slice(1)] })),
        wrongState("the siblings rotated", ({ siblings }) => ({ siblings: rotated(siblings) })),
        wrongState("the siblings of another account", () => ({ siblings: siblingsOf(BOB, 1, 1) })),
        wrongState("the siblings in another shard", () => ({ siblings: siblingsOf(ALICE, 2, 1) })),
        wrongState("the siblings in another epoch", () => ({ siblings: siblingsOf(ALICE, 1, 2) })),
        wrongState("the state of another shard", () => ({ crosslink: shards.crosslinkProof(2, 1) })),
        wrongState("the state of another epoch", () => ({ crosslink: shards.crosslinkProof(1, 2) })),
        {
          name: "more siblings than a key has bits",
          change: () => ({ siblings: new Array(257).fill(HASH) }),
          refusal: ["SparseMerkleTree_ProofLength", 257],
        },
      ],
    });

    it("takes what was refused with a change", async () => {
      const { crosslink, key, word, siblings } = good();
      await shards.beacon.anchors.verifyState(crosslink, key, word, { siblings: [...siblings] });
    });
  });
});
