import { expect } from "chai";
import fc from "fast-check";
import { createNativeCrypto } from "../../../crypto/native.ts";
import type { Crypto } from "../../../protocol/crypto.ts";
import { decodeGossip, encodeGossip, type GossipMessage } from "../../../protocol/gossip.ts";
import { parametersFor } from "../../../protocol/presets.ts";
import { Certificates } from "../../../relayer/aggregator/certificates.ts";
import { RollAnswers } from "../../../relayer/aggregator/roll-answers.ts";
import { Votes } from "../../../relayer/aggregator/votes.ts";
import { CheckAllowance } from "../../../relayer/node/check-allowance.ts";
import { GossipBoard } from "../../../relayer/node/gossip-board.ts";
import { PublishedBlocks } from "../../../relayer/store/published-blocks.ts";
import { HandFedParent } from "../../support/hand-fed-parent.ts";
import { property } from "../../support/property.ts";
import { RecordingTransport } from "../../support/recording-transport.ts";
import { ShardOverParent } from "../../support/shard-over-parent.ts";

const EPOCH = 1;

describe("GossipBoard", () => {
  let crypto: Crypto;
  let parent: HandFedParent;
  let transport: RecordingTransport;
  let blocks: PublishedBlocks;
  let certificates: Certificates;
  let votes: Votes;
  let rollAnswers: RollAnswers;
  let board: GossipBoard;
  let errors: unknown[];
  /** Signatures that were verified, of several keys and of one. */
  let verified: number;
  let single: number;

  before(async () => {
    const native = await createNativeCrypto();
    crypto = {
      ...native,
      bls: {
        ...native.bls,
        fastAggregateVerify: (...args) => {
          verified++;
          return native.bls.fastAggregateVerify(...args);
        },
        verify: (...args) => {
          single++;
          return native.bls.verify(...args);
        },
      },
    };
  });

  beforeEach(() => {
    parent = new HandFedParent(crypto);
    parent.moveToEpoch(EPOCH + 1);
    transport = new RecordingTransport();
    errors = [];
    [verified, single] = [0, 0];
    const { view } = parent;
    blocks = new PublishedBlocks({
      crypto,
      domain: view.domain,
      keptPerGeneration: 128,
      operatorOf: view.operatorOf.bind(view),
    });
    certificates = new Certificates(crypto, view, (certificate) =>
      board.publish({ kind: "certificate", ...certificate }),
    );
    votes = new Votes(crypto, view);
    rollAnswers = new RollAnswers(crypto, view);
    board = new GossipBoard({
      crypto,
      view,
      transport,
      blocks,
      certificates,
      votes,
      rollAnswers,
      onError: (error) => errors.push(error),
    });
  });

  const arrive = (message: GossipMessage, from?: string) => transport.arrive(encodeGossip(message), from);

  it("never throws at what a peer sends: rubbish, or messages cut short or changed anywhere", () => {
    const signed = parent.crosslink(1, EPOCH);
    const whole: GossipMessage[] = [
      { kind: "block", block: new Uint8Array(300) },
      { kind: "crosslink", ...signed },
      parent.attestation(signed, [1]),
      { kind: "certificate", ...parent.certificate(signed) },
      parent.proposal(EPOCH, [parent.certificate(signed)]),
      parent.vote(parent.ballot(EPOCH), [1]),
    ];
    const mutated = fc.tuple(fc.constantFrom(...whole.map(encodeGossip)), fc.nat(), fc.integer({ min: 1, max: 255 }));
    const changed = mutated.map(([bytes, at, bit]) => {
      const copy = bytes.slice();
      copy[at % copy.length] = (copy[at % copy.length] as number) ^ bit;
      return copy;
    });
    const short = mutated.map(([bytes, at]) => bytes.slice(0, at % bytes.length));
    const rubbish = fc.uint8Array({ maxLength: 400 });
    const typed = fc
      .tuple(fc.integer({ min: 1, max: 6 }), rubbish)
      .map(([type, rest]) => Uint8Array.of(1, type, ...rest));
    fc.assert(
      fc.property(fc.oneof(rubbish, typed, changed, short), (bytes) => transport.arrive(bytes)),
      property(600),
    );
  });

  it("reports what cannot be decoded, and goes on", () => {
    transport.arrive(Uint8Array.of(9, 9, 9));
    expect(String(errors[0])).to.include("version 9");
    arrive(parent.proposal(EPOCH, []));
    expect(board.proposal(EPOCH)?.proposal.epoch).to.equal(EPOCH);
  });

  it("sends its own messages to the peers and takes them itself", () => {
    const proposal = parent.proposal(EPOCH, []);
    board.publish(proposal);
    expect(transport.published.map((bytes) => decodeGossip(bytes).kind)).to.deep.equal(["proposal"]);
    expect(board.proposal(EPOCH)).not.to.equal(undefined);
  });

  it("collects an epoch from crosslink to votes, as it comes from peers", async () => {
    const shard = new ShardOverParent(parent, 1);
    await shard.run(2, 2);
    const signed = shard.crosslink(2);
    for (const block of shard.blocks) arrive({ kind: "block", block });
    arrive({ kind: "crosslink", ...signed });
    expect(blocks.numbered(1, 1)).to.have.length(1);
    expect(board.crosslinks.get(2, "1")?.crosslink).to.deep.equal(signed.crosslink);

    for (const place of [0, 1, 2, 3, 4, 5]) arrive(parent.attestation(signed, [place]), `peer-${place}`);
    const [published] = transport.published.map(decodeGossip);
    expect(published?.kind).to.equal("certificate");

    const certificate = certificates.of(2).get("1");
    if (certificate === undefined) throw new Error("there is no certificate");
    const ballot = parent.ballot(2, [signed.crosslink]);
    arrive(parent.vote(ballot, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), "early");
    arrive(parent.proposal(2, [certificate]));
    arrive(parent.vote(ballot, [11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21]), "late");
    expect(votes.aggregate(ballot.target)?.present).to.equal(22);
  });

  describe("peers that send too much", () => {
    const { capacity, perSlot } = new CheckAllowance(parametersFor("minimal", "devnet"));

    /** Attestations that verify under no key, each of which takes a pairing to find out; how many were verified. */
    function flood(from: string): number {
      const { signature } = parent.attestation(parent.crosslink(2, EPOCH), [1]);
      const attestation = { ...parent.attestation(parent.crosslink(1, EPOCH), [1]), signature };
      const before = verified;
      for (let i = 0; i < 2 * capacity; i++) arrive(attestation, from);
      return verified - before;
    }

    it("have as much verified as an honest one needs in an epoch, and are reported once", () => {
      expect(flood("flooder")).to.equal(capacity);
      expect(errors.map(String)).to.deep.equal([
        "Error: flooder sends more than it may: its messages are dropped until the next slot",
      ]);
    });

    it("take nothing from others, nor from the node itself", () => {
      flood("flooder");
      const signed = parent.crosslink(1, EPOCH);
      arrive({ kind: "crosslink", ...signed }, "flooder");
      expect(board.crosslinks.get(EPOCH, "1")).to.equal(undefined);
      arrive({ kind: "crosslink", ...signed }, "honest");
      expect(board.crosslinks.get(EPOCH, "1")).not.to.equal(undefined);
      expect(flood(transport.id)).to.equal(2 * capacity);
      for (const place of [0, 1, 2, 3, 4, 5]) arrive(parent.attestation(signed, [place]), "honest");
      expect(certificates.of(EPOCH).get("1")).not.to.equal(undefined);
    });

    it("get their part of it back with every slot", () => {
      flood("flooder");
      for (const slots of [1, 2]) {
        parent.moveTo(parent.view.slot() + slots);
        expect(flood("flooder")).to.equal(slots * perSlot);
      }
    });

    it("cannot have proposals that wait verified at every block without end", () => {
      parent.moveToEpoch(EPOCH + 1);
      const proposal = { ...parent.proposal(EPOCH, []), sourceRoot: new Uint8Array(32).fill(1) };
      for (let i = 0; i < 2 * capacity; i++) {
        arrive(proposal, "flooder");
        board.onBlock();
      }
      expect(single).to.be.within(1, capacity);
    });
  });

  describe("crosslinks", () => {
    it("keeps the first that the operator has signed", () => {
      const signed = parent.crosslink(1, EPOCH);
      const rival = parent.crosslink(1, EPOCH, { stateRoot: new Uint8Array(32) });
      arrive({ kind: "crosslink", ...parent.signed(signed.crosslink, new Uint8Array(32).fill(0x77)) });
      expect(board.crosslinks.get(EPOCH, "1")).to.equal(undefined);
      arrive({ kind: "crosslink", ...signed });
      arrive({ kind: "crosslink", ...rival });
      expect(board.crosslinks.get(EPOCH, "1")?.crosslink).to.deep.equal(signed.crosslink);
    });

    it("takes none of a strange shard or generation, of an epoch to come, or one long over", () => {
      parent.moveToEpoch(9);
      const strange: [number, number, object][] = [
        [7, 8, {}],
        [1, 8, { generation: 1 }],
        [1, 10, {}],
        [1, 5, {}],
      ];
      for (const [shardId, epoch, fields] of strange) {
        arrive({ kind: "crosslink", ...parent.crosslink(shardId, epoch, fields) });
        expect(board.crosslinks.entries(epoch).size, `shard ${shardId}, epoch ${epoch}`).to.equal(0);
      }
    });
  });

  describe("proposals that come before this node's view is as far", () => {
    it("wait for the block that they build on", () => {
      parent.moveToEpoch(EPOCH + 2);
      const ahead = new HandFedParent(crypto);
      ahead.moveToEpoch(EPOCH + 2);
      ahead.accept(EPOCH, []);
      arrive(ahead.proposal(EPOCH + 1, []));
      expect([board.proposal(EPOCH + 1), errors]).to.deep.equal([undefined, []]);
      parent.accept(EPOCH, []);
      board.onBlock();
      expect(board.proposal(EPOCH + 1)?.target).to.deep.equal(ahead.ballot(EPOCH + 1).target);
    });

    it("wait for the epoch in which they are voted on", async () => {
      const ahead = new HandFedParent(crypto);
      ahead.moveToEpoch(EPOCH + 2);
      const signal = AbortSignal.timeout(10_000);
      const waiting = board.waitForProposal(EPOCH + 1, signal);
      arrive(ahead.proposal(EPOCH + 1, []));
      parent.moveToEpoch(EPOCH + 2);
      board.onBlock();
      expect((await waiting)?.proposal.epoch).to.equal(EPOCH + 1);
    });

    it("are not pushed out by a peer that sends many that never fit", () => {
      parent.moveToEpoch(EPOCH + 2);
      const ahead = new HandFedParent(crypto);
      ahead.moveToEpoch(EPOCH + 2);
      ahead.accept(EPOCH, []);
      const good = ahead.proposal(EPOCH + 1, []);
      for (let i = 0; i < 500; i++)
        arrive({ ...good, sourceRoot: crypto.sha256(Uint8Array.of(i, i >> 8)) }, "attacker");
      arrive(good, "proposer");
      parent.accept(EPOCH, []);
      board.onBlock();
      expect(board.proposal(EPOCH + 1)?.proposal).to.deep.equal(good);
    });

    it("are refused at once without the proposer's reveal", () => {
      parent.moveToEpoch(EPOCH + 2);
      const ahead = new HandFedParent(crypto);
      ahead.moveToEpoch(EPOCH + 2);
      ahead.accept(EPOCH, []);
      const good = ahead.proposal(EPOCH + 1, []);
      arrive({ ...good, reveal: good.proposerSignature });
      expect(errors.map((error) => (error as Error).name)).to.deep.equal(["ProposalRefused"]);
      parent.accept(EPOCH, []);
      board.onBlock();
      expect(board.proposal(EPOCH + 1)).to.equal(undefined);
    });

    it("go on waiting when an unexpected error meets one of them", () => {
      const ahead = new HandFedParent(crypto);
      ahead.moveToEpoch(EPOCH + 2);
      const good = ahead.proposal(EPOCH + 1, []);
      arrive(good, "a");
      arrive(good, "b");
      const checkpoint = parent.view.checkpoint.bind(parent.view);
      parent.view.checkpoint = () => {
        parent.view.checkpoint = checkpoint;
        throw new Error("unexpected");
      };
      parent.moveToEpoch(EPOCH + 2);
      board.onBlock();
      expect(String(errors[0])).to.include("unexpected");
      board.onBlock();
      expect(board.proposal(EPOCH + 1)?.proposal).to.deep.equal(good);
    });

    it("are refused when they can no longer fit", () => {
      arrive({ ...parent.proposal(EPOCH, []), epoch: EPOCH + 5 });
      arrive({ ...parent.proposal(EPOCH, []), epoch: EPOCH - 1 });
      expect(errors.map((error) => (error as Error).name)).to.deep.equal(["ProposalRefused", "ProposalRefused"]);
    });
  });
});
