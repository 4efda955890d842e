// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BlockHeader} from "../types/BlockHeader.sol";
import {Crosslink} from "../types/Crosslink.sol";
import {InboxEntry, Message} from "../types/Message.sol";

/// @title Digests of everything that is signed or identified (formats, section 2)
/// @notice EIP-712 under one domain per deployment, that of BeaconRegistry.
library SigningRoots {
    // EIP-712 type strings have no line breaks.
    // solhint-disable max-line-length
    bytes32 internal constant CROSSLINK_TYPE = keccak256(
        "Crosslink(uint32 shardId,uint32 generation,uint64 epoch,bytes32 parent,uint64 firstBlock,uint64 lastBlock,bytes32 blocksRoot,bytes32 stateRoot)"
    );
    bytes32 private constant BLOCK_HEADER_TYPE = keccak256(
        "BlockHeader(uint32 shardId,uint32 generation,uint64 number,bytes32 parentHash,uint64 slot,uint32 stepCount,bytes32 traceRoot,bytes32 stateRoot,uint128 fees)"
    );
    bytes32 private constant VOTE_TYPE = keccak256(
        "Vote(uint64 sourceEpoch,bytes32 sourceRoot,uint64 targetEpoch,bytes32 targetRoot)"
    );
    bytes32 private constant PROPOSAL_TYPE = keccak256("Proposal(uint64 epoch,bytes32 checkpointRoot)");
    bytes32 private constant RANDAO_REVEAL_TYPE = keccak256("RandaoReveal(uint64 epoch)");
    bytes32 private constant ROLL_ANSWER_TYPE = keccak256("RollAnswer(uint64 epoch)");
    bytes32 private constant VOLUNTARY_EXIT_TYPE = keccak256("VoluntaryExit(uint32 validator,uint64 epoch)");
    bytes32 private constant PROOF_OF_POSSESSION_TYPE = keccak256(
        "ProofOfPossession(bytes32 publicKeyHash,address withdrawalAddress)"
    );
    bytes32 private constant BATCH_PROOF_OF_POSSESSION_TYPE = keccak256(
        "BatchProofOfPossession(bytes32 publicKeysHash,uint32 count,address withdrawalAddress)"
    );
    bytes32 private constant MESSAGE_TYPE = keccak256(
        "Message(uint32 source,uint32 destination,uint64 index,address sender,address recipient,uint128 value,bytes data)"
    );
    bytes32 private constant INBOX_ENTRY_TYPE = keccak256(
        "InboxEntry(uint32 shardId,uint64 index,uint64 epoch,uint8 kind,address sender,address recipient,uint128 value,bytes data)"
    );
    bytes32 private constant CHECKPOINT_BODY_TYPE = keccak256(
        "CheckpointBody(uint64 epoch,uint64 sourceEpoch,bytes32 sourceRoot,bytes32 rewardsRoot)"
    );

    // solhint-enable max-line-length

    /// @notice keccak256(0x1901 ‖ domainSeparator ‖ structHash)
    function digest(bytes32 domainSeparator, bytes32 structHash) internal pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            let buffer := mload(0x40)
            mstore(buffer, shl(240, 0x1901))
            mstore(add(buffer, 2), domainSeparator)
            mstore(add(buffer, 34), structHash)
            hash := keccak256(buffer, 66)
        }
    }

    function crosslink(bytes32 domainSeparator, Crosslink memory c) internal pure returns (bytes32) {
        return
            digest(
                domainSeparator,
                keccak256(
                    abi.encode(
                        CROSSLINK_TYPE,
                        c.shardId,
                        c.generation,
                        c.epoch,
                        c.parent,
                        c.firstBlock,
                        c.lastBlock,
                        c.blocksRoot,
                        c.stateRoot
                    )
                )
            );
    }

    /// @notice The crosslink at which a shard stands before its first entry: epoch 0, no blocks, empty state.
    function genesisCrosslink(bytes32 domainSeparator, uint32 shardId) internal pure returns (bytes32) {
        Crosslink memory genesis;
        genesis.shardId = shardId;
        return crosslink(domainSeparator, genesis);
    }

    /// @notice The hash of a block.
    function blockHeader(bytes32 domainSeparator, BlockHeader memory h) internal pure returns (bytes32) {
        return
            digest(
                domainSeparator,
                keccak256(
                    abi.encode(
                        BLOCK_HEADER_TYPE,
                        h.shardId,
                        h.generation,
                        h.number,
                        h.parentHash,
                        h.slot,
                        h.stepCount,
                        h.traceRoot,
                        h.stateRoot,
                        h.fees
                    )
                )
            );
    }

    function vote(
        bytes32 domainSeparator,
        uint64 sourceEpoch,
        bytes32 sourceRoot,
        uint64 targetEpoch,
        bytes32 targetRoot
    ) internal pure returns (bytes32) {
        return
            digest(domainSeparator, keccak256(abi.encode(VOTE_TYPE, sourceEpoch, sourceRoot, targetEpoch, targetRoot)));
    }

    function proposal(bytes32 domainSeparator, uint64 epoch, bytes32 checkpointRoot) internal pure returns (bytes32) {
        return digest(domainSeparator, keccak256(abi.encode(PROPOSAL_TYPE, epoch, checkpointRoot)));
    }

    function randaoReveal(bytes32 domainSeparator, uint64 epoch) internal pure returns (bytes32) {
        return digest(domainSeparator, keccak256(abi.encode(RANDAO_REVEAL_TYPE, epoch)));
    }

    /// @notice What a validator signs to say that it is there.
    /// @param epoch the one in which the roll was called
    function rollAnswer(bytes32 domainSeparator, uint64 epoch) internal pure returns (bytes32) {
        return digest(domainSeparator, keccak256(abi.encode(ROLL_ANSWER_TYPE, epoch)));
    }

    /// @notice What a validator signs to leave.
    /// @param epoch the first one in which it is to be brought
    function voluntaryExit(bytes32 domainSeparator, uint32 validator, uint64 epoch) internal pure returns (bytes32) {
        return digest(domainSeparator, keccak256(abi.encode(VOLUNTARY_EXIT_TYPE, validator, epoch)));
    }

    /// @notice What a key signs to be enrolled.
    /// @param publicKeyHash Keccak-256 of the key's 128 bytes
    function proofOfPossession(
        bytes32 domainSeparator,
        bytes32 publicKeyHash,
        address withdrawalAddress
    ) internal pure returns (bytes32) {
        return
            digest(domainSeparator, keccak256(abi.encode(PROOF_OF_POSSESSION_TYPE, publicKeyHash, withdrawalAddress)));
    }

    /// @notice What the keys of one owner sign together to be enrolled.
    /// @param publicKeysHash Keccak-256 of all keys, 128 bytes each
    function batchProofOfPossession(
        bytes32 domainSeparator,
        bytes32 publicKeysHash,
        uint32 count,
        address withdrawalAddress
    ) internal pure returns (bytes32) {
        return
            digest(
                domainSeparator,
                keccak256(abi.encode(BATCH_PROOF_OF_POSSESSION_TYPE, publicKeysHash, count, withdrawalAddress))
            );
    }

    function message(bytes32 domainSeparator, Message memory m) internal pure returns (bytes32) {
        return
            digest(
                domainSeparator,
                keccak256(
                    abi.encode(
                        MESSAGE_TYPE,
                        m.source,
                        m.destination,
                        m.index,
                        m.sender,
                        m.recipient,
                        m.value,
                        keccak256(m.data)
                    )
                )
            );
    }

    function inboxEntry(bytes32 domainSeparator, InboxEntry memory e) internal pure returns (bytes32) {
        return
            digest(
                domainSeparator,
                keccak256(
                    abi.encode(
                        INBOX_ENTRY_TYPE,
                        e.shardId,
                        e.index,
                        e.epoch,
                        e.kind,
                        e.sender,
                        e.recipient,
                        e.value,
                        keccak256(e.data)
                    )
                )
            );
    }

    /// @notice A plain hashStruct: the body is only ever seen inside a checkpoint's root.
    function checkpointBody(
        uint64 epoch,
        uint64 sourceEpoch,
        bytes32 sourceRoot,
        bytes32 rewardsRoot
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(CHECKPOINT_BODY_TYPE, epoch, sourceEpoch, sourceRoot, rewardsRoot));
    }
}
