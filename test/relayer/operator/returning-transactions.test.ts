import { expect } from "chai";
import { type ReturningTransaction, ReturningTransactions } from "../../../relayer/operator/returning-transactions.ts";

describe("ReturningTransactions", () => {
  const transaction = (n: number): ReturningTransaction => ({
    hash: `0x${n}`,
    payload: Uint8Array.of(n),
    sender: new Uint8Array(20),
  });
  const hashes = (transactions: readonly ReturningTransaction[]) => transactions.map(({ hash }) => hash);

  /** What the pool would take now. */
  let admissible: Set<string>;
  let restored: ReturningTransaction[];
  let returning: ReturningTransactions;

  beforeEach(() => {
    admissible = new Set();
    restored = [];
    returning = new ReturningTransactions({
      restore: (each) => {
        if (!admissible.has(each.hash)) return false;
        restored.push(each);
        return true;
      },
      limit: 4,
      slots: 10,
    });
  });

  it("offers them in their order, and again what was not taken", () => {
    admissible = new Set(["0x1", "0x3"]);
    returning.take([1, 2, 3].map(transaction), 5);
    expect(hashes(restored)).to.deep.equal(["0x1", "0x3"]);
    expect(returning.count).to.equal(1);
    returning.offer();
    expect(restored).to.have.length(2);
    admissible.add("0x2");
    returning.offer();
    expect(hashes(restored)).to.deep.equal(["0x1", "0x3", "0x2"]);
    expect(returning.count).to.equal(0);
  });

  it("keeps the first of too many", () => {
    returning.take([1, 2, 3].map(transaction), 5);
    returning.take([4, 5, 6].map(transaction), 6);
    admissible = new Set(["0x1", "0x2", "0x3", "0x4", "0x5", "0x6"]);
    returning.offer();
    expect(hashes(restored)).to.deep.equal(["0x1", "0x2", "0x3", "0x4"]);
  });

  it("gives up after its time, which begins anew with each void", () => {
    returning.take([transaction(1)], 5);
    returning.onSlot(15);
    expect(returning.count).to.equal(1);
    returning.take([transaction(2)], 15);
    returning.onSlot(25);
    expect(returning.count).to.equal(2);
    returning.onSlot(26);
    expect(returning.count).to.equal(0);
  });
});
