// One preparation at a time per working copy: two of them would write into the same node_modules and artifacts.
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { cacheFolder, say } from "./process.mjs";

const lockFile = path.join(cacheFolder, "lock");
const HEARTBEAT_MS = 2_000;
const POLL_MS = 250;
/** A holder that shows no heartbeat for this long, by our own clock, is gone. */
const STALE_MS = 20_000;

/**
 * Does the work while no other process of this working copy prepares anything.
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(work) {
  mkdirSync(cacheFolder, { recursive: true });
  const mine = JSON.stringify({ pid: process.pid, host: hostname(), since: Date.now() });
  await acquire(mine);
  const release = () => {
    if (read(lockFile) === mine) rmSync(lockFile, { force: true });
  };
  process.on("exit", release);
  const heartbeat = setInterval(() => {
    const now = new Date();
    if (read(lockFile) === mine) utimesSync(lockFile, now, now);
  }, HEARTBEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    process.off("exit", release);
    release();
  }
}

async function acquire(mine) {
  // Linked from a finished file, the lock never exists half written.
  const draft = `${lockFile}.${process.pid}`;
  writeFileSync(draft, mine);
  try {
    let seen = { holder: undefined, beat: undefined, at: 0 };
    let told = false;
    while (!link(draft)) {
      const holder = read(lockFile);
      const beat = modified(lockFile);
      if (holder === undefined || beat === undefined) continue;
      if (holder !== seen.holder || beat !== seen.beat) seen = { holder, beat, at: performance.now() };
      if (isDead(holder) || performance.now() - seen.at > STALE_MS) {
        remove(holder, `${draft}.stale`);
        continue;
      }
      if (!told) say(`waiting for another run to finish its preparation (process ${JSON.parse(holder).pid})`);
      told = true;
      await delay(POLL_MS);
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

function link(draft) {
  try {
    linkSync(draft, lockFile);
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
}

/** Takes a dead holder's lock away; if somebody renewed it since we looked, theirs is put back. */
function remove(holder, aside) {
  try {
    renameSync(lockFile, aside);
  } catch (error) {
    if (error.code === "ENOENT") return;
    throw error;
  }
  if (read(aside) !== holder) link(aside);
  rmSync(aside, { force: true });
}

function isDead(holder) {
  const { pid, host } = JSON.parse(holder);
  if (host !== hostname()) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === "ESRCH";
  }
}

function read(file) {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

function modified(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs;
}
