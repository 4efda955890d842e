import { DecodeError } from "../../protocol/bytes.ts";
import { crosslinkHash, type SignedCrosslink } from "../../protocol/crosslink.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { decodeGossip, encodeGossip, type GossipMessage, type Proposal } from "../../protocol/gossip.ts";
import { operatorSigned } from "../../protocol/operator-signature.ts";
import type { Certificates } from "../aggregator/certificates.ts";
import type { RollAnswers } from "../aggregator/roll-answers.ts";
import type { Votes } from "../aggregator/votes.ts";
import type { Transport } from "../network/transport.ts";
import type { ParentView } from "../parent/parent-view.ts";
import { EpochBoard } from "../store/epoch-board.ts";
import type { PublishedBlocks } from "../store/published-blocks.ts";
import { type CheckedProposal, checkProposal, isRevealed, ProposalRefused } from "../validator/check-proposal.ts";
import { CheckAllowance, checksOf } from "./check-allowance.ts";

export interface GossipBoardOptions {
  readonly crypto: Crypto;
  readonly view: ParentView;
  readonly transport: Transport;
  readonly blocks: PublishedBlocks;
  readonly certificates: Certificates;
  readonly votes: Votes;
  readonly rollAnswers: RollAnswers;
  /** Sees every message that is checked at all, after everybody else. */
  readonly onMessage?: (message: GossipMessage, sender: string) => void;
  readonly onError: (error: unknown) => void;
}

const KEPT_EPOCHS = 4;
/** Proposals of one peer that wait until this node's view of the parent chain has caught up with the proposer's. */
const MAX_PENDING_PER_SENDER = 2;
const MAX_PENDING = 256;
/** Peers in a slot that are reported for sending too much. */
const MAX_REPORTED = 16;
/** The one proposal of an epoch. */
const PROPOSAL = "proposal";

/** Where messages of peers and of this node itself arrive: each is checked as far as it can be and given to who needs it. */
export class GossipBoard {
  /** Signed by their operators, by shard id; the first one of an epoch. */
  readonly crosslinks = new EpochBoard<SignedCrosslink>({ maxEpochs: KEPT_EPOCHS, maxKeys: 256 });
  readonly #proposals = new EpochBoard<CheckedProposal>({ maxEpochs: KEPT_EPOCHS, maxKeys: 1 });
  readonly #options: GossipBoardOptions;
  readonly #allowance: CheckAllowance;
  /** Peers whose messages were dropped unseen in the slot, so that each is reported once. */
  readonly #refused = new Set<string>();
  #refusedSlot = 0;
  #pending: { readonly proposal: Proposal; readonly sender: string }[] = [];

  constructor(options: GossipBoardOptions) {
    this.#options = options;
    this.#allowance = new CheckAllowance(options.view.parameters);
    options.transport.onMessage((bytes, from) => this.#receive(bytes, from));
  }

  /** To every peer, and to this node by the same way. */
  publish(message: GossipMessage): void {
    const bytes = encodeGossip(message);
    const { transport } = this.#options;
    transport.publish(bytes);
    this.#receive(bytes, transport.id);
  }

  proposal(epoch: number): CheckedProposal | undefined {
    return this.#proposals.get(epoch, PROPOSAL);
  }

  /** null once the signal aborts. */
  waitForProposal(epoch: number, signal: AbortSignal): Promise<CheckedProposal | null> {
    return this.#proposals.wait(epoch, PROPOSAL, signal);
  }

  /** The view of the parent chain has changed: what could not be judged before may be judged now. */
  onBlock(): void {
    const pending = this.#pending;
    this.#pending = [];
    for (const { proposal, sender } of pending) {
      if (!this.#mayBeChecked(proposal, sender)) continue;
      try {
        this.#take(proposal, sender);
      } catch (error) {
        // The others go on waiting, whatever is wrong with this one.
        this.#options.onError(error);
      }
    }
  }

  #receive(bytes: Uint8Array, sender: string): void {
    try {
      const message = decodeGossip(bytes);
      if (!this.#mayBeChecked(message, sender)) return;
      this.#handle(message, sender);
      this.#options.onMessage?.(message, sender);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#options.onError(error);
    }
  }

  /** What comes from a peer that has used up its share of checks is dropped: verifying it is what costs. */
  #mayBeChecked(message: GossipMessage, sender: string): boolean {
    const { view, transport, onError } = this.#options;
    if (sender === transport.id) return true;
    const slot = view.slot();
    if (this.#allowance.take(sender, checksOf(message), slot)) return true;
    if (slot !== this.#refusedSlot) this.#refused.clear();
    this.#refusedSlot = slot;
    if (!this.#refused.has(sender) && this.#refused.size < MAX_REPORTED) {
      this.#refused.add(sender);
      onError(new Error(`${sender} sends more than it may: its messages are dropped until the next slot`));
    }
    return false;
  }

  #handle(message: GossipMessage, sender: string): void {
    const { blocks, certificates, votes, rollAnswers } = this.#options;
    switch (message.kind) {
      case "block":
        blocks.add(message.block);
        break;
      case "crosslink":
        this.#takeCrosslink(message);
        break;
      case "attestation":
        certificates.addAttestation(message);
        break;
      case "certificate":
        certificates.addCertificate(message);
        break;
      case "proposal":
        this.#take(message, sender);
        break;
      case "vote":
        votes.add(message, sender);
        break;
      case "rollAnswer":
        rollAnswers.add(message);
        break;
    }
  }

  #takeCrosslink(signed: SignedCrosslink): void {
    const { crypto, view, certificates } = this.#options;
    const { shardId, epoch, generation } = signed.crosslink;
    const shard = view.shard(shardId);
    const now = view.epoch();
    if (shard === null || generation !== shard.generation) return;
    if (epoch > now || epoch + KEPT_EPOCHS <= now) return;
    if (this.crosslinks.get(epoch, String(shardId)) !== undefined) return;
    const hash = crosslinkHash(crypto, view.domain, signed.crosslink);
    if (!operatorSigned(crypto, hash, signed.operatorSignature, shard.operator)) return;
    this.crosslinks.put(epoch, String(shardId), signed);
    certificates.addCrosslink(signed);
  }

  #take(proposal: Proposal, sender: string): void {
    const { crypto, view, votes, onError } = this.#options;
    if (this.proposal(proposal.epoch) !== undefined) return;
    try {
      const checked = checkProposal(crypto, view, proposal);
      if (!this.#proposals.put(proposal.epoch, PROPOSAL, checked)) return;
      votes.open({ source: checked.source, target: checked.target });
    } catch (error) {
      if (!(error instanceof ProposalRefused)) throw error;
      const now = view.epoch();
      // It may be this node that is behind: the epoch, or the checkpoint the proposal builds on, is known a block later.
      const mayBeEarly = proposal.epoch === now || proposal.epoch + 1 === now;
      // Only the proposer can make one wait, until it has shown its reveal to everybody.
      if (!mayBeEarly || !this.#mayWait(sender) || !isRevealed(crypto, view, proposal)) onError(error);
      else this.#pending.push({ proposal, sender });
    }
  }

  #mayWait(sender: string): boolean {
    const own = this.#pending.filter((pending) => pending.sender === sender);
    return own.length < MAX_PENDING_PER_SENDER && this.#pending.length < MAX_PENDING;
  }
}
