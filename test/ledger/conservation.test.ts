import { expect } from "chai";
import fc from "fast-check";
import { exportLeaves } from "../../ledger/load-tree.ts";
import type { SentMessage } from "../../ledger/receipt.ts";
import type { Step } from "../../ledger/step.ts";
import { verifyBlock } from "../../ledger/verify-block.ts";
import { toHex } from "../../protocol/bytes.ts";
import { accountKey, decodeAccount } from "../../protocol/state.ts";
import { FEE_COLLECTOR_ADDRESS, MESSENGER_ADDRESS } from "../../protocol/system-contracts.ts";
import { property } from "../support/property.ts";
import { importStep, Settlement } from "./settlement.ts";
import { addressAt, crypto, ETHER, encoded, GWEI, keyOf, Shard } from "./shard-fixture.ts";

const KEYS = [keyOf(1), keyOf(2), keyOf(3)];
const ADDRESSES = [
  ...KEYS.map(({ address }) => address),
  addressAt(1),
  addressAt(2),
  FEE_COLLECTOR_ADDRESS,
  MESSENGER_ADDRESS,
];

/** What a random step does, with indices into the lists above. */
type Action =
  | { kind: "deposit"; to: number; value: bigint }
  | { kind: "transfer"; from: number; to: number; value: bigint; nonceOff: number; forced: boolean }
  | { kind: "message"; from: number; to: number; destination: number; value: bigint }
  | { kind: "import"; skip: number };

const value = fc.oneof(
  fc.constant(0n),
  fc.constantFrom(1n, GWEI, ETHER / 2n, ETHER, 2n ** 128n - 1n),
  fc.bigInt(0n, ETHER),
);
const from = fc.nat({ max: KEYS.length - 1 });
const to = fc.nat({ max: ADDRESSES.length - 1 });
const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ kind: fc.constant("deposit" as const), to, value: fc.bigInt(0n, 3n * ETHER) }),
  fc.record({
    kind: fc.constant("transfer" as const),
    from,
    to,
    value,
    nonceOff: fc.constantFrom(0, 0, 0, 0, 1),
    forced: fc.boolean(),
  }),
  fc.record({ kind: fc.constant("message" as const), from, to, destination: fc.nat({ max: 4 }), value }),
  fc.record({ kind: fc.constant("import" as const), skip: fc.constantFrom(0, 0, 0, 1) }),
);
const rounds = fc.array(fc.tuple(fc.array(action, { maxLength: 8 }), fc.array(action, { maxLength: 8 })), {
  minLength: 1,
  maxLength: 5,
});

/** Two shards, and all that has gone in and out of them. */
class World {
  readonly shards = [new Shard(1), new Shard(2)] as const;
  readonly sent = [new Map<number, SentMessage[]>(), new Map<number, SentMessage[]>()] as const;
  deposited = 0n;

  /** Value at rest in both shards, and on the way between them and to the parent chain. */
  total(): bigint {
    let total = 0n;
    this.shards.forEach(({ state }, i) => {
      total += state.header?.fees ?? 0n;
      for (const address of ADDRESSES) total += state.account(address).balance;
      for (const [destination, messages] of this.sent[i]!) {
        const imported = this.shards[destination - 1]?.state.cursor(i + 1) ?? 0;
        for (const { message } of messages.slice(imported)) total += message.value;
      }
    });
    return total;
  }

  step(index: number, shard: Shard, nonces: bigint[], action: Action, imports: readonly Step[]): Step[] {
    switch (action.kind) {
      case "deposit":
        this.deposited += action.value;
        return [shard.deposit(ADDRESSES[action.to]!, action.value)];
      case "transfer": {
        const nonce = nonces[action.from]! + BigInt(action.nonceOff);
        const payload = shard.signed(KEYS[action.from]!, ADDRESSES[action.to]!, action.value, nonce);
        nonces[action.from]! += 1n;
        return [action.forced ? shard.forced(payload) : { kind: 1, payload }];
      }
      case "message": {
        const call = { destination: action.destination, recipient: ADDRESSES[action.to]!, data: new Uint8Array(index) };
        nonces[action.from]! += 1n;
        return [shard.message(KEYS[action.from]!, call, action.value, nonces[action.from]! - 1n)];
      }
      case "import":
        return imports.slice(action.skip);
    }
  }

  /** One block on a shard, of the messages that are settled and the actions. */
  block(i: 0 | 1, slot: number, actions: readonly Action[], settlement: Settlement | null, settledCount: number): void {
    const shard = this.shards[i];
    const other = this.shards[1 - i]!;
    const toHere = (this.sent[1 - i]!.get(i + 1) ?? []).slice(0, settledCount);
    const imports = toHere
      .map((_, index) => index)
      .slice(shard.state.cursor(2 - i))
      .map((index) => importStep(settlement!.importMessage(other, shard, toHere, index)));
    const nonces = KEYS.map(({ address }) => shard.state.account(address).nonce);
    const previous = shard.state.header;
    const candidates = actions.flatMap((each, index) => this.step(index, shard, nonces, each, imports));
    const built = shard.build(slot, candidates);
    // Deposits are never skipped: their cursor is right whatever else is.
    for (const sent of built.messages) {
      const list = this.sent[i].get(sent.message.destination) ?? [];
      this.sent[i].set(sent.message.destination, [...list, sent]);
    }
    const verdict = verifyBlock(shard.environment, shard.place(previous), encoded(built));
    if (!verdict.ok) throw verdict.error;
    expect(toHex(verdict.outcome.header.stateRoot)).to.equal(toHex(shard.state.root));
  }
}

describe("ledger/conservation", () => {
  it("value is neither made nor lost, over shards and messages in flight, and every block verifies by its witness", () => {
    fc.assert(
      fc.property(rounds, (all) => {
        const world = new World();
        let settlement: Settlement | null = null;
        let settled = [0, 0];
        all.forEach((actions, round) => {
          const slot = 8 * (2 * round + 2);
          // Both blocks import what was settled after the round before; states change only after both are built.
          const counts = settled;
          const proofs = settlement;
          world.block(0, slot, actions[0], proofs, counts[1]!);
          expect(world.total()).to.equal(world.deposited);
          settlement = new Settlement(world.shards, 2 * round + 1, 2 * round + 2);
          settled = [world.sent[0].get(2)?.length ?? 0, world.sent[1].get(1)?.length ?? 0];
          world.block(1, slot + 8, actions[1], settlement, settled[0]!);
          expect(world.total()).to.equal(world.deposited);
          settlement = new Settlement(world.shards, 2 * round + 2, 2 * round + 3);
          settled = [world.sent[0].get(2)?.length ?? 0, world.sent[1].get(1)?.length ?? 0];
        });
      }),
      property(120),
    );
  });

  it("counts all accounts: the states hold no other", () => {
    const world = new World();
    world.block(0, 16, [{ kind: "deposit", to: 0, value: ETHER }], null, 0);
    world.block(0, 17, [{ kind: "transfer", from: 0, to: 3, value: 1n, nonceOff: 0, forced: false }], null, 0);
    const { keys, words } = exportLeaves(world.shards[0].state.tree);
    const known = new Set(ADDRESSES.map((address) => toHex(accountKey(crypto, address))));
    let sum = 0n;
    for (let at = 0; at < keys.length; at += 32) {
      if (!known.has(toHex(keys.subarray(at, at + 32)))) continue;
      sum += decodeAccount(words.subarray(at, at + 32)).balance;
    }
    expect(sum + world.shards[0].state.header!.fees).to.equal(ETHER);
  });
});
