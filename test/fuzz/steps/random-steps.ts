import type { LedgerEnvironment, LedgerParameters } from "../../../ledger/environment.ts";
import { prepareSteps } from "../../../ledger/execute-step.ts";
import { OutboxBook } from "../../../ledger/outbox-book.ts";
import { encodeBlockStart, encodeImportInbox, STEP_KIND } from "../../../ledger/step.ts";
import { witnessStep } from "../../../ledger/step-witness.ts";
import { concat, ZERO_HASH } from "../../../protocol/bytes.ts";
import type { Crypto } from "../../../protocol/crypto.ts";
import { type Domain, shardChainId } from "../../../protocol/eip712.ts";
import {
  INBOX_DEPOSIT,
  INBOX_FORCED_TRANSACTION,
  type InboxEntry,
  inboxEntryDigest,
} from "../../../protocol/inbox-entry.ts";
import { addressOfKey } from "../../../protocol/operator-signature.ts";
import {
  accountKey,
  cursorKey,
  encodeAccount,
  encodeCursor,
  encodeHead,
  headKey,
  seedKey,
} from "../../../protocol/state.ts";
import { FEE_COLLECTOR_ADDRESS } from "../../../protocol/system-contracts.ts";
import { type Draws, flipped } from "./draws.ts";
import { randomImport } from "./random-message.ts";
import { type RandomTransaction, randomTransaction, type Signer } from "./random-transaction.ts";
import { CaseFacts, type Facts, type StepCase } from "./step-case.ts";
import { StepWorld } from "./step-world.ts";

/**
 * Random steps on random states, one after the other on states that live on. The state below a step is made to fit it, or to
 * miss it by as little as can be, so that sound steps and every reason why a step is inadmissible come often.
 */

export interface Deployment {
  readonly crypto: Crypto;
  readonly domain: Domain;
  readonly parameters: LedgerParameters;
}

const SHARD_IDS = [1, 2, 3, 64, 77, 2 ** 32 - 1];
/** Steps on one state before it is left for another. */
const STEPS_PER_WORLD = 40;
const MAX_SAFE = Number.MAX_SAFE_INTEGER;
/** Outboxes at the edges of their frontiers; a full one takes no message. */
const OUTBOX_COUNTS = [0, 0, 1, 2, 3, 4, 7, 8, 255, 256, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 3, 2 ** 32 - 2];

/** Where a step stands, drawn before what it is. */
interface Place {
  readonly slot: number;
  readonly epoch: number;
  readonly factsEpoch: number;
  readonly shardCount: number;
  readonly seed: Uint8Array;
}

interface Draft {
  readonly kind: number;
  readonly payload: Uint8Array;
  readonly twists: readonly string[];
  readonly previousFees?: bigint;
  readonly facts?: Pick<Facts, "inboxEntry"> | Pick<Facts, "checkpoint">;
}

export class RandomSteps {
  readonly #deployment: Deployment;
  readonly #draws: Draws;
  readonly #signers: readonly Signer[];
  #world: StepWorld;
  #left = 0;

  constructor(deployment: Deployment, draws: Draws) {
    this.#deployment = deployment;
    this.#draws = draws;
    const { crypto } = deployment;
    this.#signers = Array.from({ length: 16 }, () => {
      const secret = concat(Uint8Array.of(0), draws.bytes(30), Uint8Array.of(1));
      return { secret, address: addressOfKey(crypto, secret) };
    });
    this.#world = new StepWorld(crypto, draws, 1);
  }

  next(): StepCase {
    const draws = this.#draws;
    if (this.#left-- === 0) {
      this.#left = STEPS_PER_WORLD - 1;
      this.#world = new StepWorld(this.#deployment.crypto, draws, draws.pick(SHARD_IDS));
    }
    const place = this.#place();
    const kind = draws.weighted({ start: 12, transaction: 40, inbox: 23, message: 18, unknown: 3 });
    const draft = this.#draft(kind, place);
    const isMisplaced = draws.chance(2);
    const index = (draft.kind === STEP_KIND.blockStart) === isMisplaced ? draws.between(1, 16_383) : 0;
    const name = [kind, ...draft.twists, ...(isMisplaced ? ["misplaced"] : [])].join(" ");
    return this.#finish(name, place, index, draft);
  }

  #place(): Place {
    const draws = this.#draws;
    const { slotsPerEpoch, inputDelay } = this.#deployment.parameters;
    const early = draws.below(slotsPerEpoch * (inputDelay + 3));
    const slot = draws.pick([early, early, draws.below(1_000_000), draws.below(1_000_000), MAX_SAFE - draws.below(99)]);
    const epoch = Math.floor(slot / slotsPerEpoch);
    return {
      slot,
      epoch,
      factsEpoch: epoch - inputDelay,
      shardCount: draws.pick([0, 1, 2, 3, 64, 128, 2 ** 32 - 1]),
      seed: draws.bytes(32),
    };
  }

  #draft(kind: "start" | "transaction" | "inbox" | "message" | "unknown", place: Place): Draft {
    switch (kind) {
      case "start":
        return this.#blockStart(place);
      case "transaction":
        return this.#transaction();
      case "inbox":
        return this.#importInbox(place);
      case "message":
        return this.#importMessage(place);
      case "unknown": {
        const draws = this.#draws;
        const isTooLong = draws.chance(50);
        return {
          kind: isTooLong ? draws.pick([1, 2, 3, 4, 255]) : draws.pick([4, 5, 127, 128, 255]),
          payload: new Uint8Array(isTooLong ? 8193 + draws.below(2) : draws.pick([0, 1, 44, 8191, 8192])),
          twists: isTooLong ? ["tooLong"] : [],
        };
      }
    }
  }

  #blockStart({ slot, epoch, shardCount, seed }: Place): Draft {
    const draws = this.#draws;
    const { crypto } = this.#deployment;
    const { slotsPerEpoch } = this.#deployment.parameters;
    const world = this.#world;
    const twist = draws.chance(50)
      ? draws.weighted({ slot: 2, seed: 2, shardCount: 2, length: 1, bytes: 1, late: 3, hugeSlot: 1 })
      : "";
    const previousFees = draws.chance(40) ? 0n : draws.bits(90);
    if (draws.chance(70)) {
      this.#setAccount(FEE_COLLECTOR_ADDRESS, 0n, draws.bits(90));
    }
    const before = Math.max(0, slot - draws.pick([1, 1, 2, slotsPerEpoch, draws.below(1000) + 1]));
    const headSlot = twist === "late" ? Math.min(MAX_SAFE, slot + draws.pick([0, 0, 1, slotsPerEpoch])) : before;
    if (draws.chance(80) || world.isPresent(headKey(crypto))) {
      const headEpoch = Math.floor(headSlot / slotsPerEpoch);
      const number = draws.chance(3) ? 0 : draws.between(1, 1_000_000);
      this.#setHead({ number, slot: headSlot, epoch: draws.chance(2) ? epoch + 1 : headEpoch, shardCount });
    }
    if (draws.chance(50)) world.set(seedKey(crypto), draws.bytes(32));
    const start = { slot, seed, shardCount };
    if (twist === "slot") start.slot = Math.max(0, Math.min(MAX_SAFE, slot + draws.pick([-1, 1, slotsPerEpoch])));
    if (twist === "seed") start.seed = draws.chance(50) ? ZERO_HASH : flipped(draws, seed);
    if (twist === "shardCount") start.shardCount = (shardCount + draws.pick([1, 2 ** 32 - 1])) % 2 ** 32;
    let payload = encodeBlockStart(start);
    if (twist === "length")
      payload = concat(payload, new Uint8Array(8)).subarray(0, draws.pick([0, 8, 40, 43, 45, 52]));
    if (twist === "bytes") payload = flipped(draws, payload);
    if (twist === "hugeSlot") {
      new DataView(payload.buffer).setBigUint64(0, draws.pick([2n ** 53n - 1n, 2n ** 53n, 2n ** 64n - 1n]));
    }
    return { kind: STEP_KIND.blockStart, payload, twists: twist === "" ? [] : [twist], previousFees };
  }

  #transaction(): Draft {
    const { payload, twists } = this.#payment(45);
    return { kind: STEP_KIND.transaction, payload, twists };
  }

  /** A transaction, and a state in which it stands. */
  #payment(twisted: number): RandomTransaction {
    const draws = this.#draws;
    const { crypto, domain } = this.#deployment;
    const world = this.#world;
    const signer = draws.pick(this.#signers);
    const shardCount = draws.pick([0, 1, 2, 3, 64, 128]);
    const { shardId } = world;
    const transaction = randomTransaction(crypto, draws, {
      chainId: BigInt(shardChainId(crypto, domain, shardId)),
      shardId,
      shardCount,
      signer,
      known: this.#signers.map(({ address }) => address),
      twisted,
    });
    const { nonce, cost, recipient } = transaction;
    const misses = draws.weighted({ "": 76, nonce: 8, balance: 10, absent: 2, zero: 4 });
    const limit = 2n ** 64n - 1n;
    if (misses !== "absent") {
      const held = nonce > limit ? limit : nonce;
      const accountNonce = misses === "nonce" ? draws.pick([held ^ 1n, held + 1n, held - 1n, 0n]) & limit : held;
      const spare = draws.pick([0n, 1n, draws.bits(90), 2n ** 190n]);
      const balance = misses === "balance" ? cost - draws.pick([1n, 1n, 2n, transaction.cost / 2n]) : cost + spare;
      this.#setAccount(signer.address, accountNonce, misses === "zero" ? 0n : balance < 0n ? 0n : balance);
    }
    if (draws.chance(40)) {
      const isSelf = recipient.length !== 20 || recipient.every((byte, i) => byte === signer.address[i]);
      if (!isSelf) this.#setAccount(recipient, draws.bits(64), draws.bits(120));
    }
    if (draws.chance(85)) this.#setHead({ number: 1, slot: 1, epoch: 0, shardCount });
    const destination = draws.pick([0, 1, 2, shardCount]);
    if (draws.chance(60)) world.fillOutbox(draws, destination, draws.pick(OUTBOX_COUNTS) || 1);
    const twists = misses === "" ? transaction.twists : [...transaction.twists, misses];
    return { ...transaction, twists };
  }

  #importInbox({ factsEpoch }: Place): Draft {
    const draws = this.#draws;
    const { crypto, domain } = this.#deployment;
    const world = this.#world;
    const { shardId } = world;
    const twist = draws.chance(30)
      ? draws.weighted({ unknown: 2, digest: 2, recent: 3, cursor: 3, field: 3, kind: 1, bytes: 2, integer: 1 })
      : "";
    const twists: string[] = twist === "" ? [] : [twist];
    const index = draws.pick([0, 0, 1, 255, 256, 2 ** 32, MAX_SAFE - 1, draws.below(1000)]);
    const isForced = draws.chance(60);
    const known = Math.max(0, factsEpoch);
    const epoch =
      twist === "recent" ? Math.max(0, factsEpoch + draws.between(0, 2)) : known - draws.below(Math.min(known, 3) + 1);
    const parts = { shardId, index, epoch, sender: draws.bytes(20) };
    let entry: InboxEntry = {
      ...parts,
      kind: INBOX_DEPOSIT,
      recipient: draws.chance(50) ? draws.pick(this.#signers).address : draws.bytes(20),
      value: draws.chance(10) ? 2n ** 128n - 1n : draws.bits(100),
      data: new Uint8Array(0),
    };
    if (isForced) {
      const { payload, twists: broken } = this.#payment(60);
      entry = { ...parts, kind: INBOX_FORCED_TRANSACTION, recipient: new Uint8Array(20), value: 0n, data: payload };
      twists.push("forced", ...broken);
    } else if (draws.chance(50)) {
      this.#setAccount(entry.recipient, draws.bits(64), draws.bits(120));
    }
    const digest = inboxEntryDigest(crypto, domain, entry);
    this.#setCursor(0, twist === "cursor" ? Math.max(0, index + draws.pick([-1, 1])) : index);
    if (twist === "field") {
      const value = entry.value ^ 1n;
      entry = draws.pick([
        { ...entry, value },
        { ...entry, sender: flipped(draws, entry.sender) },
        { ...entry, recipient: flipped(draws, entry.recipient) },
        { ...entry, data: concat(entry.data, draws.bytes(1)) },
        { ...entry, epoch: Math.max(0, entry.epoch - 1) },
      ]);
    }
    if (twist === "kind") entry = { ...entry, kind: draws.pick([entry.kind ^ 1, 2, 255]) };
    let payload = encodeImportInbox(entry);
    if (twist === "bytes") payload = draws.chance(50) ? flipped(draws, payload) : payload.subarray(0, draws.below(90));
    if (twist === "integer") {
      const huge = draws.pick([2n ** 53n - 1n, 2n ** 53n, 2n ** 64n - 1n]);
      new DataView(payload.buffer).setBigUint64(draws.pick([0, 8]), huge);
    }
    const inboxEntry =
      twist === "unknown" ? null : { index, digest: twist === "digest" ? flipped(draws, digest) : digest, epoch };
    return { kind: STEP_KIND.importInbox, payload, twists, facts: { inboxEntry } };
  }

  #importMessage({ factsEpoch }: Place): Draft {
    const draws = this.#draws;
    const environment = this.#environment(null);
    const made = randomImport(draws, environment, { factsEpoch, twisted: 60 });
    const isBehind = draws.chance(5);
    this.#setCursor(made.source, isBehind ? Math.max(0, made.index + draws.pick([-1, 1])) : made.index);
    if (draws.chance(40)) this.#setAccount(made.recipient, draws.bits(64), draws.bits(120));
    return {
      kind: STEP_KIND.importMessage,
      payload: made.payload,
      twists: isBehind ? [...made.twists, "cursor"] : made.twists,
      facts: { checkpoint: made.checkpoint },
    };
  }

  #setAccount(address: Uint8Array, nonce: bigint, balance: bigint): void {
    const key = accountKey(this.#deployment.crypto, address);
    this.#world.set(key, encodeAccount(nonce, balance));
    this.#crowd(key);
  }

  #setHead(head: Parameters<typeof encodeHead>[0]): void {
    this.#world.set(headKey(this.#deployment.crypto), encodeHead(head));
  }

  #setCursor(source: number, next: number): void {
    const key = cursorKey(this.#deployment.crypto, source);
    this.#world.set(key, encodeCursor(next));
    this.#crowd(key);
  }

  /** Keys are hashes, so that long paths never come about by themselves. */
  #crowd(key: Uint8Array): void {
    const draws = this.#draws;
    if (draws.chance(1)) this.#world.crowd(draws, key, draws.pick([30, 100, 200, 254, 255]));
  }

  #environment(facts: CaseFacts | null): LedgerEnvironment {
    const { crypto, domain, parameters } = this.#deployment;
    const { shardId } = this.#world;
    const chainId = BigInt(shardChainId(crypto, domain, shardId));
    return { crypto, domain, parameters, shardId, chainId, facts: facts as CaseFacts };
  }

  /** Makes the state what the step was drawn for, and takes its witness. */
  #finish(name: string, place: Place, index: number, draft: Draft): StepCase {
    const draws = this.#draws;
    const world = this.#world;
    const { slot, epoch, factsEpoch, seed, shardCount } = place;
    const facts: Facts = {
      seed: { epoch, value: seed },
      shardCount: { asOfEpoch: Math.max(0, factsEpoch), value: shardCount },
      inboxEntry: null,
      checkpoint: null,
      ...draft.facts,
    };
    const environment = this.#environment(new CaseFacts(facts, world.shardId));
    world.commit();
    const { tree } = world;
    const preRoot = tree.root;
    const [step] = prepareSteps(environment, [{ kind: draft.kind, payload: draft.payload }]) as [never];
    const outboxes = new OutboxBook(environment.crypto, world.openings());
    const previousFees = draft.previousFees ?? 0n;
    const context = { environment, outboxes, slot, previousFees };
    const witness = witnessStep(context, tree, index, step);
    tree.commit(1);
    for (const opening of outboxes.all()) {
      world.setOutbox(opening);
      // Nobody can pay for a message more.
      if (opening.outbox.count === 2 ** 32 - 1) world.fillOutbox(draws, opening.destination, 1);
    }
    const feesBefore = index === 0 ? 0n : draws.bits(100);
    const opening = { index, step, preRoot, feesBefore, witness };
    return { name, environment, facts, slot, previousFees, opening, rootAfter: tree.root };
  }
}
