import { toHex } from "../../protocol/bytes.ts";
import { ParentInconsistent } from "./errors.ts";
import type {
  Deposited,
  ValidatorEnrolled,
  ValidatorExitScheduled,
  ValidatorSlashed,
  WithdrawalAddressChanged,
} from "./parent-log.ts";
import type { Validator } from "./parent-view.ts";

/** Epochs whose seats are kept in a table: those in use at one time are few. */
const CACHED_EPOCHS = 32;

interface Seating {
  /** By seat. */
  readonly seats: readonly (Validator | null)[];
  readonly occupied: number;
}

/** Who sits where in which epoch. */
export class SeatHistory {
  readonly #validators: Validator[] = [];
  readonly #byKey = new Map<string, Validator>();
  /** Enrolled, but it is not known yet for whom: that comes later in the same transaction. */
  #enrolled: ValidatorEnrolled[] = [];
  readonly #seatings = new Map<number, Seating>();

  get count(): number {
    return this.#validators.length;
  }

  enroll(log: ValidatorEnrolled): void {
    const expected = this.#validators.length + this.#enrolled.length + 1;
    if (log.index !== expected)
      throw new ParentInconsistent(`validator ${log.index} enrolled where ${expected} is next`);
    this.#enrolled.push(log);
  }

  deposit(log: Deposited): void {
    if (log.firstValidator !== this.#validators.length + 1 || log.count !== this.#enrolled.length) {
      throw new ParentInconsistent(
        `${log.count} stakes from validator ${log.firstValidator} on, where ${this.#enrolled.length} were enrolled ` +
          `from ${this.#validators.length + 1} on`,
      );
    }
    for (const { index, publicKey, seat, activationEpoch } of this.#enrolled) {
      const tenure = { seat, activationEpoch, exitEpoch: Number.POSITIVE_INFINITY, isSlashed: false };
      this.#put({ index, publicKey, withdrawalAddress: log.withdrawalAddress, ...tenure });
    }
    this.#enrolled = [];
    this.#seatings.clear();
  }

  exit({ index, exitEpoch }: ValidatorExitScheduled): void {
    const validator = this.#of(index);
    if (validator.exitEpoch !== Number.POSITIVE_INFINITY) {
      throw new ParentInconsistent(`validator ${index} leaves a second time`);
    }
    this.#put({ ...validator, exitEpoch });
    this.#seatings.clear();
  }

  slash({ index }: ValidatorSlashed): void {
    this.#put({ ...this.#of(index), isSlashed: true });
    this.#seatings.clear();
  }

  changeWithdrawalAddress({ index, withdrawalAddress }: WithdrawalAddressChanged): void {
    this.#put({ ...this.#of(index), withdrawalAddress });
    this.#seatings.clear();
  }

  validator(index: number): Validator | null {
    return this.#validators[index - 1] ?? null;
  }

  byKey(publicKey: Uint8Array): Validator | null {
    return this.#byKey.get(toHex(publicKey)) ?? null;
  }

  seats(epoch: number): readonly (Validator | null)[] {
    return this.#seating(epoch).seats;
  }

  occupied(epoch: number): number {
    return this.#seating(epoch).occupied;
  }

  #of(index: number): Validator {
    const validator = this.validator(index);
    if (validator === null) throw new ParentInconsistent(`validator ${index} was never enrolled`);
    return validator;
  }

  #put(validator: Validator): void {
    this.#validators[validator.index - 1] = validator;
    this.#byKey.set(toHex(validator.publicKey), validator);
  }

  #seating(epoch: number): Seating {
    const known = this.#seatings.get(epoch);
    if (known !== undefined) return known;

    const seats: (Validator | null)[] = [];
    for (const validator of this.#validators) {
      if (validator.activationEpoch > epoch) continue;
      // A seat that was left stays, vacant until somebody is enrolled for it.
      while (seats.length <= validator.seat) seats.push(null);
      if (epoch < validator.exitEpoch) seats[validator.seat] = validator;
    }
    const seating = { seats, occupied: seats.filter((occupant) => occupant !== null).length };
    if (this.#seatings.size >= CACHED_EPOCHS) this.#seatings.delete(this.#seatings.keys().next().value as number);
    this.#seatings.set(epoch, seating);
    return seating;
  }
}
