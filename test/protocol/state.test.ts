import { expect } from "chai";
import fc from "fast-check";
import { createNativeCrypto } from "../../crypto/native.ts";
import { EMPTY_APPEND_TREE } from "../../protocol/append-tree.ts";
import { concat, toHex, word, ZERO_HASH } from "../../protocol/bytes.ts";
import {
  accountKey,
  cursorKey,
  decodeAccount,
  decodeCursor,
  decodeHead,
  encodeAccount,
  encodeCursor,
  encodeHead,
  headKey,
  outboxKey,
  outboxWord,
  seedKey,
  stateLeafHash,
  writeAccountKeyPreimage,
} from "../../protocol/state.ts";
import { property } from "../support/property.ts";

const crypto = await createNativeCrypto();

describe("protocol/state", () => {
  it("keys are SHA-256 of type and field, 256 bits each", () => {
    const key = (type: number, field: bigint | number) => toHex(crypto.sha256(concat(word(type), word(field))));
    const address = new Uint8Array(20).fill(0xab);
    expect(toHex(accountKey(crypto, address))).to.equal(key(1, BigInt(toHex(address))));
    expect(toHex(headKey(crypto))).to.equal(key(2, 0));
    expect(toHex(seedKey(crypto))).to.equal(key(3, 0));
    expect(toHex(cursorKey(crypto, 0xffff_ffff))).to.equal(key(4, 0xffff_ffff));
    expect(toHex(outboxKey(crypto, 7))).to.equal(key(5, 7));
  });

  it("writes preimages of account keys for hashing in batches", () => {
    const addresses = [new Uint8Array(20).fill(1), new Uint8Array(20).fill(2)];
    const preimages = new Uint8Array(128);
    addresses.forEach((address, i) => {
      writeAccountKeyPreimage(preimages, 64 * i, address);
    });
    const keys = new Uint8Array(64);
    crypto.sha256Pairs(preimages, keys);
    expect(toHex(keys)).to.equal(toHex(concat(...addresses.map((address) => accountKey(crypto, address)))));
  });

  it("an account is u64 nonce and u192 balance", () => {
    const nonce = fc.bigInt(0n, 2n ** 64n - 1n);
    const balance = fc.oneof(fc.bigInt(0n, 2n ** 64n), fc.bigInt(0n, 2n ** 192n - 1n));
    fc.assert(
      fc.property(nonce, balance, (n, b) => {
        const encoded = encodeAccount(n, b);
        expect(BigInt(toHex(encoded))).to.equal((n << 192n) | b);
        expect(decodeAccount(encoded)).to.deep.equal({ nonce: n, balance: b });
      }),
      property(300),
    );
    expect(decodeAccount(ZERO_HASH)).to.deep.equal({ nonce: 0n, balance: 0n });
    expect(() => encodeAccount(0n, 2n ** 192n)).to.throw(RangeError);
    expect(() => encodeAccount(0n, -1n)).to.throw(RangeError);
  });

  it("a head is number, slot, epoch and count of shards", () => {
    const head = { number: 1, slot: 2 ** 40, epoch: 3, shardCount: 0xffff_fffe };
    const encoded = encodeHead(head);
    expect(toHex(encoded)).to.equal(
      `0x${"01".padStart(16, "0")}${"010000000000".padStart(16, "0")}${"03".padStart(16, "0")}fffffffe00000000`,
    );
    expect(decodeHead(encoded)).to.deep.equal(head);
    expect(decodeHead(ZERO_HASH)).to.deep.equal({ number: 0, slot: 0, epoch: 0, shardCount: 0 });
  });

  it("a cursor is the next index", () => {
    expect(toHex(encodeCursor(5))).to.equal(`0x0000000000000005${"00".repeat(24)}`);
    expect(decodeCursor(encodeCursor(2 ** 53 - 1))).to.equal(2 ** 53 - 1);
    expect(decodeCursor(ZERO_HASH)).to.equal(0);
  });

  it("an outbox is the hash of count and root; an empty one has the root of 32 empty levels", () => {
    let zero = ZERO_HASH;
    for (let i = 0; i < 32; i++) zero = crypto.sha256(concat(zero, zero));
    expect(toHex(outboxWord(crypto, EMPTY_APPEND_TREE))).to.equal(toHex(crypto.sha256(concat(word(0), zero))));
  });

  it("a leaf is hashed with a zero byte before it", () => {
    const [key, value] = [word(1), word(2)];
    expect(toHex(stateLeafHash(crypto, key, value))).to.equal(
      toHex(crypto.sha256(concat(Uint8Array.of(0), key, value))),
    );
  });
});
