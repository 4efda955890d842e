import { encodeBlock } from "../../ledger/block.ts";
import { buildBlock } from "../../ledger/build-block.ts";
import { createLedgerEnvironment, type ParentFacts } from "../../ledger/environment.ts";
import { ShardState } from "../../ledger/shard-state.ts";
import { encodeImportInbox, STEP_KIND, type Step } from "../../ledger/step.ts";
import { openStep } from "../../ledger/step-witness.ts";
import { word } from "../../protocol/bytes.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { INBOX_DEPOSIT, type InboxEntry, inboxEntryDigest } from "../../protocol/inbox-entry.ts";
import { addressOfKey } from "../../protocol/operator-signature.ts";
import { BASE_FEE } from "../../protocol/presets.ts";
import { encodeSendMessage, MESSENGER_ADDRESS } from "../../protocol/system-contracts.ts";
import { signTransaction, type UnsignedTransaction } from "../../protocol/transaction.ts";
import { operatorSignature, sampleAddress, sampleDomain, sampleHash, sampleSecretKey } from "./samples.ts";

/** Blocks with witnesses as they go over the wire, and a witness of one step (docs/formats.md, section 5). */

const SHARD_ID = 1;
const ETHER = 10n ** 18n;
const PARAMETERS = { slotsPerEpoch: 8, inputDelay: 1, shardCount: 4 };

/** A shard whose first block imports a deposit, and whose second block moves it: a transfer and a message to shard 2. */
export function blockVectors(crypto: Crypto): object {
  const domain = sampleDomain(crypto);
  const sender = sampleSecretKey(crypto, "sender");
  const recipient = sampleAddress(crypto, "recipient");
  const entry: InboxEntry = {
    shardId: SHARD_ID,
    index: 0,
    epoch: 0,
    kind: INBOX_DEPOSIT,
    sender: sampleAddress(crypto, "depositor"),
    recipient: addressOfKey(crypto, sender),
    value: 5n * ETHER,
    data: new Uint8Array(0),
  };
  const facts: ParentFacts = {
    seed: (epoch) => crypto.sha256(word(epoch)),
    shardCount: () => 2,
    inboxEntryDigest: (_, index) =>
      index === 0 ? { digest: inboxEntryDigest(crypto, domain, entry), epoch: entry.epoch } : null,
    settledCheckpointRoot: () => null,
  };
  const environment = createLedgerEnvironment({ crypto, domain, parameters: PARAMETERS, facts, shardId: SHARD_ID });
  const state = ShardState.genesis(crypto, 2);

  const transaction = (parts: Partial<UnsignedTransaction>): Step => {
    const unsigned = {
      chainId: environment.chainId,
      nonce: 0n,
      maxPriorityFeePerGas: 0n,
      maxFeePerGas: BASE_FEE,
      gasLimit: 21_000n,
      to: recipient,
      value: ETHER,
      data: new Uint8Array(0),
      ...parts,
    };
    return { kind: STEP_KIND.transaction, payload: signTransaction(crypto, unsigned, sender) };
  };
  const data = encodeSendMessage({ destination: 2, recipient, data: sampleHash(crypto, "data") });
  const candidates: Step[][] = [
    [{ kind: STEP_KIND.importInbox, payload: encodeImportInbox(entry) }],
    [transaction({}), transaction({ nonce: 1n, to: MESSENGER_ADDRESS, gasLimit: 100_000n, data })],
  ];

  const blocks = candidates.map((steps, i) => {
    const previous = state.header;
    const built = buildBlock(environment, state, { slot: 16 + i, generation: 0, candidates: steps });
    if (built.skipped.length > 0) throw new Error(`block ${i + 1} does not hold all its steps`);
    const signature = operatorSignature(crypto, built.blockHash);
    const block = { header: built.header, operatorSignature: signature, steps: built.steps, witness: built.witness };
    return { previous, block, hash: built.blockHash };
  });

  const [first, second] = blocks as [(typeof blocks)[number], (typeof blocks)[number]];
  const opening = openStep(environment, second.previous, second.block, 1);
  return {
    parameters: PARAMETERS,
    facts: "seed(e) = SHA-256(u256 e); two shards opened; the shard's inbox has the entry below",
    inboxEntry: entry,
    blocks: [first, second].map(({ block, hash }) => ({ ...block, hash, encoding: encodeBlock(block) })),
    stepWitness: {
      block: 2,
      step: 1,
      stateRootBefore: opening.preRoot,
      feesBefore: opening.feesBefore,
      accesses: opening.witness.accesses,
    },
  };
}
