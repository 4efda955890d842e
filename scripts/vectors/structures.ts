import { type BlockHeader, blockHash } from "../../protocol/block-header.ts";
import { concat, equal, fromBigInt, fromHex } from "../../protocol/bytes.ts";
import { checkpointBodyRoot } from "../../protocol/checkpoint.ts";
import { type Crosslink, crosslinkHash } from "../../protocol/crosslink.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { type Domain, digest, hashStruct, typeHash } from "../../protocol/eip712.ts";
import { type InboxEntry, inboxEntryDigest } from "../../protocol/inbox-entry.ts";
import { type Message, messageDigest } from "../../protocol/message.ts";
import {
  batchProofOfPossessionDigest,
  proofOfPossessionDigest,
  proposalDigest,
  randaoRevealDigest,
  rollAnswerDigest,
  type Vote,
  voluntaryExitDigest,
  voteDigest,
} from "../../protocol/vote.ts";
import { sampleAddress, sampleDomain, sampleHash } from "./samples.ts";

/** Structures of docs/formats.md, section 2, each by what the protocol's own function takes. */

export type FieldValue = number | bigint | Uint8Array;
export type Fields = Readonly<Record<string, FieldValue>>;

export interface Structure {
  readonly name: string;
  /** As EIP-712 writes it. */
  readonly type: string;
  /** What the protocol's function takes, by the same notation of types as in `type`; `key` is 128 bytes, `keys` several. */
  readonly inputs: Readonly<Record<string, string>>;
  /** The fields of the structure. */
  fields(crypto: Crypto, input: Fields): Fields;
  /** The digest as the protocol computes it, or for a structure without signature its hashStruct. */
  digest(crypto: Crypto, domain: Domain, input: Fields): Uint8Array;
  readonly isSigned: boolean;
}

/** Names and types of the fields, in order. */
export function fieldsOf(type: string): { name: string; type: string }[] {
  return type
    .slice(type.indexOf("(") + 1, -1)
    .split(",")
    .map((field) => {
      const [fieldType, name] = field.split(" ") as [string, string];
      return { name, type: fieldType };
    });
}

function structure<T>(
  type: string,
  hash: (crypto: Crypto, domain: Domain, input: T) => Uint8Array,
  options: Partial<Pick<Structure, "inputs" | "fields" | "isSigned">> = {},
): Structure {
  return {
    name: type.slice(0, type.indexOf("(")),
    type,
    inputs: Object.fromEntries(fieldsOf(type).map((field) => [field.name, field.type])),
    fields: (_, input) => input,
    // The names of the fields are those of the protocol's structures; the compiler cannot see it through the table.
    digest: (crypto, domain, input) => hash(crypto, domain, input as T),
    isSigned: true,
    ...options,
  };
}

interface Possession {
  readonly publicKey: Uint8Array;
  readonly withdrawalAddress: Uint8Array;
}

interface BatchPossession {
  readonly publicKeys: Uint8Array;
  readonly withdrawalAddress: Uint8Array;
}

export const STRUCTURES: readonly Structure[] = [
  structure<Crosslink>(
    "Crosslink(uint32 shardId,uint32 generation,uint64 epoch,bytes32 parent,uint64 firstBlock,uint64 lastBlock,bytes32 blocksRoot,bytes32 stateRoot)",
    crosslinkHash,
  ),
  structure<BlockHeader>(
    "BlockHeader(uint32 shardId,uint32 generation,uint64 number,bytes32 parentHash,uint64 slot,uint32 stepCount,bytes32 traceRoot,bytes32 stateRoot,uint128 fees)",
    blockHash,
  ),
  structure<Vote>("Vote(uint64 sourceEpoch,bytes32 sourceRoot,uint64 targetEpoch,bytes32 targetRoot)", voteDigest),
  structure<{ epoch: number; checkpointRoot: Uint8Array }>(
    "Proposal(uint64 epoch,bytes32 checkpointRoot)",
    (crypto, domain, { epoch, checkpointRoot }) => proposalDigest(crypto, domain, epoch, checkpointRoot),
  ),
  structure<{ epoch: number }>("RandaoReveal(uint64 epoch)", (crypto, domain, { epoch }) =>
    randaoRevealDigest(crypto, domain, epoch),
  ),
  structure<{ epoch: number }>("RollAnswer(uint64 epoch)", (crypto, domain, { epoch }) =>
    rollAnswerDigest(crypto, domain, epoch),
  ),
  structure<{ validator: number; epoch: number }>(
    "VoluntaryExit(uint32 validator,uint64 epoch)",
    (crypto, domain, { validator, epoch }) => voluntaryExitDigest(crypto, domain, validator, epoch),
  ),
  structure<Possession>(
    "ProofOfPossession(bytes32 publicKeyHash,address withdrawalAddress)",
    (crypto, domain, { publicKey, withdrawalAddress }) =>
      proofOfPossessionDigest(crypto, domain, publicKey, withdrawalAddress),
    {
      inputs: { publicKey: "key", withdrawalAddress: "address" },
      fields: (crypto, { publicKey, withdrawalAddress }) => ({
        publicKeyHash: crypto.keccak256(publicKey as Uint8Array),
        withdrawalAddress: withdrawalAddress as Uint8Array,
      }),
    },
  ),
  structure<BatchPossession>(
    "BatchProofOfPossession(bytes32 publicKeysHash,uint32 count,address withdrawalAddress)",
    (crypto, domain, { publicKeys, withdrawalAddress }) =>
      batchProofOfPossessionDigest(crypto, domain, publicKeys, withdrawalAddress),
    {
      inputs: { publicKeys: "keys", withdrawalAddress: "address" },
      fields: (crypto, { publicKeys, withdrawalAddress }) => ({
        publicKeysHash: crypto.keccak256(publicKeys as Uint8Array),
        count: (publicKeys as Uint8Array).length / 128,
        withdrawalAddress: withdrawalAddress as Uint8Array,
      }),
    },
  ),
  structure<Message>(
    "Message(uint32 source,uint32 destination,uint64 index,address sender,address recipient,uint128 value,bytes data)",
    messageDigest,
  ),
  structure<InboxEntry>(
    "InboxEntry(uint32 shardId,uint64 index,uint64 epoch,uint8 kind,address sender,address recipient,uint128 value,bytes data)",
    inboxEntryDigest,
  ),
  structure<Parameters<typeof checkpointBodyRoot>[1]>(
    "CheckpointBody(uint64 epoch,uint64 sourceEpoch,bytes32 sourceRoot,bytes32 rewardsRoot)",
    (crypto, _, body) => checkpointBodyRoot(crypto, body),
    { isSigned: false },
  ),
];

/** A value that shows where a field stands: no two fields of a structure have the same. */
function sampleOf(crypto: Crypto, type: string, name: string): FieldValue {
  const bytes = sampleHash(crypto, name);
  switch (type) {
    case "uint8":
      return 1;
    case "uint32":
      return (bytes[0] as number) * 2 ** 16 + (bytes[1] as number);
    case "uint64":
      return (bytes[0] as number) * 2 ** 40 + (bytes[1] as number);
    case "uint128":
      return BigInt(bytes[0] as number) * 2n ** 120n + BigInt(bytes[1] as number);
    case "address":
      return sampleAddress(crypto, name);
    case "bytes":
      return fromHex("0x5741544348464952450a");
    case "key":
      return concat(...[0, 1, 2, 3].map((i) => sampleHash(crypto, `${name} ${i}`)));
    case "keys":
      return concat(...Array.from({ length: 8 }, (_, i) => sampleHash(crypto, `${name} ${i}`)));
    default:
      return bytes;
  }
}

function encodeField(crypto: Crypto, type: string, value: FieldValue): Uint8Array {
  if (typeof value !== "object") return fromBigInt(BigInt(value), 32);
  if (type === "bytes") return crypto.keccak256(value);
  return concat(new Uint8Array(32 - value.length), value);
}

/** hashStruct by the definition of EIP-712, from the type string alone. */
export function structHashOf(crypto: Crypto, { type }: Structure, fields: Fields): Uint8Array {
  const words = fieldsOf(type).map((field) => encodeField(crypto, field.type, fields[field.name] as FieldValue));
  return hashStruct(crypto, typeHash(crypto, type), words);
}

export function structureVectors(crypto: Crypto): Record<string, object> {
  const domain = sampleDomain(crypto);
  return Object.fromEntries(
    STRUCTURES.map((each) => {
      const input = Object.fromEntries(
        Object.entries(each.inputs).map(([name, type]) => [name, sampleOf(crypto, type, name)]),
      );
      const fields = each.fields(crypto, input);
      const structHash = structHashOf(crypto, each, fields);
      const hash = each.digest(crypto, domain, input);
      if (!equal(hash, each.isSigned ? digest(crypto, domain, structHash) : structHash)) {
        throw new Error(`${each.name}: the protocol's digest is not that of its type string`);
      }
      const extra = Object.hasOwn(each.inputs, Object.keys(fields)[0] as string) ? {} : { input };
      return [each.name, { type: each.type, ...extra, fields, structHash, ...(each.isSigned ? { digest: hash } : {}) }];
    }),
  );
}
