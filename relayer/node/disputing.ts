import { setImmediate } from "node:timers/promises";
import { toHex } from "../../protocol/bytes.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import type { GossipMessage } from "../../protocol/gossip.ts";
import { addressOfKey } from "../../protocol/operator-signature.ts";
import { challengeData, reclaimBond } from "../parent/actions/challenge-data.ts";
import { claimRewards } from "../parent/actions/claim-rewards.ts";
import {
  isPunishable,
  punishCommittee,
  punishOperator,
  punishOperatorByHeader,
} from "../parent/actions/punish-signers.ts";
import { pursueDispute } from "../parent/actions/pursue-dispute.ts";
import type { ReporterAccount } from "../parent/actions/pursue-offence.ts";
import { readAnswer } from "../parent/challenge-answers.ts";
import { connectContracts } from "../parent/contracts.ts";
import { entryOpening } from "../parent/entry-opening.ts";
import type { ContractAddresses, ParentSource } from "../parent/parent-view.ts";
import { type DisputeActions, Disputer } from "../watcher/disputer.ts";
import { ShardWatch } from "../watcher/shard-watch.ts";
import { SignedCrosslinks } from "../watcher/signed-crosslinks.ts";

/** Index that says that the fault is in no block. */
const NO_BLOCK = 0xffffn;

export interface DisputingOptions {
  readonly crypto: Crypto;
  readonly source: ParentSource;
  readonly addresses: ContractAddresses;
  readonly account: ReporterAccount;
  /** Of the account. */
  readonly accountKey: Uint8Array;
  /** What is published of a range from its first block on, one answer after the other. */
  readonly fetchBlocks: (shardId: number, first: number, last: number) => AsyncIterable<readonly Uint8Array[]>;
  readonly rank: number;
  readonly watchers: number;
  readonly onError: (error: unknown) => void;
  readonly onWarning: (message: string) => void;
}

/** Every shard is executed along what the parent chain accepts; what is wrong is disputed. */
export class Disputing {
  readonly #options: DisputingOptions;
  readonly #watches = new Map<number, ShardWatch>();
  readonly #signed: SignedCrosslinks;
  readonly #disputer: Disputer;

  constructor(options: DisputingOptions) {
    const { crypto, source, accountKey, rank, watchers, onError, onWarning } = options;
    this.#options = options;
    this.#signed = new SignedCrosslinks(crypto, source.view);
    this.#disputer = new Disputer({
      source,
      actions: disputeActions(options),
      watch: (shardId) => this.#watch(shardId),
      signatureOn: (crosslink, hash) => this.#signed.signatureOn(crosslink, hash),
      account: addressOfKey(crypto, accountKey),
      rank,
      watchers,
      onError,
      onWarning,
    });
  }

  /** A message of a peer, or of this node itself. */
  take(message: GossipMessage): void {
    this.#signed.take(message);
  }

  /** Called at every block of the parent chain. */
  onBlock(): Promise<void> {
    return this.#disputer.onBlock();
  }

  close(): void {
    this.#disputer.close();
  }

  #watch(shardId: number): ShardWatch {
    const { crypto, source, addresses, account, fetchBlocks } = this.#options;
    const { view } = source;
    const watch =
      this.#watches.get(shardId) ??
      new ShardWatch({
        crypto,
        view,
        shardId,
        fetchBlocks,
        readAnswer: (place) => readAnswer(account.sender.provider, addresses, place),
        pause: () => setImmediate(),
      });
    this.#watches.set(shardId, watch);
    return watch;
  }
}

function disputeActions({ crypto, source, addresses, account }: DisputingOptions): DisputeActions {
  const { view } = source;
  const { sender } = account;
  return {
    challenge: (accepted, entry, asked) =>
      challengeData(sender, addresses, entryOpening(crypto, accepted, entry), asked),
    pursue: (accepted, entry, evidence, isUrgent) => {
      const proof = entryOpening(crypto, accepted, entry);
      return pursueDispute(crypto, view.domain, account, addresses, { proof, evidence }, isUrgent);
    },
    isPunishable: (hash) => isPunishable(sender, addresses, hash),
    blockAtFault: async (hash) => {
      const { disputes } = connectContracts(addresses, sender.provider);
      const { fault, blockIndex } = await disputes.verdictOn(toHex(hash));
      return fault === 0n || blockIndex === NO_BLOCK ? null : Number(blockIndex);
    },
    punishCommittee: (accepted, entry) => {
      const members = view.committee(entry.position, accepted.checkpoint.body.epoch)?.length ?? 0;
      return punishCommittee(crypto, sender, addresses, accepted, entry, members);
    },
    punishOperator: (signed) => punishOperator(sender, addresses, signed),
    punishOperatorByHeader: (crosslink, opening, signature) =>
      punishOperatorByHeader(sender, addresses, crosslink, { opening, signature }),
    reclaim: (id) => reclaimBond(sender, addresses, id),
    claim: () => claimRewards(sender, addresses),
  };
}
