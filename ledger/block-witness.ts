import { frontierLength } from "../protocol/append-tree.ts";
import { ByteReader, ByteWriter, DecodeError } from "../protocol/bytes.ts";
import type { Crypto } from "../protocol/crypto.ts";
import { maxInnerNodes } from "./block-bounds.ts";
import type { OutboxOpening } from "./outbox-book.ts";
import { decodePartialTree, encodePartialTree } from "./partial-tree.ts";
import type { StateTree } from "./state-tree.ts";

/** The witness of a block: all of the state below it that its steps touch (docs/formats.md, section 5). */
export interface BlockWitness {
  readonly tree: StateTree;
  readonly outboxes: readonly OutboxOpening[];
}

/**
 * @param tree with the block's steps applied and not yet committed
 * @param outboxes as they were before the block, ascending by destination
 */
export function encodeWitness(tree: StateTree, outboxes: readonly OutboxOpening[]): Uint8Array {
  const partialTree = encodePartialTree(tree);
  const writer = new ByteWriter().u32(partialTree.length).bytes(partialTree).u16(outboxes.length);
  for (const { destination, outbox } of outboxes) {
    writer.u32(destination).u64(outbox.count);
    for (const hash of outbox.frontier) writer.fixed(hash, 32);
  }
  return writer.finish();
}

/**
 * @param stepCount of the block: what its steps cannot touch is not worth the work
 * @throws DecodeError
 */
export function decodeWitness(crypto: Crypto, bytes: Uint8Array, stepCount: number): BlockWitness {
  const reader = new ByteReader(bytes);
  const partialTree = reader.bytes(reader.u32());
  const outboxes: OutboxOpening[] = [];
  let last = -1;
  for (let left = reader.u16(); left > 0; left--) {
    const destination = reader.u32();
    if (destination <= last) throw new DecodeError("outbox openings are not ascending");
    last = destination;
    const count = reader.u64();
    if (count === 0 || count >= 2 ** 32) throw new DecodeError(`an outbox of ${count} messages`);
    const frontier = Array.from({ length: frontierLength(count) }, () => reader.bytes(32));
    outboxes.push({ destination, outbox: { count, frontier } });
  }
  reader.end();
  return { tree: decodePartialTree(crypto, partialTree, maxInnerNodes(stepCount)), outboxes };
}
