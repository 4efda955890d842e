import type { Parameters } from "./presets.ts";

/** Slots and epochs of parent-chain time (docs/formats.md, section 3). Times are in seconds. */

export type ClockParameters = Pick<Parameters, "secondsPerSlot" | "slotsPerEpoch">;

/** 0 before genesis. */
export function slotAt(parameters: ClockParameters, genesisTime: number, time: number): number {
  return time <= genesisTime ? 0 : Math.floor((time - genesisTime) / parameters.secondsPerSlot);
}

export function epochOfSlot(parameters: Pick<Parameters, "slotsPerEpoch">, slot: number): number {
  return Math.floor(slot / parameters.slotsPerEpoch);
}

export function epochAt(parameters: ClockParameters, genesisTime: number, time: number): number {
  return epochOfSlot(parameters, slotAt(parameters, genesisTime, time));
}

export function firstSlotOf(parameters: ClockParameters, epoch: number): number {
  return epoch * parameters.slotsPerEpoch;
}

export function lastSlotOf(parameters: ClockParameters, epoch: number): number {
  return firstSlotOf(parameters, epoch + 1) - 1;
}

/** When the slot begins. */
export function timeOfSlot(parameters: ClockParameters, genesisTime: number, slot: number): number {
  return genesisTime + slot * parameters.secondsPerSlot;
}
