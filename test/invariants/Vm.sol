// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The cheat codes of Hardhat's Solidity tests that are used here
/// @notice Signatures as Foundry documents them.
interface Vm {
    /// @notice Sets the parent chain's time.
    function warp(uint256 timestamp) external;

    /// @notice Sets the parent chain's block number.
    function roll(uint256 number) external;

    function deal(address account, uint256 balance) external;

    /// @notice The next call comes from `sender`, in a transaction of `origin`.
    function prank(address sender, address origin) external;

    /// @notice An ECDSA signature, and whose it is.
    function sign(uint256 secretKey, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);

    function addr(uint256 secretKey) external pure returns (address);

    /// @notice The running call does not count if `condition` is false.
    function assume(bool condition) external pure;

    /// @notice Creation code of a contract that Hardhat compiled: what is deployed, not what the test was compiled with.
    function getCode(string calldata artifact) external view returns (bytes memory);
}

/// @dev The last 20 bytes of the hash.
Vm constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
