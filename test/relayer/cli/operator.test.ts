import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import { blockHash } from "../../../protocol/block-header.ts";
import { toHex, ZERO_HASH } from "../../../protocol/bytes.ts";
import type { Crypto } from "../../../protocol/crypto.ts";
import type { SignedHeader } from "../../../protocol/evidence.ts";
import { addressOfKey, signAsOperator } from "../../../protocol/operator-signature.ts";
import { parametersFor } from "../../../protocol/presets.ts";
import { openShard } from "../../../relayer/parent/actions/open-shard.ts";
import { pursueOffence } from "../../../relayer/parent/actions/pursue-offence.ts";
import { scheduleGenesis } from "../../../relayer/parent/actions/schedule-genesis.ts";
import { type DeploymentRecord, readDeployment } from "../../../relayer/parent/deployment.ts";
import { TransactionSender } from "../../../relayer/parent/transaction-sender.ts";
import { Program } from "../../e2e/support/program.ts";
import { SeededRandom } from "../../support/random.ts";
import { TestChain } from "../parent/support/test-chain.ts";

describe("npm run operator", function () {
  this.timeout(120_000);
  const parameters = parametersFor("minimal", "devnet");
  let crypto: Crypto;
  let chain: TestChain;
  let record: DeploymentRecord;
  let launcher: TransactionSender;
  let former: Uint8Array;
  let successor: Uint8Array;
  let folder: string;

  const file = (name: string, content: string): string => {
    const place = path.join(folder, name);
    writeFileSync(place, content);
    return place;
  };
  const address = (key: Uint8Array) => toHex(addressOfKey(crypto, key));

  async function run(command: string, ...flags: string[]): Promise<{ code: number | null; out: string; err: string }> {
    const general = ["--parent", chain.url, "--deployment", path.join(folder, "deployment.json")];
    const argv = ["relayer/cli/operator.ts", command, ...general, ...flags];
    const program = new Program(`operator ${command}`, process.execPath, argv);
    const code = await program.end();
    return { code, out: program.stdout, err: program.stderr };
  }

  /** The operator of the shard signs two blocks of one number, and somebody shows it. */
  async function takeBond(shardId: number): Promise<void> {
    const { domain } = await readDeployment(crypto, chain.provider, record.addresses);
    const signed = (slot: number): SignedHeader => {
      const place = { shardId, generation: 0, number: 1, parentHash: ZERO_HASH, slot, stepCount: 1 };
      const header = { ...place, traceRoot: ZERO_HASH, stateRoot: ZERO_HASH, fees: 0n };
      return { header, signature: signAsOperator(crypto, blockHash(crypto, domain, header), former) };
    };
    const account = { sender: launcher, secret: ZERO_HASH };
    const evidence = { kind: "headers", a: signed(1), b: signed(2) } as const;
    await pursueOffence(crypto, account, record.addresses, evidence, []);
    await chain.mine(4);
    expect(await pursueOffence(crypto, account, record.addresses, evidence, [])).to.equal("done");
  }

  before(async () => {
    crypto = await createNativeCrypto();
    const random = new SeededRandom();
    [former, successor] = [random.secretKey(), random.secretKey()];
    chain = await TestChain.start();
    record = await chain.deploy(parameters);
    launcher = new TransactionSender(chain.provider, chain.launcherKey, { intervalMs: 10 });
    const gift = { action: "a gift", to: address(successor), data: "0x", value: 10n * parameters.shardBond };
    await launcher.send(gift);
    for (let i = 0; i < 3; i++) {
      await openShard(launcher, record.addresses, addressOfKey(crypto, former), parameters.shardBond);
    }
    const genesisTime = (await chain.now()) + 10;
    await scheduleGenesis(launcher, record.addresses, genesisTime);
    await chain.mineAt(genesisTime + 2 * parameters.slotsPerEpoch * parameters.secondsPerSlot);
    folder = mkdtempSync(path.join(tmpdir(), "operator-"));
    file("deployment.json", JSON.stringify(record));
    file("successor", toHex(successor));
    await takeBond(1);
    await takeBond(2);
  });

  after(async () => {
    rmSync(folder, { recursive: true });
    await chain.close();
  });

  const keyFlag = () => ["--key-file", path.join(folder, "successor")];
  const statusOf = async (shard: number) => (await run("status", "--shard", String(shard))).out;

  it("shows who operates a shard", async () => {
    const operated = await statusOf(3);
    expect(operated).to.match(new RegExp(`^operator +${address(former)}$`, "mi"));
    expect(operated).to.match(/^generation +0$/m);
    expect(operated).to.match(new RegExp(`^bond +${parameters.shardBond} wei$`, "m"));
    const left = await statusOf(1);
    expect(left).to.match(/^operator +nobody: it can be taken over$/m);
    expect(left).to.match(/^generation +1$/m);
    expect(left).to.match(/^bond +0 wei$/m);
  });

  it("takes a shard over, for the account that pays or another", async () => {
    const own = await run("take-over", "--shard", "1", ...keyFlag());
    expect(own.code, own.err).to.equal(0);
    expect(own.out.toLowerCase()).to.include(`shard 1 is operated by ${address(successor)} in generation 1`);
    expect(await statusOf(1)).to.match(new RegExp(`^operator +${address(successor)}$`, "mi"));
    expect(await statusOf(1)).to.match(new RegExp(`^bond +${parameters.shardBond} wei$`, "m"));

    const other = await run("take-over", "--shard", "2", ...keyFlag(), "--operator", address(former));
    expect(other.code, other.err).to.equal(0);
    expect(await statusOf(2)).to.match(new RegExp(`^operator +${address(former)}$`, "mi"));
  });

  it("says which setting is wrong, in one line", async () => {
    const rows: [string, Promise<{ code: number | null; err: string }>][] = [
      ["--shard: this deployment has no shard 99", run("status", "--shard", "99")],
      ["option '--shard <n>' argument 'x' is invalid", run("status", "--shard", "x")],
      ["required option '--key-file <file>' not specified", run("take-over", "--shard", "3")],
      ["--shard: shard 3 is operated by", run("take-over", "--shard", "3", ...keyFlag())],
      ["--key-file: /nowhere cannot be read", run("take-over", "--shard", "3", "--key-file", "/nowhere")],
      ["with their checksum", run("take-over", "--shard", "3", ...keyFlag(), "--operator", "0x12")],
    ];
    for (const [expected, outcome] of rows) {
      const { code, err } = await outcome;
      expect(err, expected).to.include(expected);
      expect(err.trim().split("\n"), expected).to.have.length(1);
      expect(code, expected).to.equal(1);
    }
  });
});
