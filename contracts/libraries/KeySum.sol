// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {G1Point, PackedG1Point} from "../types/G1Point.sol";
import {Bls} from "./Bls.sol";

/// @notice Sum of many keys: where in memory the 256 bytes for G1_ADD are, first the sum so far, then the next key.
/// Behind them is room for a packed key (96 bytes), and the table of seats by bit.
type KeySum is uint256;

using KeySums for KeySum global;

/// @title Adding up thousands of keys
/// @notice Nothing here checks the subgroup: what is added was checked when it was enrolled.
/// @dev What an addition costs beside the precompile decides what an absent seat costs, hence the assembly.
library KeySums {
    /// @notice With fewer keys it is cheaper to copy one by one (100 gas and a few) than the whole blob (2,304 gas).
    uint256 internal constant COPY_WHOLE_FROM = 18;

    uint256 private constant G1_ADD = 0x0b;

    /// @dev Byte 2^i mod 269 is the seat of bit i within its word: i xor 248, since byte 0 of a bitmap is the highest
    ///      of a word and holds the lowest seats. (2 is a primitive root of 269, so no two bits meet.)
    bytes private constant SEATS =
        hex"00f8f995fa2896ebfb22291e9776ecc9fc9123272a781f48886c77c3ed43ca00"
        hex"fdbf921b24c018032b307906106649d889de6d2e683cc452eeb84433cbf40015"
        hex"feaab07c93e91cd72556c100190104e62c5031137ad507e411e267594a9cd95b"
        hex"8a82df4c6e002f9e69bc3ddbc5b7535def8fb98c45a43484cc38f5d100a0164e"
        hex"ffa7ab60b10a7d009437ea211d75c8902687576bc24200be1acf023f0565e7dd"
        hex"2d3b51c732f314a97be8d6550000e55f12d4e3e1589b5a814b009dbbdab65c8e"
        hex"8ba38347d0af4da66f09003620749f866a41bdce3e64dc3ac6f2a8f7540f5ed3"
        hex"e09a8000bab58da246aea50835738540cd6339f1f60ed29900b4a1ad17724f62"
        hex"f00d98b3ac71610cb2700b7f7e";

    /// @notice A sum that begins with `start`.
    function create(G1Point memory start) internal pure returns (KeySum sum) {
        bytes memory table = SEATS;
        assembly ("memory-safe") {
            sum := mload(0x40)
            // 256 bytes for the operands, 96 for a key, 288 for the table.
            mstore(0x40, add(sum, 640))
            mcopy(sum, start, 128)
            // Memory that nobody has allocated before may be dirty all the same.
            calldatacopy(add(sum, 128), calldatasize(), 128)
            mcopy(add(sum, 352), add(table, 32), 288)
        }
    }

    function value(KeySum sum) internal pure returns (G1Point memory point) {
        assembly ("memory-safe") {
            mcopy(point, sum, 128)
        }
    }

    /// @notice Adds a point that stands in storage.
    function add(KeySum sum, PackedG1Point storage stored) internal view {
        (bytes32 head, bytes32 middle, bytes32 tail) = (stored.head, stored.middle, stored.tail);
        bool ok;
        assembly ("memory-safe") {
            let key := add(sum, 256)
            mstore(key, head)
            mstore(add(key, 32), middle)
            mstore(add(key, 64), tail)
            mcopy(add(sum, 144), key, 48)
            mcopy(add(sum, 208), add(key, 48), 48)
            ok := staticcall(gas(), G1_ADD, sum, 256, sum, 128)
            ok := and(ok, eq(returndatasize(), 128))
        }
        if (!ok) revert Bls.Bls_PrecompileFailed(G1_ADD);
    }

    /// @notice Adds a few keys of a group that is in a blob.
    /// @param word their seats, as the bitmap has them: byte 0, the highest, holds seats 0 to 7 with seat 0 lowest; at
    ///        least one
    function addFew(KeySum sum, address blob, uint256 word) internal view {
        bool ok = true;
        assembly ("memory-safe") {
            // The 16 bytes before x and y are zero from the beginning; an addition writes the first operand alone. One
            // that fails leaves `ok` false, whatever comes after it.
            // Where a key lands its y is in place, and its x 16 bytes too far.
            let landing := add(sum, 160)
            let seats := add(sum, 352)
            for {} word {} {
                let bit := and(word, sub(0, word))
                word := xor(word, bit)
                // The first byte of what is loaded is the seat.
                extcodecopy(blob, landing, mul(byte(0, mload(add(seats, mod(bit, 269)))), 96), 96)
                let head := mload(landing)
                let tail := mload(add(landing, 16))
                mstore(sub(landing, 16), head)
                mstore(add(landing, 16), shl(128, tail))
                ok := and(ok, staticcall(gas(), G1_ADD, sum, 256, sum, 128))
            }
            ok := and(ok, eq(returndatasize(), 128))
        }
        if (!ok) revert Bls.Bls_PrecompileFailed(G1_ADD);
    }

    /// @notice The same for many keys.
    /// @param count how many bits `word` has
    function addMany(KeySum sum, address blob, uint256 word, uint256 count) internal view {
        bool ok = true;
        assembly ("memory-safe") {
            let seats := add(sum, 352)
            let x := add(sum, 144)
            let y := add(sum, 208)
            // Behind everything that is allocated, since nobody allocates meanwhile.
            let keys := mload(0x40)
            extcodecopy(blob, keys, 0, 24576)
            // Four keys a turn: the loop would be a fifth of what a key costs beside the precompile.
            for {
                let turns := shr(2, count)
            } turns {
                turns := sub(turns, 1)
            } {
                let bit := and(word, sub(0, word))
                word := xor(word, bit)
                let key := add(keys, mul(byte(0, mload(add(seats, mod(bit, 269)))), 96))
                mcopy(x, key, 48)
                mcopy(y, add(key, 48), 48)
                ok := and(ok, staticcall(gas(), G1_ADD, sum, 256, sum, 128))
                bit := and(word, sub(0, word))
                word := xor(word, bit)
                key := add(keys, mul(byte(0, mload(add(seats, mod(bit, 269)))), 96))
                mcopy(x, key, 48)
                mcopy(y, add(key, 48), 48)
                ok := and(ok, staticcall(gas(), G1_ADD, sum, 256, sum, 128))
                bit := and(word, sub(0, word))
                word := xor(word, bit)
                key := add(keys, mul(byte(0, mload(add(seats, mod(bit, 269)))), 96))
                mcopy(x, key, 48)
                mcopy(y, add(key, 48), 48)
                ok := and(ok, staticcall(gas(), G1_ADD, sum, 256, sum, 128))
                bit := and(word, sub(0, word))
                word := xor(word, bit)
                key := add(keys, mul(byte(0, mload(add(seats, mod(bit, 269)))), 96))
                mcopy(x, key, 48)
                mcopy(y, add(key, 48), 48)
                ok := and(ok, staticcall(gas(), G1_ADD, sum, 256, sum, 128))
            }
            for {} word {} {
                let bit := and(word, sub(0, word))
                word := xor(word, bit)
                let key := add(keys, mul(byte(0, mload(add(seats, mod(bit, 269)))), 96))
                mcopy(x, key, 48)
                mcopy(y, add(key, 48), 48)
                ok := and(ok, staticcall(gas(), G1_ADD, sum, 256, sum, 128))
            }
            ok := and(ok, eq(returndatasize(), 128))
        }
        if (!ok) revert Bls.Bls_PrecompileFailed(G1_ADD);
    }
}
