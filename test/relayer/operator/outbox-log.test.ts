import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import {
  appendLeaf,
  appendTreeProof,
  appendTreeRoot,
  EMPTY_APPEND_TREE,
  verifyAppendTreeProof,
} from "../../../protocol/append-tree.ts";
import { word } from "../../../protocol/bytes.ts";
import type { Message } from "../../../protocol/message.ts";
import { OutboxLog } from "../../../relayer/operator/outbox-log.ts";

const crypto = await createNativeCrypto();

describe("OutboxLog", () => {
  const LEAVES = 37;
  const digests = Array.from({ length: LEAVES }, (_, i) => crypto.sha256(word(i)));
  const messageOf = (index: number): Message => ({
    source: 1,
    destination: 2,
    index,
    sender: new Uint8Array(20),
    recipient: new Uint8Array(20),
    value: 0n,
    data: new Uint8Array(0),
  });
  const log = new OutboxLog(crypto);
  digests.forEach((digest, index) => {
    log.append({ message: messageOf(index), digest });
  });

  it("proves every message under every count that holds it", () => {
    let tree = EMPTY_APPEND_TREE;
    for (let count = 1; count <= LEAVES; count++) {
      tree = appendLeaf(crypto, tree, digests[count - 1] as Uint8Array);
      const root = appendTreeRoot(crypto, tree);
      for (let index = 0; index < count; index++) {
        const siblings = log.proof(index, count);
        expect(siblings).to.deep.equal(appendTreeProof(crypto, digests.slice(0, count), index));
        const digest = digests[index] as Uint8Array;
        expect(verifyAppendTreeProof(crypto, root, count, digest, index, siblings)).to.equal(true);
      }
    }
  });

  it("proves nothing beyond the count, nor under more than it holds", () => {
    for (const [index, count] of [
      [5, 5],
      [-1, 5],
      [0, 0],
      [0, LEAVES + 1],
    ] as const) {
      expect(() => log.proof(index, count)).to.throw(RangeError);
    }
  });

  it("finds messages by index", () => {
    expect(log.count).to.equal(LEAVES);
    expect(log.message(36)?.index).to.equal(36);
    expect(log.message(37)).to.equal(null);
  });
});
