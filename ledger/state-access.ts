/**
 * The state as a step sees it. `open` is an access: it follows a key's path once, and everything the step then does with
 * that key goes through the handle. A handle is written at most once, before another write happens between; whoever needs
 * the key again opens it again.
 */
export interface StateAccess {
  /** A handle of the key's leaf, or of its absence. @throws LedgerError MissingWitness */
  open(key: Uint8Array): number;
  /** The word (32 bytes), zero when absent; valid until the next write. */
  word(handle: number): Uint8Array;
  write(handle: number, word: Uint8Array): void;
}
