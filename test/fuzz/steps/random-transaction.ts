import { concat, fromBigInt, toBigInt, word } from "../../../protocol/bytes.ts";
import type { Crypto } from "../../../protocol/crypto.ts";
import { BASE_FEE, MAX_PAYLOAD_BYTES } from "../../../protocol/presets.ts";
import { encodeSendMessage, FLAT_GAS, MESSENGER_ADDRESS } from "../../../protocol/system-contracts.ts";
import { signingDigest } from "../../../protocol/transaction.ts";
import { type Draws, flipped } from "./draws.ts";

/** Transactions of every form, sound ones and such that break a rule or sit on its edge. */

export interface Signer {
  readonly secret: Uint8Array;
  readonly address: Uint8Array;
}

/** A transaction and what it needs of the state to be admissible. */
export interface RandomTransaction {
  readonly payload: Uint8Array;
  readonly nonce: bigint;
  /** wei */
  readonly cost: bigint;
  readonly recipient: Uint8Array;
  /** What was done to it. */
  readonly twists: readonly string[];
}

interface Draft {
  chainId: bigint;
  nonce: bigint;
  maxPriorityFeePerGas: bigint;
  maxFeePerGas: bigint;
  gasLimit: bigint;
  to: Uint8Array | null;
  value: bigint;
  data: Uint8Array;
  accessList: Uint8Array;
}

type Twist = (draws: Draws, draft: Draft) => void;

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const LIMIT_64 = 2n ** 64n;
/** [[address, []]] and forms that no decoder of access lists takes. */
const ACCESS_LISTS = [
  concat(Uint8Array.of(0xd7, 0xd6, 0x94), new Uint8Array(20), Uint8Array.of(0xc0)),
  Uint8Array.of(0xc1, 0x80),
  Uint8Array.of(0xc1, 0xff),
];
const EMPTY_LIST = Uint8Array.of(0xc0);

/** Each breaks a rule, or takes a field to the edge of it. */
const TWISTS: Readonly<Record<string, Twist>> = {
  chainId: (draws, draft) => {
    draft.chainId = draws.pick([0n, 1n, draft.chainId ^ 1n, draft.chainId >> 1n, LIMIT_64 - 1n, LIMIT_64]);
  },
  accessList: (draws, draft) => {
    draft.accessList = draws.pick(ACCESS_LISTS);
  },
  creation: (_, draft) => {
    draft.to = null;
  },
  recipientLength: (draws, draft) => {
    draft.to = draws.bytes(draws.pick([1, 19, 21, 32, 56]));
  },
  systemAddress: (draws, draft) => {
    draft.to = fromBigInt(draws.pick([0x5700n, 0x5701n, 0x5702n, 0x570fn, 0x5710n, 0x56ffn, 0x1_5700n]), 20);
  },
  data: (draws, draft) => {
    draft.data = draws.bytes(draws.pick([0, 1, 2, 3, 4, 5, 55, 56, 255, 256]));
  },
  selector: (draws, draft) => {
    if (draft.data.length >= 4) draft.data = concat(flipped(draws, draft.data.subarray(0, 4)), draft.data.subarray(4));
  },
  gasLimit: (draws, draft) => {
    const flat = draws.pick(Object.values(FLAT_GAS));
    draft.gasLimit = draws.pick([0n, flat - 1n, flat, flat + 1n, LIMIT_64 - 1n, LIMIT_64]);
  },
  priorityFee: (draws, draft) => {
    const { maxFeePerGas } = draft;
    draft.maxPriorityFeePerGas = draws.pick([maxFeePerGas, maxFeePerGas + 1n, LIMIT_64 - 1n, LIMIT_64]);
  },
  maxFee: (draws, draft) => {
    draft.maxFeePerGas = draws.pick([0n, BASE_FEE - 1n, BASE_FEE, LIMIT_64 - 1n, LIMIT_64]);
    if (draws.chance(70) && draft.maxPriorityFeePerGas > draft.maxFeePerGas) draft.maxPriorityFeePerGas = 0n;
  },
  nonce: (draws, draft) => {
    draft.nonce = draws.pick([0n, 0x7fn, 0x80n, 2n ** 53n - 1n, 2n ** 53n, LIMIT_64 - 2n, LIMIT_64 - 1n, LIMIT_64]);
  },
  value: (draws, draft) => {
    draft.value = draws.pick([0n, 1n, 0x7fn, 0x80n, LIMIT_64 - 1n, LIMIT_64, 2n ** 128n - 1n, 2n ** 128n]);
  },
};

/** How often each comes, so that no rule is broken too rarely. */
const OFTEN: Readonly<Record<string, number>> = { gasLimit: 3, maxFee: 3, priorityFee: 2 };
const TWIST_WEIGHTS = Object.fromEntries(Object.keys(TWISTS).map((name) => [name, OFTEN[name] ?? 1]));

/** Call data that is not canonical, or just still is. */
const CALL_TWISTS: Readonly<Record<string, (draws: Draws, data: Uint8Array) => Uint8Array>> = {
  callFlip: (draws, data) => concat(data.subarray(0, 4), flipped(draws, data.subarray(4))),
  callShorter: (draws, data) => data.subarray(0, data.length - draws.pick([1, 31, 32, 33, 64])),
  callLonger: (draws, data) => concat(data, new Uint8Array(draws.pick([1, 31, 32, 33, 64]))),
  callHead: (draws, data) => data.subarray(0, draws.pick([4, 36, 68, 100, 131, 132])),
  callOffset: (draws, data) => concat(data.subarray(0, 68), word(draws.pick([0, 64, 95, 97, 128])), data.subarray(100)),
  callLength: (draws, data) =>
    concat(data.subarray(0, 100), word(draws.pick([0, 1, 255, 256, 257, 2 ** 32, 2 ** 53 - 1])), data.subarray(132)),
  callLengthHuge: (draws, data) => concat(data.subarray(0, 100), draws.bytes(32), data.subarray(132)),
  callPadding: (draws, data) => {
    const changed = data.slice();
    changed[data.length - 1] = draws.between(0, 255);
    return changed;
  },
};

function rlpHeader(base: number, length: number): Uint8Array {
  if (length < 56) return Uint8Array.of(base + length);
  const size = toMinimal(BigInt(length));
  return concat(Uint8Array.of(base + 55 + size.length), size);
}

function toMinimal(value: bigint): Uint8Array {
  let length = 0;
  for (let rest = value; rest > 0n; rest >>= 8n) length++;
  return fromBigInt(value, length);
}

function rlpString(bytes: Uint8Array): Uint8Array {
  return bytes.length === 1 && (bytes[0] as number) < 0x80 ? bytes : concat(rlpHeader(0x80, bytes.length), bytes);
}

/** Other encodings of the same field, none of them canonical. */
const NON_CANONICAL: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
  leadingZero: (bytes) => rlpString(concat(Uint8Array.of(0), bytes)),
  zeroByte: () => Uint8Array.of(0),
  headerOfByte: (bytes) => concat(Uint8Array.of(0x81), bytes.subarray(0, 1)),
  longHeader: (bytes) => concat(Uint8Array.of(0xb8, bytes.length), bytes),
  longerHeader: (bytes) => concat(Uint8Array.of(0xb9, 0, bytes.length), bytes),
  list: (bytes) => concat(Uint8Array.of(0xc0 + (bytes.length % 56)), bytes.subarray(0, bytes.length % 56)),
  beyond: (bytes) => concat(Uint8Array.of(0xbb, 0xff, 0xff, 0xff, 0xff), bytes),
  far: (bytes) => concat(Uint8Array.of(0xbf, 0, 0, 0, 0, 0, 0, 0, 1), bytes),
  missing: () => new Uint8Array(0),
};

interface Signature {
  readonly r: Uint8Array;
  readonly s: Uint8Array;
  readonly yParity: bigint;
}

const SIGNATURES: Readonly<Record<string, (draws: Draws, signature: Signature) => Signature>> = {
  highS: (_, { r, s, yParity }) => ({ r, s: fromBigInt(ORDER - toBigInt(s), 32), yParity: 1n - yParity }),
  otherParity: (_, signature) => ({ ...signature, yParity: 1n - signature.yParity }),
  parity: (draws, signature) => ({
    ...signature,
    yParity: draws.pick([2n, 27n, 28n, 255n, 256n + signature.yParity, LIMIT_64 - 1n, LIMIT_64]),
  }),
  r: (draws, signature) => ({
    ...signature,
    r: fromBigInt(draws.pick([0n, 1n, 5n, ORDER - 1n, ORDER, 2n ** 256n - 1n]), 32),
  }),
  s: (draws, signature) => ({
    ...signature,
    s: fromBigInt(draws.pick([0n, 1n, ORDER / 2n, ORDER / 2n + 1n, ORDER - 1n, ORDER]), 32),
  }),
  otherSigner: (draws, { r, s, yParity }) => ({
    r,
    s: concat(Uint8Array.of(0), flipped(draws, s.subarray(1))),
    yParity,
  }),
  longR: (_, signature) => ({ ...signature, r: concat(Uint8Array.of(1), signature.r) }),
};

/** What a call to the messenger can be about. */
function randomCall(draws: Draws, shardId: number, shardCount: number) {
  const destination = draws.pick([0, 1, 2, shardCount, shardCount, shardCount + 1, shardId, 2 ** 32 - 1]);
  const length = draws.pick([0, 1, 31, 32, 33, 64, 255, 256, 257, 300, draws.between(0, 256)]);
  const recipient = draws.chance(5) ? new Uint8Array(20) : draws.bytes(20);
  return { destination: Math.min(destination, 2 ** 32 - 1), recipient, data: draws.bytes(length) };
}

export interface TransactionRequest {
  readonly chainId: bigint;
  readonly shardId: number;
  /** In the head. */
  readonly shardCount: number;
  readonly signer: Signer;
  /** Addresses that transfers go to, beside new ones. */
  readonly known: readonly Uint8Array[];
  /** Rules to break, in percent of the transactions. */
  readonly twisted: number;
}

export function randomTransaction(crypto: Crypto, draws: Draws, request: TransactionRequest): RandomTransaction {
  const { signer, shardId, shardCount, known } = request;
  const twists: string[] = [];
  const isCall = draws.chance(40);
  const call = randomCall(draws, shardId, shardCount);
  const draft: Draft = {
    chainId: request.chainId,
    nonce: draws.chance(50) ? draws.bits(63) : BigInt(draws.below(300)),
    maxPriorityFeePerGas: draws.bits(32),
    maxFeePerGas: BASE_FEE + draws.bits(33),
    gasLimit: (isCall ? FLAT_GAS.sendMessage : FLAT_GAS.transfer) + (draws.chance(50) ? 0n : draws.bits(40)),
    to: isCall ? MESSENGER_ADDRESS : randomRecipient(draws, signer.address, known),
    value: draws.chance(10) ? 2n ** 128n - 1n : draws.bits(100),
    data: isCall ? encodeSendMessage(call) : new Uint8Array(0),
    accessList: EMPTY_LIST,
  };
  if (draft.maxPriorityFeePerGas > draft.maxFeePerGas) draft.maxPriorityFeePerGas = draft.maxFeePerGas;
  const isTwisted = draws.chance(request.twisted);
  const twist = isTwisted
    ? draws.weighted({ field: 8, call: isCall ? 8 : 0, rlp: 2, signature: 4, bytes: 2, long: 1 })
    : "";
  if (twist === "field") {
    for (let left = draws.chance(20) ? 2 : 1; left > 0; left--) {
      const name = draws.weighted(TWIST_WEIGHTS);
      (TWISTS[name] as Twist)(draws, draft);
      twists.push(name);
    }
  }
  if (twist === "call") {
    const [name, change] = draws.pick(Object.entries(CALL_TWISTS));
    draft.data = change(draws, draft.data);
    twists.push(name);
  }
  if (twist === "long") {
    // As long as a payload may be, or just longer.
    const frame = draft.data.length === 0 ? 116 : 120;
    draft.data = concat(draft.data.subarray(0, 4), new Uint8Array(MAX_PAYLOAD_BYTES - frame - draws.below(24)));
    twists.push("long");
  }
  const payload = encoded(crypto, draws, draft, signer, twist, twists);
  const offered = BASE_FEE + draft.maxPriorityFeePerGas;
  const price = offered < draft.maxFeePerGas ? offered : draft.maxFeePerGas;
  const isMessage = draft.to !== null && draft.to[19] === 0x01 && draft.to[18] === 0x57;
  const gas = isMessage ? FLAT_GAS.sendMessage : FLAT_GAS.transfer;
  return {
    payload,
    nonce: draft.nonce,
    cost: draft.value + gas * price,
    recipient: draft.to ?? new Uint8Array(20),
    twists,
  };
}

function randomRecipient(draws: Draws, self: Uint8Array, known: readonly Uint8Array[]): Uint8Array {
  const kind = draws.weighted({ known: 50, fresh: 35, self: 10, zero: 5 });
  if (kind === "self") return self;
  if (kind === "zero") return new Uint8Array(20);
  return kind === "known" ? draws.pick(known) : draws.bytes(20);
}

function encoded(
  crypto: Crypto,
  draws: Draws,
  draft: Draft,
  { secret }: Signer,
  twist: string,
  twists: string[],
): Uint8Array {
  const fields = [draft.chainId, draft.nonce, draft.maxPriorityFeePerGas, draft.maxFeePerGas, draft.gasLimit]
    .map(toMinimal)
    .concat([draft.to ?? new Uint8Array(0), toMinimal(draft.value), draft.data]);
  const items = fields.map(rlpString);
  items.push(draft.accessList);
  const digest = signingDigest(crypto, concat(...items));
  const { r, s, yParity } = crypto.signDigest(digest, secret);
  let signature: Signature = { r, s, yParity: BigInt(yParity) };
  if (twist === "signature") {
    const [name, change] = draws.pick(Object.entries(SIGNATURES));
    signature = change(draws, signature);
    twists.push(name);
  }
  const minimalR = signature.r.length > 32 ? signature.r : toMinimal(toBigInt(signature.r));
  const last = [toMinimal(signature.yParity), minimalR, toMinimal(toBigInt(signature.s))];
  items.push(...last.map(rlpString));
  if (twist === "rlp") {
    const [name, change] = draws.pick(Object.entries(NON_CANONICAL));
    const contents = [...fields, new Uint8Array(0), ...last];
    const at = draws.below(items.length);
    items[at] = change(contents[at] as Uint8Array);
    twists.push(name);
  }
  const body = concat(...items);
  const payload = concat(Uint8Array.of(0x02), rlpHeader(0xc0, body.length), body);
  if (twist !== "bytes") return payload;
  twists.push("bytes");
  return draws.pick([
    () => flipped(draws, payload),
    () => payload.subarray(0, draws.below(payload.length)),
    () => concat(payload, draws.bytes(draws.between(1, 33))),
    () => concat(Uint8Array.of(draws.pick([0, 1, 3, 4, 0xc0])), payload.subarray(1)),
    () => payload.subarray(1),
    () => concat(Uint8Array.of(0x02), rlpHeader(0xc0, body.length + 1), body),
  ])();
}
