import { expect } from "chai";
import fc from "fast-check";
import { createNativeCrypto } from "../../crypto/native.ts";
import { toBigInt, toHex } from "../../protocol/bytes.ts";
import { encodeSendMessage, MESSENGER_ADDRESS } from "../../protocol/system-contracts.ts";
import {
  decodeTransaction,
  encodeTransaction,
  recoverSender,
  signTransaction,
  type UnsignedTransaction,
} from "../../protocol/transaction.ts";
import { mutated } from "../support/mutation.ts";
import { property } from "../support/property.ts";
import { decoded, RUNS } from "./decoded.ts";

const crypto = await createNativeCrypto();

function signed(fields: Partial<UnsignedTransaction>): Uint8Array {
  const plain: UnsignedTransaction = {
    chainId: 200_000_000_000n,
    nonce: 0n,
    maxPriorityFeePerGas: 0n,
    maxFeePerGas: 10n ** 9n,
    gasLimit: 21_000n,
    to: new Uint8Array(20).fill(0xbb),
    value: 1n,
    data: new Uint8Array(0),
  };
  return signTransaction(crypto, { ...plain, ...fields }, new Uint8Array(32).fill(7));
}

const message = { destination: 2, recipient: new Uint8Array(20).fill(1), data: new Uint8Array(100) };
const SAMPLES = [
  signed({}),
  signed({ nonce: 200n, value: 2n ** 128n - 1n, maxPriorityFeePerGas: 5n }),
  signed({ to: null, data: new Uint8Array(60) }),
  signed({ to: MESSENGER_ADDRESS, data: encodeSendMessage(message), gasLimit: 100_000n }),
];

describe("Fuzzed transactions", () => {
  it("decode to what encodes to the same bytes, or not at all", () => {
    let accepted = 0;
    const cases = fc.property(mutated(SAMPLES), (bytes) => {
      const transaction = decoded(() => decodeTransaction(bytes));
      if (transaction === null) return;
      accepted++;
      // What stands in an access list is not decoded; no shard admits one.
      if (transaction.hasAccessList || transaction.yParity > 255n) return;
      const { r, s, yParity } = transaction;
      expect(toHex(encodeTransaction(transaction, { r, s, yParity: Number(yParity) }))).to.equal(toHex(bytes));
    });
    fc.assert(cases, property(RUNS));
    expect(accepted).to.be.greaterThan(100);
  });

  it("have a signer only with a signature in its one form", () => {
    const half = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;
    const cases = fc.property(mutated(SAMPLES), (bytes) => {
      const transaction = decoded(() => decodeTransaction(bytes));
      if (transaction === null || recoverSender(crypto, transaction) === null) return;
      expect(transaction.yParity <= 1n).to.equal(true);
      expect(toBigInt(transaction.s) > 0n && toBigInt(transaction.s) <= half).to.equal(true);
    });
    fc.assert(cases, property(RUNS));
  });
});
