// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {HashToCurve} from "../libraries/HashToCurve.sol";
import {G2Point} from "../types/G2Point.sol";

// solhint-disable use-natspec -- each function is the library function of its name
/// @title HashToCurve opened to tests
/// @notice Opens the internal functions of `HashToCurve` to tests.
contract HashToCurveMock {
    function expandMessageXmd(
        bytes memory message,
        bytes memory tag,
        uint256 length
    ) external view returns (bytes memory) {
        return HashToCurve.expandMessageXmd(message, tag, length);
    }

    function hashToG2(
        bytes memory message,
        bytes memory tag
    ) external view returns (G2Point memory point, uint256 gasUsed) {
        uint256 before = gasleft();
        point = HashToCurve.hashToG2(message, tag);
        gasUsed = before - gasleft();
    }
}
