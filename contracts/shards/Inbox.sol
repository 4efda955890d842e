// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBeaconRegistry} from "../beacon/IBeaconRegistry.sol";
import {ICrosslinkAnchors} from "../beacon/ICrosslinkAnchors.sol";
import {SigningRoots} from "../libraries/SigningRoots.sol";
import {InboxEntry, Message} from "../types/Message.sol";
import {Parameters} from "../types/Parameters.sol";
import {MessageProof} from "../types/Proofs.sol";
import {IInbox} from "./IInbox.sol";
import {IShardRegistry} from "./IShardRegistry.sol";
import {IVault} from "./IVault.sol";

/// @title What the parent chain tells the shards
/// @notice See IInbox.
contract Inbox is IInbox {
    struct Counter {
        uint64 count;
        // entries of this window by kind, for the limits
        uint64 window;
        uint64 deposits;
        uint64 forced;
    }

    uint8 private constant DEPOSIT = 0;
    uint8 private constant FORCED_TRANSACTION = 1;

    /// @dev What an import can hold: data of a message, a path whose depth nobody can force, and a block number that
    ///      is decoded off chain.
    uint256 private constant MAX_MESSAGE_DATA = 256;
    uint256 private constant MAX_STATE_SIBLINGS = 128;
    uint256 private constant MAX_BLOCK_NUMBER = (1 << 53) - 1;

    IBeaconRegistry private immutable REGISTRY;
    IShardRegistry private immutable SHARDS;
    IVault private immutable VAULT;
    uint256 private immutable ENTRIES_PER_WINDOW;
    uint256 private immutable WINDOW_SECONDS;
    uint256 private immutable MAX_FORCED_BYTES;

    mapping(uint256 shardId => Counter counter) private _counters;
    mapping(uint256 shardId => mapping(uint256 index => bytes32 digest)) private _entries;
    // `u32 destination ‖ u32 source`
    mapping(uint256 route => mapping(uint256 index => uint256 epoch)) private _demands;

    constructor(IBeaconRegistry registry, IShardRegistry shards, IVault vault) {
        REGISTRY = registry;
        SHARDS = shards;
        VAULT = vault;
        Parameters memory p = registry.parameters();
        ENTRIES_PER_WINDOW = p.inboxEntriesPerEpoch;
        WINDOW_SECONDS = uint256(p.slotsPerEpoch) * p.secondsPerSlot;
        MAX_FORCED_BYTES = p.maxForcedBytes;
    }

    /// @inheritdoc IInbox
    function deposit(uint32 shardId, address recipient) external payable returns (uint64 index) {
        if (msg.value == 0 || msg.value > type(uint128).max) revert Inbox_ValueOutOfRange(msg.value);
        if (recipient == address(0)) revert Inbox_ZeroRecipient();
        index = _add(shardId, DEPOSIT, recipient, uint128(msg.value), "");
        VAULT.lock{value: msg.value}();
    }

    /// @inheritdoc IInbox
    function force(uint32 shardId, bytes calldata signedTransaction) external returns (uint64 index) {
        if (signedTransaction.length == 0 || signedTransaction.length > MAX_FORCED_BYTES) {
            revert Inbox_TransactionLength(signedTransaction.length, MAX_FORCED_BYTES);
        }
        return _add(shardId, FORCED_TRANSACTION, address(0), 0, signedTransaction);
    }

    /// @inheritdoc IInbox
    function demand(Message calldata message, MessageProof calldata proof) external {
        (uint32 source, uint32 destination, uint64 index) = (message.source, message.destination, message.index);
        if (destination == 0 || destination == source) revert Inbox_NotBetweenShards(source, destination);
        if (
            message.data.length > MAX_MESSAGE_DATA ||
            proof.stateSiblings.length > MAX_STATE_SIBLINGS ||
            proof.crosslink.crosslink.lastBlock > MAX_BLOCK_NUMBER
        ) revert Inbox_NotImportable(source, index);
        mapping(uint256 index => uint256 epoch) storage demands = _demands[_route(destination, source)];
        if (demands[index] != 0) revert Inbox_AlreadyDemanded(destination, source, index);
        ICrosslinkAnchors(REGISTRY.anchors()).verifyMessage(message, proof);

        // Not zero: nothing is settled in epoch 0.
        uint64 epoch = REGISTRY.currentEpoch();
        demands[index] = epoch;
        emit MessageDemanded(destination, source, index, epoch, message, proof);
    }

    /// @inheritdoc IInbox
    function demandedIn(uint32 destination, uint32 source, uint64 index) external view returns (uint64 epoch) {
        return uint64(_demands[_route(destination, source)][index]);
    }

    /// @inheritdoc IInbox
    function entry(uint32 shardId, uint64 index) external view returns (bytes32 digest) {
        return _entries[shardId][index];
    }

    /// @inheritdoc IInbox
    function entryCount(uint32 shardId) external view returns (uint64) {
        return _counters[shardId].count;
    }

    function _route(uint32 destination, uint32 source) private pure returns (uint256) {
        return (uint256(destination) << 32) | source;
    }

    function _add(
        uint32 shardId,
        uint8 kind,
        address recipient,
        uint128 value,
        bytes memory data
    ) private returns (uint64 index) {
        if (!SHARDS.isOpen(shardId)) revert Inbox_ShardNotOpen(shardId);
        InboxEntry memory e;
        e.shardId = shardId;
        e.epoch = REGISTRY.currentEpoch();
        _requireCommittee(shardId, e.epoch);
        e.index = _nextIndex(shardId, kind);
        e.kind = kind;
        e.sender = msg.sender;
        e.recipient = recipient;
        e.value = value;
        e.data = data;
        bytes32 digest = SigningRoots.inboxEntry(REGISTRY.domainSeparator(), e);
        _entries[shardId][e.index] = digest;
        emit EntryAdded(shardId, e.index, e.epoch, kind, msg.sender, recipient, value, data, digest);
        return e.index;
    }

    /// @dev What goes to a shard that no committee attests does not come out again. Before genesis nobody knows how
    ///      many committees there will be.
    function _requireCommittee(uint32 shardId, uint64 epoch) private view {
        uint256 genesisTime = REGISTRY.genesisTime();
        if (genesisTime == 0 || block.timestamp < genesisTime) return;
        uint16 position = SHARDS.shard(shardId).position;
        uint32 committeeCount = REGISTRY.committeeCount(epoch);
        if (position >= committeeCount) revert Inbox_NoCommittee(shardId, position, committeeCount);
    }

    function _nextIndex(uint32 shardId, uint8 kind) private returns (uint64 index) {
        Counter memory counter = _counters[shardId];
        // Not the epoch: all the time before genesis is one.
        uint64 window = uint64(block.timestamp / WINDOW_SECONDS);
        if (counter.window != window) (counter.window, counter.deposits, counter.forced) = (window, 0, 0);
        uint64 taken = kind == DEPOSIT ? counter.deposits++ : counter.forced++;
        if (taken >= ENTRIES_PER_WINDOW) revert Inbox_WindowFull(shardId, kind, window, ENTRIES_PER_WINDOW);
        index = counter.count++;
        _counters[shardId] = counter;
    }
}
