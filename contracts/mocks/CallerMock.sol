// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title A contract that calls what it is told to
/// @notice It takes coins only while it is told to, and then calls once more.
contract CallerMock {
    bool private _takesCoins;
    address private _target;
    bytes private _data;

    error CallerMock_NoCoins();

    /// @notice Whether it takes coins, and whom it calls while it does; nobody if `target` is zero.
    function onReceive(bool takesCoins, address target, bytes calldata data) external {
        (_takesCoins, _target, _data) = (takesCoins, target, data);
    }

    /// @notice Calls `target` and passes an error on.
    function call(address target, bytes calldata data) external payable {
        _call(target, data, msg.value);
    }

    receive() external payable {
        if (!_takesCoins) revert CallerMock_NoCoins();
        if (_target != address(0)) _call(_target, _data, 0);
    }

    function _call(address target, bytes memory data, uint256 value) private {
        (bool ok, bytes memory output) = target.call{value: value}(data);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(output, 32), mload(output))
            }
        }
    }
}
