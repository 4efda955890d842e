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
    using Checkpoints for Checkpoints.Trace160;
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
    // by their first generation; the present one is in `_shards`
    mapping(uint256 shardId => Checkpoints.Trace160 operators) private _formerOperators;
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
        _requireBond(operator);
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
            bond: BOND,
            bondedFrom: 0
        });
        emit ShardOpened(shardId, operator, uint16(position), chainId, epoch);
    }

    /// @inheritdoc IShardRegistry
    function takeOver(uint32 shardId, address operator) external payable {
        _requireBond(operator);
        Shard memory s = shard(shardId);
        if (s.operator != address(0)) revert ShardRegistry_HasOperator(shardId, s.operator);
        _setOperator(shardId, s.generation, operator, BOND);
    }

    /// @inheritdoc IShardRegistry
    function advanceGeneration(uint32 shardId) external returns (uint32 generation) {
        if (msg.sender != REGISTRY.anchors()) revert ShardRegistry_NotAnchors(msg.sender);
        return _advanceGeneration(shardId);
    }

    /// @inheritdoc IShardRegistry
    function slashBond(uint32 shardId, uint32 generation, address reporter) external returns (uint96 amount) {
        if (msg.sender != REGISTRY.slashings() && msg.sender != REGISTRY.disputes()) {
            revert ShardRegistry_NotPunisher(msg.sender);
        }
        Shard memory s = _shards[shardId];
        if (s.bond == 0 || generation < s.bondedFrom || generation > s.generation) return 0;
        amount = s.bond;
        emit BondSlashed(shardId, reporter, amount);
        _setOperator(shardId, _advanceGeneration(shardId), address(0), 0);
        _forfeit(amount, reporter);
    }

    /// @inheritdoc IShardRegistry
    function shard(uint32 shardId) public view returns (Shard memory) {
        if (!isOpen(shardId)) revert ShardRegistry_UnknownShard(shardId);
        return _shards[shardId];
    }

    /// @inheritdoc IShardRegistry
    function operatorOf(uint32 shardId, uint32 generation) external view returns (address) {
        Shard memory s = shard(shardId);
        if (generation > s.generation) return address(0);
        if (generation >= s.bondedFrom) return s.operator;
        return address(_formerOperators[shardId].upperLookup(generation));
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

    // ---------------------------------------------------------------- private

    function _requireBond(address operator) private view {
        if (msg.value != BOND) revert ShardRegistry_WrongBond(msg.value, BOND);
        if (operator == address(0)) revert ShardRegistry_ZeroOperator();
    }

    function _advanceGeneration(uint32 shardId) private returns (uint32 generation) {
        Shard storage s = _shards[shardId];
        generation = s.generation + 1;
        s.generation = generation;
        uint256 position = s.position;
        _plain &= ~(uint128(1) << uint128(position));
        _allocation[position / 4] += 1 << ((position % 4) * 64 + 32);
        emit GenerationAdvanced(shardId, generation);
    }

    /// @dev Its predecessor was the operator of all generations from its own first one to the one before this.
    function _setOperator(uint32 shardId, uint32 generation, address operator, uint96 bond) private {
        Shard storage s = _shards[shardId];
        if (s.bondedFrom < generation) _formerOperators[shardId].push(s.bondedFrom, uint160(s.operator));
        (s.operator, s.bond, s.bondedFrom) = (operator, bond, generation);
        emit OperatorChanged(shardId, generation, operator);
    }
}
