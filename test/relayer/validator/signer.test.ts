import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { createNativeCrypto } from "../../../crypto/native.ts";
import { concat, toHex, word } from "../../../protocol/bytes.ts";
import { type Crosslink, crosslinkHash, genesisCrosslink } from "../../../protocol/crosslink.ts";
import type { Crypto } from "../../../protocol/crypto.ts";
import { createDomain, type Domain } from "../../../protocol/eip712.ts";
import { isDoubleVote, isSurroundVote } from "../../../protocol/slashable-votes.ts";
import type { Vote } from "../../../protocol/vote.ts";
import { SlashableError, SlashingProtection } from "../../../relayer/store/slashing-protection.ts";
import { Signer } from "../../../relayer/validator/signer.ts";
import { ValidatorKeys } from "../../../relayer/validator/validator-keys.ts";
import { property } from "../../support/property.ts";
import { SeededRandom } from "../../support/random.ts";

const KEYS = 3;

/** What happens around a node, and what it is asked to sign. `keys`: which of its keys sign, as bits. */
type Event =
  | { readonly kind: "epochs pass"; readonly count: number }
  | { readonly kind: "a checkpoint is accepted"; readonly content: number }
  | { readonly kind: "the parent chain reorganises"; readonly depth: number }
  | { readonly kind: "restart"; readonly isTorn: boolean }
  | { readonly kind: "vote"; readonly keys: number; readonly content: number }
  | {
      readonly kind: "vote for anything";
      readonly keys: number;
      readonly vote: readonly [number, number, number, number];
    }
  | { readonly kind: "attest"; readonly keys: number; readonly shardId: number; readonly content: number }
  | { readonly kind: "propose"; readonly key: number; readonly content: number };

const keys = fc.integer({ min: 1, max: 2 ** KEYS - 1 });
const content = fc.nat({ max: 2 });
const epoch = fc.nat({ max: 12 });
const root = fc.nat({ max: 1 });
const is = <K extends Event["kind"]>(kind: K) => fc.constant(kind);

const EVENT: fc.Arbitrary<Event> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: is("epochs pass"), count: fc.integer({ min: 1, max: 2 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: is("a checkpoint is accepted"), content }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: is("the parent chain reorganises"), depth: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: is("restart"), isTorn: fc.boolean() }) },
  { weight: 6, arbitrary: fc.record({ kind: is("vote"), keys, content }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: is("vote for anything"), keys, vote: fc.tuple(epoch, root, epoch, root) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: is("attest"), keys, shardId: fc.integer({ min: 1, max: 2 }), content }) },
  { weight: 2, arbitrary: fc.record({ kind: is("propose"), key: fc.nat({ max: KEYS - 1 }), content }) },
);

interface Source {
  readonly epoch: number;
  readonly root: Uint8Array;
}

/** What was asked of, or signed by, one key. */
interface Record {
  readonly votes: Vote[];
  /** Epoch of each duty that is done once -> what was signed for it. */
  readonly attestations: Map<string, Set<string>>;
  readonly proposals: Map<number, Set<string>>;
}

const emptyRecords = (): Record[] =>
  Array.from({ length: KEYS }, () => ({ votes: [], attestations: new Map(), proposals: new Map() }));

function put<K>(map: Map<K, Set<string>>, key: K, value: string): void {
  map.set(key, (map.get(key) ?? new Set()).add(value));
}

/** Everything in a key's record that evidence could be made of. */
function offencesIn({ votes, attestations, proposals }: Record): string[] {
  const found: string[] = [];
  votes.forEach((a, i) => {
    for (const b of votes.slice(0, i)) {
      if (isDoubleVote(a, b) || isSurroundVote(a, b)) found.push(`votes ${JSON.stringify([a, b])}`);
    }
  });
  for (const [duty, contents] of attestations) if (contents.size > 1) found.push(`attestations of ${duty}`);
  for (const [duty, contents] of proposals) if (contents.size > 1) found.push(`proposals for ${duty}`);
  return found;
}

describe("Signer: nothing that it signs is slashable", () => {
  let crypto: Crypto;
  let domain: Domain;
  let validatorKeys: ValidatorKeys;
  let publicKeys: Uint8Array[];
  let folder: string;
  let runs: number;
  let protection: SlashingProtection;
  let signer: Signer;
  let file: string;

  before(async () => {
    crypto = await createNativeCrypto();
    const random = new SeededRandom();
    domain = createDomain(crypto, 31337n, random.bytes(20));
    const secretKeys = Array.from({ length: KEYS }, () => random.secretKey());
    validatorKeys = new ValidatorKeys(crypto, secretKeys);
    publicKeys = secretKeys.map((key) => crypto.bls.publicKey(key));
    folder = mkdtempSync(path.join(tmpdir(), "signer-"));
    runs = 0;
  });

  after(() => rmSync(folder, { recursive: true }));

  beforeEach(() => {
    file = path.join(folder, `${runs++}.jsonl`);
    start();
  });

  afterEach(() => protection.close());

  function start(): void {
    protection = new SlashingProtection(file);
    signer = new Signer(crypto, domain, validatorKeys, protection);
  }

  async function restart(isTorn: boolean): Promise<void> {
    await protection.close();
    if (isTorn) appendFileSync(file, '{"type":"vote","ids":[0],"sour');
    start();
  }

  /** Whether the signer signed it. Whatever else goes wrong is thrown on. */
  async function signs(sign: () => Uint8Array | Promise<Uint8Array>): Promise<boolean> {
    try {
      await sign();
      return true;
    } catch (error) {
      if (error instanceof SlashableError) return false;
      throw error;
    }
  }

  /** A checkpoint's root commits to its source, its epoch and what it says. */
  function rootOf(source: Source, target: number, said: number): Uint8Array {
    return crypto.keccak256(concat(word(source.epoch), source.root, word(target), word(said)));
  }

  /** Goes through the events with fresh keys. @returns what was asked of each key, and what it signed */
  async function play(events: readonly Event[]): Promise<{ asked: Record[]; signed: Record[] }> {
    const [asked, signed] = [emptyRecords(), emptyRecords()];
    const justified: Source[] = [{ epoch: 0, root: new Uint8Array(32) }];
    let current = 2;
    const tip = () => justified.at(-1) as Source;
    const request = async (
      bits: number,
      note: (record: Record) => void,
      sign: (own: Uint8Array[]) => Uint8Array | Promise<Uint8Array>,
    ) => {
      const chosen = publicKeys.map((_, i) => i).filter((i) => (bits >> i) & 1);
      const noteIn = (records: Record[]) => {
        for (const i of chosen) note(records[i] as Record);
      };
      noteIn(asked);
      if (await signs(() => sign(chosen.map((i) => publicKeys[i] as Uint8Array)))) noteIn(signed);
    };
    const vote = (bits: number, it: Vote) =>
      request(
        bits,
        ({ votes }) => votes.push(it),
        (own) => signer.vote(own, it),
      );

    for (const event of events) {
      const target = current - 1;
      if (event.kind === "epochs pass") current += event.count;
      else if (event.kind === "a checkpoint is accepted") {
        if (target > tip().epoch) justified.push({ epoch: target, root: rootOf(tip(), target, event.content) });
      } else if (event.kind === "the parent chain reorganises") {
        justified.length = Math.max(1, justified.length - event.depth);
      } else if (event.kind === "restart") await restart(event.isTorn);
      else if (event.kind === "vote") {
        const source = tip();
        if (target <= source.epoch) continue;
        const targetRoot = rootOf(source, target, event.content);
        await vote(event.keys, { sourceEpoch: source.epoch, sourceRoot: source.root, targetEpoch: target, targetRoot });
      } else if (event.kind === "vote for anything") {
        const [sourceEpoch, a, targetEpoch, b] = event.vote;
        await vote(event.keys, { sourceEpoch, sourceRoot: word(a), targetEpoch, targetRoot: word(b) });
      } else if (event.kind === "attest") {
        const { shardId } = event;
        const crosslink: Crosslink = { ...genesisCrosslink(shardId), epoch: target, blocksRoot: word(event.content) };
        const hash = toHex(crosslinkHash(crypto, domain, crosslink));
        await request(
          event.keys,
          ({ attestations }) => put(attestations, `shard ${shardId} in ${target}`, hash),
          (own) => signer.attest(own, crosslink),
        );
      } else {
        const checkpointRoot = rootOf(tip(), target, event.content);
        await request(
          1 << event.key,
          ({ proposals }) => put(proposals, target, toHex(checkpointRoot)),
          ([own]) => signer.propose(own as Uint8Array, target, checkpointRoot),
        );
      }
    }
    return { asked, signed };
  }

  const honest: Vote = {
    sourceEpoch: 3,
    sourceRoot: word(3),
    targetEpoch: 4,
    targetRoot: word(4),
  };

  it("refuses another vote that leads to the same checkpoint", () => {
    signer.vote(publicKeys, honest);
    for (const other of [{ sourceRoot: word(5) }, { sourceEpoch: 4 }]) {
      expect(() => signer.vote(publicKeys, { ...honest, ...other })).to.throw(SlashableError);
    }
    expect(() => signer.vote(publicKeys, honest), "the same once more").not.to.throw();
  });

  it("votes again from the same source after epochs without a checkpoint, and from the next one later", async () => {
    const { signed } = await play([
      { kind: "vote", keys: 7, content: 0 },
      { kind: "epochs pass", count: 1 },
      { kind: "vote", keys: 7, content: 0 },
      { kind: "epochs pass", count: 2 },
      { kind: "vote", keys: 7, content: 1 },
      { kind: "a checkpoint is accepted", content: 1 },
      { kind: "epochs pass", count: 1 },
      { kind: "vote", keys: 7, content: 0 },
    ]);
    for (const record of signed) {
      expect(record.votes.map((vote) => [vote.sourceEpoch, vote.targetEpoch])).to.deep.equal([
        [0, 1],
        [0, 2],
        [0, 4],
        [4, 5],
      ]);
      expect(offencesIn(record)).to.deep.equal([]);
    }
  });

  it("over random proposals, failed epochs, reorganisations of the parent chain and restarts", async () => {
    let votes = 0;
    let temptations = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(EVENT, { minLength: 20, maxLength: 60 }), async (events) => {
        await protection.close();
        file = path.join(folder, `${runs++}.jsonl`);
        start();
        const { asked, signed } = await play(events);
        for (const record of signed) {
          expect(offencesIn(record)).to.deep.equal([]);
          votes += record.votes.length;
        }
        for (const record of asked) temptations += offencesIn(record).length;
      }),
      property(80),
    );
    // It did sign, and was asked to sign what it must not.
    expect(votes).to.be.greaterThan(0);
    expect(temptations).to.be.greaterThan(0);
    console.log(`      ${votes} votes signed, ${temptations} offences that were asked for`);
  });
});
