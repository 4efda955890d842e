import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { SlashableError, SlashingProtection } from "../../../relayer/store/slashing-protection.ts";

const A = new Uint8Array(48).fill(0xa1);
const B = new Uint8Array(48).fill(0xb2);
const ROOT = new Uint8Array(32).fill(1);
const OTHER = new Uint8Array(32).fill(2);

describe("SlashingProtection", () => {
  let folder: string;
  let file: string;
  let protection: SlashingProtection;

  const vote =
    (keys: Uint8Array[], source: number, target: number, root = ROOT) =>
    () =>
      protection.vote(keys, { source, target, root });
  const attest = (keys: Uint8Array[], shardId: number, epoch: number, root = ROOT) =>
    protection.attestation(keys, shardId, epoch, root);
  /** What is refused is refused with this in its message. */
  const refused = async (attestation: Promise<void>, why = "") => {
    const error = await attestation.then(
      () => null,
      (reason: unknown) => reason as Error,
    );
    expect(error).to.be.instanceOf(SlashableError);
    expect(error?.message).to.include(why);
  };
  const propose =
    (key: Uint8Array, epoch: number, root = ROOT) =>
    () =>
      protection.proposal(key, epoch, root);
  const restart = async () => {
    await protection.close();
    protection = new SlashingProtection(file);
  };

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "slashing-protection-"));
    file = path.join(folder, "node", "protection.jsonl");
    protection = new SlashingProtection(file);
  });

  afterEach(async () => {
    await protection.close();
    rmSync(folder, { recursive: true });
  });

  /** Each refusal, and what may still be signed; the same before and after a restart. */
  const refusals = async () => {
    expect(vote([A], 3, 4, OTHER), "two votes of one target").to.throw(SlashableError, "epoch 4 after one for epoch 4");
    expect(vote([A], 2, 5), "a vote around an earlier one").to.throw(SlashableError, "source 2 after one from 3");
    expect(vote([A], 3, 3), "a vote for an earlier target").to.throw(SlashableError);
    await refused(attest([A], 1, 4, OTHER), "attestation of shard 1");
    await refused(attest([A], 1, 3));
    expect(propose(A, 4, OTHER)).to.throw(SlashableError, "proposal");
    expect(propose(A, 3)).to.throw(SlashableError);

    expect(vote([A], 3, 4), "the same vote").not.to.throw();
    await attest([A], 1, 4);
    expect(propose(A, 4), "the same proposal").not.to.throw();
    await attest([A], 2, 1);
    expect(vote([B], 1, 2), "another key").not.to.throw();
  };

  it("refuses what is slashable and repeats what it has signed", async () => {
    vote([A], 3, 4)();
    await attest([A], 1, 4);
    propose(A, 4)();
    await refusals();
  });

  it("remembers across restarts", async () => {
    vote([A], 3, 4)();
    await attest([A], 1, 4);
    propose(A, 4)();
    await restart();
    await refusals();
    await restart();
    expect(vote([A], 3, 4, OTHER)).to.throw(SlashableError);
    expect(vote([A], 3, 5)).not.to.throw();
  });

  it("allows a vote from the same source for a later epoch", () => {
    vote([A], 3, 4)();
    expect(vote([A], 3, 5, OTHER)).not.to.throw();
    expect(vote([A], 5, 6)).not.to.throw();
  });

  it("binds all keys of a signature, or none of them", async () => {
    vote([A], 3, 4)();
    expect(vote([B, A], 3, 4, OTHER)).to.throw(SlashableError);
    expect(vote([B], 3, 4, OTHER), "B was not bound by the refused one").not.to.throw();
    await attest([A, B], 1, 9);
    await restart();
    for (const key of [A, B]) await refused(attest([key], 1, 9, OTHER));
  });

  it("has the record on disk before it returns", async () => {
    vote([A], 3, 4)();
    expect(readFileSync(file, "utf8")).to.match(/"type":"vote".*"epoch":4/);
    await attest([A], 1, 9);
    expect(readFileSync(file, "utf8")).to.match(/"type":"attestation".*"epoch":9/);
  });

  it("binds a key by each of many attestations at one time, before any of them may be signed", async () => {
    const attestations = Array.from({ length: 64 }, (_, i) => attest([A, B], i, 4));
    await Promise.all(Array.from({ length: 64 }, (_, i) => refused(attest([B], i, 4, OTHER))));
    await Promise.all(attestations);
    await restart();
    await Promise.all(Array.from({ length: 64 }, (_, i) => refused(attest([A], i, 4, OTHER))));
  });

  it("has what is being flushed on disk before it closes", async () => {
    const attestation = attest([A], 1, 9);
    await restart();
    await attestation;
    await refused(attest([A], 1, 9, OTHER));
  });

  it("cuts off a line that a crash left unfinished, and goes on after it", async () => {
    vote([A], 3, 4)();
    appendFileSync(file, '{"type":"vote","ids":[0],"sour');
    await restart();
    expect(vote([A], 3, 5)).not.to.throw();
    await restart();
    expect(vote([A], 3, 5, OTHER)).to.throw(SlashableError);
  });

  it("cuts off by bytes, whatever a torn line holds", async () => {
    vote([A], 3, 4)();
    const whole = readFileSync(file);
    writeFileSync(file, Buffer.concat([whole, Buffer.from([0xff, 0xfe, 0x22])]));
    await restart();
    expect(readFileSync(file).equals(whole)).to.equal(true);
  });

  it("does not start on a damaged file", async () => {
    vote([A], 3, 4)();
    vote([A], 4, 5)();
    await protection.close();
    for (const damage of ["{", "null", "[]", '{"type":"vote"}', '{"type":"strange","ids":[0]}', "0"]) {
      const lines = readFileSync(file, "utf8").split("\n");
      writeFileSync(file, lines.with(1, damage).join("\n"));
      expect(() => new SlashingProtection(file), damage).to.throw("damaged at line 2");
      writeFileSync(file, lines.join("\n"));
    }
    protection = new SlashingProtection(file);
  });

  it("does not start when a vote names a key that the file does not", async () => {
    vote([A], 3, 4)();
    await protection.close();
    const [, ...withoutKey] = readFileSync(file, "utf8").split("\n");
    writeFileSync(file, withoutKey.join("\n"));
    expect(() => new SlashingProtection(file)).to.throw("damaged at line 1");
    writeFileSync(file, "");
    protection = new SlashingProtection(file);
  });
});
