// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ShardTransactions} from "../libraries/ShardTransactions.sol";
import {StateAccesses} from "../libraries/StateAccesses.sol";
import {StateKeys} from "../libraries/StateKeys.sol";
import {TraceLeaves} from "../libraries/TraceLeaves.sol";
import {Account, Accounts} from "../types/Account.sol";
import {ShardCall, ShardTransaction} from "../types/ShardTransaction.sol";
import {StateAccess} from "../types/StateAccess.sol";
import {StepVerdict} from "../types/StepVerdict.sol";
import {TraceLeaf} from "../types/TraceLeaf.sol";

/// @notice A step of a block with everything that its judgement reads.
struct TransferStep {
    // of the block's header
    bytes32 traceRoot;
    uint32 stepCount;
    // of the step in the block; step 0 is never a transaction
    uint32 index;
    TraceLeaf leaf;
    bytes32[] leafSiblings;
    // of the step before, whose results this one starts from
    TraceLeaf previous;
    bytes32[] previousSiblings;
    bytes payload;
    // in the order of execution: the sender's account, then the recipient's after the sender has paid
    StateAccess[] accesses;
}

/**
 * @title Re-executes one plain transfer of a shard
 * @notice A prototype of the verifier of steps, for the kind of step that all blocks are full of.
 *
 * Whatever the caller gets wrong reverts (an opening, a path, too little gas); what the block got wrong is returned.
 * The header is taken as given: who asks has to open it.
 */
contract TransferVerifier {
    using Accounts for Account;
    using ShardTransactions for ShardTransaction;
    using StateAccesses for StateAccess;
    using TraceLeaves for TraceLeaf;

    uint8 private constant TRANSACTION = 1;

    /// @notice The step is of another kind, is the first of its block, or calls a system contract.
    error TransferVerifier_NotATransfer(uint32 index, uint8 kind);
    /// @notice The leaf at this position claims another index: a fault, but one that needs no execution to be seen.
    error TransferVerifier_WrongIndex(uint64 claimed, uint32 index);
    error TransferVerifier_WrongPayload(bytes32 expected, bytes32 actual);
    error TransferVerifier_AccessMissing(uint256 index);

    /// @notice Judges a step of the shard with this chain id.
    function judge(uint64 chainId, TransferStep calldata step) external view returns (StepVerdict) {
        _requireOpenings(step);
        if (step.payload.length != step.leaf.length) return StepVerdict.WrongPayloadLength;

        (bool ok, ShardTransaction memory t) = ShardTransactions.decode(step.payload);
        if (!ok) return StepVerdict.Malformed;
        if (!t.isCreation && t.callOf() == ShardCall.SendMessage) {
            revert TransferVerifier_NotATransfer(step.index, step.leaf.kind);
        }
        (StepVerdict verdict, address sender) = t.admit(chainId);
        if (verdict != StepVerdict.Sound) return verdict;

        bytes32 stateRoot = step.previous.stateRoot;
        (verdict, stateRoot) = _pay(stateRoot, _access(step, 0), t, sender);
        if (verdict != StepVerdict.Sound) return verdict;
        stateRoot = _receive(stateRoot, _access(step, 1), t);

        if (step.previous.fees + t.feeOf() != step.leaf.fees) return StepVerdict.WrongFees;
        return stateRoot == step.leaf.stateRoot ? StepVerdict.Sound : StepVerdict.WrongStateRoot;
    }

    function _requireOpenings(TransferStep calldata step) private view {
        TraceLeaf memory leaf = step.leaf;
        if (leaf.kind != TRANSACTION || step.index == 0) revert TransferVerifier_NotATransfer(step.index, leaf.kind);
        if (leaf.index != step.index) revert TransferVerifier_WrongIndex(leaf.index, step.index);
        leaf.requireInTrace(step.index, step.leafSiblings, step.traceRoot, step.stepCount);
        TraceLeaf memory previous = step.previous;
        previous.requireInTrace(step.index - 1, step.previousSiblings, step.traceRoot, step.stepCount);
        bytes32 payloadHash = keccak256(step.payload);
        if (payloadHash != leaf.payloadHash) revert TransferVerifier_WrongPayload(leaf.payloadHash, payloadHash);
    }

    function _access(TransferStep calldata step, uint256 index) private pure returns (StateAccess memory) {
        if (index >= step.accesses.length) revert TransferVerifier_AccessMissing(index);
        return step.accesses[index];
    }

    /// @dev The sender's side: nonce, fee and value.
    function _pay(
        bytes32 stateRoot,
        StateAccess memory access,
        ShardTransaction memory t,
        address sender
    ) private view returns (StepVerdict, bytes32) {
        bytes32 key = StateKeys.account(sender);
        Account memory account = Accounts.fromWord(access.read(stateRoot, key));
        if (t.nonce != account.nonce) return (StepVerdict.WrongNonce, stateRoot);
        uint256 cost = t.value + t.feeOf();
        if (account.balance < cost) return (StepVerdict.InsufficientBalance, stateRoot);
        ++account.nonce;
        account.balance -= uint192(cost);
        return (StepVerdict.Sound, access.write(stateRoot, key, account.toWord()));
    }

    /// @dev The recipient's side. The sum of all balances fits in 192 bits in every state that sound steps lead to.
    function _receive(
        bytes32 stateRoot,
        StateAccess memory access,
        ShardTransaction memory t
    ) private view returns (bytes32) {
        bytes32 key = StateKeys.account(t.to);
        Account memory account = Accounts.fromWord(access.read(stateRoot, key));
        account.balance += t.value;
        return access.write(stateRoot, key, account.toWord());
    }
}
