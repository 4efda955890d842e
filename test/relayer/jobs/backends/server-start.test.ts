import { expect } from "chai";
import type { BackendSettings } from "../../../../relayer/jobs/backends/open.ts";
import { Bench, eventually, Recorder } from "../harness.ts";
import { overServers } from "../places.ts";
import { startRedis } from "../servers/redis-server.ts";
import { freePort } from "../servers/server-process.ts";

overServers("a queue on a server", (place, kind) => {
  const bench = new Bench();
  afterEach(() => bench.clear());
  const refused = (url: string) =>
    bench.start(new Recorder(), { kind, url, namespace: "watchfire_refused" }).then(
      () => {
        throw new Error("it starts");
      },
      (error: Error) => error,
    );

  it("keeps two nodes with the same epochs apart", async () => {
    const recorders = [new Recorder(), new Recorder()];
    const nodes = await Promise.all(recorders.map((recorder) => bench.start(recorder, place().fresh())));
    await Promise.all(nodes.map((jobs) => jobs.schedule(1, [1, 2])));
    await eventually(() => recorders.every((recorder) => recorder.hasEnded("submission 1")));
    await nodes[0]?.obliterate();
    await nodes[1]?.schedule(1, [1, 2]);
    for (const recorder of recorders) expect(recorder.called).to.have.length(4);
  });

  it("says which setting to correct when the server is out of reach", async () => {
    const begin = Date.now();
    const port = await freePort();
    const error = await refused(`${kind}://me:secret@127.0.0.1:${port}/0`);
    expect(error).to.include({ name: "JobServerError", code: "UNREACHABLE" });
    expect(error.message).to.match(
      new RegExp(`^The job queue cannot reach .* at 127.0.0.1:${port}/0: .*ECONNREFUSED.*--queue-url.*embedded`),
    );
    expect(error.message).not.to.contain("secret");
    expect(Date.now() - begin).to.be.lessThan(8_000);
  });

  for (const url of ["", "nonsense secret", "http://127.0.0.1:1", "127.0.0.1:6379"]) {
    it(`shows the form of a url instead of "${url}"`, async () => {
      const error = await refused(url);
      expect(error).to.include({ name: "JobServerError", code: "BAD_URL" });
      expect(error.message).to.contain(`--queue-url`).and.to.contain(`${kind}://user:password@host:`);
      expect(error.message).not.to.contain("secret");
    });
  }

  if (kind === "postgres") {
    it("names a database that does not exist", async () => {
      const error = await refused(`${withPassword(urlOf(place().fresh()))}_missing`);
      expect(error).to.include({ code: "UNUSABLE" });
      expect(error.message).to.match(/postgres_missing.*does not exist.*Create that user and database/);
    });
  } else {
    it("names a password that is wrong", async function () {
      this.timeout(30_000);
      const server = await startRedis({ requirepass: "right" });
      try {
        for (const url of [server.url, withPassword(server.url)]) {
          const error = await refused(url);
          expect(error).to.include({ code: "UNUSABLE" });
          expect(error.message).to.match(/(WRONGPASS|NOAUTH).*Correct user and password/);
          expect(error.message).not.to.contain("secret");
        }
      } finally {
        await server.stop();
      }
    });

    it("warns of settings with which a server forgets jobs", async () => {
      const server = await startRedis({ "maxmemory-policy": "allkeys-lru", appendonly: "no" });
      try {
        await bench.start(new Recorder(), { kind, url: server.url, namespace: "watchfire_forgetful" });
        expect(bench.warnings).to.have.length(2);
        expect(bench.warnings[0]).to.contain("allkeys-lru").and.to.contain("maxmemory-policy noeviction");
        expect(bench.warnings[1]).to.contain("appendonly yes");
        await bench.clear();
      } finally {
        await server.stop();
      }
    });
  }
});

function urlOf(backend: BackendSettings): string {
  if (backend.kind === "embedded") throw new Error("no server");
  return backend.url;
}

function withPassword(url: string): string {
  const changed = new URL(url);
  changed.password = "secret";
  if (changed.username === "") changed.username = "default";
  return changed.href;
}
