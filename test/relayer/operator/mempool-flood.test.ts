import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import { fromBigInt, toHex } from "../../../protocol/bytes.ts";
import { addressOfKey } from "../../../protocol/operator-signature.ts";
import { DEFAULT_MEMPOOL_LIMITS } from "../../../relayer/operator/mempool.ts";
import type { ShardOperator } from "../../../relayer/operator/shard-operator.ts";
import { TransactionRefused } from "../../../relayer/operator/transaction-refused.ts";
import { ETHER, GWEI, OperatedShards, type TestAccount } from "../../support/operated-shards.ts";

const crypto = await createNativeCrypto();

function accountAt(n: number): TestAccount {
  const key = fromBigInt(0xacc0_0000n + BigInt(n), 32);
  return { key, address: addressOfKey(crypto, key) };
}

/** Against the default limits and a shard that builds real blocks, as long as they may be. */
describe("Honest transactions under a flood", () => {
  const attackers = Array.from({ length: 40 }, (_, i) => accountAt(i));
  const honest = Array.from({ length: 5 }, (_, i) => accountAt(1_000 + i));
  let shards: OperatedShards;
  let operator: ShardOperator;

  beforeEach(async () => {
    shards = new OperatedShards(crypto, 1);
    for (const { address } of [...attackers, ...honest]) shards.parent.deposit(1, address, 10n * ETHER);
    await shards.nextEpoch();
    operator = shards.operator(1);
    expect(operator.chain.account(attackers[0]?.address as Uint8Array).balance).to.equal(10n * ETHER);
  });

  /** Offers the pool many transactions; how many of them it took. */
  const flood = (payloads: Iterable<Uint8Array>): number => {
    let taken = 0;
    for (const payload of payloads) {
      try {
        operator.mempool.add(payload);
        taken++;
      } catch (error) {
        expect(error).to.be.instanceOf(TransactionRefused);
      }
    }
    return taken;
  };

  /** One transaction of each honest sender, at the least price there is; whether two blocks have them all. */
  const expectHonestIncluded = async () => {
    const sent = honest.map((from) => operator.mempool.add(shards.transfer(1, from, { maxFeePerGas: GWEI })));
    const { number } = operator.chain.head;
    await shards.nextSlot();
    await shards.nextSlot();
    expect(operator.chain.head.number).to.equal(number + 2);
    const included = sent.map((hash) => operator.chain.index.transaction(hash)?.transaction.receipt.status);
    expect(included).to.deep.equal(honest.map(() => 1));
  };

  function* fromAll(perAttacker: number, sign: (from: TestAccount, nonce: bigint) => Uint8Array): Iterable<Uint8Array> {
    for (let nonce = 0n; nonce < perAttacker; nonce++) for (const from of attackers) yield sign(from, nonce);
  }

  it("of as many sound transactions as two blocks hold, at the same price", async function () {
    this.timeout(60_000);
    const sign = (from: TestAccount, nonce: bigint) => shards.transfer(1, from, { nonce, maxFeePerGas: GWEI });
    expect(flood(fromAll(850, sign))).to.equal(34_000);
    await expectHonestIncluded();
    expect(operator.mempool.count).to.be.greaterThan(1000);
  });

  it("of cheaper ones, in a pool that they fill", async () => {
    operator = shards.restart(1, { mempoolLimits: { count: 2000 } });
    const sign = (from: TestAccount, nonce: bigint) => shards.transfer(1, from, { nonce, maxFeePerGas: GWEI });
    expect(flood(fromAll(60, sign))).to.equal(2000);
    expect(operator.mempool.count).to.equal(2000);
    await expectHonestIncluded();
  });

  it("of ones that wait for an earlier nonce, at any price", async () => {
    operator = shards.restart(1, { mempoolLimits: { count: 2000, gapped: 2000 } });
    const dear = { maxFeePerGas: 100n * GWEI, maxPriorityFeePerGas: 99n * GWEI };
    const sign = (from: TestAccount, nonce: bigint) => shards.transfer(1, from, { nonce: nonce + 1n, ...dear });
    flood(fromAll(100, sign));
    expect(operator.mempool.count).to.equal(2000);
    await expectHonestIncluded();
    const { gappedSlots } = DEFAULT_MEMPOOL_LIMITS;
    operator.mempool.onSlot(shards.slot + gappedSlots);
    expect(operator.mempool.count).to.equal(0);
  });

  it("of ones that nobody signed, of other chains, and of rubbish", async () => {
    const sound = attackers.map((from) => shards.transfer(1, from, {}));
    const bad = Array.from({ length: 2000 }, (_, i) => {
      const payload = Uint8Array.from(sound[i % sound.length] as Uint8Array);
      if (i % 3 === 0) payload[payload.length - 33] = 0;
      else if (i % 3 === 1) payload.fill(0xff, payload.length - 32);
      else payload[i % payload.length] = 0xff;
      return payload;
    });
    const unfunded = Array.from({ length: 2000 }, (_, i) => shards.transfer(1, accountAt(5_000 + i), {}));
    const taken = flood([...bad, ...unfunded]);
    expect(taken).to.be.lessThan(40);
    await expectHonestIncluded();
    expect(unfunded.every((payload) => operator.mempool.get(toHex(crypto.keccak256(payload))) === null)).to.equal(true);
  });
});
