import type { ParentView } from "../parent/parent-view.ts";

/** Chain id of a local development chain, which is never reorganised. */
const LOCAL_CHAIN_ID = 31_337n;

/**
 * What to tell who runs a deployment whose INPUT_DELAY does not outlast reorgs of its parent chain; null when it may. Under a
 * delay of 1 the events of an epoch's last slot are used in the very next one.
 */
export function reorgWarning({ domain, parameters }: Pick<ParentView, "domain" | "parameters">): string | null {
  if (parameters.inputDelay > 1 || domain.parentChainId === LOCAL_CHAIN_ID) return null;
  return (
    "INPUT_DELAY is 1 and the parent chain is not a local one: a reorg of more than one slot can change what blocks were " +
    "built on, and a shard with such a block stands still for good (docs/limits.md)"
  );
}
