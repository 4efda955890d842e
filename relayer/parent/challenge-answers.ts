import type { JsonRpcProvider } from "ethers";
import type { BlockHeader } from "../../protocol/block-header.ts";
import { fromHex, toHex } from "../../protocol/bytes.ts";
import { IDataChallenges__factory } from "../../types/factories/disputes/IDataChallenges__factory.ts";
import type { ContractAddresses, LogPlace } from "./parent-view.ts";

/** What an answer to a data challenge shows: all headers of the crosslink, or steps of one block. */
export type ChallengeAnswer = HeadersAnswer | StepsAnswer;

export interface HeadersAnswer {
  readonly kind: "headers";
  readonly headers: readonly BlockHeader[];
}

export interface StepsAnswer {
  readonly kind: "steps";
  /** Index of the first of the steps in the trace. */
  readonly first: number;
  readonly steps: readonly AnsweredStep[];
  /** From the subtree of these steps up to the chunk, bottom up. */
  readonly siblings: readonly Uint8Array[];
  /** Of all chunks of the padded trace. */
  readonly chunkRoots: readonly Uint8Array[];
}

/** A leaf of a trace as it is claimed, and the payload with its hash. */
export interface AnsweredStep {
  /** First word of the leaf's preimage (docs/formats.md, section 5). */
  readonly word: Uint8Array;
  readonly stateRoot: Uint8Array;
  readonly payload: Uint8Array;
}

const challenges = IDataChallenges__factory.createInterface();

/**
 * Reads an answer from the parent chain.
 * @returns null when it is not there any more, after a reorg
 */
export async function readAnswer(
  provider: JsonRpcProvider,
  addresses: ContractAddresses,
  place: LogPlace,
): Promise<ChallengeAnswer | null> {
  const blockHash = toHex(place.blockHash);
  const logs = await provider.getLogs({ address: addresses.dataChallenges, blockHash });
  const log = logs.find(({ index }) => index === place.logIndex);
  const event = log === undefined ? null : challenges.parseLog(log);
  if (event?.name === "HeadersAnswered") return { kind: "headers", headers: event.args.headers.map(headerOf) };
  if (event?.name !== "StepsAnswered") return null;
  const { first, steps, siblings, chunkRoots } = event.args;
  return {
    kind: "steps",
    first: Number(first),
    steps: steps.map(stepOf),
    siblings: siblings.map(fromHex),
    chunkRoots: chunkRoots.map(fromHex),
  };
}

function headerOf(header: Record<keyof BlockHeader, string & bigint>): BlockHeader {
  return {
    shardId: Number(header.shardId),
    generation: Number(header.generation),
    number: Number(header.number),
    parentHash: fromHex(header.parentHash),
    slot: Number(header.slot),
    stepCount: Number(header.stepCount),
    traceRoot: fromHex(header.traceRoot),
    stateRoot: fromHex(header.stateRoot),
    fees: header.fees,
  };
}

function stepOf({ word, stateRoot, payload }: Record<keyof AnsweredStep, string>): AnsweredStep {
  return { word: fromHex(word), stateRoot: fromHex(stateRoot), payload: fromHex(payload) };
}
