import { loadTree } from "../../ledger/load-tree.ts";
import { toHex, word } from "../../protocol/bytes.ts";
import { encodeAccount, writeAccountKeyPreimage } from "../../protocol/state.ts";
import { deployBeacon, depositAll, newKeys, openShards, passGenesis, passToEpoch } from "../../test/support/beacon.ts";
import { Voters } from "../../test/support/checkpoints.ts";
import type { Figure } from "../benchmark.ts";
import { allChanged, type World } from "./world.ts";

const ACCOUNTS = 1_000_000;
const COMMITTEE = 4;

/** `verifyState` of an account's balance: what the call itself executes, without the price of a transaction. */
export async function readBalanceFigure(world: World, say: (line: string) => void): Promise<Figure> {
  const { random } = world;
  // Another deployment, since who votes makes no difference to a read: as many shards, fewer validators.
  const parameters = { ...world.beacon.parameters, committeeSize: COMMITTEE, minOccupied: COMMITTEE };
  const beacon = await deployBeacon(parameters);
  const { crypto, anchors, connection } = beacon;
  await beacon.networkHelpers.setBalance(beacon.launcher.address, parameters.stake * 1_000n);
  const keys = newKeys(crypto, COMMITTEE * parameters.shardCount, random);
  await depositAll(beacon, keys, 64);
  await openShards(beacon, parameters.shardCount);
  await passGenesis(beacon);

  const preimages = new Uint8Array(64 * ACCOUNTS);
  for (let i = 0; i < ACCOUNTS; i++) writeAccountKeyPreimage(preimages, 64 * i, crypto.sha256(word(i)).subarray(12));
  const accountKeys = new Uint8Array(32 * ACCOUNTS);
  crypto.sha256Pairs(preimages, accountKeys);
  const balance = encodeAccount(7n, 10n ** 18n);
  const words = new Uint8Array(32 * ACCOUNTS);
  for (let i = 0; i < ACCOUNTS; i++) words.set(balance, 32 * i);
  const tree = loadTree(crypto, { keys: accountKeys, words });
  say(`a state of ${ACCOUNTS} accounts is there`);

  const voters = new Voters(beacon, keys);
  const changes = allChanged({ beacon, keys, random }, 1).map((change) => ({
    ...change,
    record: { ...change.record, stateRoot: tree.root },
  }));
  await passToEpoch(beacon, 2);
  await voters.justify(1, { changes });
  const [checkpoint, crosslinks] = [voters.source, voters.crosslinks];
  await passToEpoch(beacon, 3);
  await voters.justify(2);
  await passToEpoch(beacon, 4 + parameters.challengeEpochs);
  await beacon.networkHelpers.mine(parameters.challengeBlocks);
  await anchors.settle(1);

  const costs: { gas: number; depth: number }[] = [];
  for (let i = 0; i < 50; i++) {
    const at = random.below(ACCOUNTS);
    const key = accountKeys.subarray(32 * at, 32 * at + 32);
    const { siblings } = tree.path(key);
    const position = i % parameters.shardCount;
    const crosslink = crosslinks.get(position);
    if (crosslink === undefined) throw new Error(`no crosslink at position ${position}`);
    const transaction = await anchors.verifyState.populateTransaction(
      voters.proof(checkpoint, position, crosslink),
      toHex(key),
      toHex(balance),
      { siblings: siblings.map(toHex) },
    );
    const sent = await beacon.launcher.sendTransaction(transaction);
    const trace = (await connection.provider.request({
      method: "debug_traceTransaction",
      params: [sent.hash, { disableMemory: true, disableStorage: true, disableStack: true }],
    })) as { structLogs: { gas: number; gasCost: number }[] };
    const [first, last] = [trace.structLogs[0], trace.structLogs.at(-1)];
    if (first === undefined || last === undefined) throw new Error("the network gave an empty trace");
    costs.push({ gas: first.gas - last.gas + last.gasCost, depth: siblings.length });
  }
  const depths = costs.map(({ depth }) => depth);
  const value = Math.max(...costs.map(({ gas }) => gas));
  const range = `${Math.min(...depths)} to ${Math.max(...depths)}`;
  say(`reading a balance: at most ${value} gas, depth ${range}`);
  return {
    name: "read-balance-gas",
    value,
    unit: "gas",
    goal: 40_000,
    peers: {},
    conditions:
      `execution of verifyState, cold, dearest of ${costs.length} accounts of ${ACCOUNTS} (state depth ${range}); ` +
      `a settled checkpoint of ${parameters.shardCount} entries`,
  };
}
