/** Who sits where, by definition: everything is counted anew from the whole list of validators. */

export type Queue = "activations" | "exits" | "forced";

export interface ModelValidator {
  readonly seat: number;
  readonly activationEpoch: number;
  exitEpoch: number;
}

export interface ModelParameters {
  readonly inputDelay: number;
  readonly churnPerEpochMin: number;
  readonly churnQuotient: number;
}

const SLASHED_EXIT_QUOTIENT = 32;

export class ValidatorSetModel {
  readonly #parameters: ModelParameters;
  /** Validator 1 is the first. */
  readonly validators: ModelValidator[] = [];
  readonly #queues: Record<Queue, { epoch: number; used: number }> = {
    activations: { epoch: 0, used: 0 },
    exits: { epoch: 0, used: 0 },
    forced: { epoch: 0, used: 0 },
  };
  /** Seats that are left, and not taken again: by choice, and by force. */
  readonly #vacated: { readonly exits: number[]; readonly forced: number[] } = { exits: [], forced: [] };
  #seats = 0;
  epoch = 0;
  started = false;

  constructor(parameters: ModelParameters) {
    this.#parameters = parameters;
  }

  // ------------------------------------------------------------------ changes

  enroll(): ModelValidator {
    const activationEpoch = this.started ? this.#place("activations", this.#limit(this.#parameters.churnQuotient)) : 0;
    const validator = {
      seat: this.#freeSeat(activationEpoch) ?? this.#seats++,
      activationEpoch,
      exitEpoch: Number.POSITIVE_INFINITY,
    };
    this.validators.push(validator);
    return validator;
  }

  exit(number: number): void {
    this.#leave(number, "exits", this.#limit(this.#parameters.churnQuotient));
  }

  slash(number: number): void {
    if (this.canLeave(number)) this.#leave(number, "forced", this.#limit(SLASHED_EXIT_QUOTIENT));
  }

  eject(numbers: readonly number[]): void {
    for (const number of numbers) if (this.canLeave(number)) this.#leave(number, "forced", Number.POSITIVE_INFINITY);
  }

  canLeave(number: number): boolean {
    const { activationEpoch, exitEpoch } = this.#validator(number);
    return activationEpoch <= this.epoch && exitEpoch === Number.POSITIVE_INFINITY;
  }

  // ------------------------------------------------------------------ reads

  /** Numbers of those who sit in that epoch. */
  active(epoch: number): number[] {
    return this.validators.flatMap(({ activationEpoch, exitEpoch }, i) =>
      activationEpoch <= epoch && epoch < exitEpoch ? [i + 1] : [],
    );
  }

  /** Validators by seat, 0 where there is none. */
  occupants(epoch: number): number[] {
    const known = this.validators.filter(({ activationEpoch }) => activationEpoch <= epoch);
    const occupants = new Array<number>(Math.max(0, ...known.map(({ seat }) => seat + 1))).fill(0);
    for (const number of this.active(epoch)) {
      const { seat } = this.#validator(number);
      if (occupants[seat] !== 0) throw new Error(`${occupants[seat]} and ${number} in seat ${seat} in epoch ${epoch}`);
      occupants[seat] = number;
    }
    return occupants;
  }

  /** The epoch of the queue's next place. */
  nextPlace(queue: Queue): number {
    return this.#next(queue, this.#limit(this.#parameters.churnQuotient)).epoch;
  }

  /** Epochs in which something changes, ascending. */
  changes(): number[] {
    const epochs = this.validators.flatMap(({ activationEpoch, exitEpoch }) => [activationEpoch, exitEpoch]);
    return [...new Set(epochs)].filter(Number.isFinite).sort((a, b) => a - b);
  }

  // ------------------------------------------------------------------ private

  #validator(number: number): ModelValidator {
    return this.validators[number - 1] as ModelValidator;
  }

  #limit(quotient: number): number {
    return Math.max(this.#parameters.churnPerEpochMin, Math.floor(this.active(this.epoch).length / quotient));
  }

  #next(queue: Queue, limit: number): { epoch: number; used: number } {
    const earliest = this.epoch + 1 + this.#parameters.inputDelay;
    const last = this.#queues[queue];
    if (last.epoch < earliest) return { epoch: earliest, used: 1 };
    return last.used < limit ? { epoch: last.epoch, used: last.used + 1 } : { epoch: last.epoch + 1, used: 1 };
  }

  #place(queue: Queue, limit: number): number {
    this.#queues[queue] = this.#next(queue, limit);
    return this.#queues[queue].epoch;
  }

  #leave(number: number, queue: "exits" | "forced", limit: number): void {
    const validator = this.#validator(number);
    validator.exitEpoch = this.#place(queue, limit);
    this.#vacated[queue].push(validator.seat);
  }

  #freeSeat(epoch: number): number | undefined {
    for (const queue of [this.#vacated.exits, this.#vacated.forced]) {
      const [seat] = queue;
      if (seat === undefined) continue;
      const last = this.validators.findLast((validator) => validator.seat === seat) as ModelValidator;
      if (last.exitEpoch <= epoch) return queue.shift();
    }
    return undefined;
  }
}
