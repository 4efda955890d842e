import { expect } from "chai";
import { network } from "hardhat";
import { createNativeCrypto } from "../../crypto/native.ts";
import { type DisputeEvidence, FAULTS, PREDICATES } from "../../ledger/dispute-evidence.ts";
import { leavesLying } from "../../ledger/duties.ts";
import type { StepAccess } from "../../ledger/step-witness.ts";
import { fromHex, toHex, ZERO_HASH } from "../../protocol/bytes.ts";
import { firstSlotOf } from "../../protocol/clock.ts";
import { genesisCrosslink } from "../../protocol/crosslink.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { createDomain, type Domain } from "../../protocol/eip712.ts";
import {
  INBOX_DEPOSIT,
  INBOX_FORCED_TRANSACTION,
  type InboxEntry,
  inboxEntryDigest,
} from "../../protocol/inbox-entry.ts";
import { inboxQuota, MESSAGE_QUOTA } from "../../protocol/presets.ts";
import { accountKey, cursorKey, encodeAccount, encodeCursor } from "../../protocol/state.ts";
import { encodeEvidence } from "../../relayer/parent/dispute-codec.ts";
import { TEST_PARAMETERS } from "../support/beacon.ts";
import { ClaimedCrosslink, rawLeaf } from "../support/claimed-crosslink.ts";
import { accessOf, rootOf, type Tree, treeOf } from "../support/reference-tree.ts";

const NO_BLOCK = 0xffff;
const SHARD = 2;
const SOURCE = 3;
const INBOX = 0;
const CAME_IN = 7;
const DUE = CAME_IN + TEST_PARAMETERS.forceEpochs;
const QUOTA = { [INBOX]: inboxQuota(TEST_PARAMETERS), [SOURCE]: MESSAGE_QUOTA };
const SOURCES = [INBOX, SOURCE] as const;
type Source = (typeof SOURCES)[number];

async function deploy() {
  const { ethers } = await network.create();
  const registry = await ethers.deployContract("BeaconRegistry", [TEST_PARAMETERS]);
  const inbox = await ethers.deployContract("InboxMock");
  const judge = await ethers.deployContract("IgnoredDuties", [registry, inbox]);
  const { chainId } = await ethers.provider.getNetwork();
  return { ethers, inbox, judge, chainId, registry: fromHex(await registry.getAddress()) };
}

describe("IgnoredDuties", () => {
  let crypto: Crypto;
  let domain: Domain;
  let deployed: Awaited<ReturnType<typeof deploy>>;

  before(async () => {
    crypto = await createNativeCrypto();
    deployed = await deploy();
    domain = createDomain(crypto, deployed.chainId, deployed.registry);
  });

  interface Case {
    readonly source: Source;
    /** null on the genesis crosslink */
    readonly before: number | null;
    readonly after: number;
    readonly lastEpoch?: number;
    /** When the entry at the cursor after came; null if there is none. */
    readonly cameIn?: number | null;
  }

  /** A state with this cursor, absent if it is 0, among others. */
  function stateWith(source: number, cursor: number): Tree {
    const accounts = Array.from({ length: 9 }, (_, i) => ({
      key: accountKey(crypto, new Uint8Array(20).fill(i + 1)),
      word: encodeAccount(1n, BigInt(i)),
    }));
    const others = [{ key: cursorKey(crypto, 9), word: encodeCursor(77) }];
    const own = cursor === 0 ? [] : [{ key: cursorKey(crypto, source), word: encodeCursor(cursor) }];
    return treeOf([...accounts, ...others, ...own]);
  }

  function access(tree: Tree, source: number): StepAccess {
    const key = cursorKey(crypto, source);
    const { end, word, otherKey, siblings } = accessOf(crypto, tree, key);
    if (end === 0) return { key, end, word, siblings };
    return end === 1 ? { key, end, siblings } : { key, end, otherKey, otherWord: word, siblings };
  }

  function entryAt(index: number, changes: Partial<InboxEntry> = {}): InboxEntry {
    return {
      shardId: SHARD,
      index,
      epoch: CAME_IN,
      kind: INBOX_DEPOSIT,
      sender: new Uint8Array(20).fill(0x5e),
      recipient: new Uint8Array(20).fill(0xee),
      value: 12n,
      data: new Uint8Array(),
      ...changes,
    };
  }

  function claim(stateRoot: Uint8Array, slot: number, parent?: ClaimedCrosslink): ClaimedCrosslink {
    const leaf = { ...rawLeaf(crypto, 1, { index: 0, kind: 0, length: 44, fees: 0n }), stateRoot };
    const blocks = [slot - 1, slot].map((each) => ({ leaves: [leaf], slot: each }));
    const place = { shardId: SHARD, generation: 0, epoch: 1_000, blocks };
    return new ClaimedCrosslink(crypto, domain, parent === undefined ? place : { ...place, parent });
  }

  /** The crosslink of a case, what stands on the parent chain, and the evidence against it. */
  async function bring({ source, before, after, lastEpoch = DUE, cameIn = CAME_IN }: Case) {
    const [stateBefore, stateAfter] = [stateWith(source, before ?? 0), stateWith(source, after)];
    const parent = before === null ? undefined : claim(rootOf(crypto, stateBefore), 5);
    const claimed = claim(rootOf(crypto, stateAfter), firstSlotOf(TEST_PARAMETERS, lastEpoch + 1) - 1, parent);
    const entry = entryAt(after, { epoch: cameIn ?? 0 });
    const digest = cameIn === null ? ZERO_HASH : inboxEntryDigest(crypto, domain, entry);
    if (source === INBOX) await deployed.inbox.setEntry(SHARD, after, toHex(digest));
    else await deployed.inbox.setDemand(SHARD, source, after, cameIn ?? 0);
    const duty = {
      last: claimed.header(1),
      parent: claimed.parent,
      cursorBefore: before === null ? null : access(stateBefore, source),
      cursorAfter: access(stateAfter, source),
    };
    const evidence: DisputeEvidence =
      source === INBOX ? { predicate: "InboxDuty", ...duty, entry } : { predicate: "MessageDuty", ...duty, source };
    return { claimed, evidence, entry };
  }

  function ask({ argument }: ClaimedCrosslink, evidence: DisputeEvidence) {
    return deployed.judge.judge(PREDICATES.indexOf(evidence.predicate), argument, encodeEvidence(evidence));
  }

  /** The judge's answer, and that the rule of the ledger is the same. */
  async function isIgnored(each: Case): Promise<boolean> {
    const { claimed, evidence } = await bring(each);
    const { fault, blockIndex } = await ask(claimed, evidence);
    expect(Number(blockIndex)).to.equal(NO_BLOCK);
    const { source, before, after, lastEpoch = DUE, cameIn = CAME_IN } = each;
    const lying = each.source === INBOX ? "InboxLeftLying" : "MessageLeftLying";
    const found = FAULTS[Number(fault)];
    expect(found).to.equal(
      leavesLying(TEST_PARAMETERS, { source, before: before ?? 0, after, lastEpoch, cameIn }) ? lying : "None",
    );
    return found === lying;
  }

  it("asks for as much as the ledger's rule", async () => {
    expect(await deployed.judge.MESSAGE_QUOTA()).to.equal(MESSAGE_QUOTA);
    expect(await deployed.judge.INBOX_QUOTA()).to.equal(inboxQuota(TEST_PARAMETERS));
  });

  for (const source of SOURCES) {
    const quota = QUOTA[source];
    describe(source === INBOX ? "InboxDuty" : "MessageDuty", () => {
      const faults: [name: string, Omit<Case, "source">][] = [
        ["the first one of all lies there", { before: 0, after: 0 }],
        ["it lies there on the genesis crosslink", { before: null, after: 0 }],
        ["some were imported, on the genesis crosslink", { before: null, after: quota - 1 }],
        ["nothing was imported", { before: 40, after: 40 }],
        ["one less than the quota was imported", { before: 40, after: 40 + quota - 1 }],
        ["it has lain there for long", { before: 40, after: 41, lastEpoch: 10 * DUE }],
        ["the cursor went back", { before: 40, after: 12 }],
        ["the cursor went back by the quota", { before: 40 + quota, after: 40 }],
        ["the numbers are large", { before: 2 ** 52, after: 2 ** 52 + 1 }],
      ];
      for (const [name, each] of faults) {
        it(`is ignored when ${name}`, async () => expect(await isIgnored({ source, ...each })).to.equal(true));
      }

      const sound: [name: string, Omit<Case, "source">][] = [
        ["it was not due in the epoch of the last block", { before: 40, after: 40, lastEpoch: DUE - 1 }],
        ["it has just come", { before: 40, after: 40, lastEpoch: CAME_IN }],
        ["it came later than the last block", { before: 40, after: 40, lastEpoch: CAME_IN - 1 }],
        ["the quota was imported", { before: 40, after: 40 + quota }],
        ["the quota was imported on the genesis crosslink", { before: null, after: quota }],
        ["more than the quota was imported", { before: 40, after: 41 + quota }],
      ];
      for (const [name, each] of sound) {
        it(`is not ignored when ${name}`, async () => expect(await isIgnored({ source, ...each })).to.equal(false));
      }

      it("reverts for what is not there", async () => {
        const { claimed, evidence, entry } = await bring({ source, before: 40, after: 40, cameIn: null });
        const digest = toHex(inboxEntryDigest(crypto, domain, entry));
        if (source === INBOX) {
          await expect(ask(claimed, evidence))
            .to.be.revertedWithCustomError(deployed.judge, "IgnoredDuties_WrongEntry")
            .withArgs(40, toHex(ZERO_HASH), digest);
        } else {
          await expect(ask(claimed, evidence))
            .to.be.revertedWithCustomError(deployed.judge, "IgnoredDuties_NotDemanded")
            .withArgs(source, 40);
        }
      });

      it("reverts for another parent, another last block, and cursors of other states and sources", async () => {
        const { claimed, evidence } = await bring({ source, before: 40, after: 41 });
        const duty = evidence as DisputeEvidence & { predicate: "InboxDuty" };
        const other = stateWith(source, 40 + quota);
        const wrong: [error: string, changes: Partial<typeof duty>][] = [
          ["Openings_WrongParent", { parent: genesisCrosslink(SHARD) }],
          ["Openings_WrongParent", { parent: { ...duty.parent, stateRoot: claimed.crosslink.stateRoot } }],
          ["Openings_WrongHeader", { last: claimed.header(0) }],
          ["StateAccesses_WrongRoot", { cursorBefore: access(other, source) }],
          ["StateAccesses_WrongRoot", { cursorBefore: null }],
          ["StateAccesses_WrongRoot", { cursorAfter: access(other, source) }],
          ["StateAccesses_WrongRoot", { cursorAfter: duty.cursorBefore as StepAccess }],
          ["StateAccesses_WrongRoot", { cursorAfter: access(stateWith(source, 41), 9) }],
          ["StateAccesses_PathLength", { cursorAfter: { ...duty.cursorAfter, siblings: Array(257).fill(ZERO_HASH) } }],
        ];
        for (const [error, changes] of wrong) {
          const changed = { ...duty, ...changes } as DisputeEvidence;
          await expect(ask(claimed, changed), error).to.be.revertedWithCustomError(deployed.judge, error);
        }
      });
    });
  }

  it("reverts for an entry that is not the recorded one, in any of its fields", async () => {
    const { claimed, evidence, entry } = await bring({ source: INBOX, before: 40, after: 40 });
    const duty = evidence as DisputeEvidence & { predicate: "InboxDuty" };
    const changes: Partial<InboxEntry>[] = [
      { epoch: entry.epoch - 1 },
      { kind: INBOX_FORCED_TRANSACTION },
      { sender: entry.recipient },
      { recipient: entry.sender },
      { value: 13n },
      { data: Uint8Array.of(0) },
    ];
    for (const each of changes) {
      const changed = { ...duty, entry: { ...entry, ...each } };
      await expect(ask(claimed, changed)).to.be.revertedWithCustomError(deployed.judge, "IgnoredDuties_WrongEntry");
    }
  });

  it("takes a demand of another source for none", async () => {
    const { claimed, evidence } = await bring({ source: SOURCE, before: 40, after: 43 });
    const duty = evidence as DisputeEvidence & { predicate: "MessageDuty" };
    // The state holds a cursor of shard 9, too: 77.
    const other = stateWith(SOURCE, 43);
    const before = stateWith(SOURCE, 40);
    const ofNine = { ...duty, source: 9, cursorBefore: access(before, 9), cursorAfter: access(other, 9) };
    await expect(ask(claimed, ofNine))
      .to.be.revertedWithCustomError(deployed.judge, "IgnoredDuties_NotDemanded")
      .withArgs(9, 77);
  });

  it("reverts for a predicate that others judge, and for what is no evidence", async () => {
    const { claimed, evidence } = await bring({ source: INBOX, before: 40, after: 40 });
    for (const predicate of ["Crosslink", "Header", "HeaderLink", "Boundary", "Leaf", "Step", "Silence"] as const) {
      const index = PREDICATES.indexOf(predicate);
      await expect(deployed.judge.judge(index, claimed.argument, encodeEvidence(evidence)))
        .to.be.revertedWithCustomError(deployed.judge, "Judge_WrongPredicate")
        .withArgs(index);
    }
    await expect(
      deployed.judge.judge(PREDICATES.indexOf("InboxDuty"), claimed.argument, "0x"),
    ).to.be.revertedWithoutReason(deployed.ethers);
  });
});
