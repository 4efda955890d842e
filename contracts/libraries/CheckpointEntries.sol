// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SigningRoots} from "./SigningRoots.sol";

/// @title From the entries of one checkpoint to those of the next
/// @notice The hot loop of a submission: a record per changed position becomes the digest of a crosslink. A record is
///         u32 generation ‖ u64 firstBlock ‖ u64 lastBlock ‖ blocksRoot ‖ stateRoot.
library CheckpointEntries {
    uint256 internal constant RECORD_LENGTH = 84;

    error CheckpointEntries_RecordsLength(uint256 length, uint256 expected);
    error CheckpointEntries_NoPosition(uint256 changed, uint256 positions);
    error CheckpointEntries_NoShard(uint256 position);
    /// @notice A crosslink holds `firstBlock` to `lastBlock`: at least one block, none of number 0, not too many.
    error CheckpointEntries_BlockRange(uint256 position, uint256 firstBlock, uint256 lastBlock);

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
        // From here on every position is inside both lists, and every record inside the calldata.
        uint256 positions = Math.min(entries.length, allocation.length * 4);
        if (changed >> positions != 0) revert CheckpointEntries_NoPosition(changed, positions);
        uint256 expected = _popCount(changed) * RECORD_LENGTH;
        if (records.length != expected) revert CheckpointEntries_RecordsLength(records.length, expected);

        uint256 buffer = _prepare(domainSeparator, epoch);
        uint256 source;
        assembly ("memory-safe") {
            source := records.offset
        }
        // Nothing here comes near an overflow but lastBlock - firstBlock, where it is meant.
        unchecked {
            for (uint256 position = 0; changed >> position != 0; ++position) {
                if ((changed >> position) & 1 == 0) continue;
                uint256 shard = _shardAt(allocation, position);
                uint256 shardId = shard & type(uint32).max;
                if (shardId == 0) revert CheckpointEntries_NoShard(position);
                bytes32 parent = _entryAt(entries, position);
                if (parent == 0) parent = SigningRoots.genesisCrosslink(domainSeparator, uint32(shardId));

                (bytes32 hash, uint256 generation, uint256 firstBlock, uint256 lastBlock) = _crosslink(
                    buffer,
                    shardId,
                    parent,
                    source
                );
                // A range that ends before it begins wraps to a length that is too large.
                if (firstBlock == 0 || lastBlock - firstBlock >= maxBlocks) {
                    revert CheckpointEntries_BlockRange(position, firstBlock, lastBlock);
                }
                if (generation != shard >> 32) voided |= 1 << position;
                assembly ("memory-safe") {
                    mstore(add(add(entries, 32), shl(5, position)), hash)
                }
                source += RECORD_LENGTH;
            }
        }
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

    /// @dev SigningRoots.crosslink of the record at `source` in the calldata, in the prepared memory.
    function _crosslink(
        uint256 buffer,
        uint256 shardId,
        bytes32 parent,
        uint256 source
    ) private pure returns (bytes32 hash, uint256 generation, uint256 firstBlock, uint256 lastBlock) {
        assembly ("memory-safe") {
            let word := calldataload(source)
            generation := shr(224, word)
            firstBlock := and(shr(160, word), 0xffffffffffffffff)
            lastBlock := and(shr(96, word), 0xffffffffffffffff)
            mstore(add(buffer, 32), shardId)
            mstore(add(buffer, 64), generation)
            mstore(add(buffer, 128), parent)
            mstore(add(buffer, 160), firstBlock)
            mstore(add(buffer, 192), lastBlock)
            // blocksRoot and stateRoot
            calldatacopy(add(buffer, 224), add(source, 20), 64)
            mstore(add(buffer, 322), keccak256(buffer, 288))
            hash := keccak256(add(buffer, 288), 66)
        }
    }

    /// @dev u32 generation ‖ u32 id; the position is one of the list.
    function _shardAt(uint256[] memory allocation, uint256 position) private pure returns (uint256 shard) {
        assembly ("memory-safe") {
            let word := mload(add(add(allocation, 32), shl(5, shr(2, position))))
            shard := and(shr(shl(6, and(position, 3)), word), 0xffffffffffffffff)
        }
    }

    /// @dev The position is one of the list.
    function _entryAt(bytes32[] memory entries, uint256 position) private pure returns (bytes32 entry) {
        assembly ("memory-safe") {
            entry := mload(add(add(entries, 32), shl(5, position)))
        }
    }

    function _popCount(uint256 bits) private pure returns (uint256 count) {
        unchecked {
            for (; bits != 0; bits &= bits - 1) ++count;
        }
    }
}
