import { type BitField, hasBit } from "./bits.ts";
import { SIGNATURE_TAG } from "./bls.ts";
import { crosslinkHash } from "./crosslink.ts";
import type { Crypto } from "./crypto.ts";
import type { Domain } from "./eip712.ts";
import type { Certificate } from "./gossip.ts";
import { operatorSigned } from "./operator-signature.ts";
import type { Parameters } from "./presets.ts";
import { isQuorum } from "./quorum.ts";

/** Public keys (48 bytes) by seat or by position in a committee; null where nobody sits. */
export type Members = readonly (Uint8Array | null)[];

export function occupiedCount(members: Members): number {
  return members.reduce((count, key) => (key === null ? count : count + 1), 0);
}

/** Keys that a bit field names; null when it does not fit the members or names a vacant place or nobody. */
export function namedKeys(field: BitField, members: Members): Uint8Array[] | null {
  if (field.count !== members.length) return null;
  const keys: Uint8Array[] = [];
  for (let i = 0; i < field.count; i++) {
    if (!hasBit(field.bits, i)) continue;
    const key = members[i];
    if (key === null || key === undefined) return null;
    keys.push(key);
  }
  return keys.length === 0 ? null : keys;
}

/** Whether the named members, all of them, signed the digest. */
export function membersSigned(
  crypto: Crypto,
  members: Members,
  named: BitField,
  digest: Uint8Array,
  signature: Uint8Array,
): boolean {
  const keys = namedKeys(named, members);
  return keys !== null && crypto.bls.fastAggregateVerify(keys, digest, signature, SIGNATURE_TAG);
}

/** Whether a committee is large enough and two thirds of it signed the crosslink, and so did the operator. */
export function verifyCertificate(
  crypto: Crypto,
  domain: Domain,
  parameters: Pick<Parameters, "minOccupied">,
  certificate: Certificate,
  committee: Members,
  operator: Uint8Array,
): boolean {
  const occupied = occupiedCount(committee);
  const present = namedKeys(certificate.members, committee)?.length ?? 0;
  if (occupied < parameters.minOccupied || !isQuorum(present, occupied)) return false;
  const hash = crosslinkHash(crypto, domain, certificate.signed.crosslink);
  return (
    operatorSigned(crypto, hash, certificate.signed.operatorSignature, operator) &&
    membersSigned(crypto, committee, certificate.members, hash, certificate.signature)
  );
}
