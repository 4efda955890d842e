import { expect } from "chai";
import { ZeroHash } from "ethers";
import { bitsFrom } from "../../protocol/bits.ts";
import { toHex } from "../../protocol/bytes.ts";
import type { Checkpoint } from "../../protocol/checkpoint.ts";
import { type Crosslink, crosslinkHash } from "../../protocol/crosslink.ts";
import { accountKey, encodeAccount } from "../../protocol/state.ts";
import {
  type Beacon,
  deployBeacon,
  depositAll,
  newKeys,
  openShards,
  passGenesis,
  passToEpoch,
} from "../support/beacon.ts";
import { Voters } from "../support/checkpoints.ts";
import { ShardState } from "../support/shard-state.ts";

/** Shard 2 of four stands in the settled checkpoint of epoch 1, where seat 5 was absent, with an account and three messages to the parent chain. */
describe("CrosslinkAnchors: reads of settled state", () => {
  const ALICE = new Uint8Array(20).fill(0xa1);
  const BOB = new Uint8Array(20).fill(0xb0);

  let beacon: Beacon;
  let state: ShardState;
  let checkpoint: Checkpoint;
  let crosslink: Crosslink;
  let voters: Voters;

  before(async () => {
    beacon = await deployBeacon();
    const keys = newKeys(beacon.crypto, 16);
    await depositAll(beacon, keys);
    await openShards(beacon, 2);
    await passGenesis(beacon);

    state = new ShardState(beacon.crypto, beacon.domain, 2);
    state.setAccount(ALICE, 1n, 10n ** 18n);
    state.setAccount(BOB, 0n, 5n);
    for (const value of [1n, 2n, 3n]) state.send({ destination: 0, sender: ALICE, recipient: BOB, value });
    state.send({ destination: 1, sender: BOB, recipient: ALICE, value: 9n });

    voters = new Voters(beacon, keys);
    const change = (stateRoot: Uint8Array, block: number) => ({
      position: 1,
      shardId: 2,
      record: { generation: 0, firstBlock: block, lastBlock: block, blocksRoot: new Uint8Array(32).fill(7), stateRoot },
    });
    await passToEpoch(beacon, 2);
    await voters.justify(1, { changes: [change(state.root(), 1)], absent: [5] });
    checkpoint = voters.source;
    crosslink = voters.crosslinks.get(1) as Crosslink;
    await passToEpoch(beacon, 3);
    await voters.justify(2, { changes: [change(new Uint8Array(32).fill(9), 2)] });
  });

  const proof = (overrides: object = {}) => ({
    ...voters.proof(checkpoint, 1, crosslink, bitsFrom([5], 16)),
    ...overrides,
  });

  it("refuses everything before settlement, and then shows the crosslink", async () => {
    const { anchors } = beacon;
    await expect(anchors.verifyCrosslink(proof()))
      .to.be.revertedWithCustomError(anchors, "CrosslinkAnchors_NotSettled")
      .withArgs(1);
    await passToEpoch(beacon, 5);
    await anchors.settle(1);
    expect(await anchors.verifyCrosslink(proof())).to.equal(
      toHex(crosslinkHash(beacon.crypto, beacon.domain, crosslink)),
    );
  });

  it("refuses epochs that are not settled, the genesis checkpoint and empty positions", async () => {
    const { anchors } = beacon;
    for (const checkpointEpoch of [0, 2, 3]) {
      await expect(anchors.verifyCrosslink(proof({ checkpointEpoch })))
        .to.be.revertedWithCustomError(anchors, "CrosslinkAnchors_NotSettled")
        .withArgs(checkpointEpoch);
    }
  });

  it("refuses another crosslink, position, body, absent list or path", async () => {
    const { anchors } = beacon;
    const good = proof();
    const other = (overrides: object) => ({ crosslink: { ...good.crosslink, ...overrides } });
    for (const wrong of [
      other({ shardId: 1 }),
      other({ generation: 1 }),
      other({ epoch: 2 }),
      other({ parent: ZeroHash }),
      other({ firstBlock: 0 }),
      other({ lastBlock: 2 }),
      other({ blocksRoot: ZeroHash }),
      other({ stateRoot: ZeroHash }),
      { position: 0 },
      { bodyRoot: ZeroHash },
      { absentHash: ZeroHash },
      { siblings: [good.siblings[1]!, good.siblings[0]!] },
    ]) {
      await expect(anchors.verifyCrosslink(proof(wrong))).to.be.revertedWithCustomError(
        anchors,
        "CrosslinkAnchors_WrongCrosslink",
      );
    }
    await expect(anchors.verifyCrosslink(proof({ position: 4 })))
      .to.be.revertedWithCustomError(anchors, "PaddedTree_IndexOutOfRange")
      .withArgs(4, 4);
    for (const siblings of [[], good.siblings.slice(1), [...good.siblings, ZeroHash]]) {
      await expect(anchors.verifyCrosslink(proof({ siblings })))
        .to.be.revertedWithCustomError(anchors, "PaddedTree_ProofLength")
        .withArgs(siblings.length, 2);
    }
  });

  it("reads a word of the state", async () => {
    const { anchors, crypto } = beacon;
    const key = accountKey(crypto, ALICE);
    const siblings = state.path(key).map(toHex);
    const word = toHex(encodeAccount(1n, 10n ** 18n));
    await anchors.verifyState(proof(), key, word, { siblings });
    for (const [wrongKey, wrongWord, wrongSiblings] of [
      [toHex(accountKey(crypto, BOB)), word, siblings],
      [toHex(key), ZeroHash, siblings],
      [toHex(key), word, siblings.slice(1)],
      [toHex(key), word, [...siblings, ZeroHash]],
      [toHex(key), word, []],
    ] as const) {
      await expect(
        anchors.verifyState(proof(), wrongKey, wrongWord, { siblings: [...wrongSiblings] }),
      ).to.be.revertedWithCustomError(anchors, "CrosslinkAnchors_WrongState");
    }
    await expect(
      anchors.verifyState(proof(), key, word, { siblings: new Array(257).fill(ZeroHash) }),
    ).to.be.revertedWithCustomError(anchors, "SparseMerkleTree_ProofLength");
    await expect(anchors.verifyState(proof({ position: 0 }), key, word, { siblings })).to.be.revertedWithCustomError(
      anchors,
      "CrosslinkAnchors_WrongCrosslink",
    );
  });

  it("finds every message in its outbox", async () => {
    const { anchors } = beacon;
    for (const [destination, count] of [
      [0, 3],
      [1, 1],
    ] as const) {
      for (let index = 0; index < count; index++) {
        const { message, ...path } = state.messageProof(destination, index);
        await anchors.verifyMessage(message, { crosslink: proof(), ...path });
        console.log(
          `      gas: verifyMessage ${await anchors.verifyMessage.estimateGas(message, { crosslink: proof(), ...path })}`,
        );
      }
    }
  });

  it("refuses another message, number or path", async () => {
    const { anchors } = beacon;
    const { message, ...path } = state.messageProof(0, 1);
    const good = { crosslink: proof(), ...path };
    for (const wrong of [
      { sender: toHex(BOB) },
      { recipient: toHex(ALICE) },
      { value: 3n },
      { data: "0x00" },
      { index: 0 },
      { index: 2 },
      { destination: 1 },
    ]) {
      await expect(anchors.verifyMessage({ ...message, ...wrong }, good)).to.be.revertedWithCustomError(
        anchors,
        "CrosslinkAnchors_WrongState",
      );
    }
    await expect(anchors.verifyMessage({ ...message, source: 1 }, good))
      .to.be.revertedWithCustomError(anchors, "CrosslinkAnchors_WrongShard")
      .withArgs(2, 1);
    for (const index of [3, 2n ** 64n - 1n]) {
      await expect(anchors.verifyMessage({ ...message, index }, good))
        .to.be.revertedWithCustomError(anchors, "AppendTree_IndexOutOfRange")
        .withArgs(index, 3);
    }
    await expect(anchors.verifyMessage(message, { ...good, count: 2n ** 33n })).to.be.revertedWithCustomError(
      anchors,
      "AppendTree_IndexOutOfRange",
    );
    await expect(anchors.verifyMessage(message, { ...good, count: 4 })).to.be.revertedWithCustomError(
      anchors,
      "CrosslinkAnchors_WrongState",
    );
    for (const siblings of [[], path.siblings.slice(1), [...path.siblings, ZeroHash]]) {
      await expect(anchors.verifyMessage(message, { ...good, siblings }))
        .to.be.revertedWithCustomError(anchors, "AppendTree_ProofLength")
        .withArgs(siblings.length, 2);
    }
    await expect(
      anchors.verifyMessage(message, { ...good, stateSiblings: path.stateSiblings.slice(1) }),
    ).to.be.revertedWithCustomError(anchors, "CrosslinkAnchors_WrongState");
  });
});
