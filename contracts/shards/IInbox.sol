// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Message} from "../types/Message.sol";
import {MessageProof} from "../types/Proofs.sol";

/**
 * @title What the parent chain tells the shards
 * @notice Numbered entries per shard, which its blocks import in order: deposits of native coin, and forced
 * transactions against an operator that ignores them. The coins go to the Vault. In a window of one epoch's length a
 * shard takes so many entries of each kind: forced transactions, which cost only gas, keep no deposits out.
 *
 * A message of another shard comes to its destination beside the parent chain. If it does not, whoever has it shows it
 * here: from then on everybody has it, and the destination has to import it.
 */
interface IInbox {
    /// @notice The shard has to import this entry, in order.
    /// @param kind 0 deposit, 1 forced transaction
    /// @param digest EIP-712 digest of `InboxEntry` with the fields of this event
    event EntryAdded(
        uint32 indexed shardId,
        uint64 indexed index,
        uint64 epoch,
        uint8 kind,
        address indexed sender,
        address recipient,
        uint128 value,
        bytes data,
        bytes32 digest
    );

    /// @notice The destination has to import the message, which is all there is to import it by.
    event MessageDemanded(
        uint32 indexed destination,
        uint32 indexed source,
        uint64 indexed index,
        uint64 epoch,
        Message message,
        MessageProof proof
    );

    error Inbox_ShardNotOpen(uint32 shardId);
    /// @notice In the current epoch the shard's position has no committee. Only from genesis on.
    error Inbox_NoCommittee(uint32 shardId, uint256 position, uint256 committeeCount);
    error Inbox_ValueOutOfRange(uint256 value);
    error Inbox_ZeroRecipient();
    error Inbox_TransactionLength(uint256 length, uint256 max);
    /// @notice The shard's entries of this kind and window are used up; the next window has new ones. A window is as
    ///         long as an epoch: number `window` is the parent's time divided by that.
    error Inbox_WindowFull(uint32 shardId, uint8 kind, uint64 window, uint256 limit);

    /// @notice Only messages from one shard to another one are imported.
    error Inbox_NotBetweenShards(uint32 source, uint32 destination);
    /// @notice No shard that keeps the rules sends such a message: no block could hold the import.
    error Inbox_NotImportable(uint32 source, uint64 index);
    error Inbox_AlreadyDemanded(uint32 destination, uint32 source, uint64 index);

    /// @notice Moves the value to the recipient's balance on the shard.
    function deposit(uint32 shardId, address recipient) external payable returns (uint64 index);

    /// @notice Makes the shard execute a signed transaction; one that is not admissible there when it comes is a no-op.
    function force(uint32 shardId, bytes calldata signedTransaction) external returns (uint64 index);

    /**
     * @notice Makes the destination import a message out of a settled state of its source. Messages are imported in
     * order, so those before it have to be demanded, too, if they are not imported.
     */
    function demand(Message calldata message, MessageProof calldata proof) external;

    /// @notice Epoch in which that message was demanded, zero if it was not.
    function demandedIn(uint32 destination, uint32 source, uint64 index) external view returns (uint64 epoch);

    /// @notice Digest of the entry, zero if there is none yet.
    function entry(uint32 shardId, uint64 index) external view returns (bytes32 digest);

    /// @notice Number of the shard's entries; also the next index.
    function entryCount(uint32 shardId) external view returns (uint64);
}
