// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What is taken from wrongdoers
/// @notice Of what evidence takes, an eighth is its reporter's, so that reporting oneself loses; the rest is burnt.
///         What is taken without evidence is burnt whole. Rewards are fetched by those whose they are.
interface IForfeits {
    /// @notice Nobody has these coins any more.
    event Burnt(uint256 amount);
    /// @notice The reporter may claim so much more.
    event RewardCredited(address indexed reporter, uint256 amount);
    /// @notice The reporter was paid.
    event RewardClaimed(address indexed reporter, uint256 amount);

    error Forfeits_NothingToClaim(address reporter);

    /// @notice Pays the caller what has been credited to it.
    function claim() external returns (uint256 amount);

    /// @notice What the reporter may claim, in wei.
    function creditOf(address reporter) external view returns (uint256);
}
