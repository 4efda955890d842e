/**
 * Who waits for a turn of the event loop. There is one loop, shared with everything else that a node does: however many
 * requests come at once, one of them is answered between two looks at timers and sockets, so that blocks are not late.
 */
const waiting: (() => void)[] = [];

function giveTurn(): void {
  waiting.shift()?.();
  if (waiting.length > 0) setImmediate(giveTurn);
}

/** Resolves when it is the caller's turn, in the order of asking. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    if (waiting.length === 1) setImmediate(giveTurn);
  });
}
