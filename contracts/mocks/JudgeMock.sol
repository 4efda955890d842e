// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IJudge} from "../disputes/IJudge.sol";
import {Crosslink} from "../types/Crosslink.sol";
import {Fault, Predicate} from "../types/Fault.sol";

/// @title A judge that finds what the evidence says
/// @notice It refuses evidence of another predicate, and evidence that says nothing.
contract JudgeMock is IJudge {
    error JudgeMock_Refused();

    /// @param evidence abi.encode(Predicate, Fault, uint16 blockIndex, bytes32 stateRoot of the crosslink)
    function judge(
        Predicate predicate,
        Crosslink calldata crosslink,
        bytes calldata evidence
    ) external pure returns (Fault fault, uint16 blockIndex) {
        if (evidence.length == 0) revert JudgeMock_Refused();
        Predicate expected;
        bytes32 stateRoot;
        (expected, fault, blockIndex, stateRoot) = abi.decode(evidence, (Predicate, Fault, uint16, bytes32));
        if (predicate != expected) revert Judge_WrongPredicate(predicate);
        if (crosslink.stateRoot != stateRoot) revert JudgeMock_Refused();
    }
}
