// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Bits} from "./Bits.sol";
import {SigningRoots} from "./SigningRoots.sol";

/// @title From the entries of one checkpoint to those of the next
/// @notice The hot loop of a submission: a record per changed position becomes the digest of a crosslink. A record is
///         u32 generation ‖ u64 firstBlock ‖ u64 lastBlock ‖ blocksRoot ‖ stateRoot.
library CheckpointEntries {
    uint256 internal constant RECORD_LENGTH = 84;

    uint256 private constant MAX_BLOCK = (1 << 53) - 1;

    error CheckpointEntries_RecordsLength(uint256 length, uint256 expected);
    error CheckpointEntries_NoPosition(uint256 changed, uint256 positions);
    error CheckpointEntries_NoShard(uint256 position);
    /// @notice A crosslink holds `firstBlock` to `lastBlock`: at least one block, not too many, none of number 0, and
    ///         none above 2^53 - 1, which nobody off chain would decode.
    error CheckpointEntries_BlockRange(uint256 position, uint256 firstBlock, uint256 lastBlock);
    /// @notice The shard is not in that generation yet, as on a parent chain that took a dispute back. The vote is good
    ///         as soon as it is there again.
    error CheckpointEntries_FutureGeneration(uint256 position, uint256 generation, uint256 current);

    /// @notice Replaces the changed entries in place.
    /// @param plain positions p of the shard p + 1 in generation 0
    /// @param allocation id and generation of the shard at each other position, as IShardRegistry.allocation packs them
    /// @param resumes what an entry of its shard's generation is built on instead of the previous one, by position;
    ///        zero, or the list empty, where that is the previous one, as always in generation 0
    /// @return voided positions whose new entry is of a generation that its shard has left
    function replace(
        bytes32[] memory entries,
        uint256 changed,
        bytes calldata records,
        uint256 plain,
        uint256[] memory allocation,
        bytes32[] memory resumes,
        bytes32 domainSeparator,
        uint64 epoch,
        uint256 maxBlocks
    ) internal pure returns (uint256 voided) {
        // From here on every position is inside the lists, and every record inside the calldata.
        uint256 positions = entries.length;
        if (changed & ~plain != 0) positions = Math.min(positions, allocation.length * 4);
        if (changed >> positions != 0) revert CheckpointEntries_NoPosition(changed, positions);
        uint256 expected = Bits.count(changed) * RECORD_LENGTH;
        if (records.length != expected) revert CheckpointEntries_RecordsLength(records.length, expected);

        uint256 buffer = _prepare(domainSeparator, epoch);
        uint256 source;
        assembly ("memory-safe") {
            source := records.offset
        }
        // `next` is the position + 1, and the id of the shard if that is plain. Nothing here comes near an overflow but
        // lastBlock - firstBlock, where it is meant.
        unchecked {
            uint256 next = 1;
            while (true) {
                uint256 start = next;
                (next, source) = _replacePlain(entries, changed & plain, next, source, buffer, maxBlocks);
                (changed, plain) = (changed >> (next - start), plain >> (next - start));
                if (changed == 0) break;
                if (changed & 1 == 1) {
                    // One that is not like most.
                    uint256 shard = plain & 1 == 1 ? next : shardAt(allocation, next - 1);
                    bool isDead = _isDead(next - 1, source, shard >> 32);
                    if (isDead) voided |= 1 << (next - 1);
                    bytes32 parent = isDead || resumes.length == 0 ? bytes32(0) : resumes[next - 1];
                    if (parent == 0) parent = _entryAt(entries, next);
                    if (parent == 0) parent = SigningRoots.genesisCrosslink(domainSeparator, uint32(shard));
                    uint256 blocks = _replaceEntry(entries, next, buffer, shard, parent, source);
                    if (blocks >= maxBlocks) _refuse(next - 1, source);
                    source += RECORD_LENGTH;
                }
                (changed, plain, next) = (changed >> 1, plain >> 1, next + 1);
            }
        }
    }

    /// @dev Replaces entries from `next` on as long as bits of `run`, from the lowest on, say that they change and are
    ///      of plain shards, and they have a parent and a record of generation 0 with a good range. It may stop sooner,
    ///      never later: what it leaves is checked by others. Returns `next` and `source` where it stopped.
    function _replacePlain(
        bytes32[] memory entries,
        uint256 run,
        uint256 next,
        uint256 source,
        uint256 buffer,
        uint256 maxBlocks
    ) private pure returns (uint256 nextLeft, uint256 sourceLeft) {
        assembly ("memory-safe") {
            mstore(add(buffer, 64), 0)
            for {} and(run, 1) {} {
                let entry := add(entries, shl(5, next))
                let parent := mload(entry)
                let word := calldataload(source)
                let lastBlock := and(shr(96, word), 0xffffffffffffffff)
                // With a generation before it, it is larger than any last block, and the difference wraps.
                let firstBlock := shr(160, word)
                // The product is 0 if one of the two is. If it is by overflow, others find that neither is.
                if or(
                    iszero(mul(parent, firstBlock)),
                    iszero(and(lt(sub(lastBlock, firstBlock), maxBlocks), iszero(shr(53, lastBlock))))
                ) {
                    break
                }
                mstore(add(buffer, 32), next)
                mstore(add(buffer, 128), parent)
                mstore(add(buffer, 160), firstBlock)
                // lastBlock, blocksRoot and stateRoot, one behind the other here and there
                calldatacopy(add(buffer, 216), add(source, 12), 72)
                mstore(add(buffer, 322), keccak256(buffer, 288))
                mstore(entry, keccak256(add(buffer, 288), 66))
                source := add(source, RECORD_LENGTH)
                next := add(next, 1)
                run := shr(1, run)
            }
        }
        return (next, source);
    }

    function _refuse(uint256 position, uint256 source) private pure {
        uint256 word;
        assembly ("memory-safe") {
            word := calldataload(source)
        }
        revert CheckpointEntries_BlockRange(position, uint64(word >> 160), uint64(word >> 96));
    }

    /// @dev Memory for the preimages of struct and digest, 9 words and 66 bytes, with what is the same in all of them.
    function _prepare(bytes32 domainSeparator, uint64 epoch) private pure returns (uint256 buffer) {
        bytes32 structType = SigningRoots.CROSSLINK_TYPE;
        assembly ("memory-safe") {
            buffer := mload(0x40)
            mstore(0x40, add(buffer, 384))
            mstore(buffer, structType)
            mstore(add(buffer, 96), epoch)
            mstore(add(buffer, 192), 0)
            mstore(add(buffer, 288), shl(240, 0x1901))
            mstore(add(buffer, 290), domainSeparator)
        }
    }

    /// @dev SigningRoots.crosslink of the record at `source` in the calldata, made in the prepared memory, becomes the
    ///      entry. It returns lastBlock - firstBlock, which wraps to a number that is too large if the range ends
    ///      before it begins, and is made one if a number is 0 or too large.
    function _replaceEntry(
        bytes32[] memory entries,
        uint256 next,
        uint256 buffer,
        uint256 shard,
        bytes32 parent,
        uint256 source
    ) private pure returns (uint256 blocks) {
        assembly ("memory-safe") {
            mstore(add(buffer, 128), parent)
            mstore(add(buffer, 32), and(shard, 0xffffffff))
            let word := calldataload(source)
            mstore(add(buffer, 64), shr(224, word))
            let lastBlock := and(shr(96, word), 0xffffffffffffffff)
            mstore(add(buffer, 192), lastBlock)
            word := and(shr(160, word), 0xffffffffffffffff)
            mstore(add(buffer, 160), word)
            blocks := or(sub(lastBlock, word), sub(0, or(iszero(word), gt(lastBlock, MAX_BLOCK))))
            // blocksRoot and stateRoot
            calldatacopy(add(buffer, 224), add(source, 20), 64)
            mstore(add(buffer, 322), keccak256(buffer, 288))
            mstore(add(entries, shl(5, next)), keccak256(add(buffer, 288), 66))
        }
    }

    /// @dev Whether the record at `source` is of a generation that its shard has left.
    function _isDead(uint256 position, uint256 source, uint256 current) private pure returns (bool) {
        uint256 generation;
        assembly ("memory-safe") {
            generation := shr(224, calldataload(source))
        }
        if (generation > current) revert CheckpointEntries_FutureGeneration(position, generation, current);
        return generation < current;
    }

    /// @notice u32 generation ‖ u32 id of the shard at a position of the list.
    function shardAt(uint256[] memory allocation, uint256 position) internal pure returns (uint256 shard) {
        assembly ("memory-safe") {
            let word := mload(add(add(allocation, 32), shl(5, shr(2, position))))
            shard := and(shr(shl(6, and(position, 3)), word), 0xffffffffffffffff)
        }
        if (uint32(shard) == 0) revert CheckpointEntries_NoShard(position);
    }

    /// @dev The position before `next` is one of the list, whose first word is its length.
    function _entryAt(bytes32[] memory entries, uint256 next) private pure returns (bytes32 entry) {
        assembly ("memory-safe") {
            entry := mload(add(entries, shl(5, next)))
        }
    }
}
