import { blockHash, writeBlockHeader } from "../../protocol/block-header.ts";
import { SIGNATURE_TAG } from "../../protocol/bls.ts";
import { ByteWriter, concat } from "../../protocol/bytes.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { shardChainId } from "../../protocol/eip712.ts";
import { enrolledMix, genesisMix, nextMix, proposerSeat, seedOf } from "../../protocol/randomness.ts";
import { committeeSlice, computeShuffledList } from "../../protocol/swap-or-not-shuffle.ts";
import { encodeSendMessage, FEE_COLLECTOR_ADDRESS, MESSENGER_ADDRESS } from "../../protocol/system-contracts.ts";
import { traceLeafHash } from "../../protocol/trace.ts";
import {
  decodeTransaction,
  recoverSender,
  signingDigest,
  signTransaction,
  type UnsignedTransaction,
} from "../../protocol/transaction.ts";
import { randaoRevealDigest } from "../../protocol/vote.ts";
import {
  operatorSignature,
  PARENT_CHAIN_ID,
  REGISTRY,
  sampleAddress,
  sampleDomain,
  sampleHash,
  sampleSecretKey,
} from "./samples.ts";

/** Domain, randomness and committees (sections 1 and 3); transactions, trace and headers (section 5) of docs/formats.md. */

export function domainVectors(crypto: Crypto): object {
  const domain = sampleDomain(crypto);
  return {
    name: "Watchfire",
    version: "1",
    chainId: PARENT_CHAIN_ID,
    verifyingContract: REGISTRY,
    separator: domain.separator,
    shardChainIds: [1, 2, 4096].map((shardId) => ({ shardId, chainId: shardChainId(crypto, domain, shardId) })),
  };
}

const SEATS = 37;
const ROUNDS = 10;
const COMMITTEES = 4;

export function randomnessVectors(crypto: Crypto): object {
  const domain = sampleDomain(crypto);
  const mix = genesisMix(crypto, domain);
  const epoch = 5;
  const secretKey = sampleSecretKey(crypto, "proposer");
  const reveal = crypto.bls.decompressG2(
    crypto.bls.sign(secretKey, randaoRevealDigest(crypto, domain, epoch), SIGNATURE_TAG),
  );
  const publicKeys = concat(
    ...["first", "second"].map((name) => crypto.bls.decompressG1(crypto.bls.publicKey(sampleSecretKey(crypto, name)))),
  );
  const prevRandao = sampleHash(crypto, "prevRandao");
  const enrolled = enrolledMix(crypto, mix, publicKeys, prevRandao);
  const next = nextMix(crypto, enrolled, reveal);
  const seed = seedOf(crypto, next, epoch + 2);
  return {
    genesisMix: mix,
    publicKeys,
    prevRandao,
    enrolledMix: enrolled,
    reveal,
    nextMix: next,
    epoch: epoch + 2,
    seed,
    seatCount: SEATS,
    proposerSeat: proposerSeat(seed, SEATS),
    rounds: ROUNDS,
    shuffledSeats: [...computeShuffledList(crypto, SEATS, seed, ROUNDS)],
    committees: Array.from({ length: COMMITTEES }, (_, p) => committeeSlice(p, COMMITTEES, SEATS)),
  };
}

export function transactionVectors(crypto: Crypto): object[] {
  const chainId = BigInt(shardChainId(crypto, sampleDomain(crypto), 1));
  const recipient = sampleAddress(crypto, "recipient");
  const transfer: UnsignedTransaction = {
    chainId,
    nonce: 0n,
    maxPriorityFeePerGas: 1n,
    maxFeePerGas: 2_000_000_000n,
    gasLimit: 21_000n,
    to: recipient,
    value: 10n ** 18n,
    data: new Uint8Array(0),
  };
  const data = encodeSendMessage({ destination: 2, recipient, data: Uint8Array.of(1, 2, 3) });
  const message: UnsignedTransaction = { ...transfer, nonce: 1n, gasLimit: 100_000n, to: MESSENGER_ADDRESS, data };
  return [transfer, message].map((fields) => {
    const raw = signTransaction(crypto, fields, sampleSecretKey(crypto, "sender"));
    const decoded = decodeTransaction(raw);
    return {
      ...fields,
      raw,
      signingDigest: signingDigest(crypto, decoded.signedFields),
      hash: crypto.keccak256(raw),
      sender: recoverSender(crypto, decoded),
    };
  });
}

export function traceLeafVector(crypto: Crypto): object {
  const leaf = {
    index: 2 ** 33 + 3,
    kind: 1,
    length: 110,
    fees: 2n ** 100n + 21_000n,
    payloadHash: sampleHash(crypto, "payload"),
    stateRoot: sampleHash(crypto, "stateRoot"),
  };
  return { ...leaf, hash: traceLeafHash(crypto, leaf) };
}

export function blockHeaderVector(crypto: Crypto): object {
  const domain = sampleDomain(crypto);
  const header = {
    shardId: 1,
    generation: 2,
    number: 3,
    parentHash: sampleHash(crypto, "parentHash"),
    slot: 40,
    stepCount: 5,
    traceRoot: sampleHash(crypto, "traceRoot"),
    stateRoot: sampleHash(crypto, "stateRoot"),
    fees: 63_000n * 10n ** 9n,
  };
  const hash = blockHash(crypto, domain, header);
  return {
    ...header,
    encoding: writeBlockHeader(new ByteWriter(), header).finish(),
    hash,
    operatorSignature: operatorSignature(crypto, hash),
  };
}

export function systemAddresses(): object {
  return { feeCollector: FEE_COLLECTOR_ADDRESS, messenger: MESSENGER_ADDRESS };
}
