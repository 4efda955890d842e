// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {G2Point} from "../types/G2Point.sol";

/// @title Hashing to BLS12-381 G2 under any domain separation tag
/// @notice Suite BLS12381G2_XMD:SHA-256_SSWU_RO_ of RFC 9380, section 8.8.2.
library HashToCurve {
    uint256 private constant SHA256 = 0x02;
    uint256 private constant MODEXP = 0x05;
    uint256 private constant G2_ADD = 0x0d;
    uint256 private constant MAP_FP2_TO_G2 = 0x11;

    /// High and low word of the field modulus p (RFC 9380, section 8.8.1).
    uint256 private constant P_HIGH = 0x1a0111ea397fe69a4b1ba7b6434bacd7;
    uint256 private constant P_LOW = 0x64774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab;

    /// The tag is empty or longer than 255 bytes (RFC 9380, sections 3.1 and 5.3.3; no long ones here).
    error HashToCurve_TagLength(uint256 length);
    /// More than 255 blocks of 32 bytes were asked for.
    error HashToCurve_OutputLength(uint256 length);
    /// A precompile failed: too little gas, or the chain does not have it.
    error HashToCurve_PrecompileFailed(uint256 precompile);

    /// @notice expand_message_xmd with SHA-256 (RFC 9380, section 5.3.1).
    /// @param tag Domain separation tag of 1 to 255 bytes.
    /// @param length Number of bytes wanted, at most 8,160.
    function expandMessageXmd(
        bytes memory message,
        bytes memory tag,
        uint256 length
    ) internal view returns (bytes memory uniform) {
        if (tag.length == 0 || tag.length > 255) revert HashToCurve_TagLength(tag.length);
        if (length > 255 * 32) revert HashToCurve_OutputLength(length);
        uniform = new bytes((length + 31) & ~uint256(31));
        bool ok;
        assembly ("memory-safe") {
            let messageLength := mload(message)
            let tagLength := mload(tag)
            let scratch := mload(0x40)

            // b_0 = H(64 zero bytes || message || length on 2 bytes || 0 || tag || tag length)
            mstore(scratch, 0)
            mstore(add(scratch, 32), 0)
            mcopy(add(scratch, 64), add(message, 32), messageLength)
            let end := add(add(scratch, 64), messageLength)
            mstore(end, shl(240, length))
            end := add(end, 3)
            mcopy(end, add(tag, 32), tagLength)
            end := add(end, tagLength)
            mstore8(end, tagLength)
            ok := staticcall(gas(), SHA256, scratch, sub(add(end, 1), scratch), 0x00, 32)
            ok := and(ok, eq(returndatasize(), 32))
            let first := mload(0x00)

            // b_i = H((b_0 xor b_{i-1}) || i || tag || tag length), b_0 alone for i = 1
            let blockLength := add(tagLength, 34)
            mstore(scratch, first)
            mcopy(add(scratch, 33), add(tag, 32), tagLength)
            mstore8(add(scratch, sub(blockLength, 1)), tagLength)
            let output := add(uniform, 32)
            let outputEnd := add(output, mload(uniform))
            for {
                let i := 1
            } lt(output, outputEnd) {
                i := add(i, 1)
            } {
                mstore8(add(scratch, 32), i)
                ok := and(ok, staticcall(gas(), SHA256, scratch, blockLength, output, 32))
                mstore(scratch, xor(first, mload(output)))
                output := add(output, 32)
            }
            mstore(uniform, length)
        }
        if (!ok) revert HashToCurve_PrecompileFailed(SHA256);
    }

    /// @notice hash_to_curve onto G2 (RFC 9380, section 3); the result is in the subgroup of order r.
    /// @param tag Domain separation tag of 1 to 255 bytes.
    /// @dev MAP_FP2_TO_G2 clears the cofactor of each point; clearing is linear, so their sum needs none.
    function hashToG2(bytes memory message, bytes memory tag) internal view returns (G2Point memory point) {
        bytes memory uniform = expandMessageXmd(message, tag, 256);
        uint256 failed;
        assembly ("memory-safe") {
            // hash_to_field: four 64-byte numbers reduced mod p, (u0.c0, u0.c1, u1.c0, u1.c1), in place.
            // MODEXP input: lengths 64, 1, 64; base at +96; exponent 1 at +160; modulus at +161.
            let scratch := mload(0x40)
            mstore(scratch, 64)
            mstore(add(scratch, 32), 1)
            mstore(add(scratch, 64), 64)
            mstore8(add(scratch, 160), 1)
            mstore(add(scratch, 161), P_HIGH)
            mstore(add(scratch, 193), P_LOW)
            let ok := 1
            let elements := add(uniform, 32)
            for {
                let element := elements
            } lt(element, add(elements, 256)) {
                element := add(element, 64)
            } {
                mcopy(add(scratch, 96), element, 64)
                ok := and(ok, staticcall(gas(), MODEXP, scratch, 225, element, 64))
                ok := and(ok, eq(returndatasize(), 64))
            }
            if iszero(ok) {
                failed := MODEXP
            }

            ok := staticcall(gas(), MAP_FP2_TO_G2, elements, 128, scratch, 256)
            ok := and(ok, eq(returndatasize(), 256))
            ok := and(ok, staticcall(gas(), MAP_FP2_TO_G2, add(elements, 128), 128, add(scratch, 256), 256))
            ok := and(ok, eq(returndatasize(), 256))
            if and(iszero(ok), iszero(failed)) {
                failed := MAP_FP2_TO_G2
            }

            ok := staticcall(gas(), G2_ADD, scratch, 512, point, 256)
            ok := and(ok, eq(returndatasize(), 256))
            if and(iszero(ok), iszero(failed)) {
                failed := G2_ADD
            }
        }
        if (failed != 0) revert HashToCurve_PrecompileFailed(failed);
    }
}
