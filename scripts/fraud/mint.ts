import { encodeBlock } from "../../ledger/block.ts";
import { buildBlock } from "../../ledger/build-block.ts";
import type { LedgerEnvironment } from "../../ledger/environment.ts";
import { loadTree } from "../../ledger/load-tree.ts";
import type { ShardState } from "../../ledger/shard-state.ts";
import { STEP_KIND, type Step } from "../../ledger/step.ts";
import { traceRootOf } from "../../ledger/trace.ts";
import { type BlockHeader, blockHash } from "../../protocol/block-header.ts";
import { equal } from "../../protocol/bytes.ts";
import { signAsOperator } from "../../protocol/operator-signature.ts";
import { accountKey, decodeAccount, encodeAccount } from "../../protocol/state.ts";
import type { TraceLeaf } from "../../protocol/trace.ts";

/** A block whose last step makes money out of nothing. */
export interface MintingBlock {
  readonly header: BlockHeader;
  readonly hash: Uint8Array;
  /** As it goes to peers. */
  readonly encoded: Uint8Array;
  readonly steps: readonly Step[];
  /** What it claims of its steps. */
  readonly trace: readonly TraceLeaf[];
}

/**
 * Builds a block on `state` in which all is well up to the last step: after it, the thief has `amount` wei more than that
 * step gives. The thief has an account on the shard.
 */
export function mintingBlock(
  environment: LedgerEnvironment,
  state: ShardState,
  request: {
    readonly slot: number;
    readonly generation: number;
    /** Signed; the last step. */
    readonly transaction: Uint8Array;
    readonly thief: Uint8Array;
    readonly amount: bigint;
    readonly operatorKey: Uint8Array;
  },
): MintingBlock {
  const { crypto, domain } = environment;
  const { slot, generation, transaction, thief, amount, operatorKey } = request;
  const candidates = [{ kind: STEP_KIND.transaction, payload: transaction }];
  const built = buildBlock(environment, state, { slot, generation, candidates });
  if (built.skipped.length > 0)
    throw new Error(`the transaction is not admissible: ${built.skipped[0]?.error.message}`);

  const { leaves } = state.snapshot();
  const words = leaves.words.slice();
  const key = accountKey(crypto, thief);
  const at = Array.from({ length: words.length / 32 }, (_, i) => 32 * i).find((i) =>
    equal(leaves.keys.subarray(i, i + 32), key),
  );
  if (at === undefined) throw new Error("the thief has no account on the shard");
  const { nonce, balance } = decodeAccount(words.slice(at, at + 32));
  words.set(encodeAccount(nonce, balance + amount), at);
  const stateRoot = loadTree(crypto, { keys: leaves.keys, words }).root;

  const trace = built.trace.map((leaf, i) => (i === built.trace.length - 1 ? { ...leaf, stateRoot } : leaf));
  const header = { ...built.header, stateRoot, traceRoot: traceRootOf(crypto, trace) };
  const hash = blockHash(crypto, domain, header);
  const operatorSignature = signAsOperator(crypto, hash, operatorKey);
  const encoded = encodeBlock({ header, operatorSignature, steps: built.steps, witness: built.witness });
  return { header, hash, encoded, steps: built.steps, trace };
}
