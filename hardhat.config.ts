import { createRequire } from "node:module";
import hardhatToolboxMochaEthers from "@nomicfoundation/hardhat-toolbox-mocha-ethers";
import { configVariable, defineConfig } from "hardhat/config";
import { SOLIDITY_SEED, solidityTests } from "./scripts/solidity-tests.ts";

// The compiler comes from the lock file, like every other dependency: Hardhat has nothing to download,
// and everybody compiles to the same bytecode.
const soljson = createRequire(import.meta.url).resolve("solc/soljson.js");

const compiler = {
  version: "0.8.37",
  path: soljson,
  settings: {
    evmVersion: "prague",
    viaIR: true,
    optimizer: { enabled: true, runs: 800 },
  },
};

/** For contracts with room to spare: where every epoch, or every dispute, pays, gas counts and size does not. */
const fast = {
  ...compiler,
  settings: { ...compiler.settings, optimizer: { enabled: true, runs: 100_000 } },
};
const solidity = {
  compilers: [compiler],
  overrides: {
    "contracts/beacon/CrosslinkAnchors.sol": fast,
    "contracts/disputes/InvalidStep.sol": fast,
    "contracts/disputes/LedgerVerifier.sol": fast,
  },
};

/** Handler-driven runs of test/invariants. Arguments are seeds, for which no value is better than another. */
function invariants(runs: number, depth: number) {
  const dictionary = { dictionaryWeight: 0, includeStorage: false, includePushBytes: false };
  return {
    fuzz: { seed: SOLIDITY_SEED },
    invariant: { runs, depth, failOnRevert: true, shrinkRunLimit: 200, ...dictionary },
  };
}

export default defineConfig({
  plugins: [hardhatToolboxMochaEthers],
  tasks: [solidityTests],
  solidity: {
    // Tests run the bytecode that is deployed: both profiles are the same compiler with the same settings.
    profiles: { default: solidity, production: solidity },
  },
  paths: {
    tests: { mocha: "test", solidity: "test" },
  },
  typechain: {
    outDir: "types",
    // The generated files hold namespaces, which erasableSyntaxOnly refuses; they are all types, so Node can still run them.
    tsNocheck: true,
  },
  test: {
    mocha: { timeout: 120_000 },
    solidity: {
      profiles: { default: invariants(256, 128), heavy: invariants(2048, 256) },
    },
  },
  networks: {
    // The network of tests. Prague brings the BLS12-381 precompiles (EIP-2537) that the contracts live on.
    default: {
      type: "edr-simulated",
      chainType: "l1",
      hardfork: "prague",
    },
    // The parent chain of `npm start`. Its clock must not run ahead while the set-up mines a block per transaction.
    devnet: {
      type: "edr-simulated",
      chainType: "l1",
      hardfork: "prague",
      chainId: 31337,
      allowBlocksWithSameTimestamp: true,
      accounts: { accountsBalance: "1000000000000000000000000" },
    },
    // Any parent chain: WATCHFIRE_PARENT_URL and WATCHFIRE_DEPLOYER_KEY, from the environment or the keystore.
    parent: {
      type: "http",
      chainType: "l1",
      url: configVariable("WATCHFIRE_PARENT_URL"),
      accounts: [configVariable("WATCHFIRE_DEPLOYER_KEY")],
    },
  },
});
