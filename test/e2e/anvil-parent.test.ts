import { expect } from "chai";
import { freePort, startAnvil } from "./support/anvil.ts";
import { Program } from "./support/program.ts";

/** What the last line of `npm start -- --epochs N --json` holds. */
const KEYS = [
  "finalizedEpoch",
  "settledEpoch",
  "checkpoints",
  "shards",
  "validators",
  "operators",
  "transactions",
  "crossShardDelivered",
  "withdrawn",
  "gasPerCheckpoint",
  "valueConserved",
  "seconds",
];
const EPOCHS = 4;

describe("the main job over anvil", () => {
  const programs: Program[] = [];

  afterEach(async function () {
    this.timeout(30_000);
    await Promise.all(programs.splice(0).map((program) => program.stop()));
  });

  it("delivers across shards, pays a withdrawal and conserves value, which an audit of its own confirms", async function () {
    this.timeout(400_000);
    const anvil = await startAnvil();
    programs.push(anvil.program);
    const port = await freePort();
    const flags = ["--parent", anvil.url, "--port", String(port), "--epochs", String(EPOCHS), "--json"];
    const start = Program.npm("start", ...flags);
    programs.push(start);

    // Deposits and payments are anchored by then, messages are on their way, and the job goes on for some epochs.
    await start.says("finalised 2", 300_000);
    const audit = Program.npm("audit", "--parent", anvil.url, "--shards-rpc", `http://127.0.0.1:${port}`);
    programs.push(audit);
    expect(await audit.end(), audit.tail()).to.equal(0);
    expect(audit.stdout).to.match(/: [1-9][0-9]* crosslinks, [1-9][0-9]* blocks, [1-9][0-9]* transactions/);
    expect(audit.stdout).to.include("every anchored root agrees, and value is conserved");

    expect(await start.end(), start.tail()).to.equal(0);
    const report = JSON.parse(start.stdout.trimEnd().split("\n").at(-1) as string) as Record<string, number | boolean>;
    expect(report).to.have.all.keys(KEYS);
    expect(report["crossShardDelivered"]).to.be.at.least(1);
    expect(report["withdrawn"]).to.be.at.least(1);
    expect(report["finalizedEpoch"]).to.be.at.least(EPOCHS);
    expect(report["valueConserved"]).to.equal(true);
  });
});
