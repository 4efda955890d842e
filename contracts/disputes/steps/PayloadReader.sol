// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Where a reader stands. `isMalformed` stays set; what is read after it means nothing.
struct PayloadReader {
    uint256 offset;
    bool isMalformed;
}

using PayloadReaders for PayloadReader global;

/// @title Fixed fields of a payload, read one by one without reverting
/// @notice A malformed payload is a fault to be reported. Twin of `ByteReader` in protocol/bytes.ts.
library PayloadReaders {
    /// @dev Off chain a number of 64 bits has to fit in 53 (formats, conventions).
    uint256 private constant MAX_SAFE_INTEGER = (1 << 53) - 1;

    /// @notice The next `length` bytes as a number; at most 32 of them.
    function readUint(
        PayloadReader memory reader,
        bytes calldata payload,
        uint256 length
    ) internal pure returns (uint256 value) {
        uint256 start = reader.offset;
        if (reader.isMalformed || start + length > payload.length) {
            reader.isMalformed = true;
            return 0;
        }
        reader.offset = start + length;
        assembly ("memory-safe") {
            value := shr(sub(256, shl(3, length)), calldataload(add(payload.offset, start)))
        }
    }

    function readUint8(PayloadReader memory reader, bytes calldata payload) internal pure returns (uint8) {
        return uint8(readUint(reader, payload, 1));
    }

    function readUint16(PayloadReader memory reader, bytes calldata payload) internal pure returns (uint16) {
        return uint16(readUint(reader, payload, 2));
    }

    function readUint32(PayloadReader memory reader, bytes calldata payload) internal pure returns (uint32) {
        return uint32(readUint(reader, payload, 4));
    }

    function readUint64(PayloadReader memory reader, bytes calldata payload) internal pure returns (uint64) {
        uint256 value = readUint(reader, payload, 8);
        if (value > MAX_SAFE_INTEGER) reader.isMalformed = true;
        return uint64(value);
    }

    function readUint128(PayloadReader memory reader, bytes calldata payload) internal pure returns (uint128) {
        return uint128(readUint(reader, payload, 16));
    }

    function readAddress(PayloadReader memory reader, bytes calldata payload) internal pure returns (address) {
        return address(uint160(readUint(reader, payload, 20)));
    }

    function readHash(PayloadReader memory reader, bytes calldata payload) internal pure returns (bytes32) {
        return bytes32(readUint(reader, payload, 32));
    }

    /// @notice The next `count` hashes; none if there are not so many.
    function readHashes(
        PayloadReader memory reader,
        bytes calldata payload,
        uint256 count
    ) internal pure returns (bytes32[] memory hashes) {
        bytes calldata list = readBytes(reader, payload, 32 * count);
        hashes = new bytes32[](list.length / 32);
        assembly ("memory-safe") {
            calldatacopy(add(hashes, 32), list.offset, list.length)
        }
    }

    /// @notice The next `length` bytes; none if there are not so many.
    function readBytes(
        PayloadReader memory reader,
        bytes calldata payload,
        uint256 length
    ) internal pure returns (bytes calldata) {
        uint256 start = reader.offset;
        if (reader.isMalformed || start + length > payload.length) {
            reader.isMalformed = true;
            return payload[0:0];
        }
        reader.offset = start + length;
        return payload[start:start + length];
    }

    /// @notice Whatever is left.
    function readRest(PayloadReader memory reader, bytes calldata payload) internal pure returns (bytes calldata) {
        return readBytes(reader, payload, payload.length - reader.offset);
    }

    /// @notice Whether all was read, and nothing was malformed.
    function isAtEnd(PayloadReader memory reader, bytes calldata payload) internal pure returns (bool) {
        return !reader.isMalformed && reader.offset == payload.length;
    }
}
