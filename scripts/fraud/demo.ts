import { setTimeout as sleep } from "node:timers/promises";
import { formatEther, Wallet } from "ethers";
import { FAULTS } from "../../ledger/dispute-evidence.ts";
import { toHex } from "../../protocol/bytes.ts";
import { type Crosslink, crosslinkHash } from "../../protocol/crosslink.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import type { Transport } from "../../relayer/network/transport.ts";
import { depositToInbox } from "../../relayer/parent/actions/add-inbox-entry.ts";
import { answerChallenge } from "../../relayer/parent/actions/answer-challenge.ts";
import { submitCheckpoint } from "../../relayer/parent/actions/submit-checkpoint.ts";
import { committeeOf } from "../../relayer/parent/committee.ts";
import { connectContracts } from "../../relayer/parent/contracts.ts";
import type { DataChallenge } from "../../relayer/parent/parent-view.ts";
import { vaultTotals } from "../../relayer/parent/vault-totals.ts";
import { audit } from "../../relayer/watcher/audit.ts";
import { LocalNetwork, type Member } from "../devnet/local-network.ts";
import { conspire } from "./conspiracy.ts";
import { Mallory } from "./mallory.ts";
import type { MintingBlock } from "./mint.ts";

const SHARD = 1;
const POSITION = 0;
const VALIDATORS = 64;
const DEPOSIT = 10n ** 18n;
const WATCHER_FUNDS = 10n ** 18n;
const WATCHER = new Uint8Array(32).fill(0x77);
const MALLORY = new Uint8Array(32).fill(0x66);
const POLL_MS = 250;
/** Epochs of the parent chain that any part of the story may take. */
const PATIENCE = 16;
const REWARD_QUOTIENT = 8n;

export interface FraudReport {
  readonly fault: string;
  /** Blocks of the parent chain from the acceptance of the lie to its end. */
  readonly blocksToVoid: number;
  readonly punishedValidators: number;
  /** wei */
  readonly taken: bigint;
  readonly reward: bigint;
  readonly burnt: bigint;
  readonly valueConserved: boolean;
}

class Town extends LocalNetwork {
  protected override wrap(transport: Transport): Transport {
    return transport;
  }
}

/** Everybody who guards a shard is bought, and it does not help: told on a running devnet. */
export class FraudDemo {
  readonly #say: (line: string) => void;
  readonly #town: Town;
  readonly #mallory: Mallory;

  constructor(crypto: Crypto, say: (line: string) => void) {
    this.#say = say;
    this.#town = new Town(crypto, { validators: VALIDATORS, parameters: { slotsPerEpoch: 8 } });
    const transport = this.#town.hub.connect("mallory", () => {});
    this.#mallory = new Mallory({ crypto, view: () => this.#town.view, transport, shardId: SHARD, key: MALLORY });
  }

  async tell(): Promise<FraudReport> {
    const say = this.#say;
    const town = this.#town;
    say("A devnet starts: 4 operators with a shard each, 64 validators with a stake of 1 coin each.");
    await town.start();
    await this.#hireWatcher();
    await this.#wait("a settled checkpoint with Mallory's deposit", async () => {
      const operator = town.operatorOf(SHARD).keys.accountKey;
      return town.view.settled.epoch > 0 && this.#mallory.balance(operator) > 0n;
    });
    say(`Epoch ${town.view.settled.epoch} has settled. Mallory has 1 coin on shard 1, as her deposit says.`);

    const { crosslink, block } = await this.#lie();
    const hash = toHex(crosslinkHash(town.crypto, town.view.domain, crosslink));
    const acceptedIn = town.view.checkpoint(crosslink.epoch)?.acceptedBlock ?? 0;
    const guilty = this.#signers(crosslink);
    await this.#judgement(block, crosslink, guilty);
    const { disputes } = this.#contracts;
    const { fault, blockNumber } = await disputes.verdictOn(hash);
    const money = await this.#money(guilty);
    await this.#goOn();
    return {
      fault: FAULTS[Number(fault)] as string,
      blocksToVoid: Number(blockNumber) - acceptedIn,
      punishedValidators: guilty.length,
      ...money,
      valueConserved: await this.#isConserved(),
    };
  }

  close(): Promise<void> {
    return this.#town.close();
  }

  get #contracts() {
    return connectContracts(this.#town.deployment.addresses, this.#town.provider);
  }

  async #hireWatcher(): Promise<void> {
    const { launcher, deployment } = this.#town;
    const { addresses } = deployment;
    const to = new Wallet(toHex(WATCHER)).address;
    await launcher.send({ action: "funding the watcher", to, data: "0x", value: WATCHER_FUNDS });
    await this.#town.startWatcher("watcher", WATCHER, (message) => this.#say(`  the watcher: ${message}`));
    await depositToInbox(launcher, addresses, SHARD, this.#mallory.address, DEPOSIT);
    this.#say("One watcher follows all shards. It has no stake, no vote, and no say in anything.");
  }

  /** All nodes stop, and their keys sign what Mallory wants. */
  async #lie(): Promise<{ crosslink: Crosslink; block: MintingBlock }> {
    const say = this.#say;
    const town = this.#town;
    const { crypto, view } = town;
    const key = town.operatorOf(SHARD).keys.accountKey;
    const keys = town.members.flatMap((member) => member.keys.validatorKeys);
    say("Now Mallory buys all four operators and all 64 validators. Their nodes stop; their keys are hers.");
    await Promise.all(town.members.map((member) => town.stopMember(member)));
    const { crosslink, block } = this.#mallory.plant(key);
    say(
      `She builds block ${block.header.number} of shard 1: a payment of 1 wei to herself, after which she has a million coins more.`,
    );
    const { epoch } = crosslink;
    await this.#wait("the end of the epoch", async () => view.epoch() > epoch);
    await submitCheckpoint(town.launcher, town.deployment.addresses, conspire(crypto, view, keys, epoch, crosslink));
    await this.#wait("the acceptance of the lie", async () => view.checkpoint(epoch) !== null);
    say(`Everybody votes for it: the parent chain accepts the checkpoint of epoch ${epoch}. The lie is anchored.`);
    return { crosslink, block };
  }

  /** Validators who sat in the committee of the crosslink; all of them voted. */
  #signers({ epoch }: Crosslink): number[] {
    const committee = committeeOf(this.#town.view, POSITION, epoch) ?? [];
    return committee.flatMap((validator) => (validator === null ? [] : [validator.index]));
  }

  /** Until the crosslink is void, and all who signed it have paid. */
  async #judgement(block: MintingBlock, crosslink: Crosslink, guilty: readonly number[]): Promise<void> {
    const say = this.#say;
    const { source, view, deployment, launcher } = this.#town;
    const answer = (challenge: DataChallenge) => {
      if (challenge.blockHash === null) return;
      say(
        "She shows on the parent chain what she claims of every step of the block: who would check a million accounts?",
      );
      for (const each of this.#mallory.answer(challenge, block)) {
        answerChallenge(launcher, deployment.addresses, challenge.id, each).catch((error: unknown) =>
          say(String(error)),
        );
      }
    };
    source.on("challenge", answer);
    try {
      await this.#wait("the verdict", async () => view.isVoid(POSITION, crosslink.epoch));
    } finally {
      source.off("challenge", answer);
    }
    say("The EVM has executed that one payment again and come to another state: the crosslink is void.");
    const { staking, shardRegistry } = this.#contracts;
    await this.#wait("the penalties", async () => {
      const stakes = await Promise.all(guilty.map(async (each) => (await staking.stakeOf(each)).amount));
      return stakes.every((amount) => amount === 0n) && (await shardRegistry.shard(SHARD)).bond === 0n;
    });
    say(
      `The ${guilty.length} validators who signed it have lost their whole stakes, the operator its bond. Nobody else lost anything.`,
    );
  }

  async #money(guilty: readonly number[]): Promise<Pick<FraudReport, "taken" | "reward" | "burnt">> {
    const { stake, shardBond } = this.#town.view.parameters;
    const taken = BigInt(guilty.length) * stake + shardBond;
    const reward = taken / REWARD_QUOTIENT;
    const { staking, shardRegistry } = this.#contracts;
    await this.#wait("the watcher's reward", async () => {
      const events = [
        ...(await staking.queryFilter(staking.filters.RewardClaimed())),
        ...(await shardRegistry.queryFilter(shardRegistry.filters.RewardClaimed())),
      ];
      return events.reduce((sum, { args }) => sum + args.amount, 0n) >= reward;
    });
    this.#say(`The watcher has claimed its eighth: ${formatEther(reward)} coins. The rest is burnt.`);
    return { taken, reward, burnt: taken - reward };
  }

  /** Another operator takes over, and what it anchors settles. */
  async #goOn(): Promise<void> {
    const town = this.#town;
    const { view } = town;
    const standing = view.parentOf(SHARD)?.lastBlock ?? 0;
    const successor = town.members[1] as Member;
    await Promise.all(town.members.map((member) => town.restartMember(member)));
    await town.takeOver(SHARD, successor);
    this.#say(
      `The nodes run again, honestly. ${successor.keys.name} puts down a bond and takes shard 1 over after block ${standing}.`,
    );
    await this.#wait("the shard's next crosslink", async () => (view.parentOf(SHARD)?.lastBlock ?? 0) > standing);
    const { epoch, generation } = view.parentOf(SHARD) as Crosslink;
    await this.#wait("its settlement", async () => view.settled.epoch >= epoch);
    this.#say(`Shard 1 goes on in generation ${generation}, and has settled there. Mallory has what she had: 1 coin.`);
  }

  async #isConserved(): Promise<boolean> {
    const { crypto, view, provider, deployment, publishedBlocks } = this.#town;
    const { balance, paid } = await vaultTotals(provider, deployment, view.head.number);
    await audit({ crypto, view, source: publishedBlocks, vaultBalance: balance, paidWithdrawals: paid });
    this.#say("An audit of all blocks from genesis on finds every coin where it belongs.");
    return true;
  }

  async #wait(what: string, condition: () => Promise<boolean>): Promise<void> {
    const { view } = this.#town;
    const start = view.epoch();
    while (!(await condition())) {
      if (view.epoch() > start + PATIENCE) throw new Error(`${what}: not within ${PATIENCE} epochs`);
      await sleep(POLL_MS);
    }
  }
}
