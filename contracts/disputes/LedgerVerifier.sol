// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICrosslinkAnchors} from "../beacon/ICrosslinkAnchors.sol";
import {IBeaconRegistry} from "../beacon/IBeaconRegistry.sol";
import {ShardChainId} from "../libraries/ShardChainId.sol";
import {IInbox} from "../shards/IInbox.sol";
import {IShardRegistry} from "../shards/IShardRegistry.sol";
import {StepWitness} from "../types/DisputeEvidence.sol";
import {Parameters} from "../types/Parameters.sol";
import {StepCall, StepOutcome, StepOutcomes} from "../types/Step.sol";
import {StepError} from "../types/StepError.sol";
import {ILedgerVerifier} from "./ILedgerVerifier.sol";
import {BlockStartStep} from "./steps/BlockStartStep.sol";
import {ImportInboxStep} from "./steps/ImportInboxStep.sol";
import {ImportMessageStep} from "./steps/ImportMessageStep.sol";
import {ParentFacts, StepContext, StepContexts} from "./steps/StepContext.sol";
import {TransactionStep} from "./steps/TransactionStep.sol";

/// @title Executes one step of a shard
/// @notice See ILedgerVerifier. Every kind of step has a library of its own.
contract LedgerVerifier is ILedgerVerifier {
    uint8 private constant BLOCK_START = 0;
    uint8 private constant TRANSACTION = 1;
    uint8 private constant IMPORT_INBOX = 2;
    uint8 private constant IMPORT_MESSAGE = 3;

    uint256 private constant MAX_PAYLOAD_BYTES = 8192;

    IBeaconRegistry private immutable REGISTRY;
    IShardRegistry private immutable SHARDS;
    IInbox private immutable INBOX;
    ICrosslinkAnchors private immutable ANCHORS;
    uint256 private immutable PARENT_CHAIN_ID;
    uint64 private immutable SLOTS_PER_EPOCH;
    uint32 private immutable INPUT_DELAY;
    uint32 private immutable SHARD_COUNT;

    constructor(IBeaconRegistry registry, IShardRegistry shards, IInbox inbox, ICrosslinkAnchors anchors) {
        REGISTRY = registry;
        SHARDS = shards;
        INBOX = inbox;
        ANCHORS = anchors;
        PARENT_CHAIN_ID = block.chainid;
        Parameters memory p = registry.parameters();
        SLOTS_PER_EPOCH = p.slotsPerEpoch;
        INPUT_DELAY = p.inputDelay;
        SHARD_COUNT = p.shardCount;
    }

    /// @inheritdoc ILedgerVerifier
    function execute(
        StepCall calldata step,
        bytes calldata payload,
        StepWitness calldata witness
    ) external view returns (StepOutcome memory outcome) {
        uint8 kind = step.kind;
        if ((kind == BLOCK_START) != (step.index == 0)) {
            return StepOutcomes.refused(StepError.MisplacedBlockStart, step.index);
        }
        if (payload.length > MAX_PAYLOAD_BYTES) {
            return StepOutcomes.refused(StepError.PayloadTooLong, payload.length);
        }
        if (kind > IMPORT_MESSAGE) return StepOutcomes.refused(StepError.UnknownStepKind, kind);

        StepContext memory context = _contextOf(step, witness);
        if (kind == BLOCK_START) outcome = BlockStartStep.execute(context, payload);
        else if (kind == TRANSACTION) outcome = TransactionStep.execute(context, payload);
        else if (kind == IMPORT_INBOX) outcome = ImportInboxStep.execute(context, payload);
        else outcome = ImportMessageStep.execute(context, payload);
        if (outcome.isRefused()) return outcome;
        context.requireUsedUp();
        outcome.stateRoot = context.stateRoot;
    }

    function _contextOf(
        StepCall calldata step,
        StepWitness calldata witness
    ) private view returns (StepContext memory) {
        uint64 epoch = step.slot / SLOTS_PER_EPOCH;
        return
            StepContext({
                facts: ParentFacts({registry: REGISTRY, shards: SHARDS, inbox: INBOX, anchors: ANCHORS}),
                shardCount: SHARD_COUNT,
                shardId: step.shardId,
                chainId: ShardChainId.chainIdOf(PARENT_CHAIN_ID, address(REGISTRY), step.shardId),
                slot: step.slot,
                epoch: epoch,
                factsEpoch: int256(uint256(epoch)) - int256(uint256(INPUT_DELAY)),
                previousFees: step.previousFees,
                stateRoot: step.stateRoot,
                witness: StepContexts.copy(witness),
                accessed: 0,
                isOutboxUsed: false
            });
    }
}
