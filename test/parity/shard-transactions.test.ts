import { expect } from "chai";
import { Transaction as EthersTransaction, getAddress } from "ethers";
import fc from "fast-check";
import { network } from "hardhat";
import { createNativeCrypto } from "../../crypto/native.ts";
import { admitTransactions } from "../../ledger/admission.ts";
import type { LedgerEnvironment } from "../../ledger/environment.ts";
import { LedgerError } from "../../ledger/errors.ts";
import { concat, DecodeError, fromBigInt, toHex } from "../../protocol/bytes.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { encodeSendMessage, FEE_COLLECTOR_ADDRESS, MESSENGER_ADDRESS } from "../../protocol/system-contracts.ts";
import {
  decodeTransaction,
  encodeTransaction,
  signingDigest,
  signTransaction,
  type UnsignedTransaction,
} from "../../protocol/transaction.ts";
import { property } from "../support/property.ts";
import { STEP_ERRORS } from "../support/step-executor.ts";

const CHAIN_ID = 0xabcdef012345n;
const SECRET_KEY = new Uint8Array(32).fill(0x17);
const U64_LIMIT = 2n ** 64n;

async function deploy() {
  const { ethers } = await network.create();
  return ethers.deployContract("ShardTransactionsMock");
}

/** Integers of every length, and those around a bound. */
function integer(bound: bigint): fc.Arbitrary<bigint> {
  return fc.oneof(
    fc.nat({ max: 300 }).map(BigInt),
    fc.bigInt({ min: 0n, max: bound - 1n }),
    fc.constantFrom(bound - 1n, bound - 2n),
  );
}

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

const message = { destination: 2, recipient: new Uint8Array(20).fill(9), data: Uint8Array.of(1) };
const call = fc.oneof(
  fc.record({ to: bytes(20), data: fc.constant(new Uint8Array(0)) }),
  fc.constant({ to: MESSENGER_ADDRESS, data: encodeSendMessage(message) }),
  fc.record({
    to: fc.constantFrom(MESSENGER_ADDRESS, FEE_COLLECTOR_ADDRESS, null),
    data: fc.uint8Array({ maxLength: 5 }),
  }),
  fc.record({ to: bytes(20), data: fc.uint8Array({ minLength: 200, maxLength: 400 }) }),
);

/** Mostly admissible, so that every rule is the first one broken now and then. */
const unsigned: fc.Arbitrary<UnsignedTransaction> = fc
  .tuple(
    fc.record({
      chainId: fc.oneof({ arbitrary: fc.constant(CHAIN_ID), weight: 6 }, { arbitrary: integer(U64_LIMIT), weight: 1 }),
      nonce: integer(U64_LIMIT),
      maxPriorityFeePerGas: fc.oneof(integer(2_000_000_000n), integer(U64_LIMIT)),
      maxFeePerGas: fc.oneof(fc.constantFrom(10n ** 9n - 1n, 10n ** 9n, 3n * 10n ** 9n), integer(U64_LIMIT)),
      gasLimit: fc.oneof(fc.constantFrom(20_999n, 21_000n, 99_999n, 100_000n), integer(U64_LIMIT)),
      value: integer(2n ** 128n),
    }),
    call,
  )
  .map(([fields, target]) => ({ ...fields, ...target }));

describe("transactions: TypeScript, Solidity and ethers", () => {
  let crypto: Crypto;
  let mock: Awaited<ReturnType<typeof deploy>>;

  before(async () => {
    crypto = await createNativeCrypto();
    mock = await deploy();
  });

  /** Both sides decode to the same fields, or neither decodes; and both admit or refuse for the same reason. */
  async function expectSame(payload: Uint8Array): Promise<string> {
    const [ok, theirs] = await mock.decode(payload);
    try {
      const ours = decodeTransaction(payload);
      expect(ok).to.equal(true, `only Solidity refuses ${toHex(payload)}`);
      const expected = {
        chainId: ours.chainId,
        nonce: ours.nonce,
        maxPriorityFeePerGas: ours.maxPriorityFeePerGas,
        maxFeePerGas: ours.maxFeePerGas,
        gasLimit: ours.gasLimit,
        isCreation: ours.to === null,
        to: getAddress(toHex(ours.to ?? new Uint8Array(20))),
        value: ours.value,
        data: toHex(ours.data),
        hasAccessList: ours.hasAccessList,
        yParity: ours.yParity,
        r: toHex(ours.r),
        s: toHex(ours.s),
        signingHash: toHex(signingDigest(crypto, ours.signedFields)),
      };
      expect([...theirs]).to.deep.equal(Object.values(expected), Object.keys(expected).join(", "));
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      expect(ok).to.equal(false, `only Solidity accepts ${toHex(payload)}`);
    }

    // Admission reads nothing else of its environment.
    const environment = { crypto, chainId: CHAIN_ID } as LedgerEnvironment;
    const [admitted] = admitTransactions(environment, [payload]);
    const judged = await mock.admit(payload, CHAIN_ID);
    const verdict = STEP_ERRORS[Number(judged.refusal.code)] as string;
    if (admitted === undefined) throw new Error("no answer");
    if (admitted instanceof LedgerError) {
      expect(verdict).to.equal(admitted.code, toHex(payload));
    } else {
      expect(verdict).to.equal("None", toHex(payload));
      expect(judged.sender.toLowerCase()).to.equal(toHex(admitted.sender));
      expect(judged.fee).to.equal(admitted.fee);
    }
    return verdict;
  }

  it("agree on random signed transactions, with ethers as well", async () => {
    const verdicts = new Set<string>();
    await fc.assert(
      fc.asyncProperty(unsigned, async (transaction) => {
        const payload = signTransaction(crypto, transaction, SECRET_KEY);
        const verdict = await expectSame(payload);
        verdicts.add(verdict);
        // ethers refuses to read what no chain could admit: a priority fee above the maximum, a nonce above 2^53.
        const readable = transaction.maxPriorityFeePerGas <= transaction.maxFeePerGas && transaction.nonce < 2n ** 53n;
        if (!readable) return;
        const ethersTransaction = EthersTransaction.from(toHex(payload));
        expect(ethersTransaction.serialized).to.equal(toHex(payload));
        expect(ethersTransaction.unsignedHash).to.equal((await mock.decode(payload))[1].signingHash);
      }),
      property(300),
    );
    expect([...verdicts]).to.include.members(["None", "WrongChainId", "Creation", "UnknownCall", "GasLimitTooLow"]);
    expect([...verdicts]).to.include.members(["PriorityFeeAboveMaxFee", "FeeTooLow"]);
  });

  it("agree on transactions with a byte changed, taken out or put in", async () => {
    const change = fc.record({
      at: fc.nat(),
      byte: fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(0, 0x7f, 0x80, 0x81, 0xb7, 0xb8, 0xc0, 0xf7, 0xf8)),
      kind: fc.constantFrom("change", "take", "put"),
    });
    await fc.assert(
      fc.asyncProperty(unsigned, fc.array(change, { minLength: 1, maxLength: 2 }), async (transaction, changes) => {
        let payload = signTransaction(crypto, transaction, SECRET_KEY);
        for (const { at, byte, kind } of changes) {
          const index = at % payload.length;
          const rest = payload.subarray(kind === "put" ? index : index + 1);
          payload = concat(payload.subarray(0, index), kind === "take" ? new Uint8Array(0) : Uint8Array.of(byte), rest);
        }
        await expectSame(payload);
      }),
      property(500),
    );
  });

  it("agree on any bytes after the type", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 80 }), (rest) =>
        expectSame(concat(Uint8Array.of(2), rest)).then(() => {}),
      ),
      property(200),
    );
  });

  describe("refuse as Malformed", () => {
    /** RLP of a string, with as many bytes of length as `forced` says. */
    function item(content: Uint8Array): Uint8Array {
      return content.length === 1 && (content[0] as number) < 0x80
        ? content
        : concat(Uint8Array.of(0x80 + content.length), content);
    }

    const ADDRESS = new Uint8Array(20).fill(0xbb);
    const HASH = new Uint8Array(32).fill(0x11);
    const EMPTY = new Uint8Array(0);
    const FIELDS = [Uint8Array.of(1), EMPTY, EMPTY, EMPTY, EMPTY, ADDRESS, EMPTY, EMPTY].map(item);
    const TAIL = [Uint8Array.of(0xc0), ...[Uint8Array.of(1), HASH, HASH].map(item)];

    function payloadOf(items: readonly Uint8Array[]): Uint8Array {
      const body = concat(...items);
      return concat(Uint8Array.of(0x02, 0xf8, body.length), body);
    }

    function replaced(index: number, encoding: Uint8Array): Uint8Array {
      const items = [...FIELDS, ...TAIL];
      items[index] = encoding;
      return payloadOf(items);
    }

    it("nothing of the frame that the cases below change", async () => {
      expect(await expectSame(payloadOf([...FIELDS, ...TAIL]))).to.equal("WrongChainId");
    });

    const cases: Record<string, () => Uint8Array> = {
      "a zero byte for the integer 0": () => replaced(1, Uint8Array.of(0x00)),
      "an integer with a leading zero": () => replaced(1, Uint8Array.of(0x82, 0x00, 0x01)),
      "a single byte with a header": () => replaced(1, Uint8Array.of(0x81, 0x01)),
      "a short string with a long header": () => replaced(1, Uint8Array.of(0xb8, 0x01, 0xff)),
      "a long header with a leading zero": () =>
        replaced(7, concat(Uint8Array.of(0xb9, 0x00, 0x38), new Uint8Array(56))),
      "a nonce of 9 bytes": () => replaced(1, item(fromBigInt(2n ** 64n, 9))),
      "a chain id of 9 bytes": () => replaced(0, item(fromBigInt(2n ** 64n, 9))),
      "a value of 17 bytes": () => replaced(6, item(fromBigInt(2n ** 128n, 17))),
      "a parity of 9 bytes": () => replaced(9, item(fromBigInt(2n ** 64n, 9))),
      "r of 33 bytes": () => replaced(10, item(concat(Uint8Array.of(1), HASH))),
      "s with a leading zero": () => replaced(11, item(concat(Uint8Array.of(0), HASH.subarray(1)))),
      "a recipient of 19 bytes": () => replaced(5, item(ADDRESS.subarray(1))),
      "a list for a string": () => replaced(7, Uint8Array.of(0xc0)),
      "a string for the access list": () => replaced(8, Uint8Array.of(0x80)),
      "a field too many": () => payloadOf([...FIELDS, ...TAIL, Uint8Array.of(0x80)]),
      "a field too few": () => payloadOf([...FIELDS, ...TAIL.slice(0, -1)]),
      "a length of 8 bytes that overflows": () => concat(Uint8Array.of(0x02, 0xff), new Uint8Array(8).fill(0xff)),
      "a length beyond the end": () => Uint8Array.of(0x02, 0xfb, 0xff, 0xff, 0xff, 0xff),
      "a list header alone": () => Uint8Array.of(0x02, 0xf8),
      "the type alone": () => Uint8Array.of(0x02),
      "no list": () => Uint8Array.of(0x02, 0x80),
    };
    for (const [name, payload] of Object.entries(cases)) {
      it(name, async () => expect(await expectSame(payload())).to.equal("Malformed"));
    }
  });

  it("agree on long data: headers of two and three bytes of length", async () => {
    for (const length of [55, 56, 255, 256, 8000, 65_536]) {
      const transaction: UnsignedTransaction = {
        chainId: CHAIN_ID,
        nonce: 1n,
        maxPriorityFeePerGas: 0n,
        maxFeePerGas: 10n ** 9n,
        gasLimit: 21_000n,
        to: new Uint8Array(20).fill(1),
        value: 1n,
        data: new Uint8Array(length),
      };
      expect(await expectSame(signTransaction(crypto, transaction, SECRET_KEY))).to.equal("UnknownCall");
      const unsignedByEthers = EthersTransaction.from({
        ...transaction,
        type: 2,
        nonce: 1,
        to: toHex(transaction.to as Uint8Array),
        data: toHex(transaction.data),
      });
      const payload = encodeTransaction(transaction, crypto.signDigest(new Uint8Array(32).fill(3), SECRET_KEY));
      expect((await mock.decode(payload))[1].signingHash).to.equal(unsignedByEthers.unsignedHash);
    }
  });
});
