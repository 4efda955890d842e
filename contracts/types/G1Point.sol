// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// A BLS12-381 G1 point in affine coordinates, laid out as EIP-2537 reads it: each 381-bit coordinate is a 64-byte
/// big-endian number split in a high word (16 zero bytes, then 16 bytes) and a low word. All zeros is infinity.
struct G1Point {
    bytes32 xa;
    bytes32 xb;
    bytes32 ya;
    bytes32 yb;
}

/// A canonical G1 point without the zero padding: 48 bytes of x, then 48 bytes of y, in three words of storage or code.
struct PackedG1Point {
    bytes32 head;
    bytes32 middle;
    bytes32 tail;
}

using G1Points for G1Point global;
using G1Points for PackedG1Point global;

/// @title Arithmetic-free operations on G1 points
/// @notice Nothing here checks that a point is on the curve or in the subgroup; `Bls.validate` does.
library G1Points {
    /// High and low word of the field modulus p (RFC 9380, section 8.8.1).
    uint256 private constant P_HIGH = 0x1a0111ea397fe69a4b1ba7b6434bacd7;
    uint256 private constant P_LOW = 0x64774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab;

    /// A coordinate is not below p, so the point has no packed form and no negative.
    error G1Points_NotCanonical(G1Point point);

    function isInfinity(G1Point memory point) internal pure returns (bool) {
        return (point.xa | point.xb | point.ya | point.yb) == 0;
    }

    function equals(G1Point memory a, G1Point memory b) internal pure returns (bool) {
        return a.xa == b.xa && a.xb == b.xb && a.ya == b.ya && a.yb == b.yb;
    }

    /// Both coordinates are below p: the only encoding of each point that EIP-2537 takes.
    function isCanonical(G1Point memory point) internal pure returns (bool) {
        return _belowModulus(point.xa, point.xb) && _belowModulus(point.ya, point.yb);
    }

    /// @notice The point with the other y of the same x; infinity is its own negative.
    /// @dev No point of G1 has y = 0: the group order is odd.
    function negate(G1Point memory point) internal pure returns (G1Point memory negative) {
        if (!isCanonical(point)) revert G1Points_NotCanonical(point);
        if (isInfinity(point)) return negative;
        uint256 low = uint256(point.yb);
        negative.xa = point.xa;
        negative.xb = point.xb;
        unchecked {
            // Two-word subtraction: the low difference wraps exactly when it borrows from the high word.
            negative.yb = bytes32(P_LOW - low);
            negative.ya = bytes32(P_HIGH - uint256(point.ya) - (low > P_LOW ? 1 : 0));
        }
    }

    /// @notice Identity of a key: Keccak-256 of its 48-byte x-coordinate, the same for a key and its negative.
    /// @dev A proof of possession for `a` is easily turned into one for `-a`, and both together cancel out of an
    ///      aggregate, so a registry that keeps identities by x refuses the second of the two.
    function hashOfX(G1Point memory point) internal pure returns (bytes32 identity) {
        if (!isCanonical(point)) revert G1Points_NotCanonical(point);
        assembly ("memory-safe") {
            identity := keccak256(add(point, 16), 48)
        }
    }

    function pack(G1Point memory point) internal pure returns (PackedG1Point memory packed) {
        if (!isCanonical(point)) revert G1Points_NotCanonical(point);
        packed.head = (point.xa << 128) | (point.xb >> 128);
        packed.middle = (point.xb << 128) | point.ya;
        packed.tail = point.yb;
    }

    function unpack(PackedG1Point memory packed) internal pure returns (G1Point memory point) {
        point.xa = packed.head >> 128;
        point.xb = (packed.head << 128) | (packed.middle >> 128);
        point.ya = (packed.middle << 128) >> 128;
        point.yb = packed.tail;
    }

    function _belowModulus(bytes32 high, bytes32 low) private pure returns (bool) {
        return uint256(high) < P_HIGH || (uint256(high) == P_HIGH && uint256(low) < P_LOW);
    }
}
