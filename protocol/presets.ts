/** The parameters of a deployment: a preset gives sizes, a profile gives times. Twin of contracts/types/Parameters.sol. */

export interface Sizes {
  /** Committee positions, a power of two: the most shards that can be open at once. */
  readonly shardCount: number;
  /** Seats a committee is meant to have. */
  readonly committeeSize: number;
  /** Rounds of the swap-or-not shuffle. */
  readonly shuffleRounds: number;
  /** A committee with fewer occupied seats cannot move its shard's entry. */
  readonly minOccupied: number;
}

export interface Times {
  readonly secondsPerSlot: number;
  readonly slotsPerEpoch: number;
  /** Epochs after which a fact of the parent chain may be used; longer than the parent chain's reorgs. */
  readonly inputDelay: number;
  /** Epochs after its own in which a checkpoint may be submitted. */
  readonly submitEpochs: number;
  /** Challenge window from acceptance, in epochs of parent time and in parent blocks; both must pass. */
  readonly challengeEpochs: number;
  readonly challengeBlocks: number;
  /** Epochs after which an inbox entry or settled message has to be imported. */
  readonly forceEpochs: number;
  /** Epochs without a checkpoint after which anyone may call the roll. */
  readonly inactivityEpochs: number;
  /** Epochs in which validators may answer the roll; who does not is ejected. */
  readonly rollCallEpochs: number;
  /** Epochs in which evidence is taken at least, after all that it can be about; and before and after an offence, those in which others add to its penalty. */
  readonly slashingWindowEpochs: number;
  /** From exit to withdrawal, in epochs of parent time and in parent blocks; both must pass. */
  readonly withdrawalDelayEpochs: number;
  readonly withdrawalDelayBlocks: number;
  /** Blocks that a crosslink may hold, and that a shard may have unanchored. */
  readonly maxBlocks: number;
  /** Seconds after deployment from which anyone may set the genesis time. */
  readonly launchPeriod: number;
}

export interface Limits {
  /** Stake of one validator, wei. */
  readonly stake: bigint;
  /** Bond for opening a shard, wei. */
  readonly shardBond: bigint;
  /** Seats taken, and seats left by choice, per epoch after genesis: at least this many of each, else occupied seats / churnQuotient. */
  readonly churnPerEpochMin: number;
  readonly churnQuotient: number;
  /** Inbox entries of each kind that one shard takes in a time as long as an epoch. */
  readonly inboxEntriesPerEpoch: number;
  /** Size of a forced transaction in bytes. */
  readonly maxForcedBytes: number;
  /** Native coin that may leave the vault per epoch, wei: what an undetected fault could drain. */
  readonly withdrawalLimitPerEpoch: bigint;
}

export type Parameters = Sizes & Times & Limits;

export const PRESETS = {
  minimal: { shardCount: 4, committeeSize: 8, shuffleRounds: 10, minOccupied: 6 },
  mainnet: { shardCount: 64, committeeSize: 128, shuffleRounds: 90, minOccupied: 96 },
} as const satisfies Record<string, Sizes>;

const ETHER = 10n ** 18n;

export const PROFILES = {
  devnet: {
    secondsPerSlot: 1,
    slotsPerEpoch: 8,
    inputDelay: 1,
    submitEpochs: 4,
    challengeEpochs: 2,
    challengeBlocks: 4,
    forceEpochs: 8,
    inactivityEpochs: 16,
    rollCallEpochs: 4,
    slashingWindowEpochs: 16,
    withdrawalDelayEpochs: 32,
    withdrawalDelayBlocks: 64,
    maxBlocks: 32,
    launchPeriod: 3600,
    stake: ETHER,
    shardBond: ETHER,
    churnPerEpochMin: 4,
    churnQuotient: 32,
    inboxEntriesPerEpoch: 64,
    maxForcedBytes: 4096,
    withdrawalLimitPerEpoch: 1000n * ETHER,
  },
  testnet: {
    secondsPerSlot: 6,
    slotsPerEpoch: 32,
    inputDelay: 4,
    submitEpochs: 16,
    challengeEpochs: 64,
    challengeBlocks: 512,
    forceEpochs: 112,
    inactivityEpochs: 256,
    rollCallEpochs: 32,
    slashingWindowEpochs: 256,
    withdrawalDelayEpochs: 512,
    withdrawalDelayBlocks: 4096,
    maxBlocks: 64,
    launchPeriod: 7 * 86_400,
    stake: ETHER,
    shardBond: ETHER,
    churnPerEpochMin: 4,
    churnQuotient: 4096,
    inboxEntriesPerEpoch: 64,
    maxForcedBytes: 4096,
    withdrawalLimitPerEpoch: 1000n * ETHER,
  },
  mainnet: {
    secondsPerSlot: 12,
    slotsPerEpoch: 32,
    inputDelay: 4,
    submitEpochs: 32,
    // A week of parent time, and nine tenths of the blocks that Ethereum makes in it.
    challengeEpochs: 1575,
    challengeBlocks: 45_360,
    forceEpochs: 1800,
    inactivityEpochs: 4096,
    rollCallEpochs: 225,
    slashingWindowEpochs: 4096,
    withdrawalDelayEpochs: 8192,
    withdrawalDelayBlocks: 235_930,
    maxBlocks: 64,
    launchPeriod: 30 * 86_400,
    stake: 32n * ETHER,
    shardBond: 32n * ETHER,
    churnPerEpochMin: 4,
    churnQuotient: 65_536,
    inboxEntriesPerEpoch: 64,
    maxForcedBytes: 4096,
    withdrawalLimitPerEpoch: 10_000n * ETHER,
  },
} as const satisfies Record<string, Times & Limits>;

export type PresetName = keyof typeof PRESETS;
export type ProfileName = keyof typeof PROFILES;

export interface SizeOverrides {
  /** Open shards wanted; the number of positions becomes the next power of two. */
  readonly shards?: number;
  /** Seats per committee; MIN_OCCUPIED becomes three quarters of it. */
  readonly committee?: number;
}

/** @throws RangeError when an override is out of range */
export function parametersFor(preset: PresetName, profile: ProfileName, overrides: SizeOverrides = {}): Parameters {
  const { shards, committee } = overrides;
  if (shards !== undefined && !(Number.isInteger(shards) && shards >= 1 && shards <= 128)) {
    throw new RangeError(`shards: ${shards} is not between 1 and 128`);
  }
  if (committee !== undefined && !(Number.isInteger(committee) && committee >= 1 && committee <= 256)) {
    throw new RangeError(`committee: ${committee} is not between 1 and 256`);
  }
  const sizes: Sizes = {
    ...PRESETS[preset],
    ...(shards === undefined ? {} : { shardCount: 2 ** Math.ceil(Math.log2(shards)) }),
    ...(committee === undefined ? {} : { committeeSize: committee, minOccupied: Math.ceil((committee * 3) / 4) }),
  };
  return { ...PROFILES[profile], ...sizes };
}

/** Base fee of every shard, wei per gas. */
export const BASE_FEE = 1_000_000_000n;
/** A step's payload, bytes. */
export const MAX_PAYLOAD_BYTES = 8192;
/** Steps of a block. */
export const MAX_STEPS = 16_384;
/** Data of a message, bytes. */
export const MAX_MESSAGE_DATA_BYTES = 256;
/** Demanded messages of one source that a crosslink has to import at most. */
export const MESSAGE_QUOTA = 16;

/** Inbox entries that a crosslink has to import at most: as many, of both kinds, as one epoch brings. */
export function inboxQuota({ inboxEntriesPerEpoch }: Pick<Limits, "inboxEntriesPerEpoch">): number {
  return 2 * inboxEntriesPerEpoch;
}
