import { fromHex, toHex } from "../../protocol/bytes.ts";
import type {
  CheckpointSubmissionStruct,
  CheckpointSubmissionStructOutput,
  ICrosslinkAnchorsInterface,
} from "../../types/beacon/ICrosslinkAnchors.ts";
import { type CheckpointSubmission, packRecords, unpackRecords } from "./checkpoint-submission.ts";
import { ParentInconsistent } from "./errors.ts";

/** The argument of `CrosslinkAnchors.submit`. */
export function submissionStruct(submission: CheckpointSubmission): CheckpointSubmissionStruct {
  const { changed, entries } = packRecords(submission.changed);
  return {
    targetEpoch: submission.targetEpoch,
    sourceEpoch: submission.sourceEpoch,
    sourceRoot: toHex(submission.sourceRoot),
    previousEntries: submission.previousEntries.map(toHex),
    changed,
    entries: toHex(entries),
    rewardsRoot: toHex(submission.rewardsRoot),
    absent: toHex(submission.absent),
    signature: toHex(submission.signature),
    reveal: toHex(submission.reveal),
  };
}

/**
 * @param input of a transaction to CrosslinkAnchors, hexadecimal
 * @throws ParentInconsistent when it is no submission in its canonical encoding
 * @throws DecodeError when its records do not fit its changed positions
 */
export function decodeSubmission(anchors: ICrosslinkAnchorsInterface, input: string): CheckpointSubmission {
  if (input.slice(0, 10) !== anchors.getFunction("submit").selector) {
    throw new ParentInconsistent(`the input ${input.slice(0, 10)}… is no submission of a checkpoint`);
  }
  const s = structOf(anchors, input);
  // `entries` by index: by name the array's own method would be meant.
  const entries = fromHex(s[5]);
  return {
    targetEpoch: Number(s.targetEpoch),
    sourceEpoch: Number(s.sourceEpoch),
    sourceRoot: fromHex(s.sourceRoot),
    previousEntries: s.previousEntries.map(fromHex),
    changed: unpackRecords({ changed: s.changed, entries }),
    rewardsRoot: fromHex(s.rewardsRoot),
    absent: fromHex(s.absent),
    signature: fromHex(s.signature),
    reveal: fromHex(s.reveal),
  };
}

/** The contract takes the canonical encoding alone: what it took decodes, or the contract is another one. */
function structOf(anchors: ICrosslinkAnchorsInterface, input: string): CheckpointSubmissionStructOutput {
  try {
    const [s] = anchors.decodeFunctionData("submit", input);
    // Parts that cannot be read fail only when they are read: here, all of them.
    if (anchors.encodeFunctionData("submit", [s]) === input.toLowerCase()) return s;
  } catch (cause) {
    throw new ParentInconsistent("the input does not decode as a submission of a checkpoint", { cause });
  }
  throw new ParentInconsistent("the input is not the canonical encoding of its submission");
}
