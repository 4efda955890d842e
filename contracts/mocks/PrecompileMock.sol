// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title A precompile that gives the answers it was taught
/// @notice For a chain that has none: its code is put at the precompile's address. It refuses what it does not know.
contract PrecompileMock {
    mapping(bytes32 inputHash => bytes output) private _answers;

    error PrecompileMock_Refused();

    /// @notice Answers `input` with `output` from now on; an empty one is a refusal.
    function teach(bytes calldata input, bytes calldata output) external {
        _answers[keccak256(input)] = output;
    }

    fallback(bytes calldata input) external returns (bytes memory output) {
        output = _answers[keccak256(input)];
        if (output.length == 0) revert PrecompileMock_Refused();
    }
}
