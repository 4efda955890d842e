import { expect } from "chai";
import type { Addressable } from "ethers";
import { SIGNATURE_TAG } from "../../protocol/bls.ts";
import { toHex } from "../../protocol/bytes.ts";
import { voluntaryExitDigest } from "../../protocol/vote.ts";
import { type Beacon, impersonate, type KeyPair } from "./beacon.ts";

/** `ValidatorStatus` of IStaking. */
export const STATUS = ["Pending", "Active", "Exiting", "Exited", "Withdrawable", "Withdrawn"] as const;

export const BURN_ADDRESS = "0x000000000000000000000000000000000000dEaD";

export async function statusOf({ staking }: Beacon, validator: number): Promise<(typeof STATUS)[number] | undefined> {
  const { status } = await staking.statusOf(validator);
  return STATUS[Number(status)];
}

/** All coins in Staking are somebody's: its balance is the stakes and what these accounts may claim. */
export async function expectSolvent(
  { staking, registry, ethers }: Beacon,
  reporters: readonly (string | Addressable)[],
) {
  let owed = 0n;
  for (let validator = 1n; validator <= (await registry.validatorCount()); validator++) {
    owed += (await staking.stakeOf(validator)).amount;
  }
  for (const reporter of reporters) owed += await staking.creditOf(reporter);
  expect(await ethers.provider.getBalance(staking), "what Staking holds").to.equal(owed);
}

/** The argument of `exitSigned`, by this key. */
export function signedExit(
  { crypto, domain }: Beacon,
  { secretKey }: KeyPair,
  validator: number,
  epoch: number,
): string {
  const digest = voluntaryExitDigest(crypto, domain, validator, epoch);
  return toHex(crypto.bls.decompressG2(crypto.bls.sign(secretKey, digest, SIGNATURE_TAG)));
}

/** Staking as Slashings calls it. */
export async function asSlashings(beacon: Beacon) {
  return beacon.staking.connect(await impersonate(beacon, await beacon.registry.slashings()));
}

/** Staking as Disputes calls it. */
export async function asDisputes(beacon: Beacon) {
  return beacon.staking.connect(await impersonate(beacon, await beacon.registry.disputes()));
}

/** Staking as RollCall calls it. */
export async function asRollCall(beacon: Beacon) {
  return beacon.staking.connect(await impersonate(beacon, await beacon.registry.rollCall()));
}
