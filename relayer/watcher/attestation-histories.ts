import { toHex } from "../../protocol/bytes.ts";
import type { Crosslink } from "../../protocol/crosslink.ts";
import type { SignedAttestation } from "../../protocol/evidence.ts";
import type { Offence } from "./offences.ts";

/** Crosslinks of one shard and epoch that are known by an operator's signature alone; it signs one. */
const MAX_CROSSLINKS = 4;
/** Attestations of one validator for one shard and epoch whose crosslink is not known yet; it signs one. */
const MAX_UNKNOWN = 2;

/** Who signed a crosslink's hash. */
export interface HashAttestation {
  readonly hash: Uint8Array;
  readonly validators: readonly number[];
  readonly signature: Uint8Array;
}

interface Record {
  readonly hash: string;
  readonly attestation: HashAttestation;
}

/** What is known of one shard and epoch. */
interface Duty {
  readonly crosslinks: Map<string, Crosslink>;
  records: Record[];
  /** Validators that signed it, by hash. */
  readonly signers: Map<string, Set<number>>;
  readonly guilty: Set<number>;
}

/**
 * Who attested what, by shard and epoch. An attestation proves something only with its crosslink, which may come later. A
 * validator takes up room with what it signed itself and no other way, so nobody can drive out what others have signed.
 */
export class AttestationHistories {
  readonly #duties = new Map<string, Duty>();

  /** Whether a crosslink that nobody has attested yet is of use: it is not known, and there is room for it. */
  hasRoomFor(shardId: number, epoch: number, hash: Uint8Array): boolean {
    const known = this.#duties.get(`${epoch}/${shardId}`)?.crosslinks;
    return known === undefined || (known.size < MAX_CROSSLINKS && !known.has(toHex(hash)));
  }

  /** @param hash of the crosslink, which its operator or a member of the committee has signed */
  addCrosslink(hash: Uint8Array, crosslink: Crosslink): Offence[] {
    const duty = this.#duty(crosslink.shardId, crosslink.epoch);
    duty.crosslinks.set(toHex(hash), crosslink);
    return judge(duty);
  }

  /** Whether somebody has signed the hash, and it is not known what it is of. */
  lacksCrosslink(shardId: number, epoch: number, hash: Uint8Array): boolean {
    const duty = this.#duties.get(`${epoch}/${shardId}`);
    const name = toHex(hash);
    return duty?.signers.has(name) === true && !duty.crosslinks.has(name);
  }

  /** Whether one of the validators is not known to have signed this. */
  isNews(shardId: number, epoch: number, hash: Uint8Array, validators: readonly number[]): boolean {
    const duty = this.#duties.get(`${epoch}/${shardId}`);
    return duty === undefined || missing(duty, toHex(hash), validators).length > 0;
  }

  /** @param attestation its signature has been verified */
  add(shardId: number, epoch: number, attestation: HashAttestation): Offence[] {
    const duty = this.#duty(shardId, epoch);
    const hash = toHex(attestation.hash);
    const isUnknown = !duty.crosslinks.has(hash);
    const adding = missing(duty, hash, attestation.validators);
    if (adding.length === 0) return [];
    if (isUnknown && adding.every((validator) => unknownOf(duty, validator) >= MAX_UNKNOWN)) return [];
    const signers = duty.signers.get(hash) ?? new Set();
    for (const validator of attestation.validators) signers.add(validator);
    duty.signers.set(hash, signers);
    const covered = new Set(attestation.validators);
    duty.records = duty.records.filter(
      (record) => record.hash !== hash || !record.attestation.validators.every((each) => covered.has(each)),
    );
    duty.records.push({ hash, attestation });
    return judge(duty);
  }

  /** Forgets epochs before this one. */
  forgetBefore(epoch: number): void {
    for (const name of this.#duties.keys()) if (Number.parseInt(name, 10) < epoch) this.#duties.delete(name);
  }

  /** Attestations that are kept. */
  get size(): number {
    let size = 0;
    for (const { records } of this.#duties.values()) size += records.length;
    return size;
  }

  #duty(shardId: number, epoch: number): Duty {
    const name = `${epoch}/${shardId}`;
    let duty = this.#duties.get(name);
    if (duty === undefined) {
      duty = { crosslinks: new Map(), records: [], signers: new Map(), guilty: new Set() };
      this.#duties.set(name, duty);
    }
    return duty;
  }
}

/** Those of the validators who are not known to have signed the hash, nor guilty already. */
function missing(duty: Duty, hash: string, validators: readonly number[]): number[] {
  const known = duty.signers.get(hash);
  return validators.filter((validator) => !duty.guilty.has(validator) && known?.has(validator) !== true);
}

function unknownOf({ signers, crosslinks }: Duty, validator: number): number {
  let unknown = 0;
  for (const [hash, validators] of signers) if (!crosslinks.has(hash) && validators.has(validator)) unknown++;
  return unknown;
}

/** What the records prove: each validator's guilt once. */
function judge(duty: Duty): Offence[] {
  const offences: Offence[] = [];
  if (duty.crosslinks.size < 2) return offences;
  const known = duty.records.flatMap(({ hash, attestation }) => {
    const crosslink = duty.crosslinks.get(hash);
    return crosslink === undefined ? [] : [{ hash, signed: signedOf(crosslink, attestation) }];
  });
  known.forEach(({ hash, signed: b }, i) => {
    for (const { hash: other, signed: a } of known.slice(0, i)) {
      if (other === hash || a.crosslink.generation !== b.crosslink.generation) continue;
      const guilty = a.validators.filter((each) => b.validators.includes(each) && !duty.guilty.has(each));
      if (guilty.length === 0) continue;
      for (const validator of guilty) duty.guilty.add(validator);
      offences.push({ evidence: { kind: "attestations", a, b }, guilty });
    }
  });
  return offences;
}

function signedOf(crosslink: Crosslink, { validators, signature }: HashAttestation): SignedAttestation {
  return { crosslink, validators, signature };
}
