import { createNativeCrypto } from "../../crypto/native.ts";
import { type Block, encodeBlock } from "../../ledger/block.ts";
import { type BlockRequest, type BuiltBlock, buildBlock } from "../../ledger/build-block.ts";
import type { BlockPlace } from "../../ledger/check-header.ts";
import { createLedgerEnvironment, type LedgerEnvironment, type ParentFacts } from "../../ledger/environment.ts";
import { ShardState } from "../../ledger/shard-state.ts";
import { encodeImportInbox, STEP_KIND, type Step } from "../../ledger/step.ts";
import type { BlockHeader } from "../../protocol/block-header.ts";
import { fromBigInt, word } from "../../protocol/bytes.ts";
import { createDomain } from "../../protocol/eip712.ts";
import {
  INBOX_DEPOSIT,
  INBOX_FORCED_TRANSACTION,
  type InboxEntry,
  inboxEntryDigest,
} from "../../protocol/inbox-entry.ts";
import { addressOfKey, signAsOperator } from "../../protocol/operator-signature.ts";
import { encodeSendMessage, MESSENGER_ADDRESS, type SendMessageArguments } from "../../protocol/system-contracts.ts";
import { signTransaction, type UnsignedTransaction } from "../../protocol/transaction.ts";

export const crypto = await createNativeCrypto();
export const domain = createDomain(crypto, 31337n, new Uint8Array(20).fill(0xbe));
export const GWEI = 10n ** 9n;
export const ETHER = 10n ** 18n;
const NOBODY = new Uint8Array(20);

/** Parent-chain facts that a test writes down. */
export class FakeFacts implements ParentFacts {
  shards = 3;
  readonly inbox = new Map<string, { digest: Uint8Array; epoch: number }>();
  readonly settled = new Map<string, { root: Uint8Array; settledEpoch: number }>();
  /** Epochs from here on are not known yet. */
  horizon = Number.POSITIVE_INFINITY;

  seed(epoch: number): Uint8Array | null {
    return epoch >= this.horizon ? null : crypto.sha256(word(epoch));
  }

  shardCount(asOfEpoch: number): number | null {
    return asOfEpoch >= this.horizon ? null : this.shards;
  }

  inboxEntryDigest(shardId: number, index: number): { digest: Uint8Array; epoch: number } | null {
    return this.inbox.get(`${shardId}/${index}`) ?? null;
  }

  settledCheckpointRoot(checkpointEpoch: number, position: number, asOfEpoch: number): Uint8Array | null {
    const settled = this.settled.get(`${checkpointEpoch}/${position}`);
    return settled === undefined || settled.settledEpoch > asOfEpoch ? null : settled.root;
  }
}

export interface Key {
  readonly secret: Uint8Array;
  readonly address: Uint8Array;
}

export function keyOf(n: number): Key {
  const secret = word(n + 1);
  return { secret, address: addressOfKey(crypto, secret) };
}

export const OPERATOR = keyOf(999);

/** A shard with its operator, and a parent chain that says what the test wants. */
export class Shard {
  readonly facts = new FakeFacts();
  readonly environment: LedgerEnvironment;
  readonly state: ShardState;
  generation = 0;
  #inboxLength = 0;

  constructor(shardId = 1) {
    const parameters = { slotsPerEpoch: 8, inputDelay: 1, shardCount: 4 };
    this.environment = createLedgerEnvironment({ crypto, domain, parameters, facts: this.facts, shardId });
    this.state = ShardState.genesis(crypto, 64);
  }

  place(previous: BlockHeader | null = this.state.header): BlockPlace {
    return { previous, generation: this.generation, operator: OPERATOR.address };
  }

  entry(parts: Partial<InboxEntry>, index = this.#inboxLength++, epoch = 0): InboxEntry {
    const { shardId } = this.environment;
    const kind = parts.kind ?? INBOX_DEPOSIT;
    const base = { shardId, index, epoch, kind, sender: NOBODY, recipient: NOBODY, value: 0n, data: new Uint8Array(0) };
    const entry = { ...base, ...parts };
    this.facts.inbox.set(`${shardId}/${index}`, { digest: inboxEntryDigest(crypto, domain, entry), epoch });
    return entry;
  }

  deposit(recipient: Uint8Array, value: bigint): Step {
    return { kind: STEP_KIND.importInbox, payload: encodeImportInbox(this.entry({ recipient, value })) };
  }

  forced(data: Uint8Array): Step {
    const entry = this.entry({ kind: INBOX_FORCED_TRANSACTION, data });
    return { kind: STEP_KIND.importInbox, payload: encodeImportInbox(entry) };
  }

  /** A signed transfer; 1 gwei of fee per gas unless told otherwise. */
  signed(
    from: Key,
    to: Uint8Array | null,
    value: bigint,
    nonce: bigint,
    more: Partial<UnsignedTransaction> = {},
  ): Uint8Array {
    const transaction: UnsignedTransaction = {
      chainId: this.environment.chainId,
      nonce,
      maxPriorityFeePerGas: 0n,
      maxFeePerGas: GWEI,
      gasLimit: 21_000n,
      to,
      value,
      data: new Uint8Array(0),
      ...more,
    };
    return signTransaction(crypto, transaction, from.secret);
  }

  transfer(from: Key, to: Uint8Array, value: bigint, nonce: bigint, more: Partial<UnsignedTransaction> = {}): Step {
    return { kind: STEP_KIND.transaction, payload: this.signed(from, to, value, nonce, more) };
  }

  message(from: Key, call: SendMessageArguments, value: bigint, nonce: bigint): Step {
    const more = { data: encodeSendMessage(call), gasLimit: 100_000n };
    return this.transfer(from, MESSENGER_ADDRESS, value, nonce, more);
  }

  build(slot: number, candidates: readonly Step[], more: Partial<BlockRequest> = {}): BuiltBlock {
    return buildBlock(this.environment, this.state, { slot, generation: this.generation, candidates, ...more });
  }

  balance(address: Uint8Array): bigint {
    return this.state.account(address).balance;
  }
}

export function sign(built: BuiltBlock): Block {
  return {
    header: built.header,
    operatorSignature: signAsOperator(crypto, built.blockHash, OPERATOR.secret),
    steps: built.steps,
    witness: built.witness,
  };
}

export function encoded(built: BuiltBlock): Uint8Array {
  return encodeBlock(sign(built));
}

/** An address that nobody has a key of. */
export function addressAt(n: number): Uint8Array {
  return fromBigInt(0xaa00_0000_0000n + BigInt(n), 20);
}
