import { createLedgerEnvironment } from "../../ledger/environment.ts";
import type { Crosslink } from "../../protocol/crosslink.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { INBOX_DEPOSIT } from "../../protocol/inbox-entry.ts";
import type { ParentView } from "../parent/parent-view.ts";
import { AuditFailure, type BlockSource, ShardReplay } from "./shard-replay.ts";

/** Where the value is. Deposits less withdrawals must equal the four places together. Amounts in wei. */
export interface AuditResult {
  readonly justifiedEpoch: number;
  readonly crosslinks: number;
  readonly blocks: number;
  readonly transactions: number;
  /** Balances and uncredited fees on all shards. */
  readonly onShards: bigint;
  /** Sent by one shard and not yet imported by the other. */
  readonly inFlight: bigint;
  /** Deposits that their shard has not imported. */
  readonly unimported: bigint;
  /** Sent to the parent chain and not yet paid there. */
  readonly unpaid: bigint;
  /** Deposits ever made, and withdrawals ever paid, on the parent chain. */
  readonly deposits: bigint;
  readonly paid: bigint;
}

export interface AuditOptions {
  readonly crypto: Crypto;
  readonly view: ParentView;
  readonly source: BlockSource;
  /** wei in the vault, and wei paid of withdrawals, at the view's head. */
  readonly vaultBalance: bigint;
  readonly paidWithdrawals: bigint;
  readonly say?: (line: string) => void;
}

/**
 * Recomputes every anchored root from genesis, and the sum of all value, from the parent chain and the published blocks.
 * @throws AuditFailure
 */
export async function audit(options: AuditOptions): Promise<AuditResult> {
  const { crypto, view, source, vaultBalance, paidWithdrawals, say = () => {} } = options;
  const replays = new Map<number, ShardReplay>();
  for (const shard of view.shards()) {
    const { domain, parameters } = view;
    const environment = createLedgerEnvironment({ crypto, domain, parameters, facts: view.facts(), shardId: shard.id });
    const operatorOf = (generation: number) => view.operatorOf(shard.id, generation);
    replays.set(shard.id, new ShardReplay(environment, operatorOf, source));
  }

  let crosslinks = 0;
  const { epoch: justifiedEpoch } = view.justified;
  for (const [shardId, replay] of replays) {
    for (const crosslink of livingCrosslinks(view, shardId)) {
      await replay.follow(crosslink);
      crosslinks++;
      say(`shard ${shardId}, epoch ${crosslink.epoch}: blocks ${crosslink.firstBlock} to ${crosslink.lastBlock} agree`);
    }
  }

  const result = { justifiedEpoch, crosslinks, ...sums(view, replays, paidWithdrawals) };
  const { onShards, inFlight, unimported, unpaid, deposits, paid } = result;
  const found = onShards + inFlight + unimported + unpaid;
  const places = `${onShards} on shards, ${inFlight} in flight, ${unimported} not imported, ${unpaid} to be paid`;
  if (deposits - paid !== found) {
    throw new AuditFailure(
      `value is not conserved: deposits of ${deposits} wei less withdrawals of ${paid} are not ${found}: ${places}`,
    );
  }
  // The sum cannot show it: what is paid stands on both sides.
  if (unpaid < 0n) throw new AuditFailure(`the parent chain has paid ${-unpaid} wei that no shard has sent`);
  // More is a gift; less could not pay everybody.
  if (vaultBalance < found) throw new AuditFailure(`the vault holds ${vaultBalance} wei for ${found}: ${places}`);
  return result;
}

function sums(view: ParentView, replays: ReadonlyMap<number, ShardReplay>, paid: bigint) {
  let [onShards, inFlight, unimported, deposits, sentToParent] = [0n, 0n, 0n, 0n, 0n];
  let [blocks, transactions] = [0, 0];
  for (const [shardId, replay] of replays) {
    onShards += replay.value();
    blocks += replay.state.header?.number ?? 0;
    transactions += replay.transactions;
    sentToParent += replay.sentTo(0, 0);
    for (const [destination, other] of replays) {
      if (destination !== shardId) inFlight += replay.sentTo(destination, other.state.cursor(shardId));
    }
    const imported = replay.state.cursor(0);
    for (let index = 0; index < view.inboxCount(shardId); index++) {
      const entry = view.inboxEntry(shardId, index);
      if (entry?.kind !== INBOX_DEPOSIT) continue;
      deposits += entry.value;
      if (index >= imported) unimported += entry.value;
    }
  }
  return { blocks, transactions, onShards, inFlight, unimported, unpaid: sentToParent - paid, deposits, paid };
}

/** What is anchored of a shard and not void, in its order: each crosslink is the parent of the next. */
function livingCrosslinks(view: ParentView, shardId: number): Crosslink[] {
  const living: Crosslink[] = [];
  for (let at = view.parentOf(shardId); at !== null && at.lastBlock > 0; at = view.crosslinkByHash(at.parent)) {
    living.unshift(at);
  }
  return living;
}
