// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {StateAccesses} from "../libraries/StateAccesses.sol";
import {StateAccess} from "../types/StateAccess.sol";

/// @notice Opens the internal functions of `StateAccesses` to tests.
contract StateAccessesMock {
    using StateAccesses for StateAccess;

    function read(StateAccess memory access, bytes32 root, bytes32 key) external view returns (bytes32) {
        return access.read(root, key);
    }

    function readAndWrite(
        StateAccess memory access,
        bytes32 root,
        bytes32 key,
        bytes32 word
    ) external view returns (bytes32 before, bytes32 newRoot) {
        before = access.read(root, key);
        newRoot = access.write(root, key, word);
    }
}
