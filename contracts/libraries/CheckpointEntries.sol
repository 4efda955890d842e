// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SigningRoots} from "./SigningRoots.sol";

/// @title From the entries of one checkpoint to those of the next
/// @notice The hot loop of a submission: a record per changed position becomes the digest of a crosslink.
library CheckpointEntries {
    /// @dev u32 generation ‖ u64 firstBlock ‖ u64 lastBlock ‖ blocksRoot ‖ stateRoot
    uint256 internal constant RECORD_LENGTH = 84;

    struct Record {
        uint32 generation;
        uint64 firstBlock;
        uint64 lastBlock;
        bytes32 blocksRoot;
        bytes32 stateRoot;
    }

    error CheckpointEntries_RecordsLength(uint256 length, uint256 expected);
    error CheckpointEntries_NoShard(uint256 position);
    /// @notice A crosslink holds `firstBlock` to `lastBlock`: at least one block, none of number 0, not too many.
    error CheckpointEntries_BlockRange(uint256 position, uint64 firstBlock, uint64 lastBlock);

    /// @notice Replaces the changed entries in place.
    /// @param allocation id and generation of the shard at each position, as IShardRegistry.allocation packs them
    /// @return voided positions whose new entry is of a generation that its shard has left
    function replace(
        bytes32[] memory entries,
        uint256 changed,
        bytes calldata records,
        uint256[] memory allocation,
        bytes32 domainSeparator,
        uint64 epoch,
        uint256 maxBlocks
    ) internal pure returns (uint256 voided) {
        uint256 offset;
        uint256 buffer = _prepare(domainSeparator, epoch);
        for (uint256 position = 0; changed >> position != 0; ++position) {
            if ((changed >> position) & 1 == 0) continue;
            if (offset + RECORD_LENGTH > records.length) {
                revert CheckpointEntries_RecordsLength(records.length, offset + RECORD_LENGTH);
            }
            Record memory r = _read(records, offset);
            offset += RECORD_LENGTH;
            uint256 shard = allocation[position >> 2] >> ((position & 3) * 64);
            uint32 shardId = uint32(shard);
            if (shardId == 0) revert CheckpointEntries_NoShard(position);
            if (r.firstBlock == 0 || r.lastBlock < r.firstBlock || r.lastBlock - r.firstBlock >= maxBlocks) {
                revert CheckpointEntries_BlockRange(position, r.firstBlock, r.lastBlock);
            }
            if (r.generation != uint32(shard >> 32)) voided |= 1 << position;
            bytes32 parent = entries[position];
            if (parent == 0) parent = SigningRoots.genesisCrosslink(domainSeparator, shardId);
            entries[position] = _digest(buffer, shardId, parent, r);
        }
        if (offset != records.length) revert CheckpointEntries_RecordsLength(records.length, offset);
    }

    /// @dev Memory for the preimages of struct and digest, 9 words and 66 bytes, with what is the same in all of them.
    function _prepare(bytes32 domainSeparator, uint64 epoch) private pure returns (uint256 buffer) {
        bytes32 structType = SigningRoots.CROSSLINK_TYPE;
        assembly ("memory-safe") {
            buffer := mload(0x40)
            mstore(0x40, add(buffer, 384))
            mstore(buffer, structType)
            mstore(add(buffer, 96), epoch)
            mstore(add(buffer, 288), shl(240, 0x1901))
            mstore(add(buffer, 290), domainSeparator)
        }
    }

    /// @dev SigningRoots.crosslink without building the struct again.
    function _digest(
        uint256 buffer,
        uint32 shardId,
        bytes32 parent,
        Record memory r
    ) private pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            mstore(add(buffer, 32), shardId)
            mstore(add(buffer, 64), mload(r))
            mstore(add(buffer, 128), parent)
            mcopy(add(buffer, 160), add(r, 32), 128)
            mstore(add(buffer, 322), keccak256(buffer, 288))
            hash := keccak256(add(buffer, 288), 66)
        }
    }

    function _read(bytes calldata records, uint256 offset) private pure returns (Record memory r) {
        uint256 pointer;
        assembly ("memory-safe") {
            pointer := add(records.offset, offset)
        }
        r.generation = uint32(_word(pointer) >> 224);
        r.firstBlock = uint64(_word(pointer + 4) >> 192);
        r.lastBlock = uint64(_word(pointer + 12) >> 192);
        r.blocksRoot = bytes32(_word(pointer + 20));
        r.stateRoot = bytes32(_word(pointer + 52));
    }

    function _word(uint256 pointer) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := calldataload(pointer)
        }
    }
}
