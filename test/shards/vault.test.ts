import { expect } from "chai";
import { getAddress, parseEther } from "ethers";
import { fromHex, toHex } from "../../protocol/bytes.ts";
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
import { Voters } from "../support/checkpoints.ts";
import { ShardState } from "../support/shard-state.ts";

/** A shard that sends, in one settled checkpoint, all the messages of these tests; the limit is 10 coins per epoch. */
describe("Vault", () => {
  const SENDER = new Uint8Array(20).fill(0x5e);
  const LIMIT = parseEther("10");
  const VALUES = ["1", "4", "5", "25", "0", "10"].map(parseEther);
  const EOA = new Uint8Array(20).fill(0xee);
  const RECIPIENT = getAddress(toHex(EOA));

  let beacon: Beacon;
  let caller: Awaited<ReturnType<typeof deployCaller>>;
  let state: ShardState;
  let voters: Voters;

  const deployCaller = (from: Beacon) => from.ethers.deployContract("CallerMock");
  const CONTRACT_MESSAGE = VALUES.length;

  before(async () => {
    beacon = await deployBeacon({ ...TEST_PARAMETERS, withdrawalLimitPerEpoch: LIMIT });
    const keys = newKeys(beacon.crypto, 8);
    caller = await deployCaller(beacon);
    await depositAll(beacon, keys);
    await openShards(beacon, 1);
    await beacon.inbox.deposit(1, beacon.stranger.address, { value: parseEther("100") });
    await passGenesis(beacon);

    state = new ShardState(beacon.crypto, beacon.domain, 1);
    for (const value of VALUES) state.send({ destination: 0, sender: SENDER, recipient: EOA, value });
    const toContract = fromHex(await caller.getAddress());
    state.send({ destination: 0, sender: SENDER, recipient: toContract, value: 3n });
    state.send({ destination: 0, sender: SENDER, recipient: toContract, value: 3n });
    state.send({ destination: 0, sender: SENDER, recipient: EOA, value: 3n });
    state.send({ destination: 2, sender: SENDER, recipient: EOA, value: 7n });

    voters = new Voters(beacon, keys);
    await passToEpoch(beacon, 2);
    const record = {
      generation: 0,
      firstBlock: 1,
      lastBlock: 1,
      blocksRoot: new Uint8Array(32).fill(1),
      stateRoot: state.root(),
    };
    await voters.justify(1, { changes: [{ position: 0, shardId: 1, record }] });
    const crosslink = voters.crosslinks.get(0)!;
    crosslinkProof = voters.proof(voters.source, 0, crosslink);
    await passToEpoch(beacon, 3);
    await voters.justify(2);
    await passToEpoch(beacon, 5);
    await beacon.anchors.settle(1);
  });

  let crosslinkProof: ReturnType<Voters["proof"]>;

  async function settled() {}

  beforeEach(() => beacon.networkHelpers.loadFixture(settled));

  function claim(index: number, destination = 0) {
    const { message, ...path } = state.messageProof(destination, index);
    return [message, { crosslink: crosslinkProof, ...path }] as const;
  }

  const withdraw = (index: number) => beacon.vault.connect(beacon.stranger).withdraw(...claim(index));

  it("pays a settled message to its recipient, whoever calls, once", async () => {
    const { vault, ethers } = beacon;
    const withdrawal = withdraw(0);
    await expect(withdrawal).to.emit(vault, "Withdrawn").withArgs(1, 0, RECIPIENT, VALUES[0], 0);
    await expect(withdrawal).to.changeEtherBalances(ethers, [vault, RECIPIENT], [-VALUES[0]!, VALUES[0]!]);
    expect([await vault.isWithdrawn(1, 0), await vault.isWithdrawn(1, 1)]).to.deep.equal([true, false]);
    expect(await vault.remainingThisEpoch()).to.equal(LIMIT - VALUES[0]!);
    await expect(withdraw(0)).to.be.revertedWithCustomError(vault, "Vault_AlreadyWithdrawn").withArgs(1, 0);
    console.log(`      gas: withdraw ${(await (await withdrawal).wait())?.gasUsed}`);
  });

  it("pays in any order, and a message without value", async () => {
    const { vault } = beacon;
    await withdraw(1);
    await expect(withdraw(4)).to.emit(vault, "Withdrawn");
    await expect(withdraw(4)).to.be.revertedWithCustomError(vault, "Vault_AlreadyWithdrawn");
    await withdraw(0);
    await expect(withdraw(1)).to.be.revertedWithCustomError(vault, "Vault_AlreadyWithdrawn").withArgs(1, 1);
  });

  it("pays no more than the limit per epoch, and goes on in the next", async () => {
    const { vault } = beacon;
    await withdraw(0);
    await withdraw(1);
    await withdraw(CONTRACT_MESSAGE + 2);
    // Of the epoch's 10 there are 5 left, less 3 wei: a message of half the limit is not paid in parts.
    await expect(withdraw(2))
      .to.be.revertedWithCustomError(vault, "Vault_LimitReached")
      .withArgs(5, VALUES[2], parseEther("5") - 3n);
    await passToEpoch(beacon, 6);
    expect(await vault.remainingThisEpoch()).to.equal(LIMIT);
    await expect(withdraw(2)).to.emit(vault, "Withdrawn");
  });

  it("lets nobody hold up a message of the whole limit with a few coins in every epoch", async () => {
    const { vault } = beacon;
    await withdraw(0);
    const rest = LIMIT - VALUES[0]!;
    await expect(withdraw(5)).to.emit(vault, "Withdrawn").withArgs(1, 5, RECIPIENT, rest, VALUES[0]);
    await passToEpoch(beacon, 6);
    await withdraw(1);
    await expect(withdraw(5)).to.emit(vault, "Withdrawn").withArgs(1, 5, RECIPIENT, VALUES[0], 0);
    expect(await vault.isWithdrawn(1, 5)).to.equal(true);
  });

  it("pays a message above the limit in instalments", async () => {
    const { vault, ethers } = beacon;
    await withdraw(1);
    await expect(withdraw(3)).to.emit(vault, "Withdrawn").withArgs(1, 3, RECIPIENT, parseEther("6"), parseEther("19"));
    expect(await vault.paidInInstalments(1, 3)).to.equal(parseEther("6"));
    expect(await vault.isWithdrawn(1, 3)).to.equal(false);
    await expect(withdraw(3))
      .to.be.revertedWithCustomError(vault, "Vault_LimitReached")
      .withArgs(5, parseEther("19"), 0);
    await expect(withdraw(0)).to.be.revertedWithCustomError(vault, "Vault_LimitReached");
    await passToEpoch(beacon, 6);
    await expect(withdraw(3)).to.emit(vault, "Withdrawn").withArgs(1, 3, RECIPIENT, LIMIT, parseEther("9"));
    await passToEpoch(beacon, 7);
    await expect(withdraw(3)).to.emit(vault, "Withdrawn").withArgs(1, 3, RECIPIENT, parseEther("9"), 0);
    expect(await vault.isWithdrawn(1, 3)).to.equal(true);
    expect(await vault.paidInInstalments(1, 3)).to.equal(0);
    expect(await vault.remainingThisEpoch()).to.equal(parseEther("1"));
    await expect(withdraw(3)).to.be.revertedWithCustomError(vault, "Vault_AlreadyWithdrawn");
    expect(await ethers.provider.getBalance(RECIPIENT)).to.equal(parseEther("29"));
  });

  it("leaves a message unpaid whose recipient refuses, until it takes the coins", async () => {
    const { vault, ethers } = beacon;
    await expect(withdraw(CONTRACT_MESSAGE))
      .to.be.revertedWithCustomError(vault, "Vault_PaymentFailed")
      .withArgs(await caller.getAddress(), 3);
    expect(await vault.isWithdrawn(1, CONTRACT_MESSAGE)).to.equal(false);
    expect(await vault.remainingThisEpoch()).to.equal(LIMIT);
    await caller.onReceive(true, ethers.ZeroAddress, "0x");
    await expect(withdraw(CONTRACT_MESSAGE)).to.changeEtherBalance(ethers, caller, 3n);
  });

  it("is not entered again by a recipient", async () => {
    const { vault } = beacon;
    for (const index of [CONTRACT_MESSAGE, CONTRACT_MESSAGE + 1]) {
      await caller.onReceive(true, vault, vault.interface.encodeFunctionData("withdraw", [...claim(index)]));
      await expect(withdraw(CONTRACT_MESSAGE)).to.be.revertedWithCustomError(vault, "Vault_PaymentFailed");
    }
  });

  it("takes gifts through lock, and no other coins", async () => {
    const { vault, launcher, ethers } = beacon;
    await expect(vault.lock({ value: 5n }))
      .to.emit(vault, "Locked")
      .withArgs(launcher.address, 5);
    await expect(launcher.sendTransaction({ to: vault, value: 5n })).to.be.revertedWithoutReason(ethers);
  });
});
