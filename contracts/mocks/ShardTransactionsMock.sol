// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ShardTransactions} from "../libraries/ShardTransactions.sol";
import {ShardTransaction} from "../types/ShardTransaction.sol";
import {StepOutcome, StepOutcomes} from "../types/Step.sol";
import {StepError} from "../types/StepError.sol";

/// @notice Opens the internal functions of `ShardTransactions` to tests.
contract ShardTransactionsMock {
    using ShardTransactions for ShardTransaction;

    function decode(bytes calldata payload) external pure returns (bool ok, ShardTransaction memory transaction) {
        return ShardTransactions.decode(payload);
    }

    function admit(
        bytes calldata payload,
        uint64 chainId
    ) external pure returns (StepOutcome memory refusal, address sender, uint256 fee) {
        (bool ok, ShardTransaction memory transaction) = ShardTransactions.decode(payload);
        if (!ok) return (StepOutcomes.refused(StepError.Malformed), address(0), 0);
        (refusal, sender) = transaction.admit(chainId);
        if (!refusal.isRefused()) fee = transaction.feeOf();
    }
}
