// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {Forfeits} from "../libraries/Forfeits.sol";
import {IBeaconRegistry} from "../beacon/IBeaconRegistry.sol";
import {Parameters} from "../types/Parameters.sol";
import {IShardRegistry, Shard} from "./IShardRegistry.sol";

/// @title Shards: who operates them and where they stand in a checkpoint
/// @notice See IShardRegistry.
contract ShardRegistry is IShardRegistry, Forfeits {
    using Checkpoints for Checkpoints.Trace224;
    using SafeCast for uint256;

    IBeaconRegistry private immutable REGISTRY;
    uint256 private immutable SHARD_COUNT;
    uint96 private immutable BOND;

    uint32 private _openedCount;
    // Bit p: what stands in `_allocation` at position p is the id p + 1 and the generation 0. Whoever changes the one
    // changes the other.
    uint128 private _plain;
    mapping(uint256 shardId => Shard shard) private _shards;
    // four positions to a word
    mapping(uint256 index => uint256 word) private _allocation;
    // by the parent's epoch
    Checkpoints.Trace224 private _openedCounts;

    constructor(IBeaconRegistry registry) {
        REGISTRY = registry;
        Parameters memory p = registry.parameters();
        SHARD_COUNT = p.shardCount;
        BOND = p.shardBond;
    }

    /// @inheritdoc IShardRegistry
    function open(address operator) external payable returns (uint32 shardId) {
        if (msg.value != BOND) revert ShardRegistry_WrongBond(msg.value, BOND);
        if (operator == address(0)) revert ShardRegistry_ZeroOperator();
        if (REGISTRY.anchors() == address(0)) revert ShardRegistry_NotInitialized();
        // Until it is known when the shards begin to work, positions are handed out by the launcher.
        if (REGISTRY.genesisTime() == 0 && msg.sender != REGISTRY.launcher()) {
            revert ShardRegistry_NotLauncher(msg.sender);
        }
        uint256 position = _openedCount;
        if (position >= SHARD_COUNT) revert ShardRegistry_NoFreePosition(SHARD_COUNT);
        shardId = uint32(position + 1);
        uint64 epoch = REGISTRY.currentEpoch();
        uint48 chainId = uint48(uint256(keccak256(abi.encode(block.chainid, address(REGISTRY), shardId))));

        _openedCount = shardId;
        _plain |= uint128(1) << uint128(position);
        _openedCounts.push(uint256(epoch).toUint32(), shardId);
        _allocation[position / 4] |= uint256(shardId) << ((position % 4) * 64);
        _shards[shardId] = Shard({
            operator: operator,
            generation: 0,
            position: uint16(position),
            chainId: chainId,
            openedEpoch: epoch,
            bond: BOND
        });
        emit ShardOpened(shardId, operator, uint16(position), chainId, epoch);
    }

    /// @inheritdoc IShardRegistry
    function slashBond(uint32 shardId, address reporter) external returns (uint96 amount) {
        if (msg.sender != REGISTRY.slashings()) revert ShardRegistry_NotSlashings(msg.sender);
        amount = _shards[shardId].bond;
        if (amount == 0) return 0;
        _shards[shardId].bond = 0;
        emit BondSlashed(shardId, reporter, amount);
        _forfeit(amount, reporter);
    }

    /// @inheritdoc IShardRegistry
    function shard(uint32 shardId) external view returns (Shard memory) {
        if (!isOpen(shardId)) revert ShardRegistry_UnknownShard(shardId);
        return _shards[shardId];
    }

    /// @inheritdoc IShardRegistry
    function isOpen(uint32 shardId) public view returns (bool) {
        return shardId != 0 && shardId <= _openedCount;
    }

    /// @inheritdoc IShardRegistry
    function openedCount() external view returns (uint32) {
        return _openedCount;
    }

    /// @inheritdoc IShardRegistry
    function openedAsOf(uint64 epoch) external view returns (uint32) {
        uint64 currentEpoch = REGISTRY.currentEpoch();
        if (epoch >= currentEpoch) revert ShardRegistry_EpochNotOver(epoch, currentEpoch);
        return uint32(_openedCounts.upperLookupRecent(uint256(epoch).toUint32()));
    }

    /// @inheritdoc IShardRegistry
    function allocation(uint256 positions) external view returns (uint256 plain, uint256[] memory words) {
        plain = _plain;
        if (positions & ~plain == 0) return (plain, words);
        words = new uint256[]((SHARD_COUNT + 3) / 4);
        for (uint256 i = 0; i < words.length; ++i) {
            if (positions & 15 != 0) words[i] = _allocation[i];
            positions >>= 4;
        }
    }
}
