// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";
import {IBeaconRegistry} from "../beacon/IBeaconRegistry.sol";
import {ICrosslinkAnchors} from "../beacon/ICrosslinkAnchors.sol";
import {Message} from "../types/Message.sol";
import {MessageProof} from "../types/Proofs.sol";
import {IVault} from "./IVault.sol";

/// @title The shards' money on the parent chain
/// @notice See IVault.
contract Vault is IVault, ReentrancyGuardTransient {
    using BitMaps for BitMaps.BitMap;

    struct Outflow {
        uint64 epoch;
        uint192 paid;
    }

    IBeaconRegistry private immutable REGISTRY;
    ICrosslinkAnchors private immutable ANCHORS;
    uint256 private immutable LIMIT_PER_EPOCH;

    Outflow private _outflow;
    // by (shard, index), never by a hash of the proof: there are many proofs of one message
    mapping(uint256 shardId => BitMaps.BitMap indices) private _withdrawn;
    mapping(uint256 shardId => mapping(uint256 index => uint256 value)) private _paid;

    constructor(IBeaconRegistry registry, ICrosslinkAnchors anchors) {
        REGISTRY = registry;
        ANCHORS = anchors;
        LIMIT_PER_EPOCH = registry.parameters().withdrawalLimitPerEpoch;
    }

    /// @inheritdoc IVault
    function lock() external payable {
        emit Locked(msg.sender, msg.value);
    }

    /// @inheritdoc IVault
    function withdraw(
        Message calldata message,
        MessageProof calldata proof
    ) external nonReentrant returns (uint256 paid) {
        if (message.destination != 0) revert Vault_NotToParent(message.destination);
        if (_withdrawn[message.source].get(message.index)) {
            revert Vault_AlreadyWithdrawn(message.source, message.index);
        }
        ANCHORS.verifyMessage(message, proof);

        uint256 due = message.value - _paid[message.source][message.index];
        paid = _take(due, message.value > LIMIT_PER_EPOCH / 2);
        if (paid == due) {
            _withdrawn[message.source].set(message.index);
            delete _paid[message.source][message.index];
        } else {
            _paid[message.source][message.index] += paid;
        }
        emit Withdrawn(message.source, message.index, message.recipient, paid, due - paid);

        // Nobody else waits for this recipient, so one that refuses, or burns the gas, only delays itself. What it
        // returns is not copied.
        bool ok;
        address recipient = message.recipient;
        assembly ("memory-safe") {
            ok := call(gas(), recipient, paid, 0, 0, 0, 0)
        }
        if (!ok) revert Vault_PaymentFailed(recipient, paid);
    }

    /// @inheritdoc IVault
    function isWithdrawn(uint32 shardId, uint64 index) external view returns (bool) {
        return _withdrawn[shardId].get(index);
    }

    /// @inheritdoc IVault
    function paidInInstalments(uint32 shardId, uint64 index) external view returns (uint256) {
        return _paid[shardId][index];
    }

    /// @inheritdoc IVault
    function remainingThisEpoch() external view returns (uint256) {
        return LIMIT_PER_EPOCH - _paidIn(REGISTRY.currentEpoch());
    }

    /// @dev Takes `wanted` out of what the epoch allows, or as much of it as there is if it may be taken in parts.
    function _take(uint256 wanted, bool inParts) private returns (uint256 taken) {
        uint64 epoch = REGISTRY.currentEpoch();
        uint256 paid = _paidIn(epoch);
        uint256 remaining = LIMIT_PER_EPOCH - paid;
        taken = inParts ? Math.min(wanted, remaining) : wanted;
        if (taken > remaining || (taken == 0 && wanted != 0)) revert Vault_LimitReached(epoch, wanted, remaining);
        _outflow = Outflow({epoch: epoch, paid: uint192(paid + taken)});
    }

    function _paidIn(uint64 epoch) private view returns (uint256) {
        return _outflow.epoch == epoch ? _outflow.paid : 0;
    }
}
