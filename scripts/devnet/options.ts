import { Command, InvalidArgumentError } from "commander";
import { PRESETS, PROFILES, type PresetName, type ProfileName } from "../../protocol/presets.ts";
import type { QueueSettings } from "../../relayer/node/queue-place.ts";

export interface DevnetOptions {
  readonly shards: number | undefined;
  readonly committee: number | undefined;
  readonly preset: PresetName;
  readonly profile: ProfileName;
  readonly operators: number;
  /** Undefined chooses it by what one process has to do in a slot. */
  readonly slotSeconds: number | undefined;
  /** JSON-RPC of the parent chain; undefined starts Hardhat's network. */
  readonly parent: string | undefined;
  /** File with the deployer's private key in hexadecimal. */
  readonly keyFile: string | undefined;
  readonly dataDir: string | undefined;
  /** Where every node keeps its queue; undefined is in its data. */
  readonly queue: QueueSettings | undefined;
  /** Of the shards' JSON-RPC. */
  readonly port: number;
  /** End once this epoch is final and the demo is done; undefined runs until Ctrl-C. */
  readonly epochs: number | undefined;
  readonly json: boolean;
}

export const DEFAULT_PORT = 8645;

const QUEUES = { embedded: true, postgres: true, redis: true };

interface Parsed extends Omit<DevnetOptions, "queue"> {
  readonly queue: keyof typeof QUEUES;
  readonly queueUrl: string | undefined;
}

/** @throws through commander: prints what is wrong with which flag and ends the process with code 1 */
export function parseOptions(args: readonly string[]): DevnetOptions {
  const command = new Command("npm start --")
    .description(
      "Brings up a parent chain, deploys Watchfire, runs operators and validators, and drives payments through the shards.",
    )
    .option("--shards <n>", "shards to open (default: the preset's, at most 4)", count(1, 128))
    .option("--committee <n>", "seats per committee (default: the preset's)", count(1, 256))
    .option("--preset <name>", `sizes: ${Object.keys(PRESETS).join(", ")}`, oneOf(PRESETS), "minimal")
    .option("--profile <name>", `times and limits: ${Object.keys(PROFILES).join(", ")}`, oneOf(PROFILES), "devnet")
    .option("--operators <n>", "nodes that share the validators and the shards", count(1, 64), 4)
    .option(
      "--slot-seconds <n>",
      "length of a slot (default: the profile's, and longer if one process needs it for so many shards)",
      count(1, 3600),
    )
    .option("--parent <url>", "JSON-RPC of the parent chain (default: start Hardhat's network on 127.0.0.1:8545)")
    .option(
      "--key-file <file>",
      "private key that deploys and pays on the parent chain (needed unless it is a local one)",
    )
    .option("--data-dir <folder>", "keep the nodes' data there (default: a fresh folder)")
    .option(
      "--queue <kind>",
      `where the nodes keep their queues: ${Object.keys(QUEUES).join(", ")}`,
      oneOf(QUEUES),
      "embedded",
    )
    .option("--queue-url <url>", "server of the queues, such as postgres://me@127.0.0.1/watchfire or redis://127.0.0.1")
    .option("--port <n>", "port of the shards' JSON-RPC", count(1, 65_535), DEFAULT_PORT)
    .option(
      "--epochs <n>",
      "end once this epoch is final, all messages are delivered and the withdrawal is paid",
      count(1, 1_000_000),
    )
    .option("--json", "end with one JSON object on the last line of standard output", false)
    .allowExcessArguments(false);
  const { queue, queueUrl, ...others } = command.parse(args, { from: "user" }).opts<Parsed>();
  if (queue === "embedded") {
    if (queueUrl !== undefined) command.error("error: --queue-url goes with --queue postgres or redis");
    return { ...others, queue: undefined };
  }
  if (queueUrl === undefined) return command.error(`error: --queue ${queue} needs --queue-url`);
  return { ...others, queue: { kind: queue, url: queueUrl } };
}

function count(least: number, most: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (!/^[0-9]{1,9}$/.test(value) || number < least || number > most) {
      throw new InvalidArgumentError(`It is a whole number from ${least} to ${most}.`);
    }
    return number;
  };
}

function oneOf<K extends string>(choices: Record<K, unknown>): (value: string) => K {
  return (value) => {
    if (!Object.hasOwn(choices, value))
      throw new InvalidArgumentError(`It is one of ${Object.keys(choices).join(", ")}.`);
    return value as K;
  };
}
