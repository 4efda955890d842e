import { concat, equal, fromBigInt, fromHex, toBigInt, word } from "./bytes.ts";
import { addressWord } from "./eip712.ts";
import type { Message } from "./message.ts";
import { MAX_MESSAGE_DATA_BYTES } from "./presets.ts";

/** The contracts that are built into every shard: addresses, calls, flat gas, logs (docs/formats.md, section 5). */

export const FEE_COLLECTOR_ADDRESS = fromHex("0x0000000000000000000000000000000000005700");
export const MESSENGER_ADDRESS = fromHex("0x0000000000000000000000000000000000005701");

/** `0x…5700` to `0x…570f`, of which those without a contract are reserved. */
export function isSystemAddress(address: Uint8Array): boolean {
  if (address[18] !== 0x57 || (address[19] as number) > 0x0f) return false;
  for (let i = 0; i < 18; i++) if (address[i] !== 0) return false;
  return true;
}

/** Gas that a call costs, whatever its limit and whether it fails or not. */
export const FLAT_GAS = { transfer: 21_000n, sendMessage: 100_000n } as const;

/** Human-readable ABI of the messenger. */
export const MESSENGER_ABI = [
  "function sendMessage(uint32 destination, address recipient, bytes data) payable",
  "event MessageSent(uint32 indexed destination, uint64 indexed index, address indexed sender, address recipient, uint256 value, bytes data)",
  "event MessageReceived(uint32 indexed source, uint64 indexed index, address indexed sender, address recipient, uint256 value, bytes data)",
] as const;

/** First four bytes of keccak256("sendMessage(uint32,address,bytes)") */
const SEND_MESSAGE_SELECTOR = fromHex("0x101ac9ee");

/** keccak256("MessageSent(uint32,uint64,address,address,uint256,bytes)") */
export const MESSAGE_SENT_TOPIC = fromHex("0xfa956a9fa68f068240fc227eb1e5bdd8e4cbf482e7acfe96273ab1f3eedfbea4");
/** keccak256("MessageReceived(uint32,uint64,address,address,uint256,bytes)") */
export const MESSAGE_RECEIVED_TOPIC = fromHex("0x00f8eb5c6876e5f0f9e5965dd124e8f0fe1a74971d40d34eb2d1bbf246f196df");

export interface SendMessageArguments {
  readonly destination: number;
  readonly recipient: Uint8Array;
  readonly data: Uint8Array;
}

export type SystemCall =
  | { readonly name: "transfer" }
  /** `arguments` is null when they are not canonical ABI or the data is too long: the call fails. */
  | { readonly name: "sendMessage"; readonly arguments: SendMessageArguments | null };

const TRANSFER: SystemCall = { name: "transfer" };

/** What a transaction calls; null when no shard knows such a call. */
export function decodeCall(to: Uint8Array, data: Uint8Array): SystemCall | null {
  if (!isSystemAddress(to)) return data.length === 0 ? TRANSFER : null;
  if (!equal(to, MESSENGER_ADDRESS) || !equal(data.subarray(0, 4), SEND_MESSAGE_SELECTOR)) return null;
  return { name: "sendMessage", arguments: decodeSendMessage(data.subarray(4)) };
}

const OFFSET_OF_DATA = word(96);

function isZero(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte !== 0) return false;
  return true;
}

/** Canonical means: what every encoder writes. Wider forms that Solidity tolerates are refused, so that there is one encoding. */
function decodeSendMessage(encoded: Uint8Array): SendMessageArguments | null {
  if (encoded.length < 128) return null;
  if (!isZero(encoded.subarray(0, 28)) || !isZero(encoded.subarray(32, 44))) return null;
  if (!equal(encoded.subarray(64, 96), OFFSET_OF_DATA) || !isZero(encoded.subarray(96, 124))) return null;
  const length = Number(toBigInt(encoded.subarray(124, 128)));
  if (length > MAX_MESSAGE_DATA_BYTES || encoded.length !== 128 + 32 * Math.ceil(length / 32)) return null;
  if (!isZero(encoded.subarray(128 + length))) return null;
  return {
    destination: Number(toBigInt(encoded.subarray(28, 32))),
    recipient: encoded.subarray(44, 64),
    data: encoded.subarray(128, 128 + length),
  };
}

function encodeBytes(data: Uint8Array): Uint8Array {
  return concat(word(data.length), data, new Uint8Array((32 - (data.length % 32)) % 32));
}

/** Call data of `sendMessage`. */
export function encodeSendMessage({ destination, recipient, data }: SendMessageArguments): Uint8Array {
  return concat(SEND_MESSAGE_SELECTOR, word(destination), addressWord(recipient), OFFSET_OF_DATA, encodeBytes(data));
}

/** As in a receipt of the JSON-RPC. */
export interface Log {
  readonly address: Uint8Array;
  readonly topics: readonly Uint8Array[];
  readonly data: Uint8Array;
}

function messageLog(event: Uint8Array, peer: number, message: Message): Log {
  return {
    address: MESSENGER_ADDRESS,
    topics: [event, word(peer), word(message.index), addressWord(message.sender)],
    data: concat(
      addressWord(message.recipient),
      fromBigInt(message.value, 32),
      OFFSET_OF_DATA,
      encodeBytes(message.data),
    ),
  };
}

export function messageSentLog(message: Message): Log {
  return messageLog(MESSAGE_SENT_TOPIC, message.destination, message);
}

export function messageReceivedLog(message: Message): Log {
  return messageLog(MESSAGE_RECEIVED_TOPIC, message.source, message);
}
