import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import { concat, fromBigInt, toBigInt, toHex } from "../../../protocol/bytes.ts";
import { MESSENGER_ADDRESS } from "../../../protocol/system-contracts.ts";
import { decodeTransaction, encodeTransaction, type UnsignedTransaction } from "../../../protocol/transaction.ts";
import { ETHER, GWEI, testAccount } from "../../support/operated-shards.ts";
import { call } from "../../support/rpc-client.ts";
import { ServedShard } from "../../support/served-shard.ts";

const crypto = await createNativeCrypto();
const alice = testAccount(crypto, 1);
const bob = testAccount(crypto, 2);
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

describe("Bad transactions", () => {
  let shard: ServedShard;

  before(async () => {
    shard = await ServedShard.start(crypto, [alice], {});
    shard.operator.mempool.add(shard.shards.transfer(1, alice, {}));
    await shard.shards.nextSlot();
    await shard.shards.nextSlot();
  });
  after(() => shard.close());

  const signed = (fields: Partial<UnsignedTransaction> = {}) => shard.shards.transfer(1, alice, fields);
  /** The same transaction under another signature. */
  const resigned = (change: (signature: { r: bigint; s: bigint; yParity: number }) => object): Uint8Array => {
    const transaction = decodeTransaction(signed());
    const { r, s, yParity } = transaction;
    const plain = { r: toBigInt(r), s: toBigInt(s), yParity: Number(yParity) };
    const other = { ...plain, ...change(plain) };
    return encodeTransaction(transaction, { ...other, r: fromBigInt(other.r, 32), s: fromBigInt(other.s, 32) });
  };
  /** With something in the place of the RLP list's header and fields. */
  const spoiled = (change: (payload: Uint8Array) => void): Uint8Array => {
    const payload = signed();
    change(payload);
    return payload;
  };

  const rows: readonly [name: string, payload: () => Uint8Array, message: string][] = [
    ["nothing", () => new Uint8Array(0), "invalid transaction: not an EIP-1559 transaction"],
    ["a type byte alone", () => Uint8Array.of(2), "invalid transaction: RLP item missing"],
    ["a string for the list", () => Uint8Array.of(2, 0x80), "invalid transaction: RLP string where a list belongs"],
    ["a legacy transaction", () => Uint8Array.of(0xc9), "transaction type not supported"],
    ["type 1", () => Uint8Array.of(1, 0xc0), "transaction type not supported"],
    ["type 3, with blobs", () => Uint8Array.of(3, 0xc0), "transaction type not supported"],
    ["type 4", () => Uint8Array.of(4, 0xc0), "transaction type not supported"],
    ["one that is cut off", () => signed().subarray(0, 60), "invalid transaction: RLP item out of bounds"],
    [
      "one with a byte more",
      () => concat(signed(), Uint8Array.of(0)),
      "invalid transaction: bytes after the transaction",
    ],
    [
      "a long length for a short list",
      () => Uint8Array.of(2, 0xf8, 0x01, 0x80),
      "invalid transaction: RLP length is not canonical",
    ],
    // The chain id has six bytes here: 0xf8, length, 0x86, then its first byte.
    [
      "leading zeros in an integer",
      () => spoiled((p) => p.fill(0, 4, 5)),
      "invalid transaction: an integer has leading zeros",
    ],
    [
      "a byte written as a string",
      () => Uint8Array.of(2, 0xc2, 0x81, 0x05),
      "invalid transaction: RLP byte is not canonical",
    ],
    ["more than a step holds", () => new Uint8Array(8193).fill(2), "oversized data: transaction size 8193, limit 8192"],
    ["r of zero", () => resigned(() => ({ r: 0n })), "invalid sender"],
    ["s of zero", () => resigned(() => ({ s: 0n })), "invalid sender"],
    ["r of the order", () => resigned(() => ({ r: ORDER })), "invalid sender"],
    ["high s", () => resigned(({ s, yParity }) => ({ s: ORDER - s, yParity: 1 - yParity })), "invalid sender"],
    ["y parity of 27", () => resigned(() => ({ yParity: 27 })), "invalid sender"],
    ["another chain's", () => signed({ chainId: 1n }), "invalid chain id for signer: have 1 want"],
    [
      "another shard's",
      () => signed({ chainId: BigInt(shard.shards.operator(2).chainId) }),
      "invalid chain id for signer",
    ],
    ["a creation", () => signed({ to: null }), "contract creation not supported"],
    ["data to a plain account", () => signed({ data: Uint8Array.of(1) }), "call not supported"],
    ["coins to the messenger without a call", () => signed({ to: MESSENGER_ADDRESS }), "call not supported"],
    ["too little gas", () => signed({ gasLimit: 20_999n }), "intrinsic gas too low: gas 20999, minimum needed 21000"],
    [
      "a tip above the cap",
      () => signed({ maxPriorityFeePerGas: 3n * GWEI }),
      "max priority fee per gas higher than max fee",
    ],
    ["one that pays too little", () => signed({ maxFeePerGas: GWEI - 1n }), "max fee per gas less than block base fee"],
    ["one that is in a block", () => signed({ nonce: 0n }), "nonce too low: next nonce 1, tx nonce 0"],
    ["a nonce far ahead", () => signed({ nonce: 2000n }), "account limit exceeded: next nonce 1, tx nonce 2000"],
    ["more than there is", () => signed({ value: 10n * ETHER }), "insufficient funds for gas * price + value"],
    [
      "one of an account without coins",
      () => shard.shards.transfer(1, bob, {}),
      "insufficient funds for gas * price + value",
    ],
  ];

  for (const [name, payload, message] of rows) {
    it(`${name}: ${message}`, async () => {
      const { chain, mempool } = shard.operator;
      const state = () => [
        mempool.count,
        chain.head.number,
        chain.account(alice.address),
        mempool.pendingNonce(alice.address),
      ];
      const before = state();
      const { result, error } = await call(shard.url, "eth_sendRawTransaction", toHex(payload()));
      expect(result).to.equal(undefined);
      expect(error.code).to.equal(-32000);
      expect(error.message).to.match(new RegExp(`^${message.replace(/[*+]/g, "\\$&")}`));
      expect(state()).to.deep.equal(before);
    });
  }

  it("one that waits: already known, and underpriced at a price like its own", async () => {
    const send = (payload: Uint8Array) => call(shard.url, "eth_sendRawTransaction", toHex(payload));
    const waiting = signed({ nonce: 3n });
    expect((await send(waiting)).result).to.equal(toHex(crypto.keccak256(waiting)));
    expect((await send(waiting)).error.message).to.equal("already known");
    expect((await send(signed({ nonce: 3n, value: 2n }))).error.message).to.equal(
      "replacement transaction underpriced",
    );
    expect(shard.operator.mempool.gapped).to.equal(1);
    await shard.shards.nextSlot();
    expect(shard.operator.chain.index.transaction(toHex(crypto.keccak256(waiting)))).to.equal(null);
  });
});
