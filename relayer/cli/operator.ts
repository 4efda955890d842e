import { Command, InvalidArgumentError } from "commander";
import { createNativeCrypto } from "../../crypto/native.ts";
import { fromHex } from "../../protocol/bytes.ts";
import { takeOver } from "../parent/actions/take-over.ts";
import { checkedAddress } from "../parent/address.ts";
import { type DeploymentRecord, readDeployment } from "../parent/deployment.ts";
import { connectProvider } from "../parent/rpc.ts";
import { type ShardRegistration, shardRegistration } from "../parent/shard-registration.ts";
import { TransactionSender } from "../parent/transaction-sender.ts";
import { chosenDeployment, type DeploymentFlags } from "./deployment-flag.ts";
import { readKeyFile } from "./key-files.ts";

/** npm run operator -- status|take-over: see `npm run operator -- --help`. */

interface Flags extends DeploymentFlags {
  readonly parent: string;
  readonly shard: number;
}

interface TakeOverFlags extends Flags {
  readonly keyFile: string;
  readonly operator: string | undefined;
}

/** A deployment, and one of its shards. */
interface Chosen {
  readonly provider: Awaited<ReturnType<typeof connectProvider>>;
  readonly record: DeploymentRecord;
  /** wei */
  readonly bond: bigint;
  readonly registration: ShardRegistration;
}

const program = new Command("npm run operator --")
  .description("Who operates a shard, and how to take over one whose operator has lost its bond.")
  .allowExcessArguments(false);

command("status", "who operates the shard, and in which generation").action((flags: Flags) =>
  withShard(flags, async ({ registration }) => print(registration)),
);

command("take-over", "makes an account the operator of a shard that has none, with the bond")
  .requiredOption(
    "--key-file <file>",
    "private key in hexadecimal of the account that sends the transaction and pays the bond",
  )
  .option("--operator <address>", "account that is to operate the shard (default: the one that pays)", address)
  .action((flags: TakeOverFlags) => withShard(flags, (chosen) => takeOverShard(chosen, flags)));

try {
  await program.parseAsync();
} catch (error) {
  console.error(`failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

// ------------------------------------------------------------------ commands

async function takeOverShard({ provider, record, registration, bond }: Chosen, flags: TakeOverFlags): Promise<void> {
  const { shard, keyFile } = flags;
  const sender = new TransactionSender(provider, readKeyFile("--key-file", keyFile));
  if (registration.operator !== null) {
    throw new Error(
      `--shard: shard ${shard} is operated by ${registration.operator}; only one without operator is taken over`,
    );
  }
  const operator = flags.operator ?? sender.address;
  if (!(await takeOver(sender, record.addresses, shard, fromHex(operator.toLowerCase()), bond))) {
    throw new Error(`--shard: somebody else has taken shard ${shard} over just now`);
  }
  console.log(
    `shard ${shard} is operated by ${operator} in generation ${registration.generation}, with a bond of ${bond} wei`,
  );
  console.log("a node with that account's key fetches its blocks from its peers and goes on with it by itself");
}

function print(registration: ShardRegistration): void {
  const rows: [string, unknown][] = [
    ["operator", registration.operator ?? "nobody: it can be taken over"],
    ["generation", registration.generation],
    ["bond", `${registration.bond} wei`],
    ["position", registration.position],
    ["chain id", registration.chainId],
    ["opened in epoch", registration.openedEpoch],
  ];
  for (const [name, value] of rows) console.log(`${name.padEnd(26)} ${value}`);
}

// ------------------------------------------------------------------ settings

function command(name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .requiredOption("--parent <url>", "JSON-RPC of the parent chain")
    .requiredOption("--shard <n>", "id of the shard", positive)
    .option("--deployment <file>", "addresses of the contracts (default: deployments/<chain id>.json)")
    .option(
      "--shards-rpc <url>",
      "where the shards are served, which names the deployment, such as http://127.0.0.1:8645",
    )
    .allowExcessArguments(false);
}

function positive(value: string): number {
  if (!/^[1-9][0-9]{0,8}$/.test(value)) throw new InvalidArgumentError("It is a whole number from 1 on.");
  return Number(value);
}

function address(value: string): string {
  try {
    return checkedAddress(value);
  } catch {
    throw new InvalidArgumentError(
      "It is 0x and 40 hexadecimal digits, with their checksum if they are of mixed case.",
    );
  }
}

async function withShard(flags: Flags, act: (chosen: Chosen) => Promise<void>): Promise<void> {
  const crypto = await createNativeCrypto();
  const provider = await connectProvider(flags.parent, { attempts: 3 });
  try {
    const record = await chosenDeployment(flags, (await provider.getNetwork()).chainId);
    const { parameters } = await readDeployment(crypto, provider, record.addresses);
    const registration = await shardRegistration(provider, record.addresses, flags.shard);
    if (registration === null) throw new Error(`--shard: this deployment has no shard ${flags.shard}`);
    await act({ provider, record, registration, bond: parameters.shardBond });
  } finally {
    provider.destroy();
  }
}
