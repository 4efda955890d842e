import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import { setBits } from "../../../protocol/bits.ts";
import { verifyCertificate } from "../../../protocol/certificate.ts";
import type { Crypto } from "../../../protocol/crypto.ts";
import type { Attestation, Certificate } from "../../../protocol/gossip.ts";
import { Certificates } from "../../../relayer/aggregator/certificates.ts";
import { committeeOf, keysOf } from "../../../relayer/parent/committee.ts";
import type { Validator } from "../../../relayer/parent/parent-view.ts";
import { HandFedParent } from "../../support/hand-fed-parent.ts";

const EPOCH = 1;
const SHARD = 2;

describe("Certificates", () => {
  let crypto: Crypto;
  let parent: HandFedParent;
  let certificates: Certificates;
  let published: Certificate[];

  before(async () => {
    crypto = await createNativeCrypto();
  });

  beforeEach(() => {
    parent = new HandFedParent(crypto);
    parent.moveToEpoch(EPOCH + 1);
    published = [];
    certificates = new Certificates(crypto, parent.view, (certificate) => published.push(certificate));
  });

  const of = (shardId: number) => certificates.of(EPOCH).get(String(shardId));
  const isValid = (certificate: Certificate) => {
    const { shardId, epoch } = certificate.signed.crosslink;
    const committee = keysOf(committeeOf(parent.view, shardId - 1, epoch) as Validator[]);
    const { domain, parameters } = parent.view;
    return verifyCertificate(crypto, domain, parameters, certificate, committee, parent.operator);
  };
  /** What somebody without keys can send: anything, with any signature. */
  const forged = (fields: Partial<Attestation>): Attestation => ({
    ...parent.attestation(parent.crosslink(SHARD, EPOCH), [7]),
    ...fields,
  });

  it("merges two thirds of a committee into a certificate, publishes it once, and tells who waits", async () => {
    const signed = parent.crosslink(SHARD, EPOCH);
    const waiting = certificates.wait(EPOCH, SHARD, new AbortController().signal);
    certificates.addCrosslink(signed);
    for (const places of [[0, 5], [1], [2, 7]]) certificates.addAttestation(parent.attestation(signed, places));
    expect(published, "five of eight").to.deep.equal([]);
    certificates.addAttestation(parent.attestation(signed, [4]));
    const [certificate] = published as [Certificate];
    expect(setBits(certificate.members.bits)).to.deep.equal([0, 1, 2, 4, 5, 7]);
    expect(isValid(certificate)).to.equal(true);
    expect(await waiting).to.equal(certificate);
    expect(of(SHARD)).to.equal(certificate);
    certificates.addAttestation(parent.attestation(signed, [6]));
    expect(published).to.have.length(1);
  });

  it("counts attestations that came before their crosslink", () => {
    const signed = parent.crosslink(SHARD, EPOCH);
    for (const places of [[0, 1, 2], [3, 4], [5]]) certificates.addAttestation(parent.attestation(signed, places));
    expect(published).to.deep.equal([]);
    certificates.addCrosslink(signed);
    expect(published.map(isValid)).to.deep.equal([true]);
  });

  it("counts all who came before the crosslink, though one of them merged itself into every attestation", () => {
    const signed = parent.crosslink(SHARD, EPOCH);
    for (const own of [[0], [1, 2], [3], [4], [5]]) {
      certificates.addAttestation(parent.attestation(signed, [...own, 7]));
      certificates.addAttestation(parent.attestation(signed, own));
      certificates.addAttestation(parent.attestation(signed, [...own, 6]));
    }
    certificates.addCrosslink(signed);
    expect(published.map(isValid)).to.deep.equal([true]);
  });

  it("keeps an early attestation when something smaller does not verify, or is of another crosslink", () => {
    const signed = parent.crosslink(SHARD, EPOCH);
    const invented = parent.crosslink(SHARD, EPOCH, { stateRoot: crypto.sha256(Uint8Array.of(1)) });
    const { signature } = parent.attestation(signed, [0, 1, 2, 3, 4, 5]);
    certificates.addAttestation(parent.attestation(signed, [0, 1, 2, 3, 4, 5]));
    certificates.addAttestation({ ...parent.attestation(signed, [0]), signature });
    certificates.addAttestation(parent.attestation(invented, [0]));
    certificates.addCrosslink(signed);
    expect(published.map(isValid)).to.deep.equal([true]);
  });

  it("counts nobody twice", () => {
    const signed = parent.crosslink(SHARD, EPOCH);
    certificates.addCrosslink(signed);
    for (const places of [
      [0, 1, 2],
      [0, 1, 2],
      [2, 3, 4],
      [3, 4],
    ]) {
      certificates.addAttestation(parent.attestation(signed, places));
    }
    expect(published, "five of eight").to.deep.equal([]);
    certificates.addAttestation(parent.attestation(signed, [5]));
    expect(published.map(isValid)).to.deep.equal([true]);
  });

  it("lets no unverified attestation stand in the way of others", () => {
    const signed = parent.crosslink(SHARD, EPOCH);
    const one = forged({});
    for (let i = 0; i < 300; i++) {
      certificates.addAttestation({ ...one, crosslinkHash: crypto.sha256(Uint8Array.of(i, i >> 8)) });
    }
    certificates.addAttestation(forged({ signature: new Uint8Array(96).fill(0xff) }));
    certificates.addCrosslink(signed);
    certificates.addAttestation(forged({ signature: parent.attestation(signed, [6]).signature }));
    certificates.addAttestation(forged({ members: { count: 7, bits: Uint8Array.of(1) } }));
    certificates.addAttestation(forged({ members: { count: 8, bits: Uint8Array.of(0) } }));
    certificates.addAttestation(parent.attestation(signed, [0, 1, 2, 3, 4, 7]));
    expect(published.map(isValid)).to.deep.equal([true]);
  });

  it("lets members who attest what nobody proposed hold up nobody but themselves", () => {
    const signed = parent.crosslink(SHARD, EPOCH);
    for (let i = 0; i < 20; i++) {
      const invented = parent.crosslink(SHARD, EPOCH, { stateRoot: crypto.sha256(Uint8Array.of(i)) });
      certificates.addAttestation(parent.attestation(invented, [6, 7]));
      certificates.addAttestation(parent.attestation(invented, [7]));
    }
    certificates.addAttestation(parent.attestation(signed, [0, 1, 2]));
    certificates.addCrosslink(signed);
    certificates.addAttestation(parent.attestation(signed, [3, 4, 5]));
    expect(published.map(isValid)).to.deep.equal([true]);
  });

  it("keeps shards and epochs apart", () => {
    const [one, two] = [parent.crosslink(1, EPOCH), parent.crosslink(2, EPOCH)];
    for (const signed of [one, two]) certificates.addCrosslink(signed);
    certificates.addAttestation({ ...parent.attestation(one, [0, 1, 2, 3, 4, 5]), shardId: 2 });
    certificates.addAttestation({ ...parent.attestation(one, [0, 1, 2, 3, 4, 5]), epoch: 2 });
    expect(published).to.deep.equal([]);
    certificates.addAttestation(parent.attestation(one, [0, 1, 2, 3, 4, 5]));
    expect([of(1)?.signed.crosslink, of(2)]).to.deep.equal([one.crosslink, undefined]);
  });

  it("takes a certificate that others have merged, if it is one", () => {
    const signed = parent.crosslink(SHARD, EPOCH);
    const good = parent.certificate(signed);
    const stranger = parent.signed(signed.crosslink, new Uint8Array(32).fill(0x77));
    certificates.addCertificate(parent.certificate(signed, [0, 1, 2, 3, 4]));
    certificates.addCertificate({ ...good, signature: parent.certificate(signed, [0]).signature });
    certificates.addCertificate({ ...good, signed: stranger });
    certificates.addCertificate({ ...good, members: { count: 8, bits: Uint8Array.of(0xff) } });
    expect(of(SHARD)).to.equal(undefined);
    certificates.addCertificate(good);
    expect(of(SHARD)).to.equal(good);
    expect(published, "its maker has published it").to.deep.equal([]);
  });

  it("heeds no epoch that has not begun, or is long over, and no shard that there is not", () => {
    parent.moveToEpoch(9);
    for (const epoch of [10, 1_000_000, 5, 0]) {
      certificates.addCertificate({
        ...parent.certificate(parent.crosslink(SHARD, 9)),
        signed: parent.crosslink(SHARD, epoch),
      });
      certificates.addAttestation({ ...forged({}), epoch });
      expect(certificates.of(epoch).size).to.equal(0);
    }
    certificates.addCertificate({ ...parent.certificate(parent.crosslink(SHARD, 9)), signed: parent.crosslink(9, 9) });
    certificates.addCertificate(parent.certificate(parent.crosslink(SHARD, 6)));
    expect([...certificates.of(6).keys()], "three epochs ago").to.deep.equal([String(SHARD)]);
  });
});
