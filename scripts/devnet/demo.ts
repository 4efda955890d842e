import { setTimeout as sleep } from "node:timers/promises";
import { FetchRequest, Interface, JsonRpcProvider, Network, parseEther, Wallet } from "ethers";
import { fromHex, toHex } from "../../protocol/bytes.ts";
import { depositToInboxes } from "../../relayer/parent/actions/add-inbox-entry.ts";
import type { ContractAddresses } from "../../relayer/parent/parent-view.ts";
import type { TransactionSender } from "../../relayer/parent/transaction-sender.ts";
import { IVault__factory } from "../../types/factories/shards/IVault__factory.ts";
import type { SentMessage } from "./undelivered.ts";

/** The payments that the devnet makes, each a real transaction of a stock ethers wallet through a shard's JSON-RPC. */

/** What a user knows of the messenger: its address and its published ABI (docs/formats.md, section 5). */
const MESSENGER = "0x0000000000000000000000000000000000005701";
const MESSENGER_ABI = new Interface([
  "function sendMessage(uint32 destination,address recipient,bytes data) payable",
  "event MessageSent(uint32 indexed destination,uint64 indexed index,address indexed sender,address recipient,uint256 value,bytes data)",
]);

const DEPOSIT = parseEther("10");
const PAYMENT = parseEther("0.01");
const CROSS_SHARD = parseEther("1");
const WITHDRAWAL = parseEther("2");
/** Payments inside each shard per round. */
const PAYMENTS = 4;
const POLL_MS = 300;

export interface DemoShard {
  readonly id: number;
  readonly chainId: number;
  /** JSON-RPC of the shard. */
  readonly url: string;
}

export interface DemoOptions {
  readonly shards: readonly DemoShard[];
  readonly addresses: ContractAddresses;
  /** Pays the deposits, and sends the withdrawal's proof. */
  readonly launcher: TransactionSender;
  /** Makes the payments. */
  readonly user: { readonly file: string; readonly key: Uint8Array };
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** A payment to another shard: sent, then seen at its recipient in a justified state. */
interface CrossShardPayment extends SentMessage {
  readonly recipient: string;
  delivered: boolean;
}

/** A message to the parent chain, to be paid there. */
interface Withdrawal extends SentMessage {
  readonly index: number;
  readonly recipient: string;
  paid: boolean;
}

export class Demo {
  readonly #options: DemoOptions;
  readonly #user: Wallet;
  readonly #providers = new Map<number, JsonRpcProvider>();
  readonly #crossShard: CrossShardPayment[] = [];
  readonly #withdrawals: Withdrawal[] = [];
  #transactions = 0;
  #deposited = false;

  constructor(options: DemoOptions) {
    this.#options = options;
    this.#user = new Wallet(toHex(options.user.key));
    for (const { id, chainId, url } of options.shards) {
      const request = new FetchRequest(url);
      const provider = new JsonRpcProvider(request, Network.from(chainId), { staticNetwork: true, cacheTimeout: -1 });
      provider.pollingInterval = POLL_MS;
      this.#providers.set(id, provider);
    }
  }

  /** Transactions included in shard blocks. */
  get transactions(): number {
    return this.#transactions;
  }

  get crossShardDelivered(): number {
    return this.#crossShard.filter((payment) => payment.delivered).length;
  }

  /** Sent and not arrived. */
  get inFlight(): readonly SentMessage[] {
    return [
      ...this.#crossShard.filter((payment) => !payment.delivered),
      ...this.#withdrawals.filter(({ paid }) => !paid),
    ];
  }

  /** Whether the deposits have arrived on every shard, which is what everything else is paid from. */
  get deposited(): boolean {
    return this.#deposited;
  }

  /** Withdrawals paid on the parent chain. */
  get withdrawn(): number {
    return this.#withdrawals.filter(({ paid }) => paid).length;
  }

  get isDone(): boolean {
    const crossShard = this.#options.shards.length > 1;
    return this.withdrawn > 0 && this.inFlight.length === 0 && (!crossShard || this.#crossShard.length > 0);
  }

  /** Returns when every payment of the demo has arrived. @throws when one fails */
  async run(): Promise<void> {
    const { shards, user, say } = this.#options;
    await this.#deposit(shards.map(({ id }) => id));
    say(`deposited 10 ETH to ${this.#user.address} on each of ${shards.length} shards; its key is in ${user.file}`);
    await Promise.all(shards.map(({ id }) => this.#waitForBalance(id, this.#user.address, DEPOSIT, "latest")));
    this.#deposited = true;
    say("deposits arrived on every shard");
    const first = shards[0] as DemoShard;
    await Promise.all(
      shards.map(async ({ id }, i) => {
        await this.#pay(id);
        const next = shards[(i + 1) % shards.length] as DemoShard;
        // One wallet per shard: its transactions go one after the other, what follows from them goes side by side.
        const payment = next.id === id ? null : await this.#sendAcross(id, next.id);
        const withdrawal = id === first.id ? await this.#sendHome(id) : null;
        await Promise.all([payment && this.#arrive(payment), withdrawal && this.#claim(withdrawal)]);
      }),
    );
    say("every message of the demo is delivered");
  }

  /** Some more payments inside every shard. */
  async round(): Promise<void> {
    await Promise.all(this.#options.shards.map(({ id }) => this.#pay(id)));
  }

  close(): void {
    for (const provider of this.#providers.values()) provider.destroy();
  }

  #provider(shardId: number): JsonRpcProvider {
    return this.#providers.get(shardId) as JsonRpcProvider;
  }

  #wallet(shardId: number): Wallet {
    return new Wallet(this.#user.privateKey, this.#provider(shardId));
  }

  async #deposit(shardIds: readonly number[]): Promise<void> {
    const { launcher, addresses } = this.#options;
    await depositToInboxes(launcher, addresses, shardIds, fromHex(this.#user.address), DEPOSIT);
  }

  async #pay(shardId: number): Promise<void> {
    const wallet = this.#wallet(shardId);
    const recipient = Wallet.createRandom().address;
    for (let i = 0; i < PAYMENTS; i++) {
      const receipt = await (await wallet.sendTransaction({ to: recipient, value: PAYMENT })).wait();
      if (receipt?.status !== 1) throw new Error(`shard ${shardId}: a payment failed`);
      this.#transactions++;
    }
    const balance = await this.#provider(shardId).getBalance(recipient);
    if (balance !== PAYMENT * BigInt(PAYMENTS)) throw new Error(`shard ${shardId}: ${recipient} has ${balance} wei`);
  }

  async #sendAcross(from: number, to: number): Promise<CrossShardPayment> {
    const recipient = Wallet.createRandom().address;
    const { block } = await this.#sendMessage(from, to, recipient, CROSS_SHARD);
    const payment: CrossShardPayment = { from, to, block, recipient, delivered: false };
    this.#crossShard.push(payment);
    this.#options.say(`shard ${from} sent 1 ETH to shard ${to}`);
    return payment;
  }

  async #arrive(payment: CrossShardPayment): Promise<void> {
    // Justified: the block that imports it stands in a crosslink that the parent chain accepted.
    await this.#waitForBalance(payment.to, payment.recipient, CROSS_SHARD, "safe");
    payment.delivered = true;
    this.#options.say(`shard ${payment.to} received 1 ETH from shard ${payment.from}, in an accepted crosslink`);
  }

  async #sendHome(from: number): Promise<Withdrawal> {
    const recipient = Wallet.createRandom().address;
    const withdrawal = { ...(await this.#sendMessage(from, 0, recipient, WITHDRAWAL)), recipient, paid: false };
    this.#withdrawals.push(withdrawal);
    this.#options.say(`shard ${from} sent 2 ETH to the parent chain`);
    return withdrawal;
  }

  async #claim(withdrawal: Withdrawal): Promise<void> {
    const { launcher, addresses, say } = this.#options;
    const { from, index, recipient } = withdrawal;
    const proof = await this.#waitFor(async () => this.#provider(from).send("watchfire_getMessageProof", [0, index]));
    const data = IVault__factory.createInterface().encodeFunctionData("withdraw", [proof.message, proof.proof]);
    await launcher.send({ action: "Vault.withdraw", to: addresses.vault, data });
    const paid = await launcher.provider.getBalance(recipient);
    if (paid !== WITHDRAWAL) throw new Error(`the withdrawal paid ${paid} wei instead of ${WITHDRAWAL}`);
    withdrawal.paid = true;
    say("the parent chain paid 2 ETH");
  }

  /** @returns also the message's index in the sender's outbox to that destination */
  async #sendMessage(
    from: number,
    to: number,
    recipient: string,
    value: bigint,
  ): Promise<SentMessage & { readonly index: number }> {
    const data = MESSENGER_ABI.encodeFunctionData("sendMessage", [to, recipient, "0x"]);
    const receipt = await (await this.#wallet(from).sendTransaction({ to: MESSENGER, data, value })).wait();
    this.#transactions++;
    const log = receipt?.logs[0];
    const event = log === undefined ? null : MESSENGER_ABI.parseLog(log);
    if (receipt?.status !== 1 || event === null) throw new Error(`shard ${from}: the message to ${to} was not sent`);
    return { from, to, block: receipt.blockNumber, index: Number(event.args.getValue("index")) };
  }

  async #waitForBalance(shardId: number, address: string, least: bigint, tag: "latest" | "safe"): Promise<void> {
    await this.#waitFor(async () => {
      const balance = await this.#provider(shardId).getBalance(address, tag);
      return balance >= least ? balance : null;
    });
  }

  /** Asks until there is an answer. The demo's own deadline ends it: `signal`. */
  async #waitFor<T>(ask: () => Promise<T | null>): Promise<T> {
    const { signal } = this.#options;
    for (;;) {
      signal.throwIfAborted();
      const answer = await ask();
      if (answer !== null) return answer;
      await sleep(POLL_MS, undefined, { signal });
    }
  }
}
