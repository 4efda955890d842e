// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Message} from "../types/Message.sol";
import {MessageProof} from "../types/Proofs.sol";

/**
 * @title The shards' money on the parent chain
 * @notice Coins come in through the Inbox and go out to recipients of messages to destination 0, each message once.
 *
 * What leaves per epoch is limited, which bounds the loss by a fault that nobody noticed in time. A message of up to
 * half the limit is paid whole or not at all; to hold it up, others have to withdraw the other half in every epoch. A
 * larger one is paid in instalments, each as much as the epoch still allows. If it had to fit whole, a wei withdrawn in
 * every epoch would hold up a message of the whole limit; and one above the limit would either be locked for ever, or
 * pass in one piece when the epoch is untouched, as would exactly the forged withdrawal of everything.
 */
interface IVault {
    /// @notice Coins came in.
    event Locked(address indexed from, uint256 value);
    /// @notice Coins went out.
    /// @param outstanding what is left to pay of the message, in later epochs
    event Withdrawn(
        uint32 indexed shardId,
        uint64 indexed index,
        address indexed recipient,
        uint256 value,
        uint256 outstanding
    );

    error Vault_NotToParent(uint32 destination);
    error Vault_AlreadyWithdrawn(uint32 shardId, uint64 index);
    error Vault_LimitReached(uint64 epoch, uint256 wanted, uint256 remaining);
    /// @notice The recipient did not take the coins. The message stays unpaid and can be tried again.
    error Vault_PaymentFailed(address recipient, uint256 value);

    /// @notice Takes coins in for the shards. A gift by anybody else than the Inbox only makes the vault richer.
    function lock() external payable;

    /// @notice Pays a settled message to its recipient. Anybody may call it.
    /// @return paid its value, or an instalment of it if the value is above half the limit per epoch
    function withdraw(Message calldata message, MessageProof calldata proof) external returns (uint256 paid);

    /// @notice Whether the message was paid in full.
    function isWithdrawn(uint32 shardId, uint64 index) external view returns (bool);

    /// @notice What was paid so far of a message that is paid in instalments and not finished.
    function paidInInstalments(uint32 shardId, uint64 index) external view returns (uint256);

    /// @notice What may still leave in the current epoch.
    function remainingThisEpoch() external view returns (uint256);
}
