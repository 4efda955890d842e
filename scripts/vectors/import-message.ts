import { StateTree } from "../../ledger/state-tree.ts";
import { encodeImportMessage, type ImportMessage } from "../../ledger/step.ts";
import { appendLeaf, appendTreeProof, EMPTY_APPEND_TREE } from "../../protocol/append-tree.ts";
import { ZERO_HASH } from "../../protocol/bytes.ts";
import {
  type Checkpoint,
  checkpointBodyRoot,
  checkpointRoot,
  entryProof,
  genesisCheckpoint,
} from "../../protocol/checkpoint.ts";
import { type Crosslink, crosslinkHash } from "../../protocol/crosslink.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { type Message, messageDigest } from "../../protocol/message.ts";
import { accountKey, encodeAccount, outboxKey, outboxWord } from "../../protocol/state.ts";
import { sampleAddress, sampleDomain, sampleHash } from "./samples.ts";

/** Shard 1 imports the second of three messages that shard 2 has sent it (docs/formats.md, section 5). */
export function sampleImport(crypto: Crypto): { step: ImportMessage; root: Uint8Array } {
  const domain = sampleDomain(crypto);
  const messages = [0, 1, 2].map(
    (index): Message => ({
      source: 2,
      destination: 1,
      index,
      sender: sampleAddress(crypto, "sender"),
      recipient: sampleAddress(crypto, "recipient"),
      value: 10n ** 18n + BigInt(index),
      data: sampleHash(crypto, `data ${index}`).subarray(0, 5 * index),
    }),
  );
  const digests = messages.map((message) => messageDigest(crypto, domain, message));
  const outbox = digests.reduce((tree, leaf) => appendLeaf(crypto, tree, leaf), EMPTY_APPEND_TREE);
  const outboxLeaf = outboxKey(crypto, 1);
  const state = new StateTree(crypto);
  for (const [key, word] of [
    [outboxLeaf, outboxWord(crypto, outbox)],
    ...["alice", "bob", "carol"].map((name) => [
      accountKey(crypto, sampleAddress(crypto, name)),
      encodeAccount(1n, 2n),
    ]),
  ] as [Uint8Array, Uint8Array][]) {
    state.beginStep(0);
    state.write(state.open(key), word);
    state.acceptStep();
    state.commit(1);
  }

  const crosslink: Crosslink = {
    shardId: 2,
    generation: 0,
    epoch: 6,
    parent: sampleHash(crypto, "parent"),
    firstBlock: 10,
    lastBlock: 17,
    blocksRoot: sampleHash(crypto, "blocksRoot"),
    stateRoot: state.root,
  };
  const { entries } = genesisCheckpoint(4);
  const checkpoint: Checkpoint = {
    body: { epoch: 6, sourceEpoch: 5, sourceRoot: sampleHash(crypto, "source"), rewardsRoot: ZERO_HASH },
    entries: [sampleHash(crypto, "entry"), crosslinkHash(crypto, domain, crosslink), ...entries.slice(2)],
  };
  const step: ImportMessage = {
    message: messages[1] as Message,
    checkpointEpoch: checkpoint.body.epoch,
    bodyRoot: checkpointBodyRoot(crypto, checkpoint.body),
    position: 1,
    entrySiblings: entryProof(crypto, checkpoint, 1),
    crosslink,
    stateSiblings: state.path(outboxLeaf).siblings,
    count: outbox.count,
    outboxSiblings: appendTreeProof(crypto, digests, 1),
  };
  return { step, root: checkpointRoot(crypto, checkpoint) };
}

export function importMessageVector(crypto: Crypto): object {
  const { step, root } = sampleImport(crypto);
  return { ...step, shardCount: 4, checkpointRoot: root, encoding: encodeImportMessage(step) };
}
