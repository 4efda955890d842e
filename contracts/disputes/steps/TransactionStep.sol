// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AppendTree} from "../../libraries/AppendTree.sol";
import {ShardTransactions} from "../../libraries/ShardTransactions.sol";
import {SigningRoots} from "../../libraries/SigningRoots.sol";
import {StateAccesses} from "../../libraries/StateAccesses.sol";
import {StateKeys} from "../../libraries/StateKeys.sol";
import {Account, Accounts} from "../../types/Account.sol";
import {Message} from "../../types/Message.sol";
import {ShardCall, ShardTransaction} from "../../types/ShardTransaction.sol";
import {ShardHeads} from "../../types/ShardHead.sol";
import {StateAccess} from "../../types/StateAccess.sol";
import {StepOutcome, StepOutcomes} from "../../types/Step.sol";
import {StepError} from "../../types/StepError.sol";
import {SendMessageCalls} from "./SendMessageCalls.sol";
import {StepContext} from "./StepContext.sol";

/// @title Transaction: a transfer, or a call of the messenger
/// @notice Twin of ledger/execute-transaction.ts; a forced transaction comes here, too.
library TransactionStep {
    using ShardTransactions for ShardTransaction;
    using StateAccesses for StateAccess;

    /// @notice Nothing is written when the transaction is refused.
    function execute(
        StepContext memory context,
        bytes calldata payload
    ) internal view returns (StepOutcome memory outcome) {
        (bool ok, ShardTransaction memory t) = ShardTransactions.decode(payload);
        if (!ok) return StepOutcomes.refused(StepError.Malformed);
        address sender;
        (outcome, sender) = t.admit(context.chainId);
        if (outcome.isRefused()) return outcome;

        bytes32 key = StateKeys.account(sender);
        StateAccess memory access = context.nextAccess();
        Account memory account = Accounts.fromWord(access.read(context.stateRoot, key));
        uint256 fee = t.feeOf();
        if (t.nonce != account.nonce) return StepOutcomes.refused(StepError.WrongNonce, t.nonce, account.nonce);
        if (account.balance < t.value + fee) {
            return StepOutcomes.refused(StepError.InsufficientBalance, account.balance, t.value + fee);
        }
        outcome.fee = uint128(fee);
        ++account.nonce;
        account.balance -= uint192(fee);

        bool isTransfer = t.callOf() == ShardCall.Transfer;
        Message memory message;
        bool succeeds = isTransfer;
        if (!isTransfer) (succeeds, message) = _message(context, t);
        if (succeeds) account.balance -= t.value;
        context.stateRoot = access.write(context.stateRoot, key, account.toWord());

        if (isTransfer) {
            // By the state after the sender has paid, since it may be the same account.
            context.credit(t.to, t.value);
        } else if (succeeds) {
            message.sender = sender;
            _send(context, message);
        }
    }

    /// @dev What `sendMessage` sends. A call that fails pays its fee all the same.
    function _message(
        StepContext memory context,
        ShardTransaction memory t
    ) private view returns (bool succeeds, Message memory message) {
        (succeeds, message) = SendMessageCalls.decode(t.data);
        if (!succeeds || message.destination == context.shardId || message.recipient == address(0)) {
            return (false, message);
        }
        bytes32 head = context.nextAccess().read(context.stateRoot, StateKeys.head());
        succeeds = message.destination <= ShardHeads.fromWord(head).shardCount;
        message.source = context.shardId;
        message.value = t.value;
    }

    function _send(StepContext memory context, Message memory message) private view {
        bytes32 key = StateKeys.outbox(message.destination);
        StateAccess memory access = context.nextAccess();
        (uint64 count, bytes32[] memory frontier) = context.openOutbox(access.read(context.stateRoot, key));
        message.index = count;
        bytes32 digest = SigningRoots.message(context.facts.registry.domainSeparator(), message);
        frontier = AppendTree.append(count, frontier, digest);
        bytes32 root = AppendTree.rootOfFrontier(count + 1, frontier);
        context.stateRoot = access.write(context.stateRoot, key, AppendTree.word(count + 1, root));
    }
}
