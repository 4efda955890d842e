import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import { toHex } from "../../../protocol/bytes.ts";
import type { Crypto } from "../../../protocol/crypto.ts";
import { addressOfKey } from "../../../protocol/operator-signature.ts";
import { parametersFor } from "../../../protocol/presets.ts";
import { registerValidators } from "../../../relayer/parent/actions/register-validators.ts";
import { scheduleGenesis } from "../../../relayer/parent/actions/schedule-genesis.ts";
import { connectContracts } from "../../../relayer/parent/contracts.ts";
import { type DeploymentRecord, readDeployment } from "../../../relayer/parent/deployment.ts";
import { TransactionSender } from "../../../relayer/parent/transaction-sender.ts";
import { Program } from "../../e2e/support/program.ts";
import { SeededRandom } from "../../support/random.ts";
import { registrationOf } from "../parent/support/registration.ts";
import { TestChain } from "../parent/support/test-chain.ts";

const GIFT = 10n ** 18n;

describe("npm run validator", function () {
  this.timeout(120_000);
  const parameters = parametersFor("minimal", "devnet");
  const epochSeconds = parameters.slotsPerEpoch * parameters.secondsPerSlot;
  let crypto: Crypto;
  let chain: TestChain;
  let record: DeploymentRecord;
  let launcher: TransactionSender;
  let secretKeys: Uint8Array[];
  let owner: Uint8Array;
  let heir: Uint8Array;
  let genesisTime: number;
  let folder: string;

  const file = (name: string, content: string): string => {
    const place = path.join(folder, name);
    writeFileSync(place, content);
    return place;
  };
  const address = (key: Uint8Array) => toHex(addressOfKey(crypto, key));
  const enterEpoch = (epoch: number) => chain.mineAt(genesisTime + epoch * epochSeconds);

  async function run(command: string, ...flags: string[]): Promise<{ code: number | null; out: string; err: string }> {
    const general = ["--parent", chain.url, "--deployment", path.join(folder, "deployment.json")];
    const argv = ["relayer/cli/validator.ts", command, ...general, ...flags];
    const program = new Program(`validator ${command}`, process.execPath, argv);
    const code = await program.end();
    return { code, out: program.stdout, err: program.stderr };
  }

  before(async () => {
    crypto = await createNativeCrypto();
    const random = new SeededRandom();
    [owner, heir] = [random.secretKey(), random.secretKey()];
    secretKeys = Array.from({ length: 6 }, () => random.secretKey());
    chain = await TestChain.start();
    record = await chain.deploy(parameters);
    launcher = new TransactionSender(chain.provider, chain.launcherKey, { intervalMs: 10 });
    for (const key of [owner, heir])
      await launcher.send({ action: "a gift", to: address(key), data: "0x", value: GIFT });
    const { domain } = await readDeployment(crypto, chain.provider, record.addresses);
    const registration = registrationOf(crypto, domain, secretKeys, addressOfKey(crypto, owner));
    await registerValidators(crypto, launcher, record.addresses, registration, parameters.stake);
    genesisTime = (await chain.now()) + 10;
    await scheduleGenesis(launcher, record.addresses, genesisTime);
    await enterEpoch(2);

    folder = mkdtempSync(path.join(tmpdir(), "validator-"));
    file("deployment.json", JSON.stringify(record));
    file("owner", toHex(owner));
    file("heir", `${toHex(heir).slice(2)}\n`);
    for (const [i, key] of secretKeys.entries()) file(`validator-${i + 1}`, toHex(key));
  });

  after(async () => {
    rmSync(folder, { recursive: true });
    await chain.close();
  });

  const keyOf = (name: string) => path.join(folder, name);

  it("shows where a validator stands", async () => {
    const { code, out } = await run("status", "--validator", "1");
    expect(code).to.equal(0);
    expect(out).to.match(/^status +active$/m);
    expect(out).to.match(/^leaves in epoch +-$/m);
    expect(out).to.match(new RegExp(`^withdrawal address +${address(owner)}$`, "mi"));
  });

  it("leaves by its withdrawal address, and is paid out after the delay", async () => {
    const left = await run("exit", "--validator", "1", "--key-file", keyOf("owner"));
    expect(left.out, left.err).to.equal("validator 1 leaves: epoch 4 is the first without it\n");
    const early = await run("withdraw", "--validator", "1", "--key-file", keyOf("heir"));
    expect([early.code, early.err.includes("Staking_NotWithdrawable")]).to.deep.equal([1, true]);

    await enterEpoch(4);
    const { registry } = connectContracts(record.addresses, launcher.provider);
    const data = registry.interface.encodeFunctionData("rollEpochs", [4]);
    await launcher.send({ action: "BeaconRegistry.rollEpochs", to: record.addresses.registry, data });
    await chain.mine(parameters.withdrawalDelayBlocks);
    await enterEpoch(4 + parameters.withdrawalDelayEpochs);
    const before = await chain.provider.getBalance(address(owner));
    const paid = await run("withdraw", "--validator", "1", "--key-file", keyOf("heir"));
    expect(paid.out.toLowerCase(), paid.err).to.equal(`${parameters.stake} wei were paid to ${address(owner)}\n`);
    expect((await chain.provider.getBalance(address(owner))) - before).to.equal(parameters.stake);
    expect((await run("status", "--validator", "1")).out).to.match(/^status +withdrawn$/m);
  });

  it("leaves by the validator's own key, whoever brings it", async () => {
    const flags = ["--validator", "2", "--key-file", keyOf("heir")];
    const left = await run("exit", ...flags, "--validator-key-file", keyOf("validator-2"));
    expect(left.out, left.err).to.match(/^validator 2 leaves: epoch [0-9]+ is the first without it\n$/);
    expect((await run("status", "--validator", "2")).out).to.match(/^status +exiting$/m);
  });

  it("hands the stake to another address in two steps, and takes an offer back", async () => {
    const step = (key: string, ...flags: string[]) =>
      run("set-withdrawal-address", "--validator", "3", "--key-file", keyOf(key), ...flags);
    expect((await step("owner", "--to", address(heir))).code).to.equal(0);
    expect((await step("owner", "--take-back")).code).to.equal(0);
    expect((await step("heir", "--accept")).err).to.match(/--key-file: the stake is offered to nobody/);
    expect((await step("owner", "--to", address(heir))).code).to.equal(0);
    expect((await step("heir", "--accept")).code).to.equal(0);
    expect((await run("status", "--validator", "3")).out).to.match(
      new RegExp(`^withdrawal address +${address(heir)}$`, "mi"),
    );
  });

  it("says which setting is wrong, in one line", async () => {
    const exit = (...flags: string[]) => run("exit", "--validator", "4", ...flags);
    const keystore = file("keystore.json", "{}");
    const rows: [string, Promise<{ code: number | null; err: string }>][] = [
      ["--validator: this deployment has no validator 99", run("status", "--validator", "99")],
      ["option '--validator <n>' argument 'x' is invalid", run("status", "--validator", "x")],
      ["required option '--key-file <file>' not specified", exit()],
      ["--key-file: /nowhere cannot be read", exit("--key-file", "/nowhere")],
      ["holds no private key of 32 bytes", exit("--key-file", keystore)],
      [`--key-file: the withdrawal address of validator 4 is`, exit("--key-file", keyOf("heir"))],
      [
        "--validator-key-file: it is the key of validator 5, not of 4",
        exit("--key-file", keyOf("heir"), "--validator-key-file", keyOf("validator-5")),
      ],
      ["--password-file", exit("--key-file", keyOf("heir"), "--keystore", keystore)],
      [
        `--keystore: ${keystore}: it is no keystore of EIP-2335`,
        exit("--key-file", keyOf("heir"), "--keystore", keystore, "--password-file", keystore),
      ],
      ["give one of them", run("set-withdrawal-address", "--validator", "4", "--key-file", keyOf("owner"))],
      [
        "with their checksum",
        run("set-withdrawal-address", "--validator", "4", "--key-file", keyOf("owner"), "--to", "0x12"),
      ],
      ["--deployment:", run("status", "--validator", "4", "--deployment", keystore)],
      ["no JSON-RPC endpoint answers", run("status", "--validator", "4", "--parent", "http://127.0.0.1:1")],
    ];
    for (const [expected, outcome] of rows) {
      const { code, err } = await outcome;
      expect(err, expected).to.include(expected);
      expect(err.trim().split("\n"), expected).to.have.length(1);
      expect(code, expected).to.equal(1);
    }
  });
});
