import { Network } from "./network.ts";

/**
 * One network for every flow that leaves it as it was, since to bring one up takes as long as some flows. It is gone when
 * the last of them is through.
 */
let users = 0;
let started: Promise<Network> | null = null;

/** Call while a `describe` is being read. */
export function sharedNetwork(): () => Network {
  let network: Network;
  users++;
  before(async function () {
    this.timeout(180_000);
    started ??= Network.start();
    network = await started;
  });
  afterEach(async function () {
    this.timeout(60_000);
    await network?.restore();
  });
  after(async function () {
    this.timeout(60_000);
    users--;
    if (users === 0) await network?.close();
  });
  return () => network;
}

// When a filter leaves out the last of them.
after(async () => {
  if (users > 0) await (await started?.catch(() => null))?.close();
});
