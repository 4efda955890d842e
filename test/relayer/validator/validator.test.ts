import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import { setBits } from "../../../protocol/bits.ts";
import { SIGNATURE_TAG } from "../../../protocol/bls.ts";
import { membersSigned } from "../../../protocol/certificate.ts";
import type { SignedCrosslink } from "../../../protocol/crosslink.ts";
import type { Crypto } from "../../../protocol/crypto.ts";
import { voteDigest } from "../../../protocol/vote.ts";
import { committeeOf, keysOf } from "../../../relayer/parent/committee.ts";
import type { Proposer } from "../../../relayer/parent/parent-view.ts";
import { SlashableError, SlashingProtection } from "../../../relayer/store/slashing-protection.ts";
import { CrosslinkRefused } from "../../../relayer/validator/check-crosslink.ts";
import { type CheckedProposal, checkProposal } from "../../../relayer/validator/check-proposal.ts";
import { Signer } from "../../../relayer/validator/signer.ts";
import { Validator } from "../../../relayer/validator/validator.ts";
import { ValidatorKeys } from "../../../relayer/validator/validator-keys.ts";
import { HandFedParent } from "../../support/hand-fed-parent.ts";

const EPOCH = 1;

describe("Validator", () => {
  let crypto: Crypto;
  let parent: HandFedParent;
  let folder: string;
  let protection: SlashingProtection;
  let checked: SignedCrosslink[];
  let refuse: boolean;

  before(async () => {
    crypto = await createNativeCrypto();
  });

  beforeEach(() => {
    parent = new HandFedParent(crypto);
    parent.moveToEpoch(EPOCH + 1);
    folder = mkdtempSync(path.join(tmpdir(), "validator-"));
    protection = new SlashingProtection(path.join(folder, "protection.jsonl"));
    checked = [];
    refuse = false;
  });

  afterEach(async () => {
    await protection.close();
    rmSync(folder, { recursive: true });
  });

  /** A node with the validators of these seats. */
  const validatorOf = (seats: readonly number[]) =>
    new Validator({
      crypto,
      view: parent.view,
      signer: new Signer(crypto, parent.view.domain, new ValidatorKeys(crypto, parent.keysAt(seats)), protection),
      checkCrosslink: async (signed) => {
        checked.push(signed);
        if (refuse) throw new CrosslinkRefused("no");
      },
    });
  const proposed = (...crosslinks: SignedCrosslink[]): CheckedProposal =>
    checkProposal(
      crypto,
      parent.view,
      parent.proposal(
        EPOCH,
        crosslinks.map((signed) => parent.certificate(signed)),
      ),
    );
  const seatsOf = (committeeOfShard: number, places: readonly number[]) =>
    places.map((place) => parent.committee(committeeOfShard, EPOCH)[place] as number);
  const rejected = (attempt: Promise<unknown>) =>
    attempt.then(
      () => null,
      (reason: unknown) => reason,
    );

  describe("attest", () => {
    it("signs once, for all own members of the committee, after the check", async () => {
      const signed = parent.crosslink(1, EPOCH);
      const attestation = await validatorOf([...seatsOf(1, [2, 5]), ...seatsOf(2, [0])]).attest(signed);
      if (attestation === null) throw new Error("nothing was attested");
      expect(checked).to.deep.equal([signed]);
      expect(setBits(attestation.members.bits)).to.deep.equal([2, 5]);
      const { members, signature, crosslinkHash: hash } = attestation;
      const committee = keysOf(committeeOf(parent.view, 0, EPOCH) ?? []);
      expect(membersSigned(crypto, committee, members, hash, signature)).to.equal(true);
      expect(hash).to.deep.equal(parent.hashOf(signed));
    });

    it("neither checks nor signs where it has no member", async () => {
      const validator = validatorOf(seatsOf(2, [0, 1, 2]));
      expect(await validator.attest(parent.crosslink(1, EPOCH))).to.equal(null);
      expect(await validator.attest(parent.crosslink(9, EPOCH))).to.equal(null);
      expect(checked).to.deep.equal([]);
    });

    it("signs nothing that does not pass the check", async () => {
      const validator = validatorOf(seatsOf(1, [0]));
      refuse = true;
      expect(await rejected(validator.attest(parent.crosslink(1, EPOCH)))).to.be.instanceOf(CrosslinkRefused);
      refuse = false;
      const other = parent.crosslink(1, EPOCH, { stateRoot: new Uint8Array(32) });
      expect(await validator.attest(other), "nothing was signed before").not.to.equal(null);
    });

    it("repeats its attestation, and signs no other for the same shard and epoch", async () => {
      const validator = validatorOf(seatsOf(1, [0]));
      const signed = parent.crosslink(1, EPOCH);
      const first = await validator.attest(signed);
      expect(await validator.attest(signed)).to.deep.equal(first);
      const other = parent.crosslink(1, EPOCH, { stateRoot: new Uint8Array(32) });
      expect(await rejected(validator.attest(other))).to.be.instanceOf(SlashableError);
    });
  });

  describe("vote", () => {
    const votersOf = (validator: Validator, proposal: CheckedProposal) =>
      setBits(validator.vote(proposal)?.seats.bits ?? new Uint8Array());

    it("signs once, for all own seats", () => {
      const proposal = proposed();
      const vote = validatorOf([3, 30]).vote(proposal);
      if (vote === null) throw new Error("nobody voted");
      expect(setBits(vote.seats.bits)).to.deep.equal([3, 30]);
      expect(vote.checkpointRoot).to.deep.equal(proposal.target.root);
      const { source, target } = proposal;
      const link = { sourceEpoch: source.epoch, sourceRoot: source.root, targetEpoch: EPOCH, targetRoot: target.root };
      const keys = parent.keysAt([3, 30]).map((key) => crypto.bls.publicKey(key));
      const digest = voteDigest(crypto, parent.view.domain, link);
      expect(crypto.bls.fastAggregateVerify(keys, digest, vote.signature, SIGNATURE_TAG)).to.equal(true);
      expect(validatorOf([]).vote(proposal)).to.equal(null);
    });

    it("bars members of a changed shard's committee who have not checked that very crosslink", async () => {
      const [one, two] = [parent.crosslink(1, EPOCH), parent.crosslink(2, EPOCH)];
      const members = [...seatsOf(1, [0, 1]), ...seatsOf(2, [0]), ...seatsOf(3, [0])];
      const sorted = (seats: readonly number[]) => [...seats].sort((a, b) => a - b);
      const validator = validatorOf(members);

      expect(votersOf(validator, proposed(one, two)), "nothing checked").to.deep.equal(seatsOf(3, [0]));
      await validator.attest(two);
      expect(votersOf(validator, proposed(one, two))).to.deep.equal(sorted([...seatsOf(2, [0]), ...seatsOf(3, [0])]));
      await validator.attest(one);
      expect(votersOf(validator, proposed(one, two))).to.deep.equal(sorted(members));
    });

    it("bars those who have checked another crosslink of the shard", async () => {
      const validator = validatorOf(seatsOf(1, [0]));
      await validator.attest(parent.crosslink(1, EPOCH));
      const other = parent.crosslink(1, EPOCH, { stateRoot: new Uint8Array(32) });
      expect(validator.vote(proposed(other))).to.equal(null);
    });

    it("does not vote while it is not known who is barred", () => {
      const proposal = proposed(parent.crosslink(1, EPOCH));
      const validator = validatorOf(seatsOf(2, [0]));
      // A reorg: the seed of the epoch may be another one.
      parent.view.rollBack({ ...parent.view.head, timestamp: parent.view.genesisTime as number });
      expect(parent.view.committee(0, EPOCH)).to.equal(null);
      expect(validator.vote(proposal)).to.equal(null);
      parent.moveToEpoch(EPOCH + 1);
      expect(votersOf(validator, proposal)).to.deep.equal(seatsOf(2, [0]));
    });

    it("does not count a check that failed", async () => {
      const validator = validatorOf(seatsOf(1, [0]));
      refuse = true;
      await rejected(validator.attest(parent.crosslink(1, EPOCH)));
      expect(validator.vote(proposed(parent.crosslink(1, EPOCH)))).to.equal(null);
    });

    it("repeats its vote, and signs no other of that epoch", () => {
      const validator = validatorOf([3]);
      const proposal = proposed();
      expect(validator.vote(proposal)).to.deep.equal(validator.vote(proposal));
      const { seat } = parent.view.proposer(EPOCH) as Proposer;
      const rival = proposed(parent.crosslink(1, EPOCH));
      const outsider = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].find(
        (each) => !parent.committee(1, EPOCH).includes(each) && each !== seat,
      );
      const other = validatorOf([outsider as number]);
      other.vote(proposal);
      expect(() => other.vote(rival)).to.throw(SlashableError);
    });
  });

  describe("propose", () => {
    const proposerSeat = () => (parent.view.proposer(EPOCH) as Proposer).seat;

    it("is the duty of the epoch's proposer alone", () => {
      expect(validatorOf([proposerSeat()]).proposes(EPOCH)).to.equal(true);
      expect(validatorOf([(proposerSeat() + 1) % 32]).proposes(EPOCH)).to.equal(false);
      expect(() => validatorOf([(proposerSeat() + 1) % 32]).propose(EPOCH, [])).to.throw("no secret key");
    });

    it("makes a proposal that others accept, of what fits the justified checkpoint", () => {
      const good = [3, 1].map((shardId) => parent.certificate(parent.crosslink(shardId, EPOCH)));
      const misfits = [
        parent.crosslink(2, EPOCH, { parent: new Uint8Array(32) }),
        parent.crosslink(4, EPOCH, { generation: 1 }),
        parent.crosslink(4, 2),
      ].map((signed) => parent.certificate(signed));
      const proposal = validatorOf([proposerSeat()]).propose(EPOCH, [...misfits, ...good]);
      expect([...checkProposal(crypto, parent.view, proposal).changed.keys()]).to.deep.equal([1, 3]);
    });

    it("makes no second proposal of an epoch", () => {
      const validator = validatorOf([proposerSeat()]);
      const first = validator.propose(EPOCH, []);
      expect(validator.propose(EPOCH, [])).to.deep.equal(first);
      expect(() => validator.propose(EPOCH, [parent.certificate(parent.crosslink(1, EPOCH))])).to.throw(SlashableError);
    });
  });
});
