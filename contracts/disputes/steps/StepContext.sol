// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {ICrosslinkAnchors} from "../../beacon/ICrosslinkAnchors.sol";
import {IBeaconRegistry} from "../../beacon/IBeaconRegistry.sol";
import {AppendTree} from "../../libraries/AppendTree.sol";
import {HashLists} from "../../libraries/HashLists.sol";
import {StateAccesses} from "../../libraries/StateAccesses.sol";
import {StateKeys} from "../../libraries/StateKeys.sol";
import {IInbox} from "../../shards/IInbox.sol";
import {IShardRegistry} from "../../shards/IShardRegistry.sol";
import {Account, Accounts} from "../../types/Account.sol";
import {Settlement} from "../../types/Checkpoint.sol";
import {OutboxOpening, StepWitness} from "../../types/DisputeEvidence.sol";
import {StateAccess} from "../../types/StateAccess.sol";

/// @notice Who knows what shards know of the parent chain.
struct ParentFacts {
    IBeaconRegistry registry;
    IShardRegistry shards;
    IInbox inbox;
    ICrosslinkAnchors anchors;
}

/// @notice All that the execution of one step can see besides its payload.
struct StepContext {
    ParentFacts facts;
    uint32 shardCount;
    uint32 shardId;
    // EIP-155
    uint64 chainId;
    uint64 slot;
    uint64 epoch;
    // facts of the parent chain count up to this epoch; below zero none do
    int256 factsEpoch;
    uint128 previousFees;
    // of the state, after what was written so far
    bytes32 stateRoot;
    StepWitness witness;
    uint256 accessed;
    bool isOutboxUsed;
}

using StepContexts for StepContext global;

/// @title The witness of a step, used up in order, and the facts that its rules ask for
/// @notice What is missing, too much or of something else is the caller's fault and reverts.
library StepContexts {
    using HashLists for bytes32[];
    using StateAccesses for StateAccess;

    /// @notice The step needs more accesses than these.
    error StepContexts_AccessMissing(uint256 count);
    /// @notice The step is admissible and needs less than it was given.
    error StepContexts_WitnessTooLong(uint256 accesses, uint64 outboxCount);
    /// @notice What was opened is not the outbox of the state.
    error StepContexts_WrongOutbox(bytes32 word, bytes32 expected);
    /// @notice Root and absent hash are not those of the checkpoint that the step names.
    error StepContexts_WrongCheckpoint(bytes32 commitment, bytes32 expected);
    /// @notice What the parent chain records from now on may still make a difference.
    error StepContexts_EpochNotOver(int256 epoch, uint64 currentEpoch);

    /// @notice The witness in memory.
    function copy(StepWitness calldata witness) internal pure returns (StepWitness memory) {
        StateAccess[] memory accesses = new StateAccess[](witness.accesses.length);
        for (uint256 i = 0; i < accesses.length; ++i) {
            StateAccess calldata access = witness.accesses[i];
            accesses[i] = StateAccess({
                end: access.end,
                otherKey: access.otherKey,
                word: access.word,
                siblings: access.siblings.toMemory()
            });
        }
        OutboxOpening calldata outbox = witness.outbox;
        return
            StepWitness({
                accesses: accesses,
                outbox: OutboxOpening({count: outbox.count, frontier: outbox.frontier.toMemory()}),
                checkpointRoot: witness.checkpointRoot,
                absentHash: witness.absentHash
            });
    }

    /// @notice The next access of the step.
    function nextAccess(StepContext memory context) internal pure returns (StateAccess memory) {
        StateAccess[] memory accesses = context.witness.accesses;
        uint256 i = context.accessed++;
        if (i >= accesses.length) revert StepContexts_AccessMissing(accesses.length);
        return accesses[i];
    }

    /// @notice Adds to an account's balance, by the next access.
    /// @dev The sum of all balances fits in 192 bits in every state that sound steps lead to.
    function credit(StepContext memory context, address owner, uint128 value) internal view {
        bytes32 key = StateKeys.account(owner);
        StateAccess memory access = context.nextAccess();
        Account memory account = Accounts.fromWord(access.read(context.stateRoot, key));
        account.balance += value;
        context.stateRoot = access.write(context.stateRoot, key, account.toWord());
    }

    /// @notice Moves the cursor of a source one on, by the access that `cursorOf` gave.
    function advanceCursor(
        StepContext memory context,
        StateAccess memory access,
        uint32 source,
        uint64 next
    ) internal view {
        bytes32 word = bytes32(uint256(next + 1) << 192);
        context.stateRoot = access.write(context.stateRoot, StateKeys.cursor(source), word);
    }

    /// @notice How much was imported from a source, by the next access.
    function cursorOf(
        StepContext memory context,
        uint32 source
    ) internal view returns (StateAccess memory access, uint64 next) {
        access = context.nextAccess();
        next = uint64(uint256(access.read(context.stateRoot, StateKeys.cursor(source))) >> 192);
    }

    /// @notice The outbox that `word` of the state commits to; a word zero is an absent, empty one.
    function openOutbox(
        StepContext memory context,
        bytes32 word
    ) internal view returns (uint64 count, bytes32[] memory frontier) {
        context.isOutboxUsed = true;
        count = context.witness.outbox.count;
        frontier = context.witness.outbox.frontier;
        bytes32 root = AppendTree.rootOfFrontier(count, frontier);
        bytes32 opened = count == 0 ? bytes32(0) : AppendTree.word(count, root);
        if (opened != word) revert StepContexts_WrongOutbox(opened, word);
    }

    /// @notice Reverts unless the whole witness was needed.
    function requireUsedUp(StepContext memory context) internal pure {
        uint256 accesses = context.witness.accesses.length;
        uint64 count = context.witness.outbox.count;
        bool isTooMuch = !context.isOutboxUsed && (count != 0 || context.witness.outbox.frontier.length != 0);
        if (context.accessed != accesses || isTooMuch) revert StepContexts_WitnessTooLong(accesses, count);
    }

    /// @notice The root of a checkpoint if it was settled up to the facts' epoch, without exception at the position;
    ///         else zero. The witness has to open it.
    function settledRoot(
        StepContext memory context,
        uint64 checkpointEpoch,
        uint16 position
    ) internal view returns (bytes32 root) {
        if (context.factsEpoch < 0) return 0;
        ICrosslinkAnchors anchors = context.facts.anchors;
        Settlement memory settlement = anchors.settlement(checkpointEpoch);
        if (settlement.settledEpoch == 0) {
            requireKnown(context);
            return 0;
        }
        if (settlement.settledEpoch > uint256(context.factsEpoch)) return 0;
        if ((settlement.exceptions >> position) & 1 == 1) return 0;
        root = context.witness.checkpointRoot;
        bytes32 commitment = Hashes.efficientKeccak256(root, context.witness.absentHash);
        bytes32 expected = anchors.checkpoint(checkpointEpoch).commitment;
        if (commitment != expected) revert StepContexts_WrongCheckpoint(commitment, expected);
    }

    /// @notice Reverts unless whatever is missing now can count for the block in no future.
    function requireKnown(StepContext memory context) internal view {
        uint64 currentEpoch = context.facts.registry.currentEpoch();
        if (context.factsEpoch >= int256(uint256(currentEpoch))) {
            revert StepContexts_EpochNotOver(context.factsEpoch, currentEpoch);
        }
    }
}
