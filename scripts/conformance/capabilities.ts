/** What a client has to be able to do with a shard, in the order of the table. */
export const CAPABILITIES = {
  network: "chain id and network id, by which a wallet adds the shard",
  balance: "balance and nonce of an account",
  estimate: "gas of a transfer and of a message, fees",
  transfer: "send, wait, receipt",
  transaction: "transaction and block by hash",
  message: "call of the messenger, log in the receipt",
  logs: "logs of a range of blocks",
  tags: "latest, safe and finalized",
  refusals: "over balance, nonce used: errors that the client knows",
  replacement: "replacing a transaction that waits",
  creation: "a creation is refused",
  unknown: "an unknown method is refused with -32601",
  batch: "batched requests",
  heads: "WebSocket, new heads",
  page: "a browser's page may ask",
} as const;

export type Capability = keyof typeof CAPABILITIES;

/** The shard, and an account with coins there. */
export interface Target {
  /** JSON-RPC by HTTP; the same with ws: is the WebSocket. */
  readonly url: string;
  /** 0x and 64 hexadecimal digits. */
  readonly privateKey: `0x${string}`;
}

/** Throws when it does not work. */
export type Check = () => Promise<void>;

export interface ConformanceClient {
  readonly name: string;
  /** What is missing does not apply to the client. */
  readonly checks: Partial<Record<Capability, Check>>;
  close(): Promise<void>;
}

export type StartClient = (target: Target) => Promise<ConformanceClient>;

export const MESSENGER = "0x0000000000000000000000000000000000005701";
export const MESSENGER_ABI = [
  "function sendMessage(uint32 destination, address recipient, bytes data) payable",
  "event MessageSent(uint32 indexed destination, uint64 indexed index, address indexed sender, address recipient, uint256 value, bytes data)",
] as const;
export const TRANSFER_GAS = 21_000n;
export const MESSAGE_GAS = 100_000n;
/** Blocks back that logs are asked for: a shard serves at most 10,000 at a time. */
export const LOG_RANGE = 1_000;
export const POLL_MS = 200;
/** More than there is. */
export const TOO_MUCH = 10n ** 30n;

export function webSocketUrl(url: string): string {
  return url.replace(/^http/, "ws");
}
