// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ShardTransactions} from "../../libraries/ShardTransactions.sol";
import {StateAccesses} from "../../libraries/StateAccesses.sol";
import {StateKeys} from "../../libraries/StateKeys.sol";
import {ShardHead, ShardHeads} from "../../types/ShardHead.sol";
import {StateAccess} from "../../types/StateAccess.sol";
import {StepOutcome, StepOutcomes} from "../../types/Step.sol";
import {StepError} from "../../types/StepError.sol";
import {PayloadReader} from "./PayloadReader.sol";
import {StepContext} from "./StepContext.sol";

/// @title BlockStart: fees of the block below, head, seed
/// @notice Twin of ledger/block-start.ts.
library BlockStartStep {
    using StateAccesses for StateAccess;

    function execute(
        StepContext memory context,
        bytes calldata payload
    ) internal view returns (StepOutcome memory outcome) {
        PayloadReader memory reader;
        uint64 slot = reader.readUint64(payload);
        bytes32 seed = reader.readHash(payload);
        uint32 shardCount = reader.readUint32(payload);
        if (!reader.isAtEnd(payload)) return StepOutcomes.refused(StepError.Malformed);
        if (slot != context.slot) return StepOutcomes.refused(StepError.WrongSlot, slot, context.slot);

        if (context.previousFees != 0) context.credit(ShardTransactions.FEE_COLLECTOR, context.previousFees);

        bytes32 key = StateKeys.head();
        StateAccess memory access = context.nextAccess();
        ShardHead memory head = ShardHeads.fromWord(access.read(context.stateRoot, key));
        bool isFirstBlock = head.number == 0;
        if (!isFirstBlock && slot <= head.slot) {
            return StepOutcomes.refused(StepError.SlotNotLater, slot, head.slot);
        }
        bytes32 expectedSeed = context.facts.registry.seed(context.epoch);
        uint256 factsEpoch = context.factsEpoch < 0 ? 0 : uint256(context.factsEpoch);
        uint32 expectedCount = context.facts.shards.openedAsOf(uint64(factsEpoch));
        if (seed != expectedSeed) return StepOutcomes.refused(StepError.WrongSeed);
        if (shardCount != expectedCount) {
            return StepOutcomes.refused(StepError.WrongShardCount, shardCount, expectedCount);
        }
        bool isNewEpoch = isFirstBlock || context.epoch != head.epoch;
        head = ShardHead({number: head.number + 1, slot: slot, epoch: context.epoch, shardCount: shardCount});
        context.stateRoot = access.write(context.stateRoot, key, head.toWord());

        if (isNewEpoch) _writeSeed(context, seed);
    }

    function _writeSeed(StepContext memory context, bytes32 seed) private view {
        bytes32 key = StateKeys.seed();
        StateAccess memory access = context.nextAccess();
        access.read(context.stateRoot, key);
        context.stateRoot = access.write(context.stateRoot, key, seed);
    }
}
