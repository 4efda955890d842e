// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Bls} from "../libraries/Bls.sol";
import {ValidatorList} from "../libraries/ValidatorList.sol";
import {G1Point} from "../types/G1Point.sol";
import {IBeaconRegistry} from "./IBeaconRegistry.sol";

/// @title Keys of listed validators
/// @notice What a list of validators (formats, section 8) has signed is signed with their sum.
library ListedKeys {
    using ValidatorList for bytes;

    /// @notice How many validators a list may have. Two of this length fit in a transaction (EIP-7825); a committee of
    ///         mainnet has 128 members.
    uint256 internal constant MAX_LISTED = 512;

    /// @notice The sum of their keys; reverts unless it is a list of 1 to MAX_LISTED validators that there are.
    function sum(IBeaconRegistry registry, bytes calldata list) internal view returns (G1Point memory key) {
        list.validate(MAX_LISTED);
        uint256 count = list.count();
        for (uint256 i = 0; i < count; ++i) key = Bls.add(key, registry.keyOf(list.validatorAt(i)));
    }
}
