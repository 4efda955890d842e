import { expect } from "chai";
import { Interface } from "ethers";
import fc from "fast-check";
import { concat, fromBigInt, fromHex, toHex } from "../../protocol/bytes.ts";
import {
  decodeCall,
  encodeSendMessage,
  FEE_COLLECTOR_ADDRESS,
  isSystemAddress,
  MESSENGER_ABI,
  MESSENGER_ADDRESS,
  messageReceivedLog,
  messageSentLog,
} from "../../protocol/system-contracts.ts";
import { property } from "../support/property.ts";

const messenger = new Interface(MESSENGER_ABI);
const address = fc.uint8Array({ minLength: 20, maxLength: 20 });
const call = fc.record({
  destination: fc.nat({ max: 0xffff_ffff }),
  recipient: address,
  data: fc.uint8Array({ maxLength: 256 }),
});

describe("protocol/system-contracts", () => {
  it("knows its addresses", () => {
    for (let i = 0; i < 0x20; i++) expect(isSystemAddress(fromBigInt(0x5700n + BigInt(i), 20))).to.equal(i < 16);
    expect(isSystemAddress(fromBigInt((1n << 100n) | 0x5700n, 20))).to.equal(false);
    expect(isSystemAddress(fromBigInt(0x5800n, 20))).to.equal(false);
  });

  it("writes and reads calls of sendMessage as ethers does", () => {
    fc.assert(
      fc.property(call, (args) => {
        const data = encodeSendMessage(args);
        const { destination, recipient } = args;
        expect(toHex(data)).to.equal(
          messenger.encodeFunctionData("sendMessage", [destination, toHex(recipient), toHex(args.data)]),
        );
        expect(decodeCall(MESSENGER_ADDRESS, data)).to.deep.equal({ name: "sendMessage", arguments: args });
      }),
      property(200),
    );
  });

  it("takes only canonical arguments: no single bit of a call means the same", () => {
    const args = { destination: 2, recipient: new Uint8Array(20).fill(7), data: new Uint8Array(33).fill(9) };
    const data = encodeSendMessage(args);
    for (let bit = 32; bit < 8 * data.length; bit++) {
      const changed = data.slice();
      changed[bit >> 3] = changed[bit >> 3]! ^ (1 << (bit & 7));
      const decoded = decodeCall(MESSENGER_ADDRESS, changed);
      if (decoded?.name !== "sendMessage") throw new Error("not a call of sendMessage");
      if (decoded.arguments !== null) expect(toHex(encodeSendMessage(decoded.arguments))).to.equal(toHex(changed));
    }
    for (const other of [
      data.subarray(0, -1),
      data.subarray(0, -32),
      concat(data, new Uint8Array(32)),
      data.subarray(0, 4),
    ]) {
      expect(decodeCall(MESSENGER_ADDRESS, other)).to.deep.equal({ name: "sendMessage", arguments: null });
    }
  });

  it("knows no other call", () => {
    const nothing = new Uint8Array(0);
    expect(decodeCall(new Uint8Array(20).fill(1), nothing)).to.deep.equal({ name: "transfer" });
    expect(decodeCall(new Uint8Array(20).fill(1), Uint8Array.of(0))).to.equal(null);
    expect(decodeCall(FEE_COLLECTOR_ADDRESS, nothing)).to.equal(null);
    expect(decodeCall(MESSENGER_ADDRESS, nothing)).to.equal(null);
    expect(decodeCall(MESSENGER_ADDRESS, Uint8Array.of(0x10, 0x1a, 0xc9))).to.equal(null);
    expect(decodeCall(FEE_COLLECTOR_ADDRESS, fromHex("0x101ac9ee"))).to.equal(null);
  });

  it("logs what ethers parses", () => {
    const message = {
      source: 3,
      destination: 4,
      index: 5,
      sender: new Uint8Array(20).fill(1),
      recipient: new Uint8Array(20).fill(2),
      value: 2n ** 128n - 1n,
      data: new Uint8Array(40).fill(6),
    };
    const logs = [messageSentLog(message), messageReceivedLog(message)];
    const parsed = logs.map(({ topics, data }) => messenger.parseLog({ topics: topics.map(toHex), data: toHex(data) }));
    expect(parsed.map((log) => log?.name)).to.deep.equal(["MessageSent", "MessageReceived"]);
    const rest = [5n, `0x${"01".repeat(20)}`, `0x${"02".repeat(20)}`, message.value, toHex(message.data)];
    expect(parsed[0]?.args.toArray()).to.deep.equal([4n, ...rest]);
    expect(parsed[1]?.args.toArray()).to.deep.equal([3n, ...rest]);
  });
});
