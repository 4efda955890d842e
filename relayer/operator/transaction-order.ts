import type { PooledTransaction } from "./sender-queue.ts";

interface Run {
  head: PooledTransaction;
  /** Of the sender's, before the head. */
  taken: number;
  readonly rest: Iterator<PooledTransaction>;
}

/**
 * Higher price first. Among equals each sender's first, then each sender's second: however many one of them has sent, the
 * others wait for as many as there are senders. Then whoever came first.
 */
function precedes(a: Run, b: Run): boolean {
  if (a.head.price !== b.head.price) return a.head.price > b.head.price;
  return a.taken === b.taken ? a.head.arrival < b.head.arrival : a.taken < b.taken;
}

/**
 * Merges the senders' runs: by price and in turn as far as the order of each sender's nonces allows. A binary heap of the
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
      if (child + 1 < heap.length && precedes(heap[child + 1] as Run, heap[child] as Run)) child++;
      if (!precedes(heap[child] as Run, run)) break;
      heap[at] = heap[child] as Run;
      at = child;
    }
    heap[at] = run;
  };

  for (const run of runs) {
    const rest = run[Symbol.iterator]();
    const first = rest.next();
    if (!first.done) heap.push({ head: first.value, taken: 0, rest });
  }
  for (let i = (heap.length >> 1) - 1; i >= 0; i--) sink(i);

  while (heap.length > 0) {
    const best = heap[0] as Run;
    yield best.head;
    const next = best.rest.next();
    if (!next.done) {
      best.head = next.value;
      best.taken++;
    } else {
      const last = heap.pop() as Run;
      if (heap.length === 0) return;
      heap[0] = last;
    }
    sink(0);
  }
}
