import { existsSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { vaultTotals } from "../../relayer/parent/vault-totals.ts";
import { audit } from "../../relayer/watcher/audit.ts";
import type { Member } from "./support/network.ts";
import { sharedNetwork } from "./support/shared-network.ts";

describe("the queue's data lost", () => {
  const network = sharedNetwork();

  it("costs nothing while nodes run: checkpoints and finality go on", async function () {
    this.timeout(180_000);
    const { view, members, sent } = network();
    const start = view.epoch();
    const lostIn = new Set<string>();
    let over = false;
    const losing = (async () => {
      while (!over) {
        // In the middle of the work of every epoch: when the first attestation is out, and when the first vote is.
        const phases = sent.flatMap(({ message }) => {
          if (message.kind === "attestation") return [`attestations of ${message.epoch}`];
          return message.kind === "vote" ? [`votes of ${message.targetEpoch}`] : [];
        });
        sent.length = 0;
        if (phases.some((phase) => !lostIn.has(phase))) {
          for (const phase of phases) lostIn.add(phase);
          await Promise.all(members.map(({ node }) => node?.jobs.obliterate()));
        }
        await sleep(10);
      }
    })();
    try {
      await network().until("finality", () => view.finalized.epoch > start + 1, 12);
    } finally {
      over = true;
      await losing;
    }
    expect([...lostIn].filter((phase) => phase.startsWith("attestations")).length, "epochs hit").to.be.at.least(3);
    expect([...lostIn].filter((phase) => phase.startsWith("votes")).length, "epochs hit later").to.be.at.least(1);
  });

  it("costs nothing between two runs of a node, whose other stores remain", async function () {
    this.timeout(180_000);
    const { view, members } = network();
    // Without this node there is no quorum: it has to come back with everything that counts.
    for (const member of members.slice(0, 2)) {
      await network().stopMember(member);
      for (const folder of queueFolders(member)) rmSync(folder, { recursive: true });
      await network().restartMember(member);
    }
    const restarted = view.epoch();
    await network().until("finality", () => view.finalized.epoch > restarted, 12);
    for (const { id } of view.shards()) {
      await network().until(`shard ${id} goes on`, () => network().anchoredAfter(restarted, id).length > 0, 4);
    }
    const { balance, paid } = await vaultTotals(network().provider, network().deployment, view.head.number);
    const { crosslinks } = await audit({
      crypto: network().crypto,
      view,
      source: network().publishedBlocks,
      vaultBalance: balance,
      paidWithdrawals: paid,
    });
    expect(crosslinks).to.be.above(0);
  });
});

/** Where the node keeps its queue: one folder per deployment. */
function queueFolders({ dataDirectory }: Member): string[] {
  const folders = readdirSync(dataDirectory).map((deployment) => path.join(dataDirectory, deployment, "queue"));
  expect(folders.filter((folder) => existsSync(folder))).to.have.length(1);
  return folders;
}
