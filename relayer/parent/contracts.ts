import type { ContractRunner } from "ethers";
import { IBeaconRegistry__factory } from "../../types/factories/beacon/IBeaconRegistry__factory.ts";
import { ICrosslinkAnchors__factory } from "../../types/factories/beacon/ICrosslinkAnchors__factory.ts";
import { IRollCall__factory } from "../../types/factories/beacon/IRollCall__factory.ts";
import { ISlashings__factory } from "../../types/factories/beacon/ISlashings__factory.ts";
import { IStaking__factory } from "../../types/factories/beacon/IStaking__factory.ts";
import { IDataChallenges__factory } from "../../types/factories/disputes/IDataChallenges__factory.ts";
import { IDisputes__factory } from "../../types/factories/disputes/IDisputes__factory.ts";
import { IInbox__factory } from "../../types/factories/shards/IInbox__factory.ts";
import { IShardRegistry__factory } from "../../types/factories/shards/IShardRegistry__factory.ts";
import { IVault__factory } from "../../types/factories/shards/IVault__factory.ts";
import type { ContractAddresses } from "./parent-view.ts";

/** The generated bindings of one deployment; `runner` reads, or signs and sends. */
export function connectContracts(addresses: ContractAddresses, runner: ContractRunner) {
  return {
    registry: IBeaconRegistry__factory.connect(addresses.registry, runner),
    staking: IStaking__factory.connect(addresses.staking, runner),
    anchors: ICrosslinkAnchors__factory.connect(addresses.anchors, runner),
    slashings: ISlashings__factory.connect(addresses.slashings, runner),
    rollCall: IRollCall__factory.connect(addresses.rollCall, runner),
    disputes: IDisputes__factory.connect(addresses.disputes, runner),
    dataChallenges: IDataChallenges__factory.connect(addresses.dataChallenges, runner),
    shardRegistry: IShardRegistry__factory.connect(addresses.shardRegistry, runner),
    inbox: IInbox__factory.connect(addresses.inbox, runner),
    vault: IVault__factory.connect(addresses.vault, runner),
  };
}

export type Contracts = ReturnType<typeof connectContracts>;
