// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {G1Point, PackedG1Point} from "../types/G1Point.sol";

/// @notice Who creates blobs: one for the first of each group, one for those that take their places later.
struct KeyStores {
    address first;
    address renewed;
}

/// @title Where the keys of whole groups of seats are
/// @notice 256 keys of 96 bytes are as much as the code of one contract holds (EIP-170). The group `g` is the blob that
///         its store created as number `g`, counted from 0.
library KeyBlobs {
    /// @notice Seats of a group: those of one word of a bitmap of seats.
    uint256 internal constant GROUP = 256;
    /// @notice The number of the first blob in which a group is packed again.
    uint256 internal constant RENEWED = 1 << 32;
    /// @notice Bytes of a PackedG1Point.
    uint256 internal constant KEY_LENGTH = 96;

    /// @notice The address of the contract `index`, counted from 0, that `store` creates: the last 20 bytes of
    ///         keccak256(rlp([store, nonce])), where the nonces of contracts start at 1 (EIP-161).
    /// @param index below 2^24 - 1
    function addressOf(address store, uint256 index) internal pure returns (address blob) {
        assembly ("memory-safe") {
            let nonce := add(index, 1)
            store := shr(96, shl(96, store))
            // A list (0xc0 + length) of a string of 20 bytes (0x94) and of the nonce: one byte below 0x80 as it is,
            // else 0x80 + length and the bytes. What precedes the 20 bytes of the store is put in its free upper bytes.
            switch lt(nonce, 0x80)
            case 1 {
                // The same in short, for the groups that there are in practice.
                mstore(0x20, shl(248, nonce))
                mstore(0x00, or(shl(160, 0xd694), store))
                blob := keccak256(0x0a, 23)
            }
            default {
                let bytesOfNonce := add(add(1, gt(nonce, 0xff)), gt(nonce, 0xffff))
                mstore(0x20, or(shl(248, add(0x80, bytesOfNonce)), shl(sub(248, shl(3, bytesOfNonce)), nonce)))
                let length := add(bytesOfNonce, 1)
                // Bytes 10 to 31 of the first word: 0xc0 + 21 + length, 0x94, store.
                mstore(0x00, or(shl(160, or(shl(8, add(0xd5, length)), 0x94)), store))
                blob := keccak256(0x0a, add(22, length))
            }
            blob := shr(96, shl(96, blob))
        }
    }

    /// @notice The address of a blob by its number: the first of the group `g` has the number `g`, the renewed ones are
    ///         numbered in their order from `RENEWED` on.
    function addressOf(KeyStores memory stores, uint256 blob) internal pure returns (address) {
        return blob < RENEWED ? addressOf(stores.first, blob) : addressOf(stores.renewed, blob - RENEWED);
    }

    /// @notice One key of a blob that is there.
    function read(address blob, uint256 seat) internal view returns (G1Point memory key) {
        uint256 offset = (seat % GROUP) * KEY_LENGTH;
        PackedG1Point memory packed;
        assembly ("memory-safe") {
            extcodecopy(blob, packed, offset, 96)
        }
        return packed.unpack();
    }
}
