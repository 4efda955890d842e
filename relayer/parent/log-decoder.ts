import { dataSlice, EventFragment, type Interface, type Log } from "ethers";
import { fromHex, word } from "../../protocol/bytes.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import type { CheckpointSubmission } from "./checkpoint-submission.ts";
import type { Contracts } from "./contracts.ts";
import { ParentInconsistent } from "./errors.ts";
import type { ParentLog } from "./parent-log.ts";
import type { LogPlace, ParentBlock } from "./parent-view.ts";
import { decodeSubmission } from "./submission-codec.ts";

/** Events that say nothing that others do not say, or nothing that a rule of the relayer asks for. */
const IRRELEVANT: ReadonlySet<string> = new Set([
  "Burnt",
  "CrosslinkDisputed",
  "EvidenceCommitted",
  "Initialized",
  "KeysPacked",
  "KeysRenewed",
  "Locked",
  "OffenceReported",
  "OffenderPunished",
  "OperatorPunished",
  "ReporterAdopted",
  "RewardClaimed",
  "RewardCredited",
  "SeatsRolled",
  "SignerPunished",
  "ValidatorEjected",
  "ValidatorFined",
  "WithdrawalAddressProposed",
  "Withdrawn",
]);

const ANSWERS: ReadonlySet<string> = new Set(["HeadersAnswered", "StepsAnswered"]);

/** What an event alone does not hold. */
export interface LogContext {
  /** The block that the event is in. */
  block(): Promise<ParentBlock>;
  /** The transaction that the event is in. */
  transaction(): Promise<{ readonly to: string | null; readonly data: string }>;
}

interface KnownEvent {
  readonly abi: Interface;
  readonly fragment: EventFragment;
}

function eventKey(address: string, topic: string): string {
  return `${address}/${topic}`.toLowerCase();
}

/** Positions of the set bits, ascending. */
function positionsOf(bits: bigint): number[] {
  return Array.from({ length: 256 }, (_, p) => p).filter((p) => ((bits >> BigInt(p)) & 1n) === 1n);
}

function placeOf({ blockNumber, blockHash, index }: Log): LogPlace {
  return { blockNumber, blockHash: fromHex(blockHash), logIndex: index };
}

/** An answer may be as long as a transaction: only its first words are read here. @see readAnswer */
function answerOf(log: Log, name: string): ParentLog {
  const missing = name === "StepsAnswered" ? Number(dataSlice(log.data, 0, 32)) : 0;
  const id = BigInt(log.topics[1] as string);
  return { kind: "challengeAnswered", blockNumber: log.blockNumber, id, missing, place: placeOf(log) };
}

/** Turns the logs of one deployment's contracts into events of the model. */
export class LogDecoder {
  readonly #crypto: Crypto;
  readonly #contracts: Contracts;
  readonly #anchors: string;
  /** By the contract's address and the event's topic, in lower case: ethers would hash the signatures for every log. */
  readonly #events: ReadonlyMap<string, KnownEvent>;

  /** @param addresses of the contracts, by the names of `contracts` */
  constructor(crypto: Crypto, contracts: Contracts, addresses: Readonly<Record<keyof Contracts, string>>) {
    this.#crypto = crypto;
    this.#contracts = contracts;
    this.#anchors = addresses.anchors.toLowerCase();
    const names = Object.keys(contracts) as (keyof Contracts)[];
    this.#events = new Map(
      names.flatMap((name) => {
        const abi: Interface = contracts[name].interface;
        const fragments = abi.fragments.filter((fragment) => EventFragment.isFragment(fragment));
        return fragments.map((fragment) => [eventKey(addresses[name], fragment.topicHash), { abi, fragment }] as const);
      }),
    );
  }

  /**
   * null for an event that the model has no use for.
   * @throws ParentInconsistent for one that is unknown, since it may be one that it should know
   */
  async decode(log: Log, context: LogContext): Promise<ParentLog | null> {
    const event = this.#events.get(eventKey(log.address, log.topics[0] ?? ""));
    if (event === undefined) {
      throw new ParentInconsistent(`unknown event ${log.topics[0]} of ${log.address} in block ${log.blockNumber}`);
    }
    const { abi, fragment } = event;
    if (IRRELEVANT.has(fragment.name)) return null;

    if (ANSWERS.has(fragment.name)) return answerOf(log, fragment.name);
    const { blockNumber } = log;
    const a = abi.decodeEventLog(fragment, log.data, log.topics);
    switch (fragment.name) {
      case "GenesisScheduled":
        return { kind: "genesisScheduled", blockNumber, genesisTime: Number(a.genesisTime) };
      case "ValidatorEnrolled":
        return {
          kind: "validatorEnrolled",
          blockNumber,
          index: Number(a.validator),
          seat: Number(a.seat),
          activationEpoch: Number(a.activationEpoch),
          publicKey: this.#crypto.bls.compressG1(fromHex(a.publicKey)),
        };
      case "ValidatorExitScheduled":
        return {
          kind: "validatorExitScheduled",
          blockNumber,
          index: Number(a.validator),
          exitEpoch: Number(a.exitEpoch),
        };
      case "ValidatorSlashed":
        return { kind: "validatorSlashed", blockNumber, index: Number(a.validator) };
      case "WithdrawalAddressChanged":
        return {
          kind: "withdrawalAddressChanged",
          blockNumber,
          index: Number(a.validator),
          withdrawalAddress: fromHex(a.withdrawalAddress),
        };
      case "Deposited":
        return {
          kind: "deposited",
          blockNumber,
          firstValidator: Number(a.firstValidator),
          count: Number(a.count),
          withdrawalAddress: fromHex(a.withdrawalAddress),
        };
      case "MixAdvanced":
        return { kind: "mixAdvanced", blockNumber, epoch: Number(a.epoch), mix: word(a.mix) };
      case "ShardOpened":
        return {
          kind: "shardOpened",
          blockNumber,
          id: Number(a.shardId),
          operator: fromHex(a.operator),
          position: Number(a.position),
          chainId: Number(a.chainId),
          openedEpoch: Number(a.openedEpoch),
        };
      case "BondSlashed":
        return { kind: "bondSlashed", blockNumber, shardId: Number(a.shardId) };
      case "GenerationAdvanced":
        return {
          kind: "generationAdvanced",
          blockNumber,
          shardId: Number(a.shardId),
          generation: Number(a.generation),
        };
      case "OperatorChanged":
        return {
          kind: "operatorChanged",
          blockNumber,
          shardId: Number(a.shardId),
          generation: Number(a.generation),
          operator: fromHex(a.operator),
        };
      case "EntryAdded":
        return {
          kind: "inboxEntryAdded",
          blockNumber,
          entry: {
            shardId: Number(a.shardId),
            index: Number(a.index),
            epoch: Number(a.epoch),
            kind: Number(a.kind),
            sender: fromHex(a.sender),
            recipient: fromHex(a.recipient),
            value: a.value,
            data: fromHex(a.data),
            digest: fromHex(a.digest),
          },
        };
      case "MessageDemanded":
        return {
          kind: "messageDemanded",
          blockNumber,
          demand: {
            destination: Number(a.destination),
            source: Number(a.source),
            index: Number(a.index),
            epoch: Number(a.epoch),
            place: placeOf(log),
          },
        };
      case "CheckpointAccepted": {
        const submission = this.#submissionIn(await context.transaction(), Number(a.targetEpoch));
        return {
          kind: "checkpointAccepted",
          blockNumber,
          block: await context.block(),
          root: fromHex(a.root),
          submission,
        };
      }
      case "EntriesVoided":
        return {
          kind: "entriesVoided",
          blockNumber,
          targetEpoch: Number(a.targetEpoch),
          positions: positionsOf(a.positions),
        };
      case "VotesSupplemented":
        return {
          kind: "votesSupplemented",
          blockNumber,
          targetEpoch: Number(a.targetEpoch),
          added: fromHex(a.added),
          absentHash: fromHex(a.absentHash),
        };
      case "CheckpointFinalized":
        return { kind: "checkpointFinalized", blockNumber, epoch: Number(a.epoch) };
      case "CheckpointSettled":
        return {
          kind: "checkpointSettled",
          blockNumber,
          block: await context.block(),
          epoch: Number(a.epoch),
          exceptions: positionsOf(a.exceptions),
        };
      case "CrosslinkVoided":
        return {
          kind: "crosslinkVoided",
          blockNumber,
          shardId: Number(a.shardId),
          position: Number(a.position),
          epoch: Number(a.epoch),
          crosslinkHash: fromHex(a.crosslinkHash),
          resume: fromHex(a.resume),
        };
      case "EntryHeld":
        return {
          kind: "entryHeld",
          blockNumber,
          block: await context.block(),
          position: Number(a.position),
          epoch: Number(a.epoch),
          untilTime: Number(a.untilTime),
          untilBlock: Number(a.untilBlock),
        };
      case "DataChallenged":
        return {
          kind: "dataChallenged",
          blockNumber,
          id: a.id,
          crosslinkHash: fromHex(a.crosslinkHash),
          blockHash: fromHex(a.blockHash),
          chunk: Number(a.chunk),
          missing: Number(a.missing),
          challenger: fromHex(a.challenger),
          bond: a.bond,
          deadlineTime: Number(a.deadlineTime),
          deadlineBlock: Number(a.deadlineBlock),
        };
      case "BondReturned":
        return { kind: "bondReturned", blockNumber, id: a.id };
      case "RollCalled":
        return {
          kind: "rollCalled",
          blockNumber,
          block: await context.block(),
          epoch: Number(a.epoch),
          justifiedEpoch: Number(a.justifiedEpoch),
          groups: Number(a.groups),
        };
      case "RollAnswered":
        return { kind: "rollAnswered", blockNumber, epoch: Number(a.epoch), seats: fromHex(a.seats) };
      case "GroupEjected":
        return { kind: "groupEjected", blockNumber, epoch: Number(a.epoch), group: Number(a.group) };
      default:
        throw new ParentInconsistent(`event ${fragment.name} in block ${blockNumber} has no place in the model`);
    }
  }

  /** Submissions come straight from accounts without code, so the input of the transaction is the submission. */
  #submissionIn(
    transaction: { readonly to: string | null; readonly data: string },
    targetEpoch: number,
  ): CheckpointSubmission {
    if (transaction.to?.toLowerCase() !== this.#anchors) {
      throw new ParentInconsistent(
        `the checkpoint of epoch ${targetEpoch} was not submitted to ${this.#anchors} itself`,
      );
    }
    const submission = decodeSubmission(this.#contracts.anchors.interface, transaction.data);
    if (submission.targetEpoch !== targetEpoch) {
      throw new ParentInconsistent(`the input says epoch ${submission.targetEpoch}, the event ${targetEpoch}`);
    }
    return submission;
  }
}
