import { writeFileSync } from "node:fs";
import { PRESETS, PROFILES } from "../protocol/presets.ts";

/** node scripts/parameters-page.ts: writes docs/parameters.md from protocol/presets.ts, the source of truth. */

const MEANING: Readonly<Record<string, string>> = {
  shardCount: "committee positions: the most shards that can be open at once",
  committeeSize: "seats a committee is meant to have",
  shuffleRounds: "rounds of the swap-or-not shuffle",
  minOccupied: "a committee with fewer occupied seats cannot move its shard's entry",
  secondsPerSlot: "a shard makes at most one block per slot",
  slotsPerEpoch: "slots in an epoch",
  inputDelay:
    "epochs after which a fact of the parent chain may be used; its reorgs must be shorter than this less one epoch, plus one slot",
  submitEpochs: "epochs after its own in which a checkpoint is taken",
  challengeEpochs: "challenge window from acceptance, in epochs of parent time ...",
  challengeBlocks: "... and in parent blocks; both must pass",
  forceEpochs: "epochs after which an inbox entry or message has to be imported",
  inactivityEpochs: "epochs without a checkpoint after which the roll may be called",
  rollCallEpochs: "epochs in which validators may answer the roll; who does not is ejected",
  slashingWindowEpochs:
    "epochs left at least to bring evidence; and those before and after an offence in which others add to its penalty",
  withdrawalDelayEpochs: "from exit to withdrawal, in epochs of parent time ...",
  withdrawalDelayBlocks: "... and in parent blocks; both must pass",
  maxBlocks: "blocks a crosslink may hold, and a shard may have unanchored",
  launchPeriod: "seconds after deployment from which anyone may schedule genesis",
  stake: "wei per validator",
  shardBond: "wei to open a shard",
  churnPerEpochMin: "seats taken, and seats left by choice, per epoch after genesis: at least this many of each",
  churnQuotient: "... else occupied seats divided by this",
  inboxEntriesPerEpoch: "inbox entries of each kind that one shard takes in a time as long as an epoch",
  maxForcedBytes: "size of a forced transaction",
  withdrawalLimitPerEpoch: "wei that may leave the vault per epoch",
};

function table(sets: Readonly<Record<string, object>>): string {
  const names = Object.keys(sets);
  const rows = Object.keys(Object.values(sets)[0] as object).map((parameter) => {
    const meaning = MEANING[parameter];
    if (meaning === undefined) throw new Error(`${parameter} has no meaning in scripts/parameters-page.ts`);
    const values = names.map((name) => String((sets[name] as Record<string, unknown>)[parameter]));
    return `| \`${parameter}\` | ${values.join(" | ")} | ${meaning} |`;
  });
  const head = `| parameter | ${names.map((name) => `\`${name}\``).join(" | ")} | meaning |`;
  return [head, `|${"---|".repeat(names.length + 2)}`, ...rows].join("\n");
}

/** The page as it should be. */
export function parametersPage(): string {
  return `# Parameters

*Presets* give sizes, *profiles* give times and limits; any preset runs under any profile. Written by
\`node scripts/parameters-page.ts\` from \`protocol/presets.ts\`. What the combinations must satisfy is checked by the constructor
of BeaconRegistry and written, with reasons, in \`contracts/types/Parameters.sol\`.

## Presets

${table(PRESETS)}

## Profiles

${table(PROFILES)}

With a profile \`devnet\` the payment that a shard sends in epoch 1 is settled in epoch 4 and credited in epoch 5.
`;
}

if (import.meta.main) writeFileSync(new URL("../docs/parameters.md", import.meta.url), parametersPage());
