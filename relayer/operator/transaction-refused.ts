/**
 * Why the pool does not take a transaction. The messages begin as geth's do: wallets and libraries recognise them by
 * their words.
 */
export class TransactionRefused extends Error {
  override readonly name = "TransactionRefused";
}
