import Table from "cli-table3";

/** What `npm start -- --json` ends with. */
export interface Report {
  readonly finalizedEpoch: number;
  readonly settledEpoch: number;
  /** Checkpoints that the parent chain accepted. */
  readonly checkpoints: number;
  readonly shards: number;
  readonly validators: number;
  readonly operators: number;
  /** The demo's transactions that stand in shard blocks. */
  readonly transactions: number;
  /** Payments to another shard that stand in an accepted crosslink there. */
  readonly crossShardDelivered: number;
  /** Withdrawals paid on the parent chain. */
  readonly withdrawn: number;
  /** Mean gas of the transactions that submitted the checkpoints. */
  readonly gasPerCheckpoint: number;
  /** Deposits = balances + fees + messages in flight + withdrawals, recomputed from the published blocks. */
  readonly valueConserved: boolean;
  /** From the end of the set-up. */
  readonly seconds: number;
}

export function printTable(report: Report, write: (text: string) => void): void {
  const table = new Table({ style: { head: [], border: [] } });
  table.push(
    { "finalised epoch": report.finalizedEpoch },
    { "settled epoch": report.settledEpoch },
    { "checkpoints accepted": report.checkpoints },
    { shards: report.shards },
    { validators: `${report.validators} of ${report.operators} operators` },
    { transactions: report.transactions },
    { "cross-shard payments delivered": report.crossShardDelivered },
    { "withdrawals paid": report.withdrawn },
    { "gas per checkpoint": report.gasPerCheckpoint.toLocaleString("en") },
    { "value conserved": report.valueConserved ? "yes" : "NO" },
    { seconds: report.seconds },
  );
  write(`${table.toString()}\n`);
}
