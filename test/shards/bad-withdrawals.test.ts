import { expect } from "chai";
import { getAddress } from "ethers";
import { toHex } from "../../protocol/bytes.ts";
import { ANY, type BadInput, expectRefused, type Refusal, refusesEach } from "../support/bad-inputs.ts";
import {
  ALICE,
  BOB,
  badCrosslinks,
  HASH,
  rotated,
  type SettledShards,
  settledShards,
} from "../support/settled-shards.ts";

/** What is withdrawn is the second of the three messages that shard 1 had sent by epoch 1. */
describe("Bad withdrawals", () => {
  type Claim = ReturnType<SettledShards["claim"]>;
  type Row = BadInput<Claim>;

  let shards: SettledShards;

  before(async () => {
    shards = await settledShards();
  });

  const good = () => shards.claim(1, 1, 1);

  const transaction = ({ message, ...proof }: Claim) => ({
    to: shards.beacon.vault,
    data: shards.beacon.vault.interface.encodeFunctionData("withdraw", [message, proof]),
  });

  const wrongState = (name: string, change: Row["change"]): Row => ({
    name,
    change,
    refusal: ({ crosslink }): Refusal => ["CrosslinkAnchors_WrongState", ANY, crosslink.crosslink.stateRoot],
  });

  const otherMessage = (name: string, wrong: Partial<Claim["message"]>): Row =>
    wrongState(name, ({ message }) => ({ message: { ...message, ...wrong } }));

  describe("of messages that were not sent", () => {
    refusesEach<Claim>({
      beacon: () => shards.beacon,
      good,
      transaction,
      rows: [
        otherMessage("another recipient", { recipient: toHex(ALICE) }),
        otherMessage("another sender", { sender: toHex(BOB) }),
        otherMessage("a wei more", { value: 103n }),
        otherMessage("no value", { value: 0n }),
        otherMessage("all that there may be", { value: 2n ** 128n - 1n }),
        otherMessage("other data", { data: "0x00" }),
        otherMessage("the number of the message before", { index: 0 }),
        otherMessage("the number of the message after", { index: 2 }),
        ...[3, 2n ** 64n - 1n].map(
          (index): Row => ({
            name: `the number ${index}, past the last message`,
            change: ({ message }) => ({ message: { ...message, index: index as number } }),
            refusal: ["AppendTree_IndexOutOfRange", index, 3],
          }),
        ),
        {
          name: "a message to another shard",
          change: () => shards.claim(1, 1, 0, 2),
          refusal: ["Vault_NotToParent", 2],
        },
        wrongState("a message to another shard as one to the parent chain", () => {
          const claim = shards.claim(1, 1, 0, 2);
          return { ...claim, message: { ...claim.message, destination: 0 } };
        }),
        {
          name: "a message of another shard",
          change: ({ message }) => ({ message: { ...message, source: 2 } }),
          refusal: ["CrosslinkAnchors_WrongShard", 1, 2],
        },
        wrongState("a message that was sent an epoch later", () => {
          const { message, ...later } = shards.claim(1, 2, 3);
          return { message, count: later.count, siblings: later.siblings };
        }),
      ],
    });
  });

  describe("by paths that lead elsewhere", () => {
    const lengths = (n: number): Refusal => ["AppendTree_ProofLength", n, 2];

    refusesEach<Claim>({
      beacon: () => shards.beacon,
      good,
      transaction,
      rows: [
        // In the outbox.
        { name: "no siblings", change: () => ({ siblings: [] }), refusal: lengths(0) },
        {
          name: "a sibling too few",
          change: ({ siblings }) => ({ siblings: siblings.slice(1) }),
          refusal: lengths(1),
        },
        {
          name: "a sibling too many",
          change: ({ siblings }) => ({ siblings: [...siblings, HASH] }),
          refusal: lengths(3),
        },
        {
          name: "all siblings up to the root",
          change: ({ siblings }) => ({ siblings: new Array(32).fill(siblings[0]) }),
          refusal: lengths(32),
        },
        wrongState("the siblings rotated", ({ siblings }) => ({ siblings: rotated(siblings) as typeof siblings })),
        wrongState("the first sibling changed", ({ siblings }) => ({ siblings: [HASH, ...siblings.slice(1)] })),
        wrongState("the siblings of the message before", () => ({ siblings: shards.claim(1, 1, 0).siblings })),
        wrongState("the siblings of the message after", () => ({ siblings: shards.claim(1, 1, 2).siblings })),
        wrongState("the siblings in the outbox of another shard", () => ({ siblings: shards.claim(2, 1, 1).siblings })),
        wrongState("the siblings in the outbox an epoch later", () => {
          const { siblings, count } = shards.claim(1, 2, 1);
          return { siblings, count };
        }),
        wrongState("one message more than was sent", () => ({ count: 4 })),
        ...[0, 1].map(
          (count): Row => ({
            name: `${count} messages`,
            change: () => ({ count }),
            refusal: ["AppendTree_IndexOutOfRange", 1, count],
          }),
        ),
        ...[2n ** 32n + 1n, 2n ** 64n - 1n].map(
          (count): Row => ({
            name: `${count} messages, more than an outbox holds`,
            change: () => ({ count: count as unknown as number }),
            refusal: ["AppendTree_IndexOutOfRange", 1, count],
          }),
        ),
        // In the state.
        wrongState("no path of the outbox", () => ({ stateSiblings: [] })),
        wrongState("a sibling of the outbox too few", ({ stateSiblings }) => ({
          stateSiblings: stateSiblings.slice(1),
        })),
        wrongState("a sibling of the outbox too many", ({ stateSiblings }) => ({
          stateSiblings: [...stateSiblings, HASH],
        })),
        wrongState("the first sibling of the outbox changed", ({ stateSiblings }) => ({
          stateSiblings: [HASH, ...stateSiblings.slice(1)],
        })),
        wrongState("the path of another outbox", () => ({ stateSiblings: shards.claim(1, 1, 0, 2).stateSiblings })),
        wrongState("the path of the outbox in another shard", () => ({
          stateSiblings: shards.claim(2, 1, 1).stateSiblings,
        })),
        wrongState("the path of the outbox an epoch later", () => ({
          stateSiblings: shards.claim(1, 2, 1).stateSiblings,
        })),
        {
          name: "more siblings of the outbox than a key has bits",
          change: () => ({ stateSiblings: new Array(257).fill(HASH) }),
          refusal: ["SparseMerkleTree_ProofLength", 257],
        },
      ],
    });
  });

  describe("from what is not settled as shown", () => {
    refusesEach<Claim>({
      beacon: () => shards.beacon,
      good,
      transaction,
      rows: [
        ...badCrosslinks<Claim>(() => shards),
        {
          name: "the crosslink of another shard",
          change: () => ({ crosslink: shards.crosslinkProof(2, 1) }),
          refusal: ["CrosslinkAnchors_WrongShard", 2, 1],
        },
        {
          name: "the crosslink of another shard under the shard's number",
          change: () => {
            const other = shards.crosslinkProof(2, 1);
            return { crosslink: { ...other, crosslink: { ...other.crosslink, shardId: 1 } } };
          },
          refusal: () => ["CrosslinkAnchors_WrongCrosslink", ANY, shards.commitment(1)],
        },
        wrongState("the crosslink of another epoch", () => ({ crosslink: shards.crosslinkProof(1, 2) })),
        {
          name: "a message from an entry of a generation that its shard is not in",
          change: () => shards.claim(2, 2, 1),
          refusal: ["CrosslinkAnchors_Excepted", 2, 1],
        },
        {
          name: "a message from a checkpoint that is not settled",
          change: () => shards.claim(1, 3, 1),
          refusal: ["CrosslinkAnchors_NotSettled", 3],
        },
      ],
    });
  });

  describe("at last", () => {
    it("takes what was refused with a change, once, whatever proves it", async () => {
      const { beacon } = shards;
      await expect(beacon.stranger.sendTransaction(transaction(good())))
        .to.emit(beacon.vault, "Withdrawn")
        .withArgs(1, 1, getAddress(toHex(BOB)), 102, 0);
      for (const again of [good(), shards.claim(1, 2, 1), shards.claim(1, 3, 1)]) {
        await expectRefused(beacon, transaction(again), ["Vault_AlreadyWithdrawn", 1, 1]);
      }
      // The message of the same number of the other shard is another one.
      await beacon.stranger.sendTransaction(transaction(shards.claim(2, 1, 1)));
      expect(await beacon.ethers.provider.getBalance(toHex(BOB))).to.equal(102n + 202n);
    });
  });
});
