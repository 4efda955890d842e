import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import { toHex } from "../../../protocol/bytes.ts";
import { BASE_FEE } from "../../../protocol/presets.ts";
import type { Account } from "../../../protocol/state.ts";
import { encodeSendMessage, MESSENGER_ADDRESS } from "../../../protocol/system-contracts.ts";
import { signTransaction, type UnsignedTransaction } from "../../../protocol/transaction.ts";
import { Mempool, type MempoolLimits } from "../../../relayer/operator/mempool.ts";
import { TransactionRefused } from "../../../relayer/operator/transaction-refused.ts";

const CHAIN_ID = 4_242;
const GWEI = 10n ** 9n;
const FEE = 21_000n * BASE_FEE;
const RECIPIENT = new Uint8Array(20).fill(0xbb);

const crypto = await createNativeCrypto();

/** Key number n and its address. */
function account(n: number): { key: Uint8Array; address: Uint8Array } {
  const key = new Uint8Array(32).fill(n);
  const probe = signTransaction(crypto, transfer(), key);
  const pool = new Mempool({ crypto, chainId: CHAIN_ID, account: () => ({ nonce: 0n, balance: 10n ** 30n }) });
  return { key, address: pool.get(pool.add(probe))?.sender as Uint8Array };
}

function transfer(fields: Partial<UnsignedTransaction> = {}): UnsignedTransaction {
  return {
    chainId: BigInt(CHAIN_ID),
    nonce: 0n,
    maxPriorityFeePerGas: 0n,
    maxFeePerGas: 2n * GWEI,
    gasLimit: 21_000n,
    to: RECIPIENT,
    value: 1n,
    data: new Uint8Array(0),
    ...fields,
  };
}

describe("Mempool", () => {
  const alice = account(1);
  const bob = account(2);
  let accounts: Map<string, Account>;

  beforeEach(() => {
    accounts = new Map([alice, bob].map(({ address }) => [toHex(address), { nonce: 0n, balance: 10n ** 20n }]));
  });

  const createPool = (limits: Partial<MempoolLimits> = {}) =>
    new Mempool({
      crypto,
      chainId: CHAIN_ID,
      account: (address) => accounts.get(toHex(address)) ?? { nonce: 0n, balance: 0n },
      limits,
    });
  const signed = (fields: Partial<UnsignedTransaction> = {}, by = alice) =>
    signTransaction(crypto, transfer(fields), by.key);
  const setAccount = (who: typeof alice, changed: Partial<Account>) =>
    accounts.set(toHex(who.address), { nonce: 0n, balance: 10n ** 20n, ...changed });
  const everything = { transactions: 1000, bytes: 1_000_000 };

  describe("takes", () => {
    it("a transfer, and finds it by its hash", () => {
      const pool = createPool();
      const payload = signed();
      const hash = pool.add(payload);
      expect(hash).to.equal(toHex(crypto.keccak256(payload)));
      expect(pool.get(hash)?.payload).to.deep.equal(payload);
      expect(pool.count).to.equal(1);
    });

    it("a message at its flat gas", () => {
      const data = encodeSendMessage({ destination: 2, recipient: RECIPIENT, data: Uint8Array.of(1) });
      const pool = createPool();
      const hash = pool.add(signed({ to: MESSENGER_ADDRESS, data, gasLimit: 100_000n }));
      expect(pool.get(hash)?.gas).to.equal(100_000n);
    });

    it("nonces ahead of the account's", () => {
      const pool = createPool();
      pool.add(signed({ nonce: 2n }));
      expect(pool.pendingNonce(alice.address)).to.equal(0n);
      pool.add(signed({ nonce: 0n }));
      expect(pool.pendingNonce(alice.address)).to.equal(1n);
      pool.add(signed({ nonce: 1n }));
      expect(pool.pendingNonce(alice.address)).to.equal(3n);
    });
  });

  describe("refuses", () => {
    const refusal =
      (fields: Partial<UnsignedTransaction>, message: string, limits: Partial<MempoolLimits> = {}) =>
      () => {
        expect(() => createPool(limits).add(signed(fields))).to.throw(TransactionRefused, message);
      };

    it("another chain's", refusal({ chainId: 1n }, "invalid chain id for signer: have 1 want 4242"));
    it("a creation", refusal({ to: null }, "contract creation not supported"));
    it("data for a plain account", refusal({ data: Uint8Array.of(1) }, "call not supported"));
    it("a transfer to a system contract", refusal({ to: MESSENGER_ADDRESS }, "call not supported"));
    it("too little gas", refusal({ gasLimit: 20_999n }, "intrinsic gas too low: gas 20999, minimum needed 21000"));
    it(
      "a tip above the cap",
      refusal({ maxPriorityFeePerGas: 3n * GWEI }, "max priority fee per gas higher than max fee"),
    );
    it("a cap below the base fee", refusal({ maxFeePerGas: GWEI - 1n }, "max fee per gas less than block base fee"));
    it("a price below the floor", refusal({}, "transaction underpriced", { priceFloor: BASE_FEE + 1n }));
    it("a nonce too far ahead", refusal({ nonce: 4n }, "account limit exceeded", { perSender: 4 }));

    it("bytes that are no transaction", () => {
      expect(() => createPool().add(Uint8Array.of(2, 0xc0))).to.throw(TransactionRefused, "invalid transaction");
      expect(() => createPool().add(new Uint8Array(0))).to.throw(TransactionRefused, "invalid transaction");
    });

    it("other types, as such", () => {
      for (const first of [0x01, 0x03, 0x04, 0xf8]) {
        expect(() => createPool().add(Uint8Array.of(first, 0))).to.throw(
          TransactionRefused,
          "transaction type not supported",
        );
      }
    });

    it("more than a step can hold", () => {
      expect(() => createPool().add(new Uint8Array(8193).fill(2))).to.throw(TransactionRefused, "oversized data");
    });

    it("a signature that nobody made", () => {
      const payload = signed();
      // The last byte of s above half of the order: the list's first 32 bytes of s begin 32 bytes from the end.
      payload.fill(0xff, payload.length - 32);
      expect(() => createPool().add(payload)).to.throw(TransactionRefused, "invalid sender");
    });

    it("what it has", () => {
      const pool = createPool();
      pool.add(signed());
      expect(() => pool.add(signed())).to.throw(TransactionRefused, "already known");
    });

    it("a nonce that is used", () => {
      setAccount(alice, { nonce: 5n });
      expect(() => createPool().add(signed({ nonce: 4n }))).to.throw(
        TransactionRefused,
        "nonce too low: next nonce 5, tx nonce 4",
      );
    });

    it("more than the balance, all pending transactions counted", () => {
      setAccount(alice, { balance: 2n * FEE + 15n });
      const pool = createPool();
      pool.add(signed({ value: 10n }));
      expect(() => pool.add(signed({ nonce: 1n, value: 6n }))).to.throw(
        TransactionRefused,
        `insufficient funds for gas * price + value: balance ${2n * FEE + 15n}, queued cost ${FEE + 10n}, tx cost ${FEE + 6n}, overshot 1`,
      );
      pool.add(signed({ nonce: 1n, value: 5n }));
    });

    it("more than it holds, by count and by bytes", () => {
      const byCount = createPool({ count: 1 });
      byCount.add(signed());
      expect(() => byCount.add(signed({}, bob))).to.throw(TransactionRefused, "txpool is full");
      const byBytes = createPool({ bytes: 150 });
      byBytes.add(signed());
      expect(() => byBytes.add(signed({}, bob))).to.throw(TransactionRefused, "txpool is full");
    });
  });

  describe("replaces", () => {
    it("by ten per cent more", () => {
      const pool = createPool();
      const old = pool.add(signed({ maxFeePerGas: 20n * GWEI, maxPriorityFeePerGas: 10n * GWEI }));
      const bid = { maxFeePerGas: 22n * GWEI, maxPriorityFeePerGas: 11n * GWEI };
      for (const low of [
        { ...bid, maxFeePerGas: 22n * GWEI - 1n },
        { ...bid, maxPriorityFeePerGas: 11n * GWEI - 1n },
      ]) {
        expect(() => pool.add(signed(low))).to.throw(TransactionRefused, "replacement transaction underpriced");
      }
      const replacing = pool.add(signed(bid));
      expect(pool.get(old)).to.equal(null);
      expect(pool.select(everything).map(({ hash }) => hash)).to.deep.equal([replacing]);
    });

    it("without counting the cost of the replaced one", () => {
      setAccount(alice, { balance: FEE + 10n });
      const pool = createPool();
      pool.add(signed({ value: 10n }));
      setAccount(alice, { balance: 2n * FEE + 10n });
      pool.add(signed({ value: 1n, maxPriorityFeePerGas: GWEI, maxFeePerGas: 3n * GWEI }));
      expect(pool.count).to.equal(1);
    });

    it("not by what would pay no more, as a tip that stays nothing", () => {
      const pool = createPool();
      pool.add(signed());
      expect(() => pool.add(signed({ maxFeePerGas: 3n * GWEI }))).to.throw(
        TransactionRefused,
        "replacement transaction underpriced",
      );
    });

    it("in a full pool", () => {
      const pool = createPool({ count: 1 });
      pool.add(signed());
      pool.add(signed({ maxPriorityFeePerGas: GWEI, maxFeePerGas: 3n * GWEI }));
      expect(pool.count).to.equal(1);
    });
  });

  describe("selects", () => {
    it("by price, then arrival, each sender's by nonce", () => {
      const pool = createPool();
      const tip = (gwei: bigint) => ({ maxPriorityFeePerGas: gwei * GWEI, maxFeePerGas: 100n * GWEI });
      const alice0 = pool.add(signed({ nonce: 0n, ...tip(1n) }));
      const alice1 = pool.add(signed({ nonce: 1n, ...tip(9n) }));
      const bob0 = pool.add(signed({ nonce: 0n, ...tip(5n) }, bob));
      const bob1 = pool.add(signed({ nonce: 1n, ...tip(1n) }, bob));
      expect(pool.select(everything).map(({ hash }) => hash)).to.deep.equal([bob0, alice0, alice1, bob1]);
    });

    it("no more than fits", () => {
      const pool = createPool();
      const first = pool.add(signed({ nonce: 0n }));
      pool.add(signed({ nonce: 1n }));
      const only = [first];
      expect(pool.select({ ...everything, transactions: 1 }).map(({ hash }) => hash)).to.deep.equal(only);
      expect(pool.select({ ...everything, bytes: 200 }).map(({ hash }) => hash)).to.deep.equal(only);
    });

    it("nothing behind a gap", () => {
      const pool = createPool();
      pool.add(signed({ nonce: 1n }));
      expect(pool.select(everything)).to.deep.equal([]);
    });

    it("only what the balance still pays for", () => {
      const pool = createPool();
      const first = pool.add(signed({ nonce: 0n, value: 10n }));
      pool.add(signed({ nonce: 1n, value: 10n }));
      setAccount(alice, { balance: 2n * FEE + 19n });
      expect(pool.select(everything).map(({ hash }) => hash)).to.deep.equal([first]);
    });
  });

  it("drops what a block has overtaken", () => {
    const pool = createPool();
    pool.add(signed({ nonce: 0n }));
    pool.add(signed({ nonce: 1n }));
    const last = pool.add(signed({ nonce: 2n }));
    setAccount(alice, { nonce: 2n });
    pool.onBlock([alice.address, bob.address]);
    expect(pool.count).to.equal(1);
    expect(pool.select(everything).map(({ hash }) => hash)).to.deep.equal([last]);
  });

  describe("after its shard has gone back", () => {
    it("takes everything out in the order in which it came, and back in as the accounts are then", () => {
      const pool = createPool();
      const payloads = [signed({ nonce: 1n }), signed({ nonce: 0n }, bob), signed({ nonce: 2n })];
      setAccount(alice, { nonce: 1n });
      const hashes = payloads.map((payload) => pool.add(payload));
      const out = pool.clear();
      expect(out.map(({ hash }) => hash)).to.deep.equal(hashes);
      expect([pool.count, pool.gapped, pool.select(everything).length]).to.deep.equal([0, 0, 0]);

      setAccount(alice, { nonce: 0n, balance: 0n });
      const first = { hash: toHex(crypto.keccak256(signed())), payload: signed(), sender: alice.address };
      const returning = [first, ...out];
      expect(returning.map((each) => pool.restore(each))).to.deep.equal([false, false, true, false]);
      setAccount(alice, { nonce: 0n });
      expect(returning.map((each) => pool.restore(each))).to.deep.equal([true, true, true, true]);
      expect(
        pool.select(everything).map(({ transaction, sender }) => [toHex(sender), transaction.nonce]),
      ).to.have.deep.members([
        [toHex(alice.address), 0n],
        [toHex(alice.address), 1n],
        [toHex(alice.address), 2n],
        [toHex(bob.address), 0n],
      ]);
      setAccount(alice, { nonce: 3n });
      pool.onBlock([alice.address]);
      expect(pool.restore(first), "it is in a block").to.equal(false);
    });
  });
});
