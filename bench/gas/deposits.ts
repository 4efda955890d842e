import { provePossession } from "../../protocol/bls.ts";
import { fromHex, toHex } from "../../protocol/bytes.ts";
import { proofOfPossessionDigest } from "../../protocol/vote.ts";
import { batchDeposit, type KeyPair, newKeys } from "../../test/support/beacon.ts";
import type { Figure } from "../benchmark.ts";
import { gasOf, type World } from "./world.ts";

const BATCH = 64;

/** Whole transactions after genesis, each the second of its kind in its epoch. */
export async function depositFigures({ beacon, random }: World, say: (line: string) => void): Promise<Figure[]> {
  const { crypto, domain, staking, stranger, parameters } = beacon;
  const owner = stranger.address;
  const single = async ({ secretKey, point }: KeyPair): Promise<number> => {
    const digest = proofOfPossessionDigest(crypto, domain, point, fromHex(owner));
    const proof = toHex(crypto.bls.decompressG2(provePossession(crypto, secretKey, digest)));
    return gasOf(staking.deposit(toHex(point), proof, owner, { value: parameters.stake }));
  };
  const batch = async (keys: readonly KeyPair[]): Promise<number> => {
    const { publicKeys, proof } = batchDeposit(beacon, keys, owner);
    const value = parameters.stake * BigInt(keys.length);
    return (await gasOf(staking.depositBatch(publicKeys, proof, owner, { value }))) / keys.length;
  };
  const [first, second, ...others] = newKeys(crypto, 2 + 2 * BATCH, random);
  await single(first as KeyPair);
  const deposit = await single(second as KeyPair);
  await batch(others.slice(0, BATCH));
  const batchDepositPerKey = Math.round(await batch(others.slice(BATCH)));
  say(`deposit: ${deposit} gas; in a batch of ${BATCH}: ${batchDepositPerKey} gas per key`);
  const peers = {};
  return [
    {
      name: "deposit-gas",
      value: deposit,
      unit: "gas",
      goal: null,
      peers,
      conditions: "whole transaction: one key with its proof of possession, after genesis",
    },
    {
      name: "batch-deposit-gas",
      value: batchDepositPerKey,
      unit: "gas per key",
      goal: null,
      peers,
      conditions: `whole transaction of ${BATCH} keys of one owner with one proof, after genesis; packing of keys apart`,
    },
  ];
}
