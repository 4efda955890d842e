import { equal } from "../protocol/bytes.ts";
import {
  accountKey,
  decodeAccount,
  decodeHead,
  encodeAccount,
  encodeHead,
  headKey,
  seedKey,
} from "../protocol/state.ts";
import { FEE_COLLECTOR_ADDRESS } from "../protocol/system-contracts.ts";
import { LedgerError } from "./errors.ts";
import type { BlockStart } from "./step.ts";
import { epochOf, factsEpochOf, type StepContext } from "./step-context.ts";

/**
 * What a sound BlockStart of this slot says.
 * @throws LedgerError FactsUnavailable
 */
export function expectedBlockStart(context: StepContext): BlockStart {
  const { facts } = context.environment;
  const epoch = epochOf(context);
  const seed = facts.seed(epoch);
  const shardCount = facts.shardCount(Math.max(0, factsEpochOf(context)));
  if (seed === null || shardCount === null) throw new LedgerError("FactsUnavailable", { epoch });
  return { slot: context.slot, seed, shardCount };
}

/**
 * Executes a block's first step. Accesses: the fee collector's account when the block before had fees, the head, the seed when
 * the epoch is new.
 * @throws LedgerError
 */
export function executeBlockStart(context: StepContext, start: BlockStart): void {
  const { environment, state, previousFees, slot } = context;
  const { crypto } = environment;
  if (start.slot !== slot) throw new LedgerError("WrongSlot", { slot: start.slot, headerSlot: slot });

  if (previousFees > 0n) {
    const collector = state.open(accountKey(crypto, FEE_COLLECTOR_ADDRESS));
    const { nonce, balance } = decodeAccount(state.word(collector));
    state.write(collector, encodeAccount(nonce, balance + previousFees));
  }

  const head = state.open(headKey(crypto));
  const before = decodeHead(state.word(head));
  const isFirstBlock = before.number === 0;
  if (!isFirstBlock && slot <= before.slot) throw new LedgerError("SlotNotLater", { slot, headSlot: before.slot });
  const expected = expectedBlockStart(context);
  if (!equal(start.seed, expected.seed)) throw new LedgerError("WrongSeed");
  if (start.shardCount !== expected.shardCount) {
    throw new LedgerError("WrongShardCount", { shardCount: start.shardCount, expected: expected.shardCount });
  }
  const epoch = epochOf(context);
  state.write(head, encodeHead({ number: before.number + 1, slot, epoch, shardCount: start.shardCount }));

  if (isFirstBlock || epoch !== before.epoch) state.write(state.open(seedKey(crypto)), start.seed);
}
