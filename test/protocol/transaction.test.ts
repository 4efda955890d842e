import { expect } from "chai";
import { Transaction as EthersTransaction, Wallet } from "ethers";
import fc from "fast-check";
import { createNativeCrypto } from "../../crypto/native.ts";
import { concat, DecodeError, fromHex, toHex } from "../../protocol/bytes.ts";
import {
  decodeTransaction,
  encodeTransaction,
  recoverSender,
  signTransaction,
  type UnsignedTransaction,
} from "../../protocol/transaction.ts";
import { property } from "../support/property.ts";

const crypto = await createNativeCrypto();
const WALLET = new Wallet(`0x${"42".repeat(32)}`);
const SECRET = fromHex(WALLET.privateKey);

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const u64 = fc.oneof(fc.bigInt(0n, 300n), fc.bigInt(0n, 2n ** 64n - 2n));
const transaction: fc.Arbitrary<UnsignedTransaction> = fc.record({
  chainId: u64,
  nonce: u64,
  maxPriorityFeePerGas: u64,
  maxFeePerGas: u64,
  gasLimit: u64,
  to: fc.option(bytes(20)),
  value: fc.oneof(fc.bigInt(0n, 300n), fc.bigInt(0n, 2n ** 128n - 1n)),
  data: fc.oneof(fc.uint8Array({ maxLength: 60 }), fc.uint8Array({ minLength: 200, maxLength: 400 })),
});

/** What ethers is willing to sign: it takes no nonce above 2^53 - 1 and no priority fee above the maximal fee. */
const sendable = transaction
  .map((each) => ({ ...each, nonce: each.nonce % 2n ** 53n }))
  .filter((each) => each.maxPriorityFeePerGas <= each.maxFeePerGas);

/** The same, as ethers signs it. */
function byEthers({ to, data, ...numbers }: UnsignedTransaction): EthersTransaction {
  const unsigned = EthersTransaction.from({
    type: 2,
    to: to === null ? null : toHex(to),
    data: toHex(data),
    value: numbers.value,
    chainId: numbers.chainId,
    gasLimit: numbers.gasLimit,
    maxFeePerGas: numbers.maxFeePerGas,
    maxPriorityFeePerGas: numbers.maxPriorityFeePerGas,
  });
  unsigned.nonce = Number(numbers.nonce);
  unsigned.signature = WALLET.signingKey.sign(unsigned.unsignedHash);
  return unsigned;
}

describe("protocol/transaction", () => {
  it("decodes what ethers signs, and gives its hash and sender", () => {
    fc.assert(
      fc.property(sendable, (expected) => {
        const signed = byEthers(expected);
        const payload = fromHex(signed.serialized);
        const decoded = decodeTransaction(payload);
        expect({
          chainId: decoded.chainId,
          nonce: decoded.nonce,
          maxPriorityFeePerGas: decoded.maxPriorityFeePerGas,
          maxFeePerGas: decoded.maxFeePerGas,
          gasLimit: decoded.gasLimit,
          to: decoded.to === null ? null : toHex(decoded.to),
          value: decoded.value,
          data: toHex(decoded.data),
        }).to.deep.equal({
          ...expected,
          to: expected.to === null ? null : toHex(expected.to),
          data: toHex(expected.data),
        });
        expect(decoded.hasAccessList).to.equal(false);
        expect(toHex(crypto.keccak256(payload))).to.equal(signed.hash);
        expect(toHex(recoverSender(crypto, decoded)!)).to.equal(WALLET.address.toLowerCase());
      }),
      property(200),
    );
  });

  it("signs what ethers accepts, with the same bytes", () => {
    fc.assert(
      fc.property(sendable, (expected) => {
        const payload = signTransaction(crypto, expected, SECRET);
        expect(toHex(payload)).to.equal(byEthers(expected).serialized);
      }),
      property(100),
    );
  });

  it("encodes again what it decodes", () => {
    fc.assert(
      fc.property(transaction, bytes(32), bytes(32), fc.nat({ max: 1 }), (unsigned, r, s, yParity) => {
        const payload = encodeTransaction(unsigned, { r, s, yParity });
        const decoded = decodeTransaction(payload);
        expect(toHex(encodeTransaction(decoded, { r: decoded.r, s: decoded.s, yParity }))).to.equal(toHex(payload));
      }),
      property(300),
    );
  });

  it("accepts no second encoding: whatever decodes is what the encoder writes", () => {
    fc.assert(
      fc.property(
        transaction,
        fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 3 }),
        (unsigned, edits) => {
          const payload = signTransaction(crypto, unsigned, SECRET);
          for (const [at, byte] of edits) payload[at % payload.length] = byte;
          try {
            const decoded = decodeTransaction(payload);
            if (decoded.hasAccessList || decoded.yParity > 1n) return;
            const again = encodeTransaction(decoded, { r: decoded.r, s: decoded.s, yParity: Number(decoded.yParity) });
            expect(toHex(again)).to.equal(toHex(payload));
          } catch (error) {
            expect(error).to.be.instanceOf(DecodeError);
          }
        },
      ),
      property(2000),
    );
  });

  describe("refuses", () => {
    const item = (hex: string) => fromHex(`0x${hex}`);
    /** Each field in its canonical form, to be replaced one at a time. */
    const FIELDS = [
      "01",
      "80",
      "80",
      "843b9aca00",
      "825208",
      `94${"aa".repeat(20)}`,
      "05",
      "80",
      "c0",
      "80",
      "07",
      "08",
    ];
    const list = (items: readonly string[]): Uint8Array => {
      const body = concat(...items.map(item));
      if (body.length < 56) return concat(Uint8Array.of(2, 0xc0 + body.length), body);
      return concat(Uint8Array.of(2, 0xf8, body.length), body);
    };
    const refuses = (payload: Uint8Array) => expect(() => decodeTransaction(payload)).to.throw(DecodeError);

    it("nothing, or another type", () => {
      decodeTransaction(list(FIELDS));
      refuses(new Uint8Array(0));
      refuses(Uint8Array.of(2));
      refuses(list(FIELDS).subarray(1));
      refuses(concat(Uint8Array.of(1), list(FIELDS).subarray(1)));
    });

    it("trailing bytes, inside the list and behind it", () => {
      refuses(concat(list(FIELDS), Uint8Array.of(0)));
      refuses(list([...FIELDS, "80"]));
      refuses(list(FIELDS.slice(0, -1)));
    });

    it("the list cut short anywhere", () => {
      const payload = list(FIELDS);
      for (let length = 0; length < payload.length; length++) refuses(payload.subarray(0, length));
    });

    it("a long form for a short length, and lengths with leading zeros", () => {
      const body = concat(...FIELDS.map(item));
      refuses(concat(Uint8Array.of(2, 0xf8, body.length), body));
      refuses(concat(Uint8Array.of(2, 0xf9, 0, body.length), body));
      refuses(list(FIELDS.with(7, "b80401020304")));
      refuses(list(FIELDS.with(7, `b90038${"01".repeat(56)}`)));
      decodeTransaction(list(FIELDS.with(7, `b838${"01".repeat(56)}`)));
    });

    it("lengths beyond the payload, however large", () => {
      for (const length of ["b7", "b8ff", "b9ffff", "bbffffffff", "bcffffffffff", "bfffffffffffffffff"]) {
        refuses(list(FIELDS.with(7, length)));
      }
      refuses(Uint8Array.of(2, 0xff, 255, 255, 255, 255, 255, 255, 255, 255));
      refuses(Uint8Array.of(2, 0xfb, 255, 255, 255, 255));
    });

    it("a single byte below 0x80 with a header", () => {
      for (let field = 0; field < FIELDS.length; field++) if (field !== 8) refuses(list(FIELDS.with(field, "8105")));
    });

    it("leading zeros in any integer", () => {
      for (const field of [0, 1, 2, 3, 4, 6, 9, 10, 11]) {
        refuses(list(FIELDS.with(field, "00")));
        refuses(list(FIELDS.with(field, "820001")));
      }
    });

    it("integers that do not fit their field", () => {
      for (const field of [0, 1, 2, 3, 4, 9]) {
        refuses(list(FIELDS.with(field, `89${"01".repeat(9)}`)));
        decodeTransaction(list(FIELDS.with(field, `88${"01".repeat(8)}`)));
      }
      refuses(list(FIELDS.with(1, `88${"ff".repeat(8)}`)));
      expect(decodeTransaction(list(FIELDS.with(1, `88${"ff".repeat(7)}fe`))).nonce).to.equal(2n ** 64n - 2n);
      refuses(list(FIELDS.with(6, `91${"01".repeat(17)}`)));
      expect(decodeTransaction(list(FIELDS.with(6, `90${"ff".repeat(16)}`))).value).to.equal(2n ** 128n - 1n);
      for (const field of [10, 11]) refuses(list(FIELDS.with(field, `a1${"01".repeat(33)}`)));
    });

    it("recipients that are no address", () => {
      refuses(list(FIELDS.with(5, `93${"aa".repeat(19)}`)));
      refuses(list(FIELDS.with(5, `95${"aa".repeat(21)}`)));
      expect(decodeTransaction(list(FIELDS.with(5, "80"))).to).to.equal(null);
    });

    it("lists where strings belong, and strings where the access list belongs", () => {
      for (let field = 0; field < FIELDS.length; field++) refuses(list(FIELDS.with(field, field === 8 ? "80" : "c0")));
    });
  });

  it("notices an access list without looking into it", () => {
    const payload = signTransaction(
      crypto,
      {
        chainId: 1n,
        nonce: 0n,
        maxPriorityFeePerGas: 0n,
        maxFeePerGas: 0n,
        gasLimit: 0n,
        to: null,
        value: 0n,
        data: new Uint8Array(0),
      },
      SECRET,
    );
    expect(decodeTransaction(payload).hasAccessList).to.equal(false);
    const withList = EthersTransaction.from({ type: 2, chainId: 1, accessList: [[WALLET.address, []]] });
    withList.signature = WALLET.signingKey.sign(withList.unsignedHash);
    const decoded = decodeTransaction(fromHex(withList.serialized));
    expect(decoded.hasAccessList).to.equal(true);
    expect(toHex(recoverSender(crypto, decoded)!)).to.equal(WALLET.address.toLowerCase());
  });

  it("has no sender for high s, y parity above 1, or r and s out of range", () => {
    const unsigned = {
      chainId: 1n,
      nonce: 0n,
      maxPriorityFeePerGas: 0n,
      maxFeePerGas: 0n,
      gasLimit: 0n,
      to: null,
      value: 0n,
    };
    const decoded = decodeTransaction(signTransaction(crypto, { ...unsigned, data: new Uint8Array(0) }, SECRET));
    const order = fromHex("0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");
    const highS = fromHex(`0x${(BigInt(toHex(order)) - BigInt(toHex(decoded.s))).toString(16).padStart(64, "0")}`);
    expect(recoverSender(crypto, { ...decoded, s: highS, yParity: 1n - decoded.yParity })).to.equal(null);
    for (const yParity of [2n, 27n, 2n ** 64n - 1n])
      expect(recoverSender(crypto, { ...decoded, yParity })).to.equal(null);
    for (const part of [new Uint8Array(0), order, new Uint8Array(32).fill(255)]) {
      expect(recoverSender(crypto, { ...decoded, r: part })).to.equal(null);
      expect(recoverSender(crypto, { ...decoded, s: part })).to.equal(null);
    }
  });
});
