// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {G1Point, PackedG1Point} from "../types/G1Point.sol";
import {Bls} from "./Bls.sol";

/**
 * @notice Sum of many keys, in memory that is used again for each of them.
 * `operands`: where the 256 bytes for G1_ADD are, first the sum so far, then the next key; behind them room for one
 * packed key. `seats`: where the table of seats by bit is.
 */
struct KeySum {
    uint256 operands;
    uint256 seats;
}

using KeySums for KeySum global;

/// @title Adding up thousands of keys
/// @notice Nothing here checks the subgroup: what is added was checked when it was enrolled.
/// @dev What an addition costs beside the precompile decides what an absent seat costs, hence the assembly.
library KeySums {
    uint256 private constant G1_ADD = 0x0b;

    /// @dev With fewer keys it is cheaper to copy one by one (100 gas and a few) than the whole blob (2,304 gas).
    uint256 private constant COPY_WHOLE_FROM = 18;

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

    /// @notice A sum of nothing.
    function create() internal pure returns (KeySum memory sum) {
        bytes memory table = SEATS;
        uint256 operands;
        assembly ("memory-safe") {
            operands := mload(0x40)
            // 256 bytes for the operands, 96 for a key.
            mstore(0x40, add(operands, 352))
            // Memory that nobody has allocated before may be dirty all the same.
            calldatacopy(operands, calldatasize(), 256)
        }
        sum.operands = operands;
        assembly ("memory-safe") {
            // The last byte of the word that is loaded at `seats + i` is byte i of the table.
            mstore(add(sum, 32), add(table, 1))
        }
    }

    function value(KeySum memory sum) internal pure returns (G1Point memory point) {
        assembly ("memory-safe") {
            mcopy(point, mload(sum), 128)
        }
    }

    /// @notice Adds a point that stands in storage.
    function add(KeySum memory sum, PackedG1Point storage stored) internal view {
        (bytes32 head, bytes32 middle, bytes32 tail) = (stored.head, stored.middle, stored.tail);
        bool ok;
        assembly ("memory-safe") {
            let operands := mload(sum)
            let key := add(operands, 256)
            mstore(key, head)
            mstore(add(key, 32), middle)
            mstore(add(key, 64), tail)
            mcopy(add(operands, 144), key, 48)
            mcopy(add(operands, 208), add(key, 48), 48)
            ok := staticcall(gas(), G1_ADD, operands, 256, operands, 128)
            ok := and(ok, eq(returndatasize(), 128))
        }
        if (!ok) revert Bls.Bls_PrecompileFailed(G1_ADD);
    }

    /// @notice Adds the keys of a group that is there.
    /// @param word the seats, as the bitmap has them: byte 0, the highest, holds seats 0 to 7 with seat 0 lowest
    /// @param count how many they are, at least 1
    function addFromBlob(KeySum memory sum, address blob, uint256 word, uint256 count) internal view {
        bool ok = true;
        assembly ("memory-safe") {
            let operands := mload(sum)
            let seats := mload(add(sum, 32))
            let x := add(operands, 144)
            let y := add(operands, 208)
            // The 16 bytes before x and y are zero from the beginning; an addition writes the first operand alone. One
            // that fails leaves `ok` false, whatever comes after it.
            switch lt(count, COPY_WHOLE_FROM)
            case 1 {
                let key := add(operands, 256)
                for {} word {} {
                    let bit := and(word, sub(0, word))
                    word := xor(word, bit)
                    extcodecopy(blob, key, mul(and(mload(add(seats, mod(bit, 269))), 0xff), 96), 96)
                    mcopy(x, key, 48)
                    mcopy(y, add(key, 48), 48)
                    ok := and(ok, staticcall(gas(), G1_ADD, operands, 256, operands, 128))
                }
            }
            default {
                // Behind everything that is allocated, since nobody allocates meanwhile.
                let keys := mload(0x40)
                extcodecopy(blob, keys, 0, 24576)
                for {} word {} {
                    let bit := and(word, sub(0, word))
                    word := xor(word, bit)
                    let key := add(keys, mul(and(mload(add(seats, mod(bit, 269))), 0xff), 96))
                    mcopy(x, key, 48)
                    mcopy(y, add(key, 48), 48)
                    ok := and(ok, staticcall(gas(), G1_ADD, operands, 256, operands, 128))
                }
            }
            ok := and(ok, eq(returndatasize(), 128))
        }
        if (!ok) revert Bls.Bls_PrecompileFailed(G1_ADD);
    }
}
