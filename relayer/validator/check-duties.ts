import { decodeBlock } from "../../ledger/block.ts";
import { leavesLying, waitingSince } from "../../ledger/duties.ts";
import { STEP_KIND, type Step } from "../../ledger/step.ts";
import { ByteReader, equal } from "../../protocol/bytes.ts";
import { epochOfSlot } from "../../protocol/clock.ts";
import type { Crosslink } from "../../protocol/crosslink.ts";
import type { ParentView } from "../parent/parent-view.ts";
import type { PublishedBlock, PublishedBlocks } from "../store/published-blocks.ts";

/** A shard, or the parent's inbox. */
const INBOX = 0;

/** What the blocks say of the imports from one source. */
interface Imports {
  /** Index of the next one; null while no block has said it. */
  next: number | null;
  /** In the crosslink. */
  count: number;
}

/**
 * The source, if any, from which a crosslink leaves lying what it has to import (docs/formats.md, section 9); 0 is the inbox.
 * Blocks do not carry the cursors that they leave as they are, so these are found in the blocks below: as far as they are
 * held here and have been checked. Where that does not tell, nothing is said.
 * @param last of the crosslink's blocks, which are all held and checked
 */
export function ignoredDuty(
  view: Pick<ParentView, "parameters" | "inboxEntry" | "demand" | "demandedSources">,
  blocks: PublishedBlocks,
  { shardId, firstBlock }: Crosslink,
  last: Pick<PublishedBlock, "header" | "hash">,
): number | null {
  const lastEpoch = epochOfSlot(view.parameters, last.header.slot);
  const imports = new Map<number, Imports>(
    [INBOX, ...view.demandedSources(shardId)].map((source) => [source, { next: null, count: 0 }]),
  );
  read(blocks, imports, last, firstBlock);
  for (const [source, { next, count }] of imports) {
    if (next === null) continue;
    const cameIn = waitingSince(view, shardId, source, next);
    const facts = { source, before: next - count, after: next, lastEpoch, cameIn };
    if (leavesLying(view.parameters, facts)) return source;
  }
  return null;
}

/** From the last block down: all of the crosslink, then as far as it takes or goes. */
function read(
  blocks: PublishedBlocks,
  imports: ReadonlyMap<number, Imports>,
  last: Pick<PublishedBlock, "header" | "hash">,
  firstBlock: number,
): void {
  const isUnknown = () => [...imports.values()].some(({ next }) => next === null);
  const { shardId, number: lastBlock } = last.header;
  const find = (number: number, hash: Uint8Array) =>
    blocks.numbered(shardId, number).find((block) => block.verified && equal(block.hash, hash));
  let block = find(lastBlock, last.hash);
  while (block !== undefined) {
    const { number, parentHash } = block.header;
    const isInside = number >= firstBlock;
    if (!isInside && !isUnknown()) return;
    for (const step of decodeBlock(block.bytes).steps.toReversed()) {
      const place = placeOf(step);
      const found = place === null ? undefined : imports.get(place.source);
      if (place === null || found === undefined) continue;
      found.next ??= place.index + 1;
      if (isInside) found.count++;
    }
    if (number === 1) for (const each of imports.values()) each.next ??= 0;
    block = find(number - 1, parentHash);
  }
}

/** What a sound step imports; null when it is no import. */
function placeOf({ kind, payload }: Step): { readonly source: number; readonly index: number } | null {
  const reader = new ByteReader(payload);
  if (kind === STEP_KIND.importInbox) return { source: INBOX, index: reader.u64() };
  if (kind === STEP_KIND.importMessage) return { source: reader.u32(), index: reader.u64() };
  return null;
}
