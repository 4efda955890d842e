// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Crosslink} from "../types/Crosslink.sol";
import {Fault, Predicate} from "../types/Fault.sol";

/**
 * @title Says whether an anchored crosslink is at fault
 * @notice Reverts for whatever the caller got wrong: an opening, a path, too little gas. What the crosslink got wrong
 * is returned, and nothing else is ever a fault.
 */
interface IJudge {
    /// @notice A judge is asked for a predicate of another.
    error Judge_WrongPredicate(Predicate predicate);

    /**
     * @notice What the evidence shows of the crosslink.
     * @param crosslink it is the caller who has opened it
     * @param evidence ABI encoding of the struct of the predicate (formats, section 9)
     * @return fault None if the evidence shows none
     * @return blockIndex of the block at fault in the crosslink, 0xffff if the fault is in none. So it is for a first
     * step that was executed on another block than the header names: whoever signed that header is not to blame
     */
    function judge(
        Predicate predicate,
        Crosslink calldata crosslink,
        bytes calldata evidence
    ) external view returns (Fault fault, uint16 blockIndex);
}
