// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// A BLS12-381 G2 point in affine coordinates as EIP-2537 reads it: x = x0 + x1 u, y = y0 + y1 u, each part a 64-byte
/// big-endian number in a high and a low word. All zeros is infinity.
struct G2Point {
    bytes32 x0a;
    bytes32 x0b;
    bytes32 x1a;
    bytes32 x1b;
    bytes32 y0a;
    bytes32 y0b;
    bytes32 y1a;
    bytes32 y1b;
}

using G2Points for G2Point global;

/// @title Arithmetic-free operations on G2 points
/// @notice Nothing here checks that a point is on the curve or in the subgroup.
library G2Points {
    function isInfinity(G2Point memory point) internal pure returns (bool) {
        bytes32 x = point.x0a | point.x0b | point.x1a | point.x1b;
        bytes32 y = point.y0a | point.y0b | point.y1a | point.y1b;
        return (x | y) == 0;
    }
}
