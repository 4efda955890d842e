import { mkdtempSync, readdirSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import { bitsFrom } from "../../../protocol/bits.ts";
import { type BlockHeader, blockHash } from "../../../protocol/block-header.ts";
import { ZERO_HASH } from "../../../protocol/bytes.ts";
import type { Crosslink } from "../../../protocol/crosslink.ts";
import type { Crypto } from "../../../protocol/crypto.ts";
import type { SignedHeader } from "../../../protocol/evidence.ts";
import type { GossipMessage, Proposal, SeatVote } from "../../../protocol/gossip.ts";
import { signAsOperator } from "../../../protocol/operator-signature.ts";
import { type Vote, voteDigest } from "../../../protocol/vote.ts";
import { Equivocations } from "../../../relayer/watcher/equivocations.ts";
import type { Offence } from "../../../relayer/watcher/offences.ts";
import { SightingLog } from "../../../relayer/watcher/sighting-log.ts";
import { HandFedParent } from "../../support/hand-fed-parent.ts";

const EPOCH = 4;
const ROOT_A = new Uint8Array(32).fill(0xaa);
const ROOT_B = new Uint8Array(32).fill(0xbb);

describe("Equivocations", () => {
  let crypto: Crypto;
  let parent: HandFedParent;
  let folder: string;
  let log: SightingLog;
  let watcher: Equivocations;
  let offences: Offence[];
  let errors: unknown[];

  const watch = () => {
    log = new SightingLog(folder, (error) => errors.push(error));
    return new Equivocations({
      crypto,
      view: parent.view,
      log,
      onOffence: (offence) => offences.push(offence),
      onError: (error) => errors.push(error),
    });
  };

  before(async () => {
    crypto = await createNativeCrypto();
  });

  beforeEach(() => {
    parent = new HandFedParent(crypto);
    parent.moveToEpoch(EPOCH + 1);
    folder = mkdtempSync(path.join(tmpdir(), "sightings-"));
    offences = [];
    errors = [];
    watcher = watch();
  });

  afterEach(() => {
    log.close();
    rmSync(folder, { recursive: true });
  });

  const take = (...messages: GossipMessage[]) => {
    for (const message of messages) watcher.take(message, "peer");
  };
  const guilty = () => offences.map(({ evidence, guilty }) => ({ kind: evidence.kind, guilty }));

  /** Seat s is that of validator s + 1. */
  function vote(sourceEpoch: number, targetEpoch: number, root: Uint8Array, seats: readonly number[]): SeatVote {
    const signed: Vote = { sourceEpoch, sourceRoot: ZERO_HASH, targetEpoch, targetRoot: root };
    return {
      kind: "vote",
      sourceEpoch,
      sourceRoot: ZERO_HASH,
      targetEpoch,
      checkpointRoot: root,
      seats: { count: parent.secretKeys.length, bits: bitsFrom(seats, parent.secretKeys.length) },
      signature: parent.sign(seats, voteDigest(crypto, parent.view.domain, signed)),
    };
  }

  function header(number: number, fields: Partial<BlockHeader> = {}, key = parent.operatorKey): SignedHeader {
    const whole = {
      shardId: 1,
      generation: 0,
      number,
      parentHash: ROOT_A,
      slot: 30,
      stepCount: 1,
      traceRoot: ROOT_A,
      stateRoot: ROOT_A,
      fees: 0n,
      ...fields,
    };
    return { header: whole, signature: signAsOperator(crypto, blockHash(crypto, parent.view.domain, whole), key) };
  }

  /** Both orders of arrival, each with a watcher that knows nothing. */
  function inBothOrders(first: () => void, second: () => void, expected: object[]): void {
    for (const order of [
      [first, second],
      [second, first],
    ]) {
      log.close();
      rmSync(folder, { recursive: true });
      offences = [];
      watcher = watch();
      for (const step of order) step();
      expect(guilty()).to.deep.equal(expected);
    }
  }

  describe("votes", () => {
    it("finds two votes for one epoch, and who signed both of two aggregates", () => {
      const a = vote(0, 2, ROOT_A, [0, 1, 2, 5]);
      const b = vote(0, 2, ROOT_B, [1, 3, 5]);
      inBothOrders(
        () => take(a),
        () => take(b),
        [{ kind: "votes", guilty: [2, 6] }],
      );
    });

    it("finds a vote with the same root from another source", () => {
      const a = vote(0, 3, ROOT_A, [4]);
      const b = vote(1, 3, ROOT_A, [4]);
      inBothOrders(
        () => take(a),
        () => take(b),
        [{ kind: "votes", guilty: [5] }],
      );
    });

    it("finds a vote around another, however many lie between", () => {
      const inner = vote(1, 2, ROOT_A, [7]);
      const outer = vote(0, 4, ROOT_B, [7]);
      inBothOrders(
        () => take(inner),
        () => take(outer),
        [{ kind: "votes", guilty: [8] }],
      );
      offences = [];
      take(vote(0, 1, ROOT_A, [8]), vote(1, 2, ROOT_A, [8]), vote(2, 3, ROOT_A, [8]), vote(0, 4, ROOT_A, [8]));
      expect(guilty()).to.deep.equal([{ kind: "votes", guilty: [9] }]);
    });

    it("takes two accepted checkpoints of one epoch, as after a reorg, and names who signed both", () => {
      parent.moveToEpoch(2);
      const accept = (crosslinks: readonly Crosslink[], absent: readonly number[]) => {
        const at = parent.view.head;
        const { submission } = parent.accept(1, crosslinks);
        const count = parent.secretKeys.length;
        const present = Array.from({ length: count }, (_, seat) => seat).filter((seat) => !absent.includes(seat));
        const { root, checkpoint } = parent.view.checkpoint(1) as NonNullable<
          ReturnType<typeof parent.view.checkpoint>
        >;
        const { epoch, sourceEpoch, sourceRoot } = checkpoint.body;
        const signed = { sourceEpoch, sourceRoot, targetEpoch: epoch, targetRoot: root };
        const signature = parent.sign(present, voteDigest(crypto, parent.view.domain, signed));
        const whole = {
          ...(submission as NonNullable<typeof submission>),
          absent: bitsFrom(absent, count),
          signature: crypto.bls.decompressG2(signature),
        };
        const accepted = { ...parent.view.checkpoint(1), submission: whole } as Parameters<
          Equivocations["accepted"]
        >[0];
        parent.view.rollBack(at);
        return accepted;
      };
      const some = accept([], [0, 1, 2, 3]);
      const others = accept([parent.crosslink(1, 1).crosslink], [3, 4, 5, 6]);
      const both = Array.from({ length: 32 }, (_, i) => i + 1).filter((each) => each > 7);
      inBothOrders(
        () => watcher.accepted(some),
        () => watcher.accepted(others),
        [{ kind: "votes", guilty: both }],
      );
    });

    it("takes nothing that its signers did not sign", () => {
      const forged = { ...vote(0, 2, ROOT_A, [1]), checkpointRoot: ROOT_B };
      const others = vote(0, 2, ROOT_A, [1]);
      take(forged, { ...others, seats: { count: 32, bits: bitsFrom([2], 32) } });
      take({ ...others, seats: { count: 31, bits: bitsFrom([1], 31) } });
      expect(watcher.size).to.equal(0);
      take(others, vote(0, 2, ROOT_A, [1]));
      expect([watcher.size, offences.length]).to.deep.equal([1, 0]);
    });
  });

  describe("attestations", () => {
    it("finds two crosslinks by one member, whenever the crosslinks themselves come", () => {
      const a = parent.crosslink(2, EPOCH);
      const b = parent.crosslink(2, EPOCH, { stateRoot: ROOT_B });
      const number = (place: number) => (parent.committee(2, EPOCH)[place] as number) + 1;
      const expected = [{ kind: "attestations", guilty: [number(1), number(3)].sort((x, y) => x - y) }];
      inBothOrders(
        () => take({ kind: "crosslink", ...a }, parent.attestation(a, [0, 1, 3])),
        () => take(parent.attestation(b, [1, 3, 4]), { kind: "crosslink", ...b }),
        expected,
      );
      inBothOrders(
        () => take(parent.attestation(a, [0, 1, 3]), parent.attestation(b, [1, 3])),
        () => take({ kind: "crosslink", ...b }, { kind: "crosslink", ...a }),
        expected,
      );
      inBothOrders(
        () => take({ kind: "certificate", ...parent.certificate(a, [0, 1, 2, 3, 5, 6]) }),
        () => take({ kind: "certificate", ...parent.certificate(b, [1, 3]) }),
        expected,
      );
    });

    it("lets a member sign for another epoch, another shard and another generation", () => {
      const signed = parent.crosslink(2, EPOCH);
      const next = parent.crosslink(2, EPOCH - 1, { stateRoot: ROOT_B });
      take({ kind: "certificate", ...parent.certificate(signed, [1]) });
      take({ kind: "certificate", ...parent.certificate(next, [1]) });
      take({ kind: "certificate", ...parent.certificate(parent.crosslink(2, EPOCH, { generation: 1 }), [1]) });
      expect(offences).to.deep.equal([]);
    });

    it("finds what was signed in a generation that the shard has left, and holds no two generations together", () => {
      const a = parent.crosslink(2, EPOCH);
      const b = parent.crosslink(2, EPOCH, { stateRoot: ROOT_B });
      parent.slashBond(2);
      const number = (parent.committee(2, EPOCH)[1] as number) + 1;
      take({ kind: "certificate", ...parent.certificate(parent.crosslink(2, EPOCH), [1]) });
      take({ kind: "crosslink", ...a }, parent.attestation(a, [1]));
      expect(offences).to.deep.equal([]);
      take({ kind: "certificate", ...parent.certificate(b, [1]) });
      expect(guilty()).to.deep.equal([{ kind: "attestations", guilty: [number] }]);
    });

    it("keeps what others signed, whatever one member signs", () => {
      const signed = parent.crosslink(2, EPOCH);
      take({ kind: "crosslink", ...signed }, parent.attestation(signed, [0]));
      for (let i = 0; i < 50; i++) {
        const junk = parent.crosslink(2, EPOCH, { lastBlock: 100 + i });
        take(parent.attestation(junk, [5]));
      }
      expect(watcher.size).to.be.lessThan(6);
      const rival = parent.crosslink(2, EPOCH, { stateRoot: ROOT_B });
      take({ kind: "certificate", ...parent.certificate(rival, [0]) });
      expect(guilty()).to.deep.equal([
        { kind: "attestations", guilty: [(parent.committee(2, EPOCH)[0] as number) + 1] },
      ]);
    });
  });

  describe("proposals", () => {
    const proposer = () => parent.view.proposer(EPOCH)?.validator?.index as number;

    it("finds two of one proposer", () => {
      const certificate = parent.certificate(parent.crosslink(1, EPOCH));
      const [a, b] = [parent.proposal(EPOCH, []), parent.proposal(EPOCH, [certificate])];
      inBothOrders(
        () => take(a),
        () => take(b),
        [{ kind: "proposals", guilty: [proposer()] }],
      );
    });

    it("ignores those of others, and the same one again", () => {
      const own = parent.proposal(EPOCH, []);
      const forged: Proposal = {
        ...parent.proposal(EPOCH, [parent.certificate(parent.crosslink(1, EPOCH))]),
        proposerSignature: own.proposerSignature,
      };
      take(own, own, forged);
      expect(offences).to.deep.equal([]);
    });

    it("waits for the checkpoint that it builds on, and lets nobody else fill the queue", () => {
      const first = parent.proposal(EPOCH, []);
      const at = parent.view.head;
      parent.accept(EPOCH - 1, []);
      const second = parent.proposal(EPOCH, []);
      parent.view.rollBack(at);
      for (let i = 0; i < 300; i++) watcher.take({ ...second, reveal: second.proposerSignature }, `peer ${i}`);
      take(first, second);
      watcher.onBlock();
      expect(offences).to.deep.equal([]);
      parent.accept(EPOCH - 1, []);
      watcher.onBlock();
      expect(guilty()).to.deep.equal([{ kind: "proposals", guilty: [proposer()] }]);
    });
  });

  describe("headers", () => {
    it("finds two of one generation, whatever comes of others in between, and none of different ones", () => {
      for (const generation of [0, 1, 0, 2, 1]) watcher.header(header(3, { generation, slot: 30 + generation }));
      expect(offences).to.deep.equal([]);
      watcher.header(header(3, { generation: 1, stateRoot: ROOT_B }));
      expect(guilty()).to.deep.equal([{ kind: "headers", guilty: [] }]);
      // Generations that are long gone are forgotten.
      for (let generation = 3; generation < 20; generation++) watcher.header(header(3, { generation }));
      expect(watcher.size).to.be.at.most(4);
    });

    it("finds two of one number", () => {
      const [a, b] = [header(3), header(3, { stateRoot: ROOT_B })];
      inBothOrders(
        () => watcher.header(a),
        () => watcher.header(b),
        [{ kind: "headers", guilty: [] }],
      );
    });

    it("tells of a shard's operator once, and of no other", () => {
      watcher.header(header(3));
      watcher.header(header(3, { shardId: 2, stateRoot: ROOT_B }));
      watcher.header(header(4, { stateRoot: ROOT_B }));
      expect(offences).to.deep.equal([]);
      for (const stateRoot of [ROOT_B, ZERO_HASH]) watcher.header(header(4, { stateRoot }));
      watcher.header(header(3, { stateRoot: ROOT_B }));
      expect(offences).to.have.length(1);
    });

    it("keeps no more than a shard can have", () => {
      for (let i = 0; i < 200; i++) watcher.header(header(1 + i * 1000));
      expect(watcher.size).to.equal(1);
    });
  });

  describe("over time", () => {
    it("goes on after a restart with what it saw before", () => {
      const signed = parent.crosslink(2, EPOCH);
      take(vote(0, 2, ROOT_A, [3]), parent.proposal(EPOCH, []), { kind: "crosslink", ...signed });
      take(parent.attestation(signed, [2]));
      watcher.header(header(3));
      watcher.onBlock();
      const { size } = watcher;
      log.close();
      watcher = watch();
      expect(watcher.size).to.equal(size);
      const certificate = parent.certificate(parent.crosslink(2, EPOCH, { stateRoot: ROOT_B }), [2]);
      take(vote(0, 2, ROOT_B, [3]), parent.proposal(EPOCH, [certificate]));
      watcher.header(header(3, { stateRoot: ROOT_B }));
      expect(guilty().map(({ kind }) => kind)).to.have.members(["votes", "proposals", "attestations", "headers"]);
      watcher.onBlock();
      log.close();
      offences = [];
      watcher = watch();
      expect(
        guilty().map(({ kind }) => kind),
        "told once more",
      ).to.have.length(4);
    });

    it("goes on without a file that is damaged", () => {
      take(vote(0, 2, ROOT_A, [3]));
      watcher.onBlock();
      log.close();
      const [name] = readdirSync(folder);
      truncateSync(path.join(folder, name as string), 20);
      watcher = watch();
      expect(watcher.size).to.equal(0);
      take(vote(0, 2, ROOT_A, [3]), vote(0, 2, ROOT_B, [3]));
      expect(offences).to.have.length(1);
    });

    it("forgets what is older than the window in which evidence counts", () => {
      take(vote(0, 2, ROOT_A, [3]), parent.proposal(EPOCH, []));
      const signed = parent.crosslink(2, EPOCH);
      take({ kind: "crosslink", ...signed }, parent.attestation(signed, [2]));
      watcher.onBlock();
      expect(watcher.size).to.equal(3);
      parent.moveToEpoch(EPOCH + parent.parameters.slashingWindowEpochs + 65);
      watcher.onBlock();
      expect([watcher.size, readdirSync(folder).length]).to.deep.equal([0, 0]);
    });
  });
});
