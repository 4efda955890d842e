import type { DisputeEvidence, HeaderOpening } from "../../ledger/dispute-evidence.ts";
import type { InboxEntry } from "../../protocol/inbox-entry.ts";
import { MAX_STEPS } from "../../protocol/presets.ts";
import { crosslinkProofStruct } from "../../relayer/parent/dispute-codec.ts";
import { openBelow, openHeader, openLeaf, stepEvidence } from "../../test/support/claimed-openings.ts";
import { type Anchored, type AnchoredLie, BLOCKS, type DisputeWorld } from "./world.ts";

/** A lie, and what shows it. Its place among the cases is its shard: the second imports a message, the third leaves one. */
export interface DisputeCase extends AnchoredLie {
  readonly what: string;
  readonly evidence: (anchored: Anchored, world: DisputeWorld) => DisputeEvidence | Promise<DisputeEvidence>;
}

const header = ({ lying }: Anchored): HeaderOpening => openHeader(lying, 0);

const step = (name: string, what: string, at = 1): DisputeCase => ({
  name,
  fault: "WrongStepState",
  step: at,
  what,
  evidence: ({ lying, witness }, { settled }) =>
    stepEvidence(lying, 0, at, { ...witness, checkpoint: name === "import-message" ? settled : null }),
});

const duty = ({ lying, cursors }: Anchored, source: 0 | 1) => {
  const [cursorBefore, cursorAfter] = cursors[source];
  return { last: openHeader(lying, BLOCKS - 1), parent: lying.parent, cursorBefore, cursorAfter };
};

export const CASES: readonly DisputeCase[] = [
  step("transfer", "a transfer to another account"),
  step("import-message", "an import of a message with 256 bytes of data"),
  {
    name: "message-duty",
    fault: "MessageLeftLying",
    step: 1,
    what: "a message that was demanded",
    evidence: (it) => ({ predicate: "MessageDuty", ...duty(it, 1), source: 1 }),
  },
  {
    name: "inbox-duty",
    fault: "InboxLeftLying",
    step: 1,
    what: "a deposit in the inbox",
    evidence: (it, { entries }) => ({
      predicate: "InboxDuty",
      ...duty(it, 0),
      entry: entries.get(it.lying.crosslink.shardId) as InboxEntry,
    }),
  },
  step("block-start", "a BlockStart that credits fees and writes a seed, below which lies the parent crosslink", 0),
  step("message", "a call of the messenger with 256 bytes of data, into an outbox that is there"),
  step("import-inbox", "an import of a deposit"),
  step("forced-transaction", "an import of a forced transfer"),
  {
    name: "crosslink",
    fault: "WrongFirstBlock",
    step: 1,
    what: "a block that is left out",
    evidence: ({ lying }) => ({ predicate: "Crosslink", parent: lying.parent }),
  },
  {
    name: "header",
    fault: "SlotAfterEpoch",
    step: 1,
    what: "a header of a later epoch",
    evidence: (it) => ({ predicate: "Header", index: 0, header: header(it) }),
  },
  {
    name: "header-link",
    fault: "WrongParentHash",
    step: 1,
    what: "a header that does not follow the parent crosslink's last one",
    evidence: (it) => ({ predicate: "HeaderLink", index: 0, header: header(it), below: openBelow(it.lying, 0) }),
  },
  {
    name: "boundary",
    fault: "HeaderStateMismatch",
    step: 1,
    what: "a header whose state is not that of its last leaf",
    evidence: (it) => ({
      predicate: "Boundary",
      index: 0,
      header: header(it),
      leaf: openLeaf(it.lying, 0, MAX_STEPS - 1),
    }),
  },
  {
    name: "leaf",
    fault: "LeafPadding",
    step: 1,
    what: "a leaf with a byte in its padding",
    evidence: (it) => ({ predicate: "Leaf", index: 0, header: header(it), step: 1, leaf: openLeaf(it.lying, 0, 1) }),
  },
  {
    name: "silence",
    fault: "Unanswered",
    step: 1,
    what: "a challenge to its headers that nobody has answered",
    evidence: async ({ proof }, { beacon }) => {
      const { networkHelpers, parameters } = beacon;
      const challenges = beacon.challenges.connect(beacon.launcher);
      const shown = crosslinkProofStruct(proof) as Parameters<typeof challenges.challengeHeaders>[0];
      const value = 2n * (await challenges.nextBond(proof.position));
      const id = await challenges.challengeHeaders.staticCall(shown, { value });
      await challenges.challengeHeaders(shown, { value });
      const { deadlineTime } = await challenges.challenge(id);
      await networkHelpers.mine(parameters.challengeBlocks);
      await networkHelpers.time.increaseTo(deadlineTime);
      return { predicate: "Silence", challenge: id };
    },
  },
];
