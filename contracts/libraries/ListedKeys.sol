// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {G1Point} from "../types/G1Point.sol";
import {Bls} from "./Bls.sol";
import {ValidatorList} from "./ValidatorList.sol";

/// @title Keys of listed validators
/// @notice What a list of validators (formats, section 8) has signed is signed with their sum.
library ListedKeys {
    using ValidatorList for bytes;

    /// @notice How many validators a list may have. Two of this length fit in a transaction (EIP-7825); a committee of
    ///         mainnet has 128 members.
    uint256 internal constant MAX_LISTED = 512;

    /// @notice The sum of their keys; reverts unless it is a list of 1 to MAX_LISTED validators that there are.
    /// @param keyOf as IBeaconRegistry.keyOf
    function sum(
        bytes calldata list,
        function(uint32) external view returns (G1Point memory) keyOf
    ) internal view returns (G1Point memory key) {
        list.validate(MAX_LISTED);
        uint256 count = list.count();
        for (uint256 i = 0; i < count; ++i) key = Bls.add(key, keyOf(list.validatorAt(i)));
    }
}
