import type { GossipMessage } from "../../protocol/gossip.ts";
import type { Parameters } from "../../protocol/presets.ts";

/**
 * Checks for each shard that a peer may make this node do in an epoch. An honest one needs six: crosslink, attestation, and
 * its certificate, alone and in a proposal; after a restart, the same again.
 */
const CHECKS_PER_SHARD = 16;
/** For what is not about one shard: votes, proposals, answers to the roll. */
const OTHER_CHECKS = 64;
/** Peers whose checks are counted at a time; the transport lets in far fewer. */
const MAX_PEERS = 1024;

/**
 * How many signatures each peer may have this node verify: as many at once as an honest one needs in an epoch, and with
 * every slot that passes its part of them more. So a peer that sends rubbish without end costs its share and no more,
 * and takes nothing from the shares of others.
 */
export class CheckAllowance {
  readonly capacity: number;
  readonly perSlot: number;
  /** Checks that have not been given back, by peer. */
  readonly #spent = new Map<string, number>();
  #slot = 0;

  constructor({ shardCount, slotsPerEpoch }: Pick<Parameters, "shardCount" | "slotsPerEpoch">) {
    this.capacity = CHECKS_PER_SHARD * shardCount + OTHER_CHECKS;
    this.perSlot = Math.ceil(this.capacity / slotsPerEpoch);
  }

  /** Takes so many checks off the peer's share; false, and nothing taken, if it has not so many left in this slot. */
  take(peer: string, checks: number, slot: number): boolean {
    if (checks === 0) return true;
    if (slot > this.#slot) this.#giveBack(slot);
    const spent = this.#spent.get(peer);
    if (spent === undefined && this.#spent.size >= MAX_PEERS) return false;
    if ((spent ?? 0) + checks > this.capacity) return false;
    this.#spent.set(peer, (spent ?? 0) + checks);
    return true;
  }

  #giveBack(slot: number): void {
    const back = this.perSlot * (slot - this.#slot);
    this.#slot = slot;
    for (const [peer, spent] of this.#spent) {
      if (spent <= back) this.#spent.delete(peer);
      else this.#spent.set(peer, spent - back);
    }
  }
}

/**
 * Signatures that may have to be verified before it is known what the message is worth. Blocks are not counted: they come
 * all the time, and no signature of BLS is on them.
 */
export function checksOf(message: GossipMessage): number {
  switch (message.kind) {
    case "block":
      return 0;
    case "certificate":
      // The committee's and the operator's.
      return 2;
    case "proposal":
      // Reveal and signature of the proposer, and its certificates.
      return 2 + 2 * message.entries.length;
    default:
      return 1;
  }
}
