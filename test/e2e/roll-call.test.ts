import { expect } from "chai";
import { Network } from "./support/network.ts";

/** Two of five operators have 13 of the 32 seats: without them there is no quorum. */
const OPERATORS = 5;
const VANISHED = ["operator-1", "operator-5"];
const INACTIVITY_EPOCHS = 6;
const ROLL_CALL_EPOCHS = 3;

describe("two fifths of the seats vanish", () => {
  let network: Network;

  before(async function () {
    this.timeout(180_000);
    const parameters = { inactivityEpochs: INACTIVITY_EPOCHS, rollCallEpochs: ROLL_CALL_EPOCHS };
    network = await Network.start({ operators: OPERATORS, parameters });
  });

  after(async function () {
    this.timeout(60_000);
    await network?.close();
  });

  it("and finality returns: the roll is called, who does not answer is ejected, the others go on", async function () {
    this.timeout(300_000);
    const { view } = network;
    await network.until("finality", () => view.finalized.epoch > 0, 8);
    const vanished = VANISHED.map((name) => network.member(name));
    await Promise.all(vanished.map((member) => network.stopMember(member)));
    const gone = vanished.flatMap(({ keys }) => keys.validatorKeys);
    expect(gone).to.have.length(13);
    const stoppedIn = view.epoch();

    await network.until("a call of the roll", () => view.roll !== null, INACTIVITY_EPOCHS + 6);
    const { justified } = view;
    expect(justified.epoch, "what the last votes together led to").to.be.at.most(stoppedIn);
    await network.until("19 answers", () => view.roll?.answered.size === 19, ROLL_CALL_EPOCHS);
    await network.until("an ejection", () => view.roll?.ejectedGroups.size === 1, ROLL_CALL_EPOCHS + 2);
    expect(view.justified.epoch).to.equal(justified.epoch);

    const goneKeys = gone.map((key) => network.crypto.bls.publicKey(key));
    const exits = goneKeys.map((key) => view.validatorByKey(key)?.exitEpoch);
    expect(new Set(exits).size, "all leave in one epoch").to.equal(1);
    expect(exits[0]).to.be.lessThan(Number.POSITIVE_INFINITY);
    const staying = Array.from({ length: 32 }, (_, i) => view.validator(i + 1)).filter(
      (validator) => validator?.exitEpoch === Number.POSITIVE_INFINITY,
    );
    expect(staying).to.have.length(19);

    await network.until("finality without them", () => view.finalized.epoch >= (exits[0] as number), 16);
    const checkpoint = view.checkpoint(view.justified.epoch);
    expect(view.occupiedCount(checkpoint?.checkpoint.body.epoch as number)).to.equal(19);
  });
});
