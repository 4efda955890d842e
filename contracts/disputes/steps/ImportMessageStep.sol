// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AppendTree} from "../../libraries/AppendTree.sol";
import {MerklePath} from "../../libraries/MerklePath.sol";
import {PaddedTree} from "../../libraries/PaddedTree.sol";
import {Sha256} from "../../libraries/Sha256.sol";
import {SigningRoots} from "../../libraries/SigningRoots.sol";
import {SparseMerkleTree} from "../../libraries/SparseMerkleTree.sol";
import {StateKeys} from "../../libraries/StateKeys.sol";
import {Crosslink} from "../../types/Crosslink.sol";
import {Message} from "../../types/Message.sol";
import {StateAccess} from "../../types/StateAccess.sol";
import {StepOutcome, StepOutcomes} from "../../types/Step.sol";
import {StepError} from "../../types/StepError.sol";
import {PayloadReader} from "./PayloadReader.sol";
import {StepContext} from "./StepContext.sol";

/// @title ImportMessage: a message that the settled state of another shard sent
/// @notice Twin of ledger/import-message.ts.
library ImportMessageStep {
    /// @dev What the payload says (formats, section 5).
    struct Import {
        Message message;
        uint64 checkpointEpoch;
        bytes32 bodyRoot;
        uint16 position;
        bytes32[] entrySiblings;
        Crosslink crosslink;
        bytes32[] stateSiblings;
        uint64 count;
        bytes32[] outboxSiblings;
    }

    uint256 private constant MAX_DATA_BYTES = 256;

    function execute(
        StepContext memory context,
        bytes calldata payload
    ) internal view returns (StepOutcome memory outcome) {
        (bool ok, Import memory step) = _decode(payload, context.shardCount);
        if (!ok) return StepOutcomes.refused(StepError.Malformed);
        Message memory message = step.message;
        message.destination = context.shardId;
        if (message.source == 0 || message.source == context.shardId) {
            return StepOutcomes.refused(StepError.WrongSource, message.source);
        }
        (StateAccess memory cursor, uint64 next) = context.cursorOf(message.source);
        if (message.index != next) return StepOutcomes.refused(StepError.WrongCursor, message.index, next);

        bytes32 root = context.settledRoot(step.checkpointEpoch, step.position);
        if (root == 0) {
            return
                StepOutcomes.refused(StepError.CheckpointNotSettled, step.checkpointEpoch, uint256(context.factsEpoch));
        }
        bytes32 domainSeparator = context.facts.registry.domainSeparator();
        if (root != _checkpointRoot(domainSeparator, step)) {
            return StepOutcomes.refused(StepError.WrongCheckpointRoot, step.checkpointEpoch);
        }
        if (!_isInOutbox(domainSeparator, step)) {
            return StepOutcomes.refused(StepError.WrongMessageProof, message.index);
        }
        if (message.index >= step.count) {
            return StepOutcomes.refused(StepError.MessageIndexOutOfRange, message.index, step.count);
        }
        context.advanceCursor(cursor, message.source, next);
        context.credit(message.recipient, message.value);
    }

    function _decode(bytes calldata payload, uint256 shardCount) private pure returns (bool ok, Import memory step) {
        PayloadReader memory reader;
        Message memory message = step.message;
        message.source = reader.readUint32(payload);
        message.index = reader.readUint64(payload);
        message.sender = reader.readAddress(payload);
        message.recipient = reader.readAddress(payload);
        message.value = reader.readUint128(payload);
        uint256 length = reader.readUint16(payload);
        if (length > MAX_DATA_BYTES) return (false, step);
        message.data = reader.readBytes(payload, length);
        step.checkpointEpoch = reader.readUint64(payload);
        step.bodyRoot = reader.readHash(payload);
        step.position = reader.readUint16(payload);
        if (step.position >= shardCount) return (false, step);
        step.entrySiblings = reader.readHashes(payload, PaddedTree.depth(shardCount));
        step.crosslink = _readCrosslink(reader, payload, message.source);
        step.stateSiblings = reader.readHashes(payload, reader.readUint8(payload));
        step.count = reader.readUint64(payload);
        if (step.count >> AppendTree.DEPTH != 0) return (false, step);
        step.outboxSiblings = reader.readHashes(payload, PaddedTree.depth(step.count));
        ok = reader.isAtEnd(payload);
    }

    function _readCrosslink(
        PayloadReader memory reader,
        bytes calldata payload,
        uint32 source
    ) private pure returns (Crosslink memory crosslink) {
        crosslink.shardId = source;
        crosslink.generation = reader.readUint32(payload);
        crosslink.epoch = reader.readUint64(payload);
        crosslink.parent = reader.readHash(payload);
        crosslink.firstBlock = reader.readUint64(payload);
        crosslink.lastBlock = reader.readUint64(payload);
        crosslink.blocksRoot = reader.readHash(payload);
        crosslink.stateRoot = reader.readHash(payload);
    }

    /// @dev The checkpoint root that the crosslink's path leads to.
    function _checkpointRoot(bytes32 domainSeparator, Import memory step) private view returns (bytes32) {
        bytes32 entry = SigningRoots.crosslink(domainSeparator, step.crosslink);
        return Sha256.pair(MerklePath.climb(entry, step.position, step.entrySiblings), step.bodyRoot);
    }

    /// @dev Whether the crosslink's state has an outbox for this shard of `count` messages, with the message in it at
    ///      its index. That the index is below the count is asked afterwards.
    function _isInOutbox(bytes32 domainSeparator, Import memory step) private view returns (bool) {
        Message memory message = step.message;
        bytes32 digest = SigningRoots.message(domainSeparator, message);
        bytes32[] memory siblings = AppendTree.extended(step.outboxSiblings);
        bytes32 word = AppendTree.word(step.count, MerklePath.climb(digest, message.index, siblings));
        bytes32 key = StateKeys.outbox(message.destination);
        return SparseMerkleTree.rootOf(key, word, step.stateSiblings) == step.crosslink.stateRoot;
    }
}
