import { type BlockHeader, blockHash } from "../protocol/block-header.ts";
import { equal } from "../protocol/bytes.ts";
import { operatorSigned } from "../protocol/operator-signature.ts";
import { type BlockOutcome, parentHashOf } from "./block-execution.ts";
import type { LedgerEnvironment } from "./environment.ts";
import { LedgerError } from "./errors.ts";

/** Where a block has to stand. */
export interface BlockPlace {
  /** Header of the block below; null for block 1. */
  readonly previous: BlockHeader | null;
  readonly generation: number;
  /** Address of the shard's operator, 20 bytes. */
  readonly operator: Uint8Array;
}

/** @throws LedgerError when the header does not belong in this place or is not signed by the operator */
export function checkHeader(
  environment: LedgerEnvironment,
  { previous, generation, operator }: BlockPlace,
  header: BlockHeader,
  operatorSignature: Uint8Array,
): void {
  const { crypto, domain, shardId } = environment;
  if (header.shardId !== shardId) throw new LedgerError("WrongShard", { shardId: header.shardId, expected: shardId });
  if (header.generation !== generation) {
    throw new LedgerError("WrongGeneration", { generation: header.generation, expected: generation });
  }
  const number = (previous?.number ?? 0) + 1;
  if (header.number !== number) throw new LedgerError("WrongNumber", { number: header.number, expected: number });
  if (!equal(header.parentHash, parentHashOf(environment, previous))) throw new LedgerError("WrongParentHash");
  if (!operatorSigned(crypto, blockHash(crypto, domain, header), operatorSignature, operator)) {
    throw new LedgerError("InvalidOperatorSignature");
  }
}

/** @throws LedgerError when the header claims other than what the execution gave */
export function checkOutcome(header: BlockHeader, { header: computed }: BlockOutcome): void {
  if (header.fees !== computed.fees) throw new LedgerError("WrongFees", { fees: header.fees, expected: computed.fees });
  if (!equal(header.stateRoot, computed.stateRoot)) throw new LedgerError("WrongStateRoot");
  if (!equal(header.traceRoot, computed.traceRoot)) throw new LedgerError("WrongTraceRoot");
}
