import { expect } from "chai";
import type { JsonRpcProvider, Log } from "ethers";
import { decodeImportMessage } from "../../../ledger/step.ts";
import { equal, fromHex, toHex } from "../../../protocol/bytes.ts";
import { readDemand } from "../../../relayer/parent/demanded-message.ts";
import type { ContractAddresses, MessageDemand } from "../../../relayer/parent/parent-view.ts";
import { ALICE, BOB, type SettledShards, settledShards } from "../../support/settled-shards.ts";

describe("readDemand", () => {
  let shards: SettledShards;

  before(async () => {
    shards = await settledShards();
  });

  it("brings what a demanded message is imported by, as long as it is on the chain", async () => {
    const { inbox, parameters } = shards.beacon;
    const { message, ...proof } = shards.claim(1, 1, 0, 2);
    const receipt = await (await inbox.demand(message, proof)).wait();
    const log = receipt?.logs.find(({ topics }) => topics[0] === inbox.interface.getEvent("MessageDemanded").topicHash);
    const { blockNumber, blockHash, index: logIndex } = log as Log;
    const place = { blockNumber, blockHash: fromHex(blockHash), logIndex };
    const demand: MessageDemand = { destination: 2, source: 1, index: 0, epoch: 7, place };
    const addresses = { inbox: await inbox.getAddress() } as ContractAddresses;
    // It reads logs as every provider does.
    const provider = shards.beacon.launcher.provider as unknown as JsonRpcProvider;
    const payload = (await readDemand(provider, addresses, demand)) as Uint8Array;
    const imported = decodeImportMessage(2, parameters.shardCount, payload);
    expect(imported.message).to.deep.include({ source: 1, destination: 2, index: 0, sender: BOB, recipient: ALICE });
    expect(imported.crosslink).to.deep.equal(shards.crosslink(1, 1));
    expect(imported.entrySiblings.map(toHex)).to.deep.equal(proof.crosslink.siblings);
    expect([imported.checkpointEpoch, imported.position, imported.count]).to.deep.equal([1, 0, 1]);
    expect(equal(imported.bodyRoot, fromHex(proof.crosslink.bodyRoot))).to.equal(true);

    const elsewhere = { ...demand, place: { ...place, logIndex: logIndex + 1 } };
    expect(await readDemand(provider, addresses, elsewhere)).to.equal(null);
  });
});
