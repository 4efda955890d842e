import path from "node:path";
import { concat } from "../../protocol/bytes.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import type { SignedHeader } from "../../protocol/evidence.ts";
import type { GossipMessage } from "../../protocol/gossip.ts";
import { claimRewards } from "../parent/actions/claim-rewards.ts";
import { pursueOffence } from "../parent/actions/pursue-offence.ts";
import type { AcceptedCheckpoint, ContractAddresses, ParentSource } from "../parent/parent-view.ts";
import type { TransactionSender } from "../parent/transaction-sender.ts";
import { Equivocations } from "../watcher/equivocations.ts";
import { Reporter } from "../watcher/reporter.ts";
import { SightingLog } from "../watcher/sighting-log.ts";
import { Disputing, type DisputingOptions } from "./disputing.ts";

export interface WatchOptions {
  readonly crypto: Crypto;
  readonly source: ParentSource;
  readonly addresses: ContractAddresses;
  readonly sender: TransactionSender;
  /** Of the sender. */
  readonly accountKey: Uint8Array;
  /** Of this deployment. */
  readonly directory: string;
  /** What is published of a range from its first block on, one answer after the other. */
  readonly fetchBlocks: DisputingOptions["fetchBlocks"];
  readonly rank: number;
  readonly watchers: number;
  readonly onError: (error: unknown) => void;
  readonly onWarning: (message: string) => void;
}

const SALT = new TextEncoder().encode("Watchfire evidence");

/**
 * The watcher's role in a node: what arrives and what is accepted is compared, what is found is reported; what is accepted of
 * shards is executed, and disputed where it is wrong.
 */
export class Watch {
  readonly #source: ParentSource;
  readonly #log: SightingLog;
  readonly #equivocations: Equivocations;
  readonly #reporter: Reporter;
  readonly #disputing: Disputing;
  readonly #onAccepted = (checkpoint: AcceptedCheckpoint) => this.#equivocations.accepted(checkpoint);

  constructor(options: WatchOptions) {
    const { crypto, source, addresses, sender, rank, watchers, onError } = options;
    const account = { sender, secret: crypto.keccak256(concat(SALT, options.accountKey)) };
    this.#source = source;
    this.#reporter = new Reporter({
      source,
      pursue: ({ evidence, guilty }) => pursueOffence(crypto, account, addresses, evidence, guilty),
      claim: () => claimRewards(sender, addresses),
      rank,
      watchers,
      onError,
    });
    this.#disputing = new Disputing({ ...options, account });
    this.#log = new SightingLog(path.join(options.directory, "sightings"), onError);
    this.#equivocations = new Equivocations({
      crypto,
      view: source.view,
      log: this.#log,
      onOffence: (offence) => {
        const { evidence, guilty } = offence;
        const who =
          evidence.kind === "headers" ? `the operator of shard ${evidence.a.header.shardId}` : guilty.join(", ");
        options.onWarning(`two ${evidence.kind} of which nobody may sign both are signed by ${who}`);
        this.#reporter.report(offence);
      },
      onError,
    });
    source.on("checkpoint", this.#onAccepted);
  }

  /** A message of a peer, or of this node itself. */
  take(message: GossipMessage, sender: string): void {
    this.#equivocations.take(message, sender);
    this.#disputing.take(message);
  }

  /** @param signed its signature has been verified */
  header(signed: SignedHeader): void {
    this.#equivocations.header(signed);
  }

  /** Called at every block of the parent chain. */
  async onBlock(): Promise<void> {
    this.#equivocations.onBlock();
    // A dispute has a window; a report may come later.
    await Promise.all([this.#disputing.onBlock(), this.#reporter.onBlock()]);
  }

  close(): void {
    this.#source.off("checkpoint", this.#onAccepted);
    this.#disputing.close();
    this.#log.close();
  }
}
