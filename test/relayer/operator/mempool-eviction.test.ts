import { expect } from "chai";
import fc from "fast-check";
import { createNativeCrypto } from "../../../crypto/native.ts";
import { toHex } from "../../../protocol/bytes.ts";
import { BASE_FEE } from "../../../protocol/presets.ts";
import type { Account } from "../../../protocol/state.ts";
import { signTransaction } from "../../../protocol/transaction.ts";
import { Mempool, type MempoolLimits } from "../../../relayer/operator/mempool.ts";
import { TransactionRefused } from "../../../relayer/operator/transaction-refused.ts";
import { type TestAccount, testAccount } from "../../support/operated-shards.ts";
import { property } from "../../support/property.ts";

const crypto = await createNativeCrypto();
const CHAIN_ID = 4_242;
const FEE = 21_000n * BASE_FEE;
const everything = { transactions: 100_000, bytes: 100_000_000 };
const senders = Array.from({ length: 5 }, (_, i) => testAccount(crypto, i + 1));
const [alice, bob, carol] = senders as [TestAccount, TestAccount, TestAccount];

/** A transfer that pays the base fee and `tip` per gas. */
function transfer(by: TestAccount, nonce: number, tip = 0n, value = 1n): Uint8Array {
  const maxFeePerGas = BASE_FEE + tip;
  const fields = { maxPriorityFeePerGas: tip, maxFeePerGas, gasLimit: 21_000n, value, data: new Uint8Array(0) };
  const to = new Uint8Array(20).fill(0xbb);
  return signTransaction(crypto, { chainId: BigInt(CHAIN_ID), nonce: BigInt(nonce), to, ...fields }, by.key);
}

describe("Mempool, when it is full", () => {
  let accounts: Map<string, Account>;

  beforeEach(() => {
    accounts = new Map(senders.map(({ address }) => [toHex(address), { nonce: 0n, balance: 10n ** 20n }]));
  });

  const createPool = (limits: Partial<MempoolLimits>) =>
    new Mempool({
      crypto,
      chainId: CHAIN_ID,
      account: (address) => accounts.get(toHex(address)) ?? { nonce: 0n, balance: 0n },
      limits,
    });
  const refused = (pool: Mempool, payload: Uint8Array, message: string) => {
    const before = { count: pool.count, gapped: pool.gapped, selected: pool.select(everything) };
    expect(() => pool.add(payload)).to.throw(TransactionRefused, message);
    expect({ count: pool.count, gapped: pool.gapped, selected: pool.select(everything) }).to.deep.equal(before);
  };

  describe("gives up", () => {
    it("what waits for an earlier nonce, whatever it pays", () => {
      const pool = createPool({ count: 2 });
      const gapped = pool.add(transfer(alice, 5, 9n));
      pool.add(transfer(bob, 0));
      pool.add(transfer(carol, 0));
      expect(pool.get(gapped)).to.equal(null);
    });

    it("the lowest price", () => {
      const pool = createPool({ count: 2 });
      const cheap = pool.add(transfer(alice, 0, 1n));
      const dear = pool.add(transfer(bob, 0, 3n));
      refused(pool, transfer(carol, 0, 0n), "transaction underpriced");
      const better = pool.add(transfer(carol, 0, 2n));
      expect(pool.get(cheap)).to.equal(null);
      expect(pool.select(everything).map(({ hash }) => hash)).to.deep.equal([dear, better]);
    });

    it("what stands behind a low price, however much it pays itself", () => {
      const pool = createPool({ count: 3 });
      const first = pool.add(transfer(alice, 0, 1n));
      const second = pool.add(transfer(alice, 1, 100n));
      pool.add(transfer(bob, 0, 3n));
      pool.add(transfer(carol, 0, 2n));
      expect(pool.get(second)).to.equal(null);
      expect(pool.get(first)).not.to.equal(null);
    });

    it("at one price, the last of who has most", () => {
      const pool = createPool({ count: 4 });
      const flood = [0, 1, 2, 3].map((nonce) => pool.add(transfer(alice, nonce)));
      pool.add(transfer(bob, 0));
      pool.add(transfer(carol, 0));
      expect(flood.map((hash) => pool.get(hash) !== null)).to.deep.equal([true, true, false, false]);
      refused(pool, transfer(alice, 2), "txpool is full");
      refused(pool, transfer(carol, 1), "txpool is full");
    });

    it("as many as a longer transaction needs, or none", () => {
      const pool = createPool({ bytes: 4 * transfer(alice, 0).length });
      for (let i = 0; i < 4; i++) pool.add(transfer(alice, i));
      pool.add(transfer(bob, 0, 0n, 10n ** 18n));
      expect(pool.count).to.equal(3);
      refused(pool, transfer(bob, 1, 0n, 10n ** 18n), "txpool is full");
    });

    it("nothing for a replacement that finds no room", () => {
      const pool = createPool({ bytes: transfer(alice, 0).length + transfer(bob, 0, 9n * BASE_FEE).length });
      const kept = pool.add(transfer(alice, 0));
      pool.add(transfer(bob, 0, 9n * BASE_FEE));
      refused(pool, transfer(alice, 0, BASE_FEE, 10n ** 18n), "txpool is full");
      expect(pool.get(kept)).not.to.equal(null);
    });
  });

  describe("bounds what waits for an earlier nonce", () => {
    it("per sender, but takes what closes the gap", () => {
      const pool = createPool({ gappedPerSender: 2 });
      pool.add(transfer(alice, 1));
      pool.add(transfer(alice, 2));
      refused(
        pool,
        transfer(alice, 3),
        "account limit exceeded: 2 transactions wait for an earlier nonce, next nonce 0",
      );
      pool.add(transfer(alice, 0));
      pool.add(transfer(alice, 3));
      expect(pool.select(everything)).to.have.length(4);
      expect(pool.gapped).to.equal(0);
    });

    it("in total", () => {
      const pool = createPool({ gapped: 2 });
      pool.add(transfer(alice, 1));
      pool.add(transfer(alice, 2));
      pool.add(transfer(bob, 1));
      expect([pool.count, pool.gapped]).to.deep.equal([2, 2]);
      refused(pool, transfer(alice, 2), "txpool is full");
    });

    it("in time, counted from the first of them", () => {
      const pool = createPool({ gappedSlots: 10 });
      const next = pool.add(transfer(alice, 0));
      pool.add(transfer(alice, 2));
      pool.onSlot(5);
      pool.add(transfer(alice, 3));
      pool.add(transfer(bob, 1));
      pool.onSlot(9);
      expect(pool.count).to.equal(4);
      pool.onSlot(10);
      expect([pool.count, pool.gapped]).to.deep.equal([2, 1]);
      expect(pool.get(next)).not.to.equal(null);
      pool.onSlot(15);
      expect(pool.count).to.equal(1);
    });
  });

  it("drops what a sender can no longer pay for, the last first", () => {
    const pool = createPool({});
    for (let i = 0; i < 3; i++) pool.add(transfer(alice, i));
    accounts.set(toHex(alice.address), { nonce: 0n, balance: 2n * FEE + 2n });
    pool.onBlock([alice.address]);
    expect(pool.select(everything).map(({ transaction }) => transaction.nonce)).to.deep.equal([0n, 1n]);
  });

  it("keeps its books and its bounds whatever comes", () => {
    const limits = { perSender: 8, gappedPerSender: 3, gapped: 5, gappedSlots: 4, count: 12, bytes: 1500 };
    const tips = [0n, 1n, 2n, BASE_FEE];
    const signed = new Map<string, Uint8Array>();
    const payload = (by: number, nonce: number, tip: number) => {
      const name = `${by}/${nonce}/${tip}`;
      const known = signed.get(name) ?? transfer(senders[by] as TestAccount, nonce, tips[tip]);
      signed.set(name, known);
      return known;
    };
    const add = fc.record({ by: fc.nat(4), nonce: fc.nat(12), tip: fc.nat(3) });
    const block = fc.record({ block: fc.integer({ min: 1, max: 6 }) });
    fc.assert(
      fc.property(fc.array(fc.oneof({ weight: 9, arbitrary: add }, { weight: 1, arbitrary: block })), (steps) => {
        for (const { address } of senders) accounts.set(toHex(address), { nonce: 0n, balance: 10n ** 20n });
        const pool = createPool(limits);
        const known = new Set<string>();
        steps.forEach((step, slot) => {
          if ("block" in step) {
            const included = pool.select({ ...everything, transactions: step.block });
            for (const { sender, transaction } of included) {
              expect(accounts.get(toHex(sender))?.nonce).to.equal(transaction.nonce);
              accounts.set(toHex(sender), { nonce: transaction.nonce + 1n, balance: 10n ** 20n });
            }
            pool.onBlock(included.map(({ sender }) => sender));
          } else {
            try {
              known.add(pool.add(payload(step.by, step.nonce, step.tip)));
            } catch (error) {
              expect(error).to.be.instanceOf(TransactionRefused);
            }
          }
          pool.onSlot(slot);
          const held = [...known].flatMap((hash) => pool.get(hash) ?? []);
          expect(pool.count).to.equal(held.length).and.at.most(limits.count);
          expect(held.reduce((sum, one) => sum + one.payload.length, 0)).to.be.at.most(limits.bytes);
          expect(pool.gapped)
            .to.equal(held.length - pool.select(everything).length)
            .and.at.most(limits.gapped);
        });
      }),
      property(300),
    );
  });
});
