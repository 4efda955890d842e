import { decodeBlock } from "../../ledger/block.ts";
import type { LedgerEnvironment } from "../../ledger/environment.ts";
import { executeBlock } from "../../ledger/execute-block.ts";
import { exportLeaves } from "../../ledger/load-tree.ts";
import { ShardState } from "../../ledger/shard-state.ts";
import { decodeImportInbox, decodeImportMessage, STEP_KIND } from "../../ledger/step.ts";
import { equal, fromHex, toHex } from "../../protocol/bytes.ts";
import { epochOfSlot } from "../../protocol/clock.ts";
import type { Crosslink } from "../../protocol/crosslink.ts";
import { paddedTreeRoot } from "../../protocol/padded-tree.ts";
import { accountKey, cursorKey, headKey, outboxKey, seedKey } from "../../protocol/state.ts";
import { FEE_COLLECTOR_ADDRESS } from "../../protocol/system-contracts.ts";

/** An anchored crosslink is not what the published blocks lead to. */
export class AuditFailure extends Error {
  override readonly name = "AuditFailure";
}

/** Published blocks of a shard, encoded, in order from `first`; fewer when there are no more. */
export type BlockSource = (shardId: number, first: number, last: number) => Promise<readonly Uint8Array[]>;

/** A shard executed from genesis by its published blocks alone, with all the value in it. */
export class ShardReplay {
  readonly state: ShardState;
  readonly #environment: LedgerEnvironment;
  readonly #operatorOf: (generation: number) => Uint8Array | null;
  readonly #source: BlockSource;
  /** Every account that a step has named, in hexadecimal. */
  readonly #accounts = new Set<string>([toHex(FEE_COLLECTOR_ADDRESS)]);
  readonly #sources = new Set<number>([0]);
  readonly #destinations = new Set<number>();
  /** wei of each message, by destination and index. */
  readonly #sent = new Map<number, bigint[]>();
  transactions = 0;

  constructor(
    environment: LedgerEnvironment,
    operatorOf: (generation: number) => Uint8Array | null,
    source: BlockSource,
  ) {
    this.#environment = environment;
    this.#operatorOf = operatorOf;
    this.#source = source;
    // One undo: a block whose outcome is not what its header says is taken back, or the taking back would be what fails.
    this.state = ShardState.genesis(environment.crypto, 1);
  }

  /** Executes the blocks of the next anchored crosslink and compares. @throws AuditFailure */
  async follow(crosslink: Crosslink): Promise<void> {
    const { crypto, shardId, parameters } = this.#environment;
    const fail = (why: string) => new AuditFailure(`shard ${shardId}, crosslink of epoch ${crosslink.epoch}: ${why}`);
    const next = (this.state.header?.number ?? 0) + 1;
    if (crosslink.firstBlock !== next) throw fail(`begins with block ${crosslink.firstBlock} instead of ${next}`);
    const hashes: Uint8Array[] = [];
    while (hashes.length < crosslink.lastBlock - crosslink.firstBlock + 1) {
      const first = crosslink.firstBlock + hashes.length;
      const blocks = await this.#source(shardId, first, crosslink.lastBlock);
      if (blocks.length === 0) throw fail(`block ${first} is not published`);
      for (const bytes of blocks) hashes.push(this.#execute(bytes, crosslink.generation, fail));
    }
    const { header } = this.state;
    if (header === null || epochOfSlot(parameters, header.slot) > crosslink.epoch) throw fail("holds later blocks");
    if (!equal(paddedTreeRoot(crypto, hashes), crosslink.blocksRoot)) throw fail("the blocks root is another");
    if (!equal(this.state.root, crosslink.stateRoot)) throw fail("the state root is another");
  }

  /** All balances, and the fees of the last block, which the next one credits. @throws AuditFailure */
  value(): bigint {
    const { crypto, shardId } = this.#environment;
    const known = new Set<string>();
    let sum = this.state.header?.fees ?? 0n;
    for (const account of this.#accounts) {
      const address = fromHex(account);
      known.add(toHex(accountKey(crypto, address)));
      sum += this.state.account(address).balance;
    }
    for (const key of [headKey(crypto), seedKey(crypto)]) known.add(toHex(key));
    for (const source of this.#sources) known.add(toHex(cursorKey(crypto, source)));
    for (const destination of this.#destinations) known.add(toHex(outboxKey(crypto, destination)));
    const { keys } = exportLeaves(this.state.tree);
    for (let i = 0; i < keys.length; i += 32) {
      const key = toHex(keys.subarray(i, i + 32));
      if (!known.has(key)) throw new AuditFailure(`shard ${shardId}: no step explains the state leaf ${key}`);
    }
    return sum;
  }

  /** wei of the messages to a destination from an index on. */
  sentTo(destination: number, fromIndex: number): bigint {
    return (this.#sent.get(destination) ?? []).slice(fromIndex).reduce((sum, value) => sum + value, 0n);
  }

  #execute(bytes: Uint8Array, generation: number, fail: (why: string) => Error): Uint8Array {
    const { shardId, parameters } = this.#environment;
    try {
      const operator = this.#operatorOf(generation);
      if (operator === null) throw new AuditFailure(`there is no generation ${generation}`);
      const block = decodeBlock(bytes);
      const { blockHash, receipts, messages } = executeBlock(
        this.#environment,
        this.state,
        { generation, operator },
        block,
      );
      for (const { transaction } of receipts) {
        if (transaction === null) continue;
        this.transactions++;
        this.#accounts.add(toHex(transaction.sender)).add(toHex(transaction.recipient));
      }
      for (const { kind, payload } of block.steps) {
        if (kind === STEP_KIND.importInbox) this.#accounts.add(toHex(decodeImportInbox(shardId, payload).recipient));
        if (kind !== STEP_KIND.importMessage) continue;
        const { message } = decodeImportMessage(shardId, parameters.shardCount, payload);
        this.#accounts.add(toHex(message.recipient));
        this.#sources.add(message.source);
      }
      for (const { message } of messages) {
        this.#destinations.add(message.destination);
        const values = this.#sent.get(message.destination) ?? [];
        values[message.index] = message.value;
        this.#sent.set(message.destination, values);
      }
      return blockHash;
    } catch (error) {
      const number = (this.state.header?.number ?? 0) + 1;
      throw fail(`block ${number} does not execute: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
