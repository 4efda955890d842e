// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Where a reader stands. `malformed` stays set; what is read after it means nothing.
struct RlpReader {
    uint256 offset;
    bool malformed;
    // content of the item that was read last
    uint256 start;
    uint256 length;
}

/// @title Canonical RLP, read item by item without reverting
/// @notice A malformed transaction is a fault to be reported, so nothing here reverts. Twin of the cursor in
///         protocol/transaction.ts: one value has one encoding (Yellow Paper, appendix B).
library StrictRlp {
    /// @dev More bytes of length than any payload has; a longer length has leading zeros or is out of bounds.
    uint256 private constant MAX_LENGTH_OF_LENGTH = 4;

    /// @notice Steps into a list: the reader stands before its first item.
    /// @return end where the list ends
    function enterList(RlpReader memory reader, bytes calldata payload) internal pure returns (uint256 end) {
        skipList(reader, payload);
        end = reader.offset;
        reader.offset = reader.start;
    }

    function skipList(RlpReader memory reader, bytes calldata payload) internal pure {
        if (_first(reader, payload) < 0xc0) reader.malformed = true;
        else _readHeader(reader, payload, 0xc0);
    }

    function readString(RlpReader memory reader, bytes calldata payload) internal pure {
        uint256 first = _first(reader, payload);
        if (first < 0x80) {
            reader.start = reader.offset++;
            reader.length = 1;
        } else if (first < 0xc0) {
            _readHeader(reader, payload, 0x80);
            // A single byte below 0x80 is its own encoding.
            if (first == 0x81 && !reader.malformed && _bigEndian(payload, reader.start, 1) < 0x80) {
                reader.malformed = true;
            }
        } else {
            reader.malformed = true;
        }
    }

    /// @notice An integer of at most `maxBytes` bytes, without leading zeros.
    /// @param maxBytes at most 32, so that no longer header than of one byte is read
    function readInteger(
        RlpReader memory reader,
        bytes calldata payload,
        uint256 maxBytes
    ) internal pure returns (uint256 value) {
        uint256 first = _first(reader, payload);
        if (reader.malformed) return 0;
        unchecked {
            uint256 start = reader.offset + 1;
            if (first < 0x80) {
                // Zero is the empty string.
                reader.malformed = first == 0;
                reader.offset = start;
                return first;
            }
            // For a list or a long string this is more than 32.
            uint256 length = first - 0x80;
            if (length > maxBytes || start + length > payload.length) {
                reader.malformed = true;
                return 0;
            }
            value = _bigEndian(payload, start, length);
            // A single byte below 0x80 is its own encoding.
            uint256 least = length == 1 ? 0x80 : 1 << (8 * (length - 1));
            if (length != 0 && value < least) reader.malformed = true;
            reader.offset = start + length;
        }
    }

    /// @dev First byte of the item at hand. A missing one is malformed.
    function _first(RlpReader memory reader, bytes calldata payload) private pure returns (uint256) {
        if (reader.malformed || reader.offset >= payload.length) {
            reader.malformed = true;
            return 0;
        }
        return _bigEndian(payload, reader.offset, 1);
    }

    /// @dev The first byte is not below `base`: 0x80 for strings, 0xc0 for lists. Nothing overflows: an offset is in
    ///      the payload and a length has at most 32 bits.
    function _readHeader(RlpReader memory reader, bytes calldata payload, uint256 base) private pure {
        unchecked {
            uint256 start = reader.offset + 1;
            uint256 length = _bigEndian(payload, reader.offset, 1) - base;
            if (length > 55) {
                uint256 size = length - 55;
                if (size > MAX_LENGTH_OF_LENGTH || start + size > payload.length) {
                    reader.malformed = true;
                    return;
                }
                length = _bigEndian(payload, start, size);
                // The short form reaches to 55 bytes; and no leading zeros.
                if (length < 56 || _bigEndian(payload, start, 1) == 0) reader.malformed = true;
                start += size;
            }
            if (start + length > payload.length) reader.malformed = true;
            reader.start = start;
            reader.length = length;
            reader.offset = start + length;
        }
    }

    /// @dev At most 32 bytes, all within the payload.
    function _bigEndian(bytes calldata payload, uint256 start, uint256 length) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := shr(sub(256, shl(3, length)), calldataload(add(payload.offset, start)))
        }
    }
}
