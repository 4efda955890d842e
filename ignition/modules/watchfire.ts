import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/**
 * One deployment of the contracts: parameter `parameters` is the struct of contracts/types/Parameters.sol, which the
 * registry's constructor checks. The deployer is the launcher: it alone may schedule genesis until the launch deadline.
 */
export default buildModule("Watchfire", (m) => {
  const registry = m.contract("BeaconRegistry", [m.getParameter("parameters")]);
  const staking = m.contract("Staking", [registry]);
  const shardRegistry = m.contract("ShardRegistry", [registry]);
  const anchors = m.contract("CrosslinkAnchors", [registry, shardRegistry]);
  const slashings = m.contract("Slashings", [registry, staking, anchors, shardRegistry]);
  const vault = m.contract("Vault", [registry, anchors]);
  const inbox = m.contract("Inbox", [registry, shardRegistry, vault]);
  const rollCall = m.contract("RollCall", [registry, anchors, staking]);
  const ledgerVerifier = m.contract("LedgerVerifier", [registry, shardRegistry, inbox, anchors]);
  const invalidCrosslink = m.contract("InvalidCrosslink", [registry]);
  const invalidStep = m.contract("InvalidStep", [registry, ledgerVerifier]);
  const ignoredDuties = m.contract("IgnoredDuties", [registry, inbox]);
  const dataChallenges = m.contract("DataChallenges", [registry, anchors]);
  const judges = [
    ...new Array<typeof invalidCrosslink>(5).fill(invalidCrosslink),
    invalidStep,
    ignoredDuties,
    ignoredDuties,
    dataChallenges,
  ];
  const disputes = m.contract("Disputes", [registry, anchors, staking, shardRegistry, judges]);
  m.call(registry, "initialize", [{ staking, anchors, slashings, rollCall, disputes }]);
  return { registry, staking, shardRegistry, anchors, slashings, inbox, vault, rollCall, disputes, dataChallenges };
});
