import { Command, InvalidArgumentError } from "commander";
import { createNativeCrypto } from "../../crypto/native.ts";
import { SIGNATURE_TAG } from "../../protocol/bls.ts";
import { toHex } from "../../protocol/bytes.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { voluntaryExitDigest } from "../../protocol/vote.ts";
import {
  acceptWithdrawalAddress,
  exitValidator,
  proposeWithdrawalAddress,
  type SignedExit,
  withdrawStake,
} from "../parent/actions/leave.ts";
import { checkedAddress } from "../parent/address.ts";
import { connectContracts } from "../parent/contracts.ts";
import { type DeploymentRecord, readDeployment } from "../parent/deployment.ts";
import { connectProvider } from "../parent/rpc.ts";
import { type StakeStanding, stakeStanding } from "../parent/stake-standing.ts";
import { TransactionSender } from "../parent/transaction-sender.ts";
import { chosenDeployment, type DeploymentFlags } from "./deployment-flag.ts";
import { readKeyFile, readKeystore } from "./key-files.ts";

/** npm run validator -- status|exit|withdraw|set-withdrawal-address: see `npm run validator -- --help`. */

interface Flags extends DeploymentFlags {
  readonly parent: string;
  readonly validator: number;
}

interface SendingFlags extends Flags {
  readonly keyFile: string;
}

interface ExitFlags extends SendingFlags {
  readonly validatorKeyFile: string | undefined;
  readonly keystore: string | undefined;
  readonly passwordFile: string | undefined;
}

interface AddressFlags extends SendingFlags {
  readonly to: string | undefined;
  readonly accept: boolean;
  readonly takeBack: boolean;
}

/** A deployment, and one of its validators. */
interface Chosen {
  readonly crypto: Crypto;
  readonly provider: Awaited<ReturnType<typeof connectProvider>>;
  readonly record: DeploymentRecord;
  readonly standing: StakeStanding;
}

const program = new Command("npm run validator --")
  .description("What the owner of a validator does: see where it stands, leave, and have the stake paid out.")
  .allowExcessArguments(false);

command("status", "where the validator stands").action((flags: Flags) =>
  withValidator(flags, async ({ standing }) => print(standing)),
);

sending("exit", "leaves: signed by the validator's key if one is given, else sent by the withdrawal address")
  .option("--validator-key-file <file>", "secret key of the validator in hexadecimal")
  .option("--keystore <file>", "secret key of the validator, encrypted as EIP-2335 says")
  .option("--password-file <file>", "password of the keystore")
  .action((flags: ExitFlags) =>
    withValidator(flags, async (chosen) => {
      const { crypto, record } = chosen;
      const sender = senderOf(chosen, flags);
      const signed = await signedExit(chosen, flags);
      if (signed === null) requireOwner(chosen, flags, sender);
      const epoch = await exitValidator(crypto, sender, record.addresses, flags.validator, signed);
      console.log(`validator ${flags.validator} leaves: epoch ${epoch} is the first without it`);
    }),
  );

sending("withdraw", "pays the stake out to the withdrawal address; any account may send it").action(
  (flags: SendingFlags) =>
    withValidator(flags, async (chosen) => {
      const sender = senderOf(chosen, flags);
      const paid = await withdrawStake(sender, chosen.record.addresses, flags.validator);
      console.log(`${paid} wei were paid to ${chosen.standing.withdrawalAddress}`);
    }),
);

sending("set-withdrawal-address", "offers the stake to another address, takes the offer back, or accepts it")
  .option("--to <address>", "the address that it is offered to; sent by the present one", address)
  .option("--take-back", "nobody may accept any more; sent by the present address", false)
  .option("--accept", "the stake is the sending account's from now on, to whom it has been offered", false)
  .action((flags: AddressFlags) => withValidator(flags, (chosen) => setWithdrawalAddress(chosen, flags)));

try {
  await program.parseAsync();
} catch (error) {
  console.error(`failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

// ------------------------------------------------------------------ commands

async function signedExit({ crypto, record, provider }: Chosen, flags: ExitFlags): Promise<SignedExit | null> {
  const { validatorKeyFile, keystore, passwordFile, validator } = flags;
  if (validatorKeyFile !== undefined && keystore !== undefined) {
    throw new Error("--keystore: --validator-key-file names a key already");
  }
  if (validatorKeyFile === undefined && keystore === undefined) return null;
  const [flag, key] =
    keystore === undefined
      ? ["--validator-key-file", readKeyFile("--validator-key-file", validatorKeyFile as string)]
      : ["--keystore", await readKeystore(keystore, passwordFile)];
  const { registry } = connectContracts(record.addresses, provider);
  const publicKey = publicKeyOf(crypto, flag, key);
  const owner = Number(await registry.validatorOf(toHex(crypto.bls.decompressG1(publicKey))));
  if (owner !== validator) {
    throw new Error(`${flag}: it is the key of ${owner === 0 ? "nobody" : `validator ${owner}`}, not of ${validator}`);
  }
  const epoch = Number(await registry.currentEpoch());
  const { domain } = await readDeployment(crypto, provider, record.addresses);
  const digest = voluntaryExitDigest(crypto, domain, validator, epoch);
  return { epoch, signature: crypto.bls.sign(key, digest, SIGNATURE_TAG) };
}

function publicKeyOf(crypto: Crypto, flag: string, key: Uint8Array): Uint8Array {
  try {
    return crypto.bls.publicKey(key);
  } catch (cause) {
    throw new Error(`${flag}: it holds no key of BLS12-381`, { cause });
  }
}

async function setWithdrawalAddress(chosen: Chosen, flags: AddressFlags): Promise<void> {
  const { standing, record } = chosen;
  const { validator, to, accept, takeBack } = flags;
  if ([to !== undefined, accept, takeBack].filter(Boolean).length !== 1) {
    throw new Error("--to, --take-back or --accept: give one of them");
  }
  const sender = senderOf(chosen, flags);
  if (accept) {
    if (!isSame(standing.proposedWithdrawalAddress, sender.address)) {
      const offer = standing.proposedWithdrawalAddress ?? "nobody";
      throw new Error(`--key-file: the stake is offered to ${offer}, not to ${sender.address}`);
    }
    await acceptWithdrawalAddress(sender, record.addresses, validator);
    console.log(`the stake of validator ${validator} is ${sender.address}'s now`);
    return;
  }
  requireOwner(chosen, flags, sender);
  await proposeWithdrawalAddress(sender, record.addresses, validator, to ?? `0x${"00".repeat(20)}`);
  console.log(
    to === undefined
      ? "the offer is taken back"
      : `offered to ${to}: it is that address's once it has sent set-withdrawal-address --accept`,
  );
}

function print(standing: StakeStanding): void {
  const rows: [string, unknown][] = [
    ["status", `${standing.status}${standing.isSlashed ? ", slashed" : ""}`],
    ["seat", standing.seat],
    ["active from epoch", standing.activationEpoch],
    ["leaves in epoch", standing.exitEpoch ?? "-"],
    ["withdrawable from epoch", standing.withdrawableEpoch ?? "-"],
    ["withdrawable from block", standing.withdrawableBlock ?? "-"],
    ["stake", `${standing.stake} wei`],
    ["burnt at a withdrawal now", `${standing.correlationPenalty} wei`],
    ["withdrawal address", standing.withdrawalAddress],
    ["offered to", standing.proposedWithdrawalAddress ?? "-"],
  ];
  for (const [name, value] of rows) console.log(`${name.padEnd(26)} ${value}`);
}

// ------------------------------------------------------------------ settings

function command(name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .requiredOption("--parent <url>", "JSON-RPC of the parent chain")
    .requiredOption("--validator <n>", "number of the validator", positive)
    .option("--deployment <file>", "addresses of the contracts (default: deployments/<chain id>.json)")
    .option(
      "--shards-rpc <url>",
      "where the shards are served, which names the deployment, such as http://127.0.0.1:8645",
    )
    .allowExcessArguments(false);
}

function sending(name: string, description: string): Command {
  return command(name, description).requiredOption(
    "--key-file <file>",
    "private key in hexadecimal of the account that sends the transaction and pays for it",
  );
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

async function withValidator(flags: Flags, act: (chosen: Chosen) => Promise<void>): Promise<void> {
  const crypto = await createNativeCrypto();
  const provider = await connectProvider(flags.parent, { attempts: 3 });
  try {
    const record = await chosenDeployment(flags, (await provider.getNetwork()).chainId);
    await readDeployment(crypto, provider, record.addresses);
    const standing = await stakeStanding(provider, record.addresses, flags.validator);
    if (standing === null) throw new Error(`--validator: this deployment has no validator ${flags.validator}`);
    await act({ crypto, provider, record, standing });
  } finally {
    provider.destroy();
  }
}

function senderOf({ provider }: Chosen, { keyFile }: SendingFlags): TransactionSender {
  return new TransactionSender(provider, readKeyFile("--key-file", keyFile));
}

function requireOwner({ standing }: Chosen, { validator }: Flags, sender: TransactionSender): void {
  if (isSame(standing.withdrawalAddress, sender.address)) return;
  throw new Error(
    `--key-file: the withdrawal address of validator ${validator} is ${standing.withdrawalAddress}, not ${sender.address}`,
  );
}

function isSame(a: string | null, b: string): boolean {
  return a?.toLowerCase() === b.toLowerCase();
}
