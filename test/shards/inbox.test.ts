import { expect } from "chai";
import { ZeroAddress, ZeroHash } from "ethers";
import { fromHex, toHex } from "../../protocol/bytes.ts";
import {
  INBOX_DEPOSIT,
  INBOX_FORCED_TRANSACTION,
  type InboxEntry,
  inboxEntryDigest,
} from "../../protocol/inbox-entry.ts";
import {
  type Beacon,
  deployBeacon,
  depositAll,
  newKeys,
  openShards,
  passGenesis,
  passToEpoch,
  TEST_PARAMETERS,
} from "../support/beacon.ts";

describe("Inbox", () => {
  let beacon: Beacon;

  async function deployed() {}

  before(async () => {
    beacon = await deployBeacon();
    await depositAll(beacon, newKeys(beacon.crypto, 16));
    await openShards(beacon, 3);
  });

  beforeEach(() => beacon.networkHelpers.loadFixture(deployed));

  function digestOf(entry: Partial<InboxEntry>): string {
    const full: InboxEntry = {
      shardId: 2,
      index: 0,
      epoch: 0,
      kind: INBOX_DEPOSIT,
      sender: fromHex(beacon.launcher.address),
      recipient: new Uint8Array(20),
      value: 0n,
      data: new Uint8Array(),
      ...entry,
    };
    return toHex(inboxEntryDigest(beacon.crypto, beacon.domain, full));
  }

  it("takes deposits, before genesis too, and passes the coins to the vault", async () => {
    const { inbox, vault, launcher, stranger, ethers } = beacon;
    const recipient = fromHex(stranger.address);
    const deposit = inbox.deposit(2, stranger.address, { value: 5n });
    const digest = digestOf({ recipient, value: 5n });
    await expect(deposit)
      .to.emit(inbox, "EntryAdded")
      .withArgs(2, 0, 0, INBOX_DEPOSIT, launcher.address, stranger.address, 5, "0x", digest);
    await expect(deposit)
      .to.emit(vault, "Locked")
      .withArgs(await inbox.getAddress(), 5);
    await expect(deposit).to.changeEtherBalances(ethers, [vault, inbox], [5n, 0n]);
    await passGenesis(beacon);
    await passToEpoch(beacon, 3);
    await inbox.deposit(2, stranger.address, { value: 6n });
    expect(await inbox.entry(2, 0)).to.equal(digest);
    expect(await inbox.entry(2, 1)).to.equal(digestOf({ index: 1, epoch: 3, recipient, value: 6n }));
    expect(await inbox.entry(2, 2)).to.equal(ZeroHash);
    expect([await inbox.entryCount(1), await inbox.entryCount(2)]).to.deep.equal([0n, 2n]);
  });

  it("takes forced transactions in the same line", async () => {
    const { inbox, launcher, stranger, parameters } = beacon;
    await inbox.deposit(2, stranger.address, { value: 5n });
    const data = new Uint8Array(parameters.maxForcedBytes).fill(2);
    const digest = digestOf({ index: 1, kind: INBOX_FORCED_TRANSACTION, data });
    await expect(inbox.force(2, data))
      .to.emit(inbox, "EntryAdded")
      .withArgs(2, 1, 0, INBOX_FORCED_TRANSACTION, launcher.address, ZeroAddress, 0, toHex(data), digest);
    expect(await inbox.entry(2, 1)).to.equal(digest);
  });

  it("refuses shards that are not open, no value, too much, nobody", async () => {
    const { inbox, stranger, networkHelpers, launcher } = beacon;
    for (const shardId of [0, 4]) {
      for (const add of [
        () => inbox.deposit(shardId, stranger.address, { value: 1n }),
        () => inbox.force(shardId, "0x02"),
      ]) {
        await expect(add()).to.be.revertedWithCustomError(inbox, "Inbox_ShardNotOpen").withArgs(shardId);
      }
    }
    await networkHelpers.setBalance(launcher.address, 2n ** 129n);
    for (const value of [0n, 2n ** 128n]) {
      await expect(inbox.deposit(1, stranger.address, { value }))
        .to.be.revertedWithCustomError(inbox, "Inbox_ValueOutOfRange")
        .withArgs(value);
    }
    await expect(inbox.deposit(1, stranger.address, { value: 2n ** 128n - 1n })).to.emit(inbox, "EntryAdded");
    await expect(inbox.deposit(1, ZeroAddress, { value: 1n })).to.be.revertedWithCustomError(
      inbox,
      "Inbox_ZeroRecipient",
    );
  });

  it("refuses shards without a committee, from genesis on", async () => {
    const { inbox, stranger, crypto } = beacon;
    const deposit = (shardId: number) => inbox.deposit(shardId, stranger.address, { value: 1n });
    await deposit(3);
    await passGenesis(beacon);
    const refused = async () => {
      for (const add of [() => deposit(3), () => inbox.force(3, "0x02")]) {
        await expect(add()).to.be.revertedWithCustomError(inbox, "Inbox_NoCommittee").withArgs(3, 2, 2);
      }
      await deposit(2);
    };
    await refused();
    // Eight more validators make the third committee, four in each of two epochs.
    await depositAll(beacon, newKeys(crypto, 24).slice(16));
    await passToEpoch(beacon, 2);
    await refused();
    await passToEpoch(beacon, 3);
    await deposit(3);
    await inbox.force(3, "0x02");
    expect(await inbox.entryCount(3)).to.equal(3);
  });

  it("refuses an empty forced transaction and one that is too long", async () => {
    const { inbox, parameters } = beacon;
    for (const length of [0, parameters.maxForcedBytes + 1]) {
      await expect(inbox.force(1, new Uint8Array(length)))
        .to.be.revertedWithCustomError(inbox, "Inbox_TransactionLength")
        .withArgs(length, parameters.maxForcedBytes);
    }
  });

  describe("takes so many entries", () => {
    let few: Beacon;
    const deposit = (shardId: number) => few.inbox.deposit(shardId, few.stranger.address, { value: 1n });
    const force = (shardId: number) => few.inbox.force(shardId, "0x02");
    const epochSeconds = TEST_PARAMETERS.secondsPerSlot * TEST_PARAMETERS.slotsPerEpoch;

    async function expectFull(entry: Promise<unknown>, shardId: number, kind: number) {
      const window = Math.floor((await few.networkHelpers.time.latest()) / epochSeconds);
      await expect(entry)
        .to.be.revertedWithCustomError(few.inbox, "Inbox_WindowFull")
        .withArgs(shardId, kind, window, 2);
    }

    /** To the beginning of the next window. */
    async function passWindow() {
      const now = await few.networkHelpers.time.latest();
      await few.networkHelpers.time.increaseTo((Math.floor(now / epochSeconds) + 1) * epochSeconds);
    }

    beforeEach(async () => {
      few = await deployBeacon({ ...TEST_PARAMETERS, inboxEntriesPerEpoch: 2 });
      await depositAll(few, newKeys(few.crypto, 16));
      await openShards(few, 2);
      await passWindow();
    });

    it("of each shard and kind: forced transactions keep no deposits out", async () => {
      await force(1);
      await force(1);
      await expectFull(force(1), 1, INBOX_FORCED_TRANSACTION);
      await deposit(1);
      await deposit(1);
      await expectFull(deposit(1), 1, INBOX_DEPOSIT);
      await deposit(2);
      await force(2);
      expect([await few.inbox.entryCount(1), await few.inbox.entryCount(2)]).to.deep.equal([4n, 2n]);
    });

    it("in a time as long as an epoch, before genesis too", async () => {
      const genesisTime = (await few.networkHelpers.time.latest()) + 4 * epochSeconds;
      await few.registry.scheduleGenesis(genesisTime);
      for (let window = 0; window < 8; window++) {
        await deposit(1);
        await deposit(1);
        await expectFull(deposit(1), 1, INBOX_DEPOSIT);
        await passWindow();
      }
      expect(await few.registry.currentEpoch()).to.be.greaterThan(1);
      expect(await few.inbox.entryCount(1)).to.equal(16);
    });
  });
});
