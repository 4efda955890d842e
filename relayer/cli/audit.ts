import { Command } from "commander";
import { createNativeCrypto } from "../../crypto/native.ts";
import { ParentFollower } from "../parent/parent-follower.ts";
import { connectProvider } from "../parent/rpc.ts";
import { vaultTotals } from "../parent/vault-totals.ts";
import { audit } from "../watcher/audit.ts";
import { rpcBlockSource } from "../watcher/rpc-block-source.ts";
import { chosenDeployment } from "./deployment-flag.ts";

/**
 * npm run audit -- --parent URL --shards-rpc URL [--deployment FILE]
 *
 * Recomputes every anchored root from genesis and the sum of all value. Exit code 0 when everything agrees.
 */
interface AuditFlags {
  readonly parent: string;
  readonly shardsRpc: string;
  readonly deployment: string | undefined;
}

const flags = new Command("npm run audit --")
  .description(
    "Recomputes every anchored root from genesis, and the sum of all value, from the parent chain and the published blocks.",
  )
  .requiredOption("--parent <url>", "JSON-RPC of the parent chain")
  .requiredOption("--shards-rpc <url>", "where the shards' blocks are published, such as http://127.0.0.1:8645")
  .option("--deployment <file>", "addresses of the contracts (default: as the shards' endpoint names them)")
  .allowExcessArguments(false)
  .parse(process.argv)
  .opts<AuditFlags>();

try {
  const crypto = await createNativeCrypto();
  const provider = await connectProvider(flags.parent, { attempts: 3 });
  const record = await chosenDeployment(flags, (await provider.getNetwork()).chainId);
  console.log(`auditing the deployment of registry ${record.addresses.registry}`);
  const follower = await ParentFollower.connect(crypto, provider, record);
  await follower.poll();
  const { balance, paid } = await vaultTotals(provider, record, follower.view.head.number);
  const result = await audit({
    crypto,
    view: follower.view,
    source: rpcBlockSource(flags.shardsRpc),
    vaultBalance: balance,
    paidWithdrawals: paid,
    say: (line) => console.log(line),
  });
  provider.destroy();
  console.log(
    `up to the justified epoch ${result.justifiedEpoch}: ${result.crosslinks} crosslinks, ${result.blocks} blocks, ${result.transactions} transactions`,
  );
  const rows: [string, bigint][] = [
    ["deposits", result.deposits],
    ["withdrawals paid", result.paid],
    ["on shards", result.onShards],
    ["in flight between shards", result.inFlight],
    ["deposits to be imported", result.unimported],
    ["withdrawals to be paid", result.unpaid],
  ];
  for (const [name, wei] of rows) console.log(`  ${name.padEnd(26)} ${wei} wei`);
  console.log("every anchored root agrees, and value is conserved");
} catch (error) {
  console.error(`audit failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
