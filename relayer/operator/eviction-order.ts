import type { SenderQueue } from "./sender-queue.ts";

/**
 * Whether the last transaction of `a` is a smaller loss than that of `b`. First go those that wait for an earlier nonce: no
 * block may ever take them, so they cost their sender nothing. Then the lowest price. Among equals the sender with most
 * transactions, so that one who floods the pool displaces himself; last whoever came later.
 */
function goesBefore(a: SenderQueue, b: SenderQueue): boolean {
  const isGapped = a.gapped > 0;
  if (isGapped !== b.gapped > 0) return isGapped;
  if (a.lastPrice !== b.lastPrice) return a.lastPrice < b.lastPrice;
  if (a.size !== b.size) return a.size > b.size;
  return (a.last?.arrival ?? 0) > (b.last?.arrival ?? 0);
}

/** The senders of a pool by who has to give up a transaction first: a binary heap that knows the place of each. */
export class EvictionOrder {
  readonly #heap: SenderQueue[] = [];
  readonly #places = new Map<SenderQueue, number>();

  /** The one to lose its last transaction. */
  get first(): SenderQueue | undefined {
    return this.#heap[0];
  }

  /** After every change of a queue; one that is empty leaves. */
  update(queue: SenderQueue): void {
    const place = this.#places.get(queue);
    if (queue.size === 0) {
      if (place !== undefined) this.#remove(place);
      return;
    }
    this.#sink(this.#rise(place ?? this.#heap.length, queue), queue);
  }

  #remove(place: number): void {
    this.#places.delete(this.#heap[place] as SenderQueue);
    const last = this.#heap.pop() as SenderQueue;
    if (place < this.#heap.length) this.#sink(this.#rise(place, last), last);
  }

  #put(place: number, queue: SenderQueue): void {
    this.#heap[place] = queue;
    this.#places.set(queue, place);
  }

  #rise(from: number, queue: SenderQueue): number {
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = this.#heap[above] as SenderQueue;
      if (!goesBefore(queue, parent)) break;
      this.#put(place, parent);
      place = above;
    }
    this.#put(place, queue);
    return place;
  }

  #sink(from: number, queue: SenderQueue): void {
    let place = from;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= this.#heap.length) break;
      const right = this.#heap[child + 1];
      if (right !== undefined && goesBefore(right, this.#heap[child] as SenderQueue)) child++;
      if (!goesBefore(this.#heap[child] as SenderQueue, queue)) break;
      this.#put(place, this.#heap[child] as SenderQueue);
      place = child;
    }
    this.#put(place, queue);
  }
}
