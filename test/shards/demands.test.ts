import { expect } from "chai";
import type { Log } from "ethers";
import { toHex } from "../../protocol/bytes.ts";
import { MAX_MESSAGE_DATA_BYTES } from "../../protocol/presets.ts";
import { ANY, type BadInput, type Refusal, refusesEach } from "../support/bad-inputs.ts";
import { BOB, badCrosslinks, HASH, rotated, type SettledShards, settledShards } from "../support/settled-shards.ts";

/** What is demanded is the message that shard 1 had sent to shard 2 by epoch 1. */
describe("Demands of messages", () => {
  type Claim = ReturnType<SettledShards["claim"]>;
  type Row = BadInput<Claim>;

  let shards: SettledShards;

  async function settled() {}

  before(async () => {
    shards = await settledShards();
  });

  beforeEach(() => shards.beacon.networkHelpers.loadFixture(settled));

  const good = () => shards.claim(1, 1, 0, 2);

  const transaction = ({ message, ...proof }: Claim) => ({
    to: shards.beacon.inbox,
    data: shards.beacon.inbox.interface.encodeFunctionData("demand", [message, proof]),
  });

  function demand({ message, ...proof }: Claim) {
    return shards.beacon.inbox.connect(shards.beacon.stranger).demand(message, proof);
  }

  it("are taken from anybody, and hold all that the import needs", async () => {
    const { inbox, registry } = shards.beacon;
    const claim = good();
    expect(await inbox.demandedIn(2, 1, 0)).to.equal(0);
    const epoch = await registry.currentEpoch();
    const receipt = await (await demand(claim)).wait();
    const event = inbox.interface.parseLog(receipt?.logs[0] as Log);
    const { message, proof, ...place } = event?.args.toObject() ?? {};
    expect(event?.name).to.equal("MessageDemanded");
    expect(place).to.deep.equal({ destination: 2n, source: 1n, index: 0n, epoch });
    expect(inbox.interface.encodeFunctionData("demand", [message, proof])).to.equal(transaction(claim).data);
    expect(await inbox.demandedIn(2, 1, 0)).to.equal(epoch);
    for (const other of [
      [1, 2, 0],
      [2, 1, 1],
      [2, 3, 0],
      [3, 1, 0],
    ] as const) {
      expect(await inbox.demandedIn(...other)).to.equal(0);
    }
  });

  it("count from the first one, by whatever settled state it is shown again", async () => {
    const { inbox, registry, networkHelpers } = shards.beacon;
    const first = await registry.currentEpoch();
    await demand(good());
    await networkHelpers.time.increase(10_000);
    for (const claim of [good(), shards.claim(1, 2, 0, 2)]) {
      await expect(demand(claim)).to.be.revertedWithCustomError(inbox, "Inbox_AlreadyDemanded").withArgs(2, 1, 0);
    }
    expect(await inbox.demandedIn(2, 1, 0)).to.equal(first);
  });

  const wrongState = (name: string, change: Row["change"]): Row => ({
    name,
    change,
    refusal: ({ crosslink }): Refusal => ["CrosslinkAnchors_WrongState", ANY, crosslink.crosslink.stateRoot],
  });

  describe("of what is no message between shards", () => {
    refusesEach<Claim>({
      beacon: () => shards.beacon,
      good,
      transaction,
      rows: [
        {
          name: "a message to the parent chain",
          change: () => shards.claim(1, 1, 1),
          refusal: ["Inbox_NotBetweenShards", 1, 0],
        },
        {
          name: "a message of a shard to itself",
          change: ({ message }) => ({ message: { ...message, destination: 1 } }),
          refusal: ["Inbox_NotBetweenShards", 1, 1],
        },
        {
          name: "more data than a message may have",
          change: ({ message }) => ({
            message: { ...message, data: toHex(new Uint8Array(MAX_MESSAGE_DATA_BYTES + 1)) },
          }),
          refusal: ["Inbox_NotImportable", 1, 0],
        },
        {
          name: "a path deeper than any",
          change: () => ({ stateSiblings: Array<string>(129).fill(HASH) as `0x${string}`[] }),
          refusal: ["Inbox_NotImportable", 1, 0],
        },
        {
          name: "a block number that nobody decodes",
          change: ({ crosslink }) => ({
            crosslink: {
              ...crosslink,
              crosslink: { ...crosslink.crosslink, lastBlock: (2n ** 53n) as unknown as number },
            },
          }),
          refusal: ["Inbox_NotImportable", 1, 0],
        },
        wrongState("as much data as a message may have", ({ message }) => ({
          message: { ...message, data: toHex(new Uint8Array(MAX_MESSAGE_DATA_BYTES)) },
        })),
        wrongState("another recipient", ({ message }) => ({
          message: { ...message, recipient: toHex(BOB) },
        })),
        wrongState("another destination", ({ message }) => ({ message: { ...message, destination: 3 } })),
        wrongState("the path in another order", ({ stateSiblings }) => ({
          stateSiblings: rotated(stateSiblings) as typeof stateSiblings,
        })),
        {
          name: "a message past the last one",
          change: ({ message }) => ({ message: { ...message, index: 1 } }),
          refusal: ["AppendTree_IndexOutOfRange", 1, 1],
        },
        {
          name: "a message of another shard",
          change: ({ message }) => ({ message: { ...message, source: 3 } }),
          refusal: ["CrosslinkAnchors_WrongShard", 1, 3],
        },
      ],
    });
  });

  describe("of what is not settled", () => {
    refusesEach<Claim>({ beacon: () => shards.beacon, good, transaction, rows: badCrosslinks<Claim>(() => shards) });
  });
});
