import { StateTree } from "../../ledger/state-tree.ts";
import {
  APPEND_TREE_DEPTH,
  type AppendTree,
  appendLeaf,
  appendTreeProof,
  appendTreeRoot,
  EMPTY_APPEND_TREE,
  zeroSubtreeHashes,
} from "../../protocol/append-tree.ts";
import {
  absentHashOf,
  type Checkpoint,
  checkpointBodyRoot,
  checkpointCommitment,
  checkpointRoot,
  entryProof,
  genesisCheckpoint,
} from "../../protocol/checkpoint.ts";
import { crosslinkHash, genesisCrosslink } from "../../protocol/crosslink.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { paddedTreeProof, paddedTreeRoot } from "../../protocol/padded-tree.ts";
import {
  accountKey,
  cursorKey,
  encodeAccount,
  encodeCursor,
  encodeHead,
  headKey,
  outboxKey,
  outboxWord,
  seedKey,
} from "../../protocol/state.ts";
import { sampleAddress, sampleDomain, sampleHash, sampleHashes } from "./samples.ts";

/** Trees of docs/formats.md, section 4. */

export function paddedTreeVectors(crypto: Crypto): object[] {
  return [0, 1, 2, 3, 5].map((count) => {
    const leaves = sampleHashes(crypto, "leaf", count);
    const proofs = leaves.map((_, index) => ({ index, siblings: paddedTreeProof(crypto, leaves, index) }));
    return { leaves, root: paddedTreeRoot(crypto, leaves), proofs };
  });
}

function appendAll(crypto: Crypto, leaves: readonly Uint8Array[]): AppendTree {
  return leaves.reduce((tree, leaf) => appendLeaf(crypto, tree, leaf), EMPTY_APPEND_TREE);
}

export function appendTreeVectors(crypto: Crypto): object {
  const leaves = sampleHashes(crypto, "message", 5);
  return {
    zeroSubtree32: zeroSubtreeHashes(crypto)[APPEND_TREE_DEPTH],
    leaves,
    trees: [0, 1, 2, 3, 4, 5].map((count) => {
      const tree = appendAll(crypto, leaves.slice(0, count));
      return { ...tree, root: appendTreeRoot(crypto, tree), word: outboxWord(crypto, tree) };
    }),
    proof: { count: 5, index: 4, siblings: appendTreeProof(crypto, leaves, 4) },
  };
}

/** Every kind of key and word, and a small tree of them with paths of all three ends. */
export function stateVectors(crypto: Crypto): object {
  const alice = sampleAddress(crypto, "alice");
  const head = { number: 5, slot: 77, epoch: 9, shardCount: 3 };
  const outbox = appendAll(crypto, sampleHashes(crypto, "message", 3));
  const leaves = [
    {
      name: "account",
      address: alice,
      nonce: 7,
      balance: 10n ** 20n,
      key: accountKey(crypto, alice),
      word: encodeAccount(7n, 10n ** 20n),
    },
    { name: "head", ...head, key: headKey(crypto), word: encodeHead(head) },
    { name: "seed", key: seedKey(crypto), word: sampleHash(crypto, "seed") },
    { name: "cursor", source: 0, next: 4, key: cursorKey(crypto, 0), word: encodeCursor(4) },
    { name: "cursor", source: 2, next: 1, key: cursorKey(crypto, 2), word: encodeCursor(1) },
    { name: "outbox", destination: 3, count: 3, key: outboxKey(crypto, 3), word: outboxWord(crypto, outbox) },
  ];
  const tree = new StateTree(crypto);
  const roots = leaves.map(({ key, word }) => {
    tree.beginStep(0);
    tree.write(tree.open(key), word);
    tree.acceptStep();
    tree.commit(1);
    return tree.root;
  });
  const absent = ["bob", "carol", "dave", "erin"].map((name) => accountKey(crypto, sampleAddress(crypto, name)));
  const paths = [...leaves.map(({ key }) => key), ...absent].map((key) => ({ key, ...tree.path(key) }));
  return { leaves, rootsAfterEachInsertion: roots, paths };
}

/** Two entries of four; the second shard stands at its genesis crosslink. */
export function checkpointVectors(crypto: Crypto): object {
  const domain = sampleDomain(crypto);
  const genesis = genesisCheckpoint(4);
  const sourceRoot = checkpointRoot(crypto, genesis);
  const parent = crosslinkHash(crypto, domain, genesisCrosslink(1));
  const crosslink = {
    shardId: 1,
    generation: 0,
    epoch: 3,
    parent,
    firstBlock: 1,
    lastBlock: 9,
    blocksRoot: sampleHash(crypto, "blocksRoot"),
    stateRoot: sampleHash(crypto, "stateRoot"),
  };
  const entries = [...genesis.entries];
  entries[0] = crosslinkHash(crypto, domain, crosslink);
  entries[2] = sampleHash(crypto, "entry");
  const checkpoint: Checkpoint = {
    body: { epoch: 3, sourceEpoch: 0, sourceRoot, rewardsRoot: new Uint8Array(32) },
    entries,
  };
  const absent = new Uint8Array([0x81]);
  const absentHash = absentHashOf(crypto, absent);
  return {
    genesis: { ...genesis, root: sourceRoot },
    genesisCrosslinkOfShard1: parent,
    crosslink,
    ...checkpoint,
    entriesRoot: paddedTreeRoot(crypto, entries),
    bodyRoot: checkpointBodyRoot(crypto, checkpoint.body),
    root: checkpointRoot(crypto, checkpoint),
    absent,
    absentHash,
    commitment: checkpointCommitment(crypto, checkpointRoot(crypto, checkpoint), absentHash),
    proof: { position: 2, siblings: entryProof(crypto, checkpoint, 2) },
  };
}
