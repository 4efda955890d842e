import type { PooledTransaction } from "./sender-queue.ts";

/** Higher price first; among equals whoever came first. */
function precedes(a: PooledTransaction, b: PooledTransaction): boolean {
  return a.price === b.price ? a.arrival < b.arrival : a.price > b.price;
}

interface Run {
  head: PooledTransaction;
  readonly rest: Iterator<PooledTransaction>;
}

/**
 * Merges the senders' runs: by price and arrival as far as the order of each sender's nonces allows. A binary heap of the
 * runs' heads, so a block of n transactions costs n log(senders).
 */
export function* inOrderOfPrice(runs: Iterable<Iterable<PooledTransaction>>): Generator<PooledTransaction> {
  const heap: Run[] = [];

  const sink = (start: number): void => {
    const run = heap[start] as Run;
    let at = start;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && precedes((heap[child + 1] as Run).head, (heap[child] as Run).head)) child++;
      if (!precedes((heap[child] as Run).head, run.head)) break;
      heap[at] = heap[child] as Run;
      at = child;
    }
    heap[at] = run;
  };

  for (const run of runs) {
    const rest = run[Symbol.iterator]();
    const first = rest.next();
    if (!first.done) heap.push({ head: first.value, rest });
  }
  for (let i = (heap.length >> 1) - 1; i >= 0; i--) sink(i);

  while (heap.length > 0) {
    const best = heap[0] as Run;
    yield best.head;
    const next = best.rest.next();
    if (!next.done) {
      best.head = next.value;
    } else {
      const last = heap.pop() as Run;
      if (heap.length === 0) return;
      heap[0] = last;
    }
    sink(0);
  }
}
