// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Message} from "../../types/Message.sol";

/// @title Call data of sendMessage(uint32 destination, address recipient, bytes data)
/// @notice Twin of `decodeCall` in protocol/system-contracts.ts: only what every encoder writes.
library SendMessageCalls {
    uint256 private constant MAX_DATA_BYTES = 256;

    /// @dev Selector, destination, recipient, offset of the data, length of the data.
    uint256 private constant HEAD_BYTES = 4 + 4 * 32;
    uint256 private constant OFFSET_OF_DATA = 96;

    /// @notice Destination, recipient and data. Not `ok`: not canonical ABI, or too much data.
    /// @param callData selector included, which is not looked at again
    function decode(bytes memory callData) internal pure returns (bool ok, Message memory message) {
        if (callData.length < HEAD_BYTES) return (false, message);
        uint256 destination = _word(callData, 4);
        uint256 recipient = _word(callData, 36);
        uint256 length = _word(callData, 100);
        if (destination > type(uint32).max || recipient > type(uint160).max) return (false, message);
        if (_word(callData, 68) != OFFSET_OF_DATA || length > MAX_DATA_BYTES) return (false, message);
        uint256 padded = (length + 31) & ~uint256(31);
        if (callData.length != HEAD_BYTES + padded) return (false, message);
        // The padding is the end of the last word.
        if (padded != length && _word(callData, HEAD_BYTES + padded - 32) << (8 * (length % 32)) != 0) {
            return (false, message);
        }
        message.destination = uint32(destination);
        message.recipient = address(uint160(recipient));
        message.data = _slice(callData, HEAD_BYTES, length);
        ok = true;
    }

    function _word(bytes memory data, uint256 offset) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(data, 32), offset))
        }
    }

    function _slice(bytes memory data, uint256 offset, uint256 length) private pure returns (bytes memory part) {
        part = new bytes(length);
        assembly ("memory-safe") {
            mcopy(add(part, 32), add(add(data, 32), offset), length)
        }
    }
}
