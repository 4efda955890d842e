import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import { bitsFrom, setBits } from "../../../protocol/bits.ts";
import { SIGNATURE_TAG } from "../../../protocol/bls.ts";
import type { Crypto } from "../../../protocol/crypto.ts";
import { rollAnswerDigest } from "../../../protocol/vote.ts";
import { RollAnswers } from "../../../relayer/aggregator/roll-answers.ts";
import { HandFedParent } from "../../support/hand-fed-parent.ts";

const EPOCH = 16;

describe("RollAnswers", () => {
  let crypto: Crypto;
  let parent: HandFedParent;
  let answers: RollAnswers;

  before(async () => {
    crypto = await createNativeCrypto();
  });

  beforeEach(() => {
    parent = new HandFedParent(crypto);
    parent.moveToEpoch(EPOCH);
    answers = new RollAnswers(crypto, parent.view);
  });

  it("merges what verifies into one signature, and has nothing before the roll is called", () => {
    answers.add(parent.rollAnswer([1]));
    expect(answers.news()).to.equal(null);
    parent.callRoll();
    answers.add(parent.rollAnswer([1, 4]));
    answers.add(parent.rollAnswer([31]));
    answers.add({ ...parent.rollAnswer([5]), seats: { count: 32, bits: bitsFrom([6], 32) } });
    answers.add(parent.rollAnswer([4, 7]));
    const news = answers.news();
    expect(setBits(news?.seats.bits as Uint8Array)).to.deep.equal([1, 4, 31]);
    const keys = parent.keysAt([1, 4, 31]).map((key) => crypto.bls.publicKey(key));
    const digest = rollAnswerDigest(crypto, parent.view.domain, EPOCH);
    expect(crypto.bls.fastAggregateVerify(keys, digest, news?.signature as Uint8Array, SIGNATURE_TAG)).to.equal(true);
  });

  it("says nothing twice to the parent chain", () => {
    parent.callRoll();
    answers.add(parent.rollAnswer([1, 4]));
    parent.recordAnswer([1, 4, 9]);
    expect(answers.news()).to.equal(null);
    answers.add(parent.rollAnswer([2]));
    expect(setBits(answers.news()?.seats.bits as Uint8Array)).to.deep.equal([1, 2, 4]);
  });

  it("begins anew with the next roll", () => {
    parent.callRoll();
    const old = parent.rollAnswer([1]);
    answers.add(old);
    parent.moveToEpoch(EPOCH * 3);
    parent.callRoll();
    answers.add(old);
    expect(answers.news()).to.equal(null);
    answers.add(parent.rollAnswer([2]));
    expect(setBits(answers.news()?.seats.bits as Uint8Array)).to.deep.equal([2]);
  });
});
