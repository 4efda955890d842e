// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title A list of validators
/// @notice Their numbers, four bytes each, strictly ascending: so nobody is listed twice, and a set has one list.
library ValidatorList {
    uint256 private constant NUMBER_LENGTH = 4;

    /// @notice The list is empty, ends within a number, or has more than `max` numbers.
    error ValidatorList_Length(uint256 length, uint256 max);
    error ValidatorList_NotAscending(uint32 validator, uint32 previous);

    /// @notice Reverts unless it is a list of 1 to `max` validators.
    function validate(bytes calldata list, uint256 max) internal pure {
        uint256 length = list.length;
        if (length == 0 || length % NUMBER_LENGTH != 0 || length / NUMBER_LENGTH > max) {
            revert ValidatorList_Length(length, max);
        }
        uint32 previous = validatorAt(list, 0);
        uint256 total = count(list);
        for (uint256 i = 1; i < total; ++i) {
            uint32 validator = validatorAt(list, i);
            if (validator <= previous) revert ValidatorList_NotAscending(validator, previous);
            previous = validator;
        }
    }

    function count(bytes calldata list) internal pure returns (uint256) {
        return list.length / NUMBER_LENGTH;
    }

    function validatorAt(bytes calldata list, uint256 index) internal pure returns (uint32) {
        return uint32(bytes4(list[index * NUMBER_LENGTH:(index + 1) * NUMBER_LENGTH]));
    }

    /// @notice Whether a valid list has the validator.
    function contains(bytes calldata list, uint32 validator) internal pure returns (bool) {
        (uint256 low, uint256 high) = (0, count(list));
        while (low < high) {
            uint256 middle = (low + high) / 2;
            uint32 found = validatorAt(list, middle);
            if (found == validator) return true;
            if (found < validator) low = middle + 1;
            else high = middle;
        }
        return false;
    }
}
