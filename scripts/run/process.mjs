// Children of run.mjs: how they are started, what becomes of their signals and exit codes, and how we speak.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { constants, setPriority } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** Folder for what only this machine needs; git ignores it. */
export const cacheFolder = path.join(root, ".cache");

/** An end that needs no stack trace: the message says what happened and what to do about it. */
export class Failure extends Error {
  constructor(message, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** @param {string} line one short line for the person waiting, on stderr */
export function say(line) {
  process.stderr.write(`watchfire: ${line}\n`);
}

/**
 * The JavaScript file behind a package's command, so that no shell and no PATH look-up come in between.
 * @param {string} packageName
 * @param {string} command
 */
export function binary(packageName, command = packageName) {
  const folder = path.join(root, "node_modules", packageName);
  const { bin } = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
  return path.join(folder, typeof bin === "string" ? bin : bin[command]);
}

/**
 * Environment in which `node`, also as started by npm or by a `#!/usr/bin/env node` line, is the Node we chose.
 * @param {{ path: string }} node
 */
function environment(node) {
  const key = Object.keys(process.env).find((name) => name.toUpperCase() === "PATH") ?? "PATH";
  return {
    ...process.env,
    [key]: [path.dirname(node.path), process.env[key]].join(path.delimiter),
    HARDHAT_DISABLE_TELEMETRY: "true",
  };
}

/**
 * Starts a process and waits for its end. Signals that reach us alone are passed on; Ctrl-C in a terminal is not,
 * because the terminal has already sent it to the whole group.
 */
function run(node, file, argv, stdio, onStart = () => {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, argv, { cwd: root, env: environment(node), stdio });
    onStart(child);
    const inTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
    const handlers = ["SIGINT", "SIGTERM", "SIGHUP"].map((signal) => {
      const handler = () => {
        if (signal !== "SIGINT" || !inTerminal) child.kill(signal);
      };
      process.on(signal, handler);
      return () => process.off(signal, handler);
    });
    const finish = (settle) => {
      for (const remove of handlers) remove();
      settle();
    };
    child.on("error", (error) => finish(() => reject(error)));
    child.on("exit", (code, signal) => finish(() => resolve({ code, signal })));
  });
}

/**
 * Runs a step of the preparation; whatever it prints goes to stderr.
 * @returns {Promise<boolean>} whether it succeeded
 */
export async function prepare(node, argv) {
  const { code, signal } = await run(node, node.path, argv, ["ignore", 2, 2]);
  if (signal !== null) throw new Failure(`interrupted (${signal})`, 128 + constants.signals[signal]);
  return code === 0;
}

/** Runs `npm` with the npm that started us, else with the one beside the given Node or in PATH. */
export async function npm(node, argv) {
  const own = process.env.npm_execpath;
  const script = own?.endsWith("npm-cli.js") && existsSync(own) ? own : undefined;
  const [file, args] = script === undefined ? ["npm", argv] : [node.path, [script, ...argv]];
  try {
    const { code, signal } = await run(node, file, args, ["ignore", 2, 2]);
    if (signal !== null) throw new Failure(`interrupted (${signal})`, 128 + constants.signals[signal]);
    return code === 0;
  } catch (error) {
    if (error.code === "ENOENT") throw new Failure("npm was not found in PATH; install it with Node, then try again");
    throw error;
  }
}

/** Runs the command itself with our terminal, and ends as it ended when it failed. */
export async function handOver(node, argv) {
  const { code, signal } = await run(node, node.path, argv, "inherit");
  if (signal !== null) process.kill(process.pid, signal);
  else if (code !== 0) process.exit(code);
}

/** Of the first of several commands: what the others do, they do by the clock. */
const PATIENT_PRIORITY = 15;

/**
 * Runs several commands at once: the first one with our terminal, and with what the others leave of the processors;
 * what they print follows when it has ended. Ends with a failure if any of them failed.
 */
export async function handOverTogether(node, [first, ...others]) {
  const rest = others.map((argv) => {
    const printed = [];
    const keep = ({ stdout, stderr }) => {
      for (const stream of [stdout, stderr]) stream.on("data", (chunk) => printed.push(chunk));
    };
    return { printed, ended: run(node, node.path, argv, ["ignore", "pipe", "pipe"], keep) };
  });
  const yielding = ({ pid }) => {
    if (pid !== undefined && rest.length > 0) setPriority(pid, PATIENT_PRIORITY);
  };
  const ends = [await run(node, node.path, first, "inherit", yielding)];
  for (const { printed, ended } of rest) {
    ends.push(await ended);
    for (const chunk of printed) process.stdout.write(chunk);
  }
  const failed = ends.find(({ code, signal }) => signal !== null || code !== 0);
  if (failed !== undefined) process.exitCode = failed.code ?? 1;
}
