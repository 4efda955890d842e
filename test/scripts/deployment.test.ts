import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { network } from "hardhat";
import { createNativeCrypto } from "../../crypto/native.ts";
import { toHex, ZERO_HASH } from "../../protocol/bytes.ts";
import { checkpointCommitment, checkpointRoot, genesisCheckpoint } from "../../protocol/checkpoint.ts";
import { parametersFor } from "../../protocol/presets.ts";
import { readDeploymentRecord } from "../../relayer/parent/deployment.ts";
import { deployWatchfire, writeDeploymentRecord } from "../../scripts/deployment.ts";
import {
  BeaconRegistry__factory,
  CrosslinkAnchors__factory,
  Inbox__factory,
  ShardRegistry__factory,
} from "../../types/index.ts";
import { firstSigner } from "../support/beacon.ts";

describe("Deployment", () => {
  it("deploys and wires all contracts with the parameters, and records where the relayer finds them", async () => {
    const connection = await network.create();
    const parameters = parametersFor("minimal", "devnet", { shards: 8 });
    const record = await deployWatchfire({ connection, parameters, throwAway: true });
    const launcher = await firstSigner(connection.ethers);
    const registry = BeaconRegistry__factory.connect(record.addresses.registry, launcher);
    expect(await registry.launcher()).to.equal(launcher.address);
    expect(await registry.staking()).to.equal(record.addresses.staking);
    expect(await registry.anchors()).to.equal(record.addresses.anchors);
    expect((await registry.parameters()).shardCount).to.equal(8);
    const genesis = await CrosslinkAnchors__factory.connect(record.addresses.anchors, launcher).checkpoint(0);
    const crypto = await createNativeCrypto();
    const root = checkpointRoot(crypto, genesisCheckpoint(8));
    expect(genesis.commitment).to.equal(toHex(checkpointCommitment(crypto, root, ZERO_HASH)));

    // Coins take the way through shard registry, inbox and vault.
    const shards = ShardRegistry__factory.connect(record.addresses.shardRegistry, launcher);
    await shards.open(launcher.address, { value: parameters.shardBond });
    const inbox = Inbox__factory.connect(record.addresses.inbox, launcher);
    await expect(inbox.deposit(1, launcher.address, { value: 5n })).to.changeEtherBalance(
      connection.ethers,
      record.addresses.vault,
      5n,
    );

    const folder = mkdtempSync(path.join(tmpdir(), "watchfire-deployments-"));
    try {
      writeDeploymentRecord(folder, 31337n, record);
      expect(readDeploymentRecord(folder, 31337n)).to.deep.equal(record);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
