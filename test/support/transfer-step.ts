import { equal, toHex, ZERO_HASH } from "../../protocol/bytes.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { paddedTreeProof, paddedTreeRoot } from "../../protocol/padded-tree.ts";
import { accountKey, decodeAccount, encodeAccount } from "../../protocol/state.ts";
import { type TraceLeaf, traceLeafHash } from "../../protocol/trace.ts";
import {
  decodeTransaction,
  recoverSender,
  signTransaction,
  type UnsignedTransaction,
} from "../../protocol/transaction.ts";
import { type Access, accessOf, deepTree, EMPTY_TREE, rootOf, type Tree, withWord, wordAt } from "./reference-tree.ts";

/** A block with one transfer that is of interest, and the evidence that judges it. The state is a piece of a large one. */

export const GWEI = 10n ** 9n;
export const CHAIN_ID = 0x1234_5678_9abcn;
export const SECRET_KEY = new Uint8Array(32).fill(0x41);
export const RECIPIENT = new Uint8Array(20).fill(0xbb);

export const TRANSFER: UnsignedTransaction = {
  chainId: CHAIN_ID,
  nonce: 7n,
  maxPriorityFeePerGas: GWEI / 2n,
  maxFeePerGas: 3n * GWEI,
  gasLimit: 50_000n,
  to: RECIPIENT,
  value: 5n * GWEI,
  data: new Uint8Array(0),
};

/** What TRANSFER pays: the flat gas, at base fee plus priority fee. */
export const FEE = (21_000n * 3n * GWEI) / 2n;

export interface Scenario {
  /** As sent; TRANSFER signed when left out. */
  readonly payload?: Uint8Array;
  readonly sender?: { readonly nonce: bigint; readonly balance: bigint };
  /** What stands where the recipient's path ends. */
  readonly recipient?: "account" | "nothing" | "other";
  /** What the block claims of the step where it is not what an honest operator would. */
  readonly claims?: Partial<TraceLeaf>;
  readonly previousClaims?: Partial<TraceLeaf>;
  /** Of both paths in the state, in siblings. */
  readonly depth?: number;
  readonly stepCount?: number;
  readonly index?: number;
}

const FEES_BEFORE = 123_456n * GWEI;

/** The `TransferStep` argument. With an inadmissible transaction the claims are those of the state before. */
export function transferStep(crypto: Crypto, scenario: Scenario = {}) {
  const { depth = 5, stepCount = 9, index = 4 } = scenario;
  const payload = scenario.payload ?? signTransaction(crypto, TRANSFER, SECRET_KEY);
  const sender = scenario.sender ?? { nonce: 7n, balance: 10n ** 18n };

  const senderAddress = addressOf(crypto);
  const senderKey = accountKey(crypto, senderAddress);
  const transaction = decodedOrNull(payload);
  const recipientKey = accountKey(crypto, transaction?.to ?? RECIPIENT);

  let unknowns = 0;
  const unknown = () => crypto.sha256(Uint8Array.of(unknowns & 0xff, unknowns++ >> 8));
  const senderLeaf = { key: senderKey, word: encodeAccount(sender.nonce, sender.balance) };
  const endOf = (key: Uint8Array): Tree =>
    equal(key, senderKey) ? { kind: "leaf", leaf: senderLeaf } : endOfRecipient(key, scenario.recipient ?? "account");
  const keys = equal(senderKey, recipientKey) ? [senderKey] : [senderKey, recipientKey];
  const before = deepTree(keys, depth, endOf, unknown);

  const pay = accessOf(crypto, before, senderKey);
  const accesses: Access[] = [pay];
  let after = before;
  let fees = FEES_BEFORE;
  const signer = transaction && recoverSender(crypto, transaction);
  if (transaction && signer && equal(signer, senderAddress) && sender.balance >= transaction.value + FEE) {
    const paid = encodeAccount(sender.nonce + 1n, sender.balance - transaction.value - FEE);
    const between = withWord(before, senderKey, paid);
    accesses.push(accessOf(crypto, between, recipientKey));
    const account = decodeAccount(wordAt(crypto, between, recipientKey));
    after = withWord(between, recipientKey, encodeAccount(account.nonce, account.balance + transaction.value));
    fees += FEE;
  }

  const previous: TraceLeaf = {
    index: index - 1,
    kind: 1,
    length: 111,
    payloadHash: crypto.sha256(payload),
    stateRoot: rootOf(crypto, before),
    fees: FEES_BEFORE,
    ...scenario.previousClaims,
  };
  const leaf: TraceLeaf = {
    index,
    kind: 1,
    length: payload.length,
    payloadHash: crypto.keccak256(payload),
    stateRoot: rootOf(crypto, after),
    fees,
    ...scenario.claims,
  };
  const leaves = Array.from({ length: stepCount }, (_, i) => crypto.sha256(Uint8Array.of(i & 0xff, i >> 8, 1)));
  leaves[index - 1] = traceLeafHash(crypto, previous);
  leaves[index] = traceLeafHash(crypto, leaf);
  return {
    traceRoot: toHex(paddedTreeRoot(crypto, leaves)),
    stepCount,
    index,
    leaf: leafArgument(leaf),
    leafSiblings: paddedTreeProof(crypto, leaves, index).map(toHex),
    previous: leafArgument(previous),
    previousSiblings: paddedTreeProof(crypto, leaves, index - 1).map(toHex),
    payload: toHex(payload),
    accesses: accesses.map(accessArgument),
  };
}

export function addressOf(crypto: Crypto): Uint8Array {
  const payload = signTransaction(crypto, TRANSFER, SECRET_KEY);
  return recoverSender(crypto, decodeTransaction(payload)) as Uint8Array;
}

function decodedOrNull(payload: Uint8Array) {
  try {
    return decodeTransaction(payload);
  } catch {
    return null;
  }
}

function endOfRecipient(key: Uint8Array, what: "account" | "nothing" | "other"): Tree {
  if (what === "nothing") return EMPTY_TREE;
  if (what === "account") return { kind: "leaf", leaf: { key, word: encodeAccount(3n, 77n * GWEI) } };
  // Another account whose key differs in the last byte alone would push both leaves down by hundreds of levels; that no
  // hash of an address comes so close is what keeps paths short. Three levels below the end of the path is realistic.
  const otherKey = key.slice();
  otherKey[3] = (otherKey[3] as number) ^ 0x40;
  return { kind: "leaf", leaf: { key: otherKey, word: encodeAccount(1n, 1n) } };
}

function leafArgument(leaf: TraceLeaf) {
  return { ...leaf, payloadHash: toHex(leaf.payloadHash), stateRoot: toHex(leaf.stateRoot) };
}

export function accessArgument(access: Access) {
  return {
    end: access.end,
    otherKey: toHex(access.otherKey),
    word: toHex(access.end === 1 ? ZERO_HASH : access.word),
    siblings: access.siblings.map(toHex),
  };
}

export type TransferStepArgument = ReturnType<typeof transferStep>;
