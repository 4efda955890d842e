import { expect } from "chai";
import { network } from "hardhat";
import { createNativeCrypto } from "../../crypto/native.ts";
import { concat, fromBigInt, fromHex, toBigInt, toHex } from "../../protocol/bytes.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { encodeSendMessage, MESSENGER_ADDRESS } from "../../protocol/system-contracts.ts";
import {
  decodeTransaction,
  encodeTransaction,
  signTransaction,
  type Transaction,
  type UnsignedTransaction,
} from "../../protocol/transaction.ts";
import { STEP_VERDICTS, type StepVerdict } from "../support/step-verdicts.ts";
import {
  addressOf,
  CHAIN_ID,
  FEE,
  GWEI,
  RECIPIENT,
  type Scenario,
  SECRET_KEY,
  TRANSFER,
  type TransferStepArgument,
  transferStep,
} from "../support/transfer-step.ts";

/** What the verdict on a transfer may cost (a million accounts make paths of about 20 siblings). */
const GAS_LIMIT = 150_000;
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

async function deploy() {
  const { ethers } = await network.create();
  const verifier = await ethers.deployContract("TransferVerifier");
  const mock = await ethers.deployContract("TransferVerifierMock");
  const [sender] = await ethers.getSigners();
  if (sender === undefined) throw new Error("no account to send from");
  return { verifier, mock, sender, provider: ethers.provider };
}

describe("TransferVerifier", () => {
  let crypto: Crypto;
  let verifier: Awaited<ReturnType<typeof deploy>>["verifier"];
  let mock: Awaited<ReturnType<typeof deploy>>["mock"];
  let sender: Awaited<ReturnType<typeof deploy>>["sender"];
  let provider: Awaited<ReturnType<typeof deploy>>["provider"];

  before(async () => {
    crypto = await createNativeCrypto();
    ({ verifier, mock, sender, provider } = await deploy());
  });

  async function expectVerdict(step: TransferStepArgument, verdict: StepVerdict) {
    expect(STEP_VERDICTS[Number(await verifier.judge(CHAIN_ID, step))]).to.equal(verdict);
  }

  function sign(changes: Partial<UnsignedTransaction>): Uint8Array {
    return signTransaction(crypto, { ...TRANSFER, ...changes }, SECRET_KEY);
  }

  describe("a sound transfer", () => {
    const cases: Record<string, () => Scenario> = {
      "to an account that is there": () => ({}),
      "to a new account where nothing stands": () => ({ recipient: "nothing" }),
      "to a new account where another leaf stands": () => ({ recipient: "other" }),
      "to the sender": () => ({ payload: sign({ to: addressOf(crypto) }) }),
      "of nothing to an account that is not there": () => ({ payload: sign({ value: 0n }), recipient: "other" }),
      "of nothing to an empty place": () => ({ payload: sign({ value: 0n }), recipient: "nothing" }),
      "of everything": () => ({ sender: { nonce: 7n, balance: TRANSFER.value + FEE } }),
      "with the last nonce": () => ({
        payload: sign({ nonce: 2n ** 64n - 2n }),
        sender: { nonce: 2n ** 64n - 2n, balance: 10n ** 18n },
      }),
      "capped by its maximal fee": () => ({
        payload: sign({ maxFeePerGas: (3n * GWEI) / 2n, maxPriorityFeePerGas: GWEI }),
      }),
      "with exactly the flat gas": () => ({ payload: sign({ gasLimit: 21_000n }) }),
      "as the last step of the largest block": () => ({ stepCount: 16_384, index: 16_383 }),
      "as step 1 of two": () => ({ stepCount: 2, index: 1 }),
    };
    for (const [name, scenario] of Object.entries(cases)) {
      it(name, async () => expectVerdict(transferStep(crypto, scenario()), "Sound"));
    }
  });

  describe("what the block claims of it", () => {
    it("another state root", async () => {
      await expectVerdict(
        transferStep(crypto, { claims: { stateRoot: new Uint8Array(32).fill(1) } }),
        "WrongStateRoot",
      );
    });

    it("the state before, as if nothing had happened", async () => {
      const honest = transferStep(crypto);
      await expectVerdict(
        transferStep(crypto, { claims: { stateRoot: fromHex(honest.previous.stateRoot) } }),
        "WrongStateRoot",
      );
    });

    it("other fees", async () => {
      const { fees } = transferStep(crypto).leaf;
      await expectVerdict(transferStep(crypto, { claims: { fees: fees + 1n } }), "WrongFees");
      await expectVerdict(transferStep(crypto, { claims: { fees: fees - FEE } }), "WrongFees");
      await expectVerdict(transferStep(crypto, { previousClaims: { fees: 2n ** 128n - 1n } }), "WrongFees");
    });

    it("another length of the payload", async () => {
      const { length } = transferStep(crypto).leaf;
      await expectVerdict(transferStep(crypto, { claims: { length: length + 1 } }), "WrongPayloadLength");
    });
  });

  describe("an inadmissible transaction", () => {
    function withSignature(change: (t: Transaction) => { r: Uint8Array; s: Uint8Array; yParity: number }): Uint8Array {
      return encodeTransaction(TRANSFER, change(decodeTransaction(sign({}))));
    }

    const cases: [name: string, verdict: StepVerdict, scenario: () => Scenario][] = [
      ["no bytes", "Malformed", () => ({ payload: new Uint8Array(0) })],
      ["another type", "Malformed", () => ({ payload: concat(Uint8Array.of(1), sign({}).subarray(1)) })],
      ["a trailing byte", "Malformed", () => ({ payload: concat(sign({}), Uint8Array.of(0)) })],
      ["a missing byte", "Malformed", () => ({ payload: sign({}).slice(0, -1) })],
      ["the largest nonce", "Malformed", () => ({ payload: sign({ nonce: 2n ** 64n - 1n }) })],
      ["a value of more than 128 bits", "Malformed", () => ({ payload: sign({ value: 2n ** 128n }) })],
      ["a recipient of 21 bytes", "Malformed", () => ({ payload: sign({ to: new Uint8Array(21) }) })],
      ["another chain id", "WrongChainId", () => ({ payload: sign({ chainId: CHAIN_ID + 1n }) })],
      ["no recipient", "Creation", () => ({ payload: sign({ to: null }) })],
      ["data", "UnknownCall", () => ({ payload: sign({ data: Uint8Array.of(0) }) })],
      ["the fee collector", "UnknownCall", () => ({ payload: sign({ to: fromBigInt(0x5700n, 20) }) })],
      ["a reserved address", "UnknownCall", () => ({ payload: sign({ to: fromBigInt(0x570fn, 20) }) })],
      ["the messenger, without a call", "UnknownCall", () => ({ payload: sign({ to: MESSENGER_ADDRESS }) })],
      ["too little gas", "GasLimitTooLow", () => ({ payload: sign({ gasLimit: 20_999n }) })],
      [
        "a priority fee above the maximum",
        "PriorityFeeAboveMaxFee",
        () => ({ payload: sign({ maxPriorityFeePerGas: 3n * GWEI + 1n }) }),
      ],
      [
        "a maximum below the base fee",
        "FeeTooLow",
        () => ({ payload: sign({ maxFeePerGas: GWEI - 1n, maxPriorityFeePerGas: 0n }) }),
      ],
      [
        "a high s",
        "InvalidSignature",
        () => ({
          payload: withSignature(({ r, s, yParity }) => ({
            r,
            s: fromBigInt(ORDER - toBigInt(s), 32),
            yParity: 1 - Number(yParity),
          })),
        }),
      ],
      ["a parity of 2", "InvalidSignature", () => ({ payload: withSignature(({ r, s }) => ({ r, s, yParity: 2 })) })],
      [
        "a parity of 257",
        "InvalidSignature",
        () => ({ payload: withSignature(({ r, s, yParity }) => ({ r, s, yParity: 256 + Number(yParity) })) }),
      ],
      [
        "s = 0",
        "InvalidSignature",
        () => ({ payload: withSignature(({ r }) => ({ r, s: new Uint8Array(32), yParity: 0 })) }),
      ],
      [
        "r = 0",
        "InvalidSignature",
        () => ({ payload: withSignature(({ s }) => ({ r: new Uint8Array(32), s, yParity: 0 })) }),
      ],
      [
        "r of the group order",
        "InvalidSignature",
        () => ({ payload: withSignature(({ s }) => ({ r: fromBigInt(ORDER, 32), s, yParity: 0 })) }),
      ],
      [
        "r of no point",
        "InvalidSignature",
        () => ({ payload: withSignature(({ s }) => ({ r: fromBigInt(5n, 32), s, yParity: 0 })) }),
      ],
      ["a nonce too low", "WrongNonce", () => ({ payload: sign({ nonce: 6n }) })],
      ["a nonce too high", "WrongNonce", () => ({ payload: sign({ nonce: 8n }) })],
      [
        "one wei too little",
        "InsufficientBalance",
        () => ({ sender: { nonce: 7n, balance: TRANSFER.value + FEE - 1n } }),
      ],
      ["not enough for the fee alone", "InsufficientBalance", () => ({ sender: { nonce: 7n, balance: 0n } })],
    ];
    for (const [name, verdict, scenario] of cases) {
      it(`${name}: ${verdict}`, async () => expectVerdict(transferStep(crypto, scenario()), verdict));
    }

    it("an access list: AccessList", async () => {
      // The access list is the last signed field: [[address 0, []]] instead of [].
      const fields = decodeTransaction(sign({})).signedFields;
      const entry = concat(Uint8Array.of(0xd7, 0xd6, 0x94), new Uint8Array(20), Uint8Array.of(0xc0));
      const { r, s } = decodeTransaction(sign({}));
      const body = concat(fields.subarray(0, -1), entry, Uint8Array.of(0x01, 0xa0), r, Uint8Array.of(0xa0), s);
      const payload = concat(Uint8Array.of(0x02, 0xf8, body.length), body);
      await expectVerdict(transferStep(crypto, { payload }), "AccessList");
    });

    it("is judged by the first rule that it breaks", async () => {
      const everything = { chainId: 1n, to: null, gasLimit: 0n, maxFeePerGas: 0n, nonce: 99n };
      await expectVerdict(transferStep(crypto, { payload: sign(everything) }), "WrongChainId");
      await expectVerdict(transferStep(crypto, { payload: sign({ ...everything, chainId: CHAIN_ID }) }), "Creation");
      await expectVerdict(
        transferStep(crypto, { payload: sign({ ...everything, chainId: CHAIN_ID, to: RECIPIENT }) }),
        "GasLimitTooLow",
      );
    });
  });

  describe("reverts, so that nothing is voided by bad evidence", () => {
    async function expectRevert(change: (step: TransferStepArgument) => void, error: string) {
      const step = structuredClone(transferStep(crypto));
      change(step);
      await expect(verifier.judge(CHAIN_ID, step)).to.be.revertedWithCustomError(verifier, error);
    }

    const other = toHex(new Uint8Array(32).fill(0xee));

    it("when a leaf is not the trace's", async () => {
      for (const field of ["payloadHash", "stateRoot"] as const) {
        await expectRevert((step) => (step.leaf[field] = other), "TraceLeaves_NotInTrace");
        await expectRevert((step) => (step.previous[field] = other), "TraceLeaves_NotInTrace");
      }
      await expectRevert((step) => (step.leaf.fees += 1n), "TraceLeaves_NotInTrace");
      await expectRevert((step) => (step.leaf.length += 1), "TraceLeaves_NotInTrace");
      await expectRevert((step) => (step.previous.fees += 1n), "TraceLeaves_NotInTrace");
      await expectRevert((step) => (step.previous.kind = 0), "TraceLeaves_NotInTrace");
      await expectRevert((step) => (step.traceRoot = other), "TraceLeaves_NotInTrace");
    });

    it("when a path of the trace is another", async () => {
      await expectRevert((step) => (step.leafSiblings[2] = other), "TraceLeaves_NotInTrace");
      await expectRevert((step) => (step.previousSiblings[0] = other), "TraceLeaves_NotInTrace");
      await expectRevert((step) => step.leafSiblings.pop(), "PaddedTree_ProofLength");
      await expectRevert((step) => step.previousSiblings.push(other), "PaddedTree_ProofLength");
      await expectRevert((step) => (step.stepCount = 4), "PaddedTree_IndexOutOfRange");
      await expectRevert((step) => (step.stepCount = 17), "PaddedTree_ProofLength");
    });

    it("when the step before is not the one before", async () => {
      // The block claims of step 3 to be index 4; only its position counts for where step 4 starts.
      const step = transferStep(crypto, { previousClaims: { index: 9 } });
      await expectVerdict(step, "Sound");
      await expectRevert((step) => {
        step.previous = { ...step.leaf };
        step.previousSiblings = [...step.leafSiblings];
      }, "TraceLeaves_NotInTrace");
    });

    it("when the payload is another", async () => {
      await expectRevert((step) => (step.payload = `${step.payload}00`), "TransferVerifier_WrongPayload");
    });

    it("when an access is missing, or of another state", async () => {
      await expectRevert((step) => step.accesses.pop(), "TransferVerifier_AccessMissing");
      await expectRevert((step) => (step.accesses = []), "TransferVerifier_AccessMissing");
      await expectRevert((step) => step.accesses.reverse(), "StateAccesses_WrongRoot");
      for (const i of [0, 1]) {
        const access = (step: TransferStepArgument) => step.accesses[i] as (typeof step.accesses)[number];
        await expectRevert((step) => (access(step).word = other), "StateAccesses_WrongRoot");
        await expectRevert((step) => (access(step).siblings[0] = other), "StateAccesses_WrongRoot");
        await expectRevert((step) => access(step).siblings.pop(), "StateAccesses_WrongRoot");
        await expectRevert((step) => (access(step).end = 1), "StateAccesses_WrongRoot");
      }
    });

    it("when the step is no plain transfer", async () => {
      const call = { destination: 2, recipient: RECIPIENT, data: new Uint8Array(0) };
      const payload = sign({ to: MESSENGER_ADDRESS, data: encodeSendMessage(call), gasLimit: 100_000n });
      const scenarios: Scenario[] = [{ payload }, { claims: { kind: 2 } }, { claims: { kind: 0 } }];
      for (const scenario of scenarios) {
        await expect(verifier.judge(CHAIN_ID, transferStep(crypto, scenario))).to.be.revertedWithCustomError(
          verifier,
          "TransferVerifier_NotATransfer",
        );
      }
      await expectRevert((step) => (step.index = 0), "TransferVerifier_NotATransfer");
      await expect(
        verifier.judge(CHAIN_ID, transferStep(crypto, { claims: { index: 5 } })),
      ).to.be.revertedWithCustomError(verifier, "TransferVerifier_WrongIndex");
    });

    it("when the gas runs out, at whatever point", async () => {
      const step = transferStep(crypto);
      const data = verifier.interface.encodeFunctionData("judge", [CHAIN_ID, step]);
      const to = await verifier.getAddress();
      const enough = await provider.estimateGas({ to, data });
      const floor = 21_000 + data.length * 8;
      let answers = 0;
      for (let gasLimit = Number(enough) - 40_000; gasLimit < Number(enough) + 20_000; gasLimit += 501) {
        // A call that is given too little must never come back with a fault.
        const result = await provider.call({ to, data, gasLimit }).catch(() => null);
        if (result === null) continue;
        answers++;
        expect(BigInt(result)).to.equal(0n, `with ${gasLimit} gas, ${floor} of it for the input`);
      }
      expect(answers).to.be.greaterThan(0);
    });
  });

  describe("gas", () => {
    const scenarios: Record<string, Scenario> = {
      "20 siblings, existing recipient, block of 1,000 steps": { depth: 20, stepCount: 1000, index: 500 },
      "22 siblings, new recipient beside another leaf, largest block": {
        depth: 22,
        stepCount: 16_384,
        index: 9999,
        recipient: "other",
      },
      "32 siblings, existing recipient, largest block": { depth: 32, stepCount: 16_384, index: 9999 },
    };
    for (const [name, scenario] of Object.entries(scenarios)) {
      it(`of the verdict is at most ${GAS_LIMIT}: ${name}`, async () => {
        const step = transferStep(crypto, scenario);
        const [verdict, gasUsed] = await mock.judge(CHAIN_ID, step);
        expect(verdict).to.equal(0n);
        const data = verifier.interface.encodeFunctionData("judge", [CHAIN_ID, step]);
        const sent = await sender.sendTransaction({ to: await verifier.getAddress(), data });
        const transaction = (await sent.wait())?.gasUsed;
        console.log(`      verdict ${gasUsed} gas; as a transaction of its own ${transaction} gas`);
        expect(gasUsed).to.be.at.most(GAS_LIMIT);
      });
    }
  });
});
