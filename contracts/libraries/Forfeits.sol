// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {IForfeits} from "./IForfeits.sol";

/// @title What is taken from wrongdoers
/// @notice See IForfeits. Burnt coins leave at once: what stays is owed to somebody.
abstract contract Forfeits is IForfeits {
    /// @dev WHISTLEBLOWER_REWARD: its 8th of a penalty.
    uint256 private constant REPORTER_QUOTIENT = 8;

    /// @dev Without code and without a known key.
    address private constant BURN_ADDRESS = 0x000000000000000000000000000000000000dEaD;

    mapping(address reporter => uint256 amount) private _credits;

    /// @inheritdoc IForfeits
    function claim() external returns (uint256 amount) {
        amount = _credits[msg.sender];
        if (amount == 0) revert Forfeits_NothingToClaim(msg.sender);
        delete _credits[msg.sender];
        emit RewardClaimed(msg.sender, amount);
        Address.sendValue(payable(msg.sender), amount);
    }

    /// @inheritdoc IForfeits
    function creditOf(address reporter) external view returns (uint256) {
        return _credits[reporter];
    }

    /// @dev Of coins that are nobody's any more. Without a reporter all of them are burnt.
    function _forfeit(uint256 amount, address reporter) internal {
        if (reporter == address(0)) return _burn(amount);
        uint256 reward = amount / REPORTER_QUOTIENT;
        _credit(reporter, reward);
        _burn(amount - reward);
    }

    /// @dev Of coins that are nobody else's.
    function _credit(address account, uint256 amount) internal {
        _credits[account] += amount;
        emit RewardCredited(account, amount);
    }

    /// @dev Of coins that are nobody's any more.
    function _burn(uint256 amount) internal {
        if (amount == 0) return;
        emit Burnt(amount);
        Address.sendValue(payable(BURN_ADDRESS), amount);
    }
}
