/**
 * The order of the folders, lowest first. A file belongs to the longest entry that its path starts with, and may import
 * from its own folder and from every lower layer. Folders of one layer do not know each other.
 */
export const LAYERS: readonly (readonly string[])[] = [
  ["protocol/"],
  ["crypto/", "ledger/"],
  ["relayer/parent/", "relayer/store/", "relayer/network/", "relayer/jobs/"],
  [
    "relayer/operator/",
    "relayer/validator/",
    "relayer/aggregator/",
    "relayer/poster/",
    "relayer/watcher/",
    "relayer/messages/",
    "relayer/supervision/",
  ],
  ["relayer/api/", "relayer/metrics/"],
  ["relayer/node/"],
  ["relayer/node.ts"],
  ["relayer/cli/"],
];

/** What stands beside the order: everybody that it serves, none of it serves anybody. */
export const TOOLS = ["scripts/", "test/", "bench/", "ignition/", "hardhat.config.ts"];

/** For dapps and browsers: what they may use of ours. */
export const BROWSER: Readonly<Record<string, readonly string[]>> = {
  "sdk/": ["protocol/", "ledger/", "crypto/portable"],
  "explorer/": ["sdk/", "protocol/"],
};

/** Read by everything in relayer/ as types; as values by those who start a node. */
export const CONFIG = "relayer/config/";
export const READERS_OF_CONFIG = ["relayer/node.ts", "relayer/cli/"];

/** No I/O, no clock, no platform: they import each other downwards, and these packages. */
export const PURE = ["protocol/", "ledger/"];
export const PURE_PACKAGES = ["@noble/hashes", "@noble/curves", "@ethereumjs/rlp"];

/** Packages (and generated code) that one place wraps for everybody else. */
export const WRAPPED: readonly { readonly packages: readonly string[]; readonly by: readonly string[] }[] = [
  { packages: ["bullmq", "@electric-sql/pglite", "ioredis", "pg"], by: ["relayer/jobs/"] },
  { packages: ["ethers", "viem", "types/", "artifacts/"], by: ["relayer/parent/", "sdk/", "explorer/"] },
];
