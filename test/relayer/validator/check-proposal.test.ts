import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import { ZERO_HASH } from "../../../protocol/bytes.ts";
import type { Crypto } from "../../../protocol/crypto.ts";
import type { Proposal } from "../../../protocol/gossip.ts";
import { randaoRevealDigest } from "../../../protocol/vote.ts";
import { checkProposal, ProposalRefused } from "../../../relayer/validator/check-proposal.ts";
import { HandFedParent } from "../../support/hand-fed-parent.ts";

const EPOCH = 3;

describe("checkProposal", () => {
  let crypto: Crypto;
  let parent: HandFedParent;

  before(async () => {
    crypto = await createNativeCrypto();
  });

  beforeEach(() => {
    parent = new HandFedParent(crypto);
    parent.moveToEpoch(2);
    parent.accept(1, [parent.crosslink(1, 1).crosslink, parent.crosslink(2, 1).crosslink]);
    parent.moveToEpoch(EPOCH + 1);
  });

  const certified = (shardId: number, fields = {}, places?: number[]) =>
    parent.certificate(parent.crosslink(shardId, EPOCH, fields), places);
  const refused = (proposal: Proposal, why: string) =>
    expect(() => checkProposal(crypto, parent.view, proposal)).to.throw(ProposalRefused, why);

  it("passes what may be voted for, and says where it leads", () => {
    const certificates = [certified(1), certified(3)];
    const proposal = parent.proposal(EPOCH, certificates);
    const checked = checkProposal(crypto, parent.view, proposal);
    expect(checked.source).to.deep.equal(parent.view.justified);
    expect(checked.target).to.deep.equal(
      parent.ballot(
        EPOCH,
        certificates.map(({ signed }) => signed.crosslink),
      ).target,
    );
    const [one, three] = certificates.map(({ signed }) => parent.hashOf(signed)) as [Uint8Array, Uint8Array];
    expect([...checked.changed]).to.deep.equal([
      [1, one],
      [3, three],
    ]);
    const kept = parent.view.checkpoint(1)?.checkpoint.entries[1];
    expect(checked.checkpoint.entries).to.deep.equal([one, kept, three, ZERO_HASH]);
    // The parent chain comes to the same root.
    const accepted = parent.accept(
      EPOCH,
      certificates.map(({ signed }) => signed.crosslink),
    );
    expect(checked.target.root).to.deep.equal(accepted.root);
  });

  it("passes a proposal that changes nothing", () => {
    expect(checkProposal(crypto, parent.view, parent.proposal(EPOCH, [])).changed.size).to.equal(0);
  });

  it("refuses any epoch but the last one", () => {
    const proposal = parent.proposal(EPOCH, []);
    for (const epoch of [EPOCH - 1, EPOCH + 1, Number.MAX_SAFE_INTEGER])
      refused({ ...proposal, epoch }, "not the one to vote");
    parent.moveToEpoch(EPOCH + 2);
    refused(proposal, "not the one to vote");
  });

  it("refuses a source that is not the justified checkpoint", () => {
    const proposal = parent.proposal(EPOCH, []);
    refused({ ...proposal, sourceEpoch: 0 }, "source 0");
    refused({ ...proposal, sourceRoot: parent.view.checkpoint(0)?.root as Uint8Array }, "is not the justified epoch");
    parent.accept(2, []);
    refused(proposal, "source 1 is not the justified epoch 2");
  });

  it("refuses a target that is accepted already", () => {
    parent.accept(EPOCH, []);
    refused(parent.proposal(EPOCH, []), "does not follow its source");
  });

  it("refuses rewards, which are not there yet", () => {
    refused(parent.proposal(EPOCH, [], { rewardsRoot: new Uint8Array(32).fill(1) }), "rewards root");
  });

  it("refuses what its proposer has not signed", () => {
    const proposal = parent.proposal(EPOCH, [certified(1)]);
    const { seat } = parent.view.proposer(EPOCH) as { seat: number };
    const other = (seat + 1) % 32;
    refused({ ...proposal, entries: [] }, "did not sign");
    refused({ ...proposal, proposerSignature: parent.proposal(EPOCH, []).proposerSignature }, "did not sign");
    refused({ ...proposal, proposerSignature: new Uint8Array(96) }, "did not sign");
    refused(
      { ...proposal, reveal: parent.sign([other], randaoRevealDigest(crypto, parent.view.domain, EPOCH)) },
      "reveal",
    );
    refused({ ...proposal, reveal: parent.sign([seat], randaoRevealDigest(crypto, parent.view.domain, 2)) }, "reveal");
  });

  it("refuses entries that do not belong where they stand", () => {
    const at = (position: number, certificate = certified(1)) => ({ entries: [{ position, certificate }] });
    refused(parent.proposal(EPOCH, [], at(1)), "position 1: it is of another shard");
    refused(parent.proposal(EPOCH, [], at(4)), "position 4: it is of another shard");
    refused(parent.proposal(EPOCH, [certified(1, { generation: 1 })]), "generation 1 is not current");
    refused(parent.proposal(EPOCH, [certified(1, { epoch: 2 })]), "attested in epoch 2");
    refused(
      parent.proposal(EPOCH, [certified(1, { parent: parent.crosslink(1, EPOCH).crosslink.blocksRoot })]),
      "what the shard goes on from",
    );
  });

  it("takes entries that resume a shard after a void, in its new generation and no other", () => {
    const dead = certified(1);
    parent.accept(2, [parent.crosslink(1, 2).crosslink]);
    const onVoid = certified(1);
    parent.voidEntry(1, 2);
    refused(parent.proposal(EPOCH, [dead]), "generation 0 is not current");
    refused(parent.proposal(EPOCH, [onVoid]), "generation 0 is not current");
    refused(
      parent.proposal(EPOCH, [certified(1, { parent: onVoid.signed.crosslink.parent })]),
      "what the shard goes on from",
    );
    const resumed = certified(1);
    expect(resumed.signed.crosslink).to.deep.include({ generation: 1, parent: dead.signed.crosslink.parent });
    expect([...checkProposal(crypto, parent.view, parent.proposal(EPOCH, [resumed])).changed.keys()]).to.deep.equal([
      1,
    ]);
  });

  it("refuses entries without a certificate", () => {
    const good = certified(1);
    const stranger = parent.signed(good.signed.crosslink, new Uint8Array(32).fill(0x77));
    refused(parent.proposal(EPOCH, [certified(1, {}, [0, 1, 2, 3, 4])]), "position 0: its certificate is not valid");
    refused(parent.proposal(EPOCH, [certified(3), { ...good, signature: certified(3).signature }]), "position 0");
    refused(parent.proposal(EPOCH, [{ ...good, signed: stranger }]), "its certificate is not valid");
    refused(parent.proposal(EPOCH, [{ ...good, members: { count: 8, bits: Uint8Array.of(0xff) } }]), "not valid");
  });

  it("asks for the proposer's signature before it verifies certificates", () => {
    const unsigned = parent.proposal(EPOCH, [certified(1, {}, [0])], { proposerSignature: new Uint8Array(96) });
    refused(unsigned, "did not sign");
  });
});
