// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {G1Point} from "../types/G1Point.sol";
import {G2Point} from "../types/G2Point.sol";
import {HashToCurve} from "./HashToCurve.sol";

/// @title BLS12-381 signatures with keys in G1 and signatures in G2
/// @notice Group operations by the EIP-2537 precompiles, and the checks built on them.
/// @dev A precompile that is given a bad point consumes all gas it was forwarded and says only "failed", as does
///      one that runs out of gas. Both revert with `Bls_PrecompileFailed`; a signature that does not match is `false`.
library Bls {
    /// Signatures: the proof-of-possession suite of draft-irtf-cfrg-bls-signature-05, section 4.2.3.
    bytes internal constant SIGNATURE_TAG = "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

    uint256 private constant G1_ADD = 0x0b;
    uint256 private constant G1_MSM = 0x0c;
    uint256 private constant G2_ADD = 0x0d;
    uint256 private constant G2_MSM = 0x0e;
    uint256 private constant PAIRING_CHECK = 0x0f;

    uint256 private constant PAIR_LENGTH = 384;

    /// A precompile failed: a point off the curve or outside the subgroup, a coordinate not below p, too little gas, or
    /// a chain without EIP-2537.
    error Bls_PrecompileFailed(uint256 precompile);
    /// Infinity is neither a key nor a signature.
    error Bls_Infinity();
    /// A coordinate is not below the field modulus.
    error Bls_NotCanonical();
    /// Two lists that go together differ in length, or are empty.
    error Bls_ListLengths(uint256 points, uint256 scalars);

    // ---------------------------------------------------------------- group operations

    /// @notice a + b in G1. Checks the curve, not the subgroup.
    function add(G1Point memory a, G1Point memory b) internal view returns (G1Point memory sum) {
        bool ok;
        assembly ("memory-safe") {
            let input := mload(0x40)
            mcopy(input, a, 128)
            mcopy(add(input, 128), b, 128)
            ok := staticcall(gas(), G1_ADD, input, 256, sum, 128)
            ok := and(ok, eq(returndatasize(), 128))
        }
        _require(ok, G1_ADD);
    }

    /// @notice Adds the packed point at `pointer` (96 bytes of memory) to `sum` in place, without allocating.
    /// @dev For walking over many stored keys. Checks the curve, not the subgroup.
    function addPackedInPlace(G1Point memory sum, uint256 pointer) internal view {
        bool ok;
        assembly ("memory-safe") {
            let input := mload(0x40)
            mcopy(input, sum, 128)
            // Zero the padding first: memory past the free pointer may be dirty.
            mstore(add(input, 128), 0)
            mcopy(add(input, 144), pointer, 48)
            mstore(add(input, 192), 0)
            mcopy(add(input, 208), add(pointer, 48), 48)
            ok := staticcall(gas(), G1_ADD, input, 256, sum, 128)
            ok := and(ok, eq(returndatasize(), 128))
        }
        _require(ok, G1_ADD);
    }

    /// @notice scalar * point in G1. Checks curve and subgroup.
    function multiply(G1Point memory point, uint256 scalar) internal view returns (G1Point memory product) {
        bool ok;
        assembly ("memory-safe") {
            let input := mload(0x40)
            mcopy(input, point, 128)
            mstore(add(input, 128), scalar)
            ok := staticcall(gas(), G1_MSM, input, 160, product, 128)
            ok := and(ok, eq(returndatasize(), 128))
        }
        _require(ok, G1_MSM);
    }

    /// @notice Sum of scalars[i] * points[i] in G1. Checks curve and subgroup of every point.
    function multiplyAdd(G1Point[] memory points, uint256[] memory scalars) internal view returns (G1Point memory sum) {
        if (points.length == 0 || points.length != scalars.length) {
            revert Bls_ListLengths(points.length, scalars.length);
        }
        bool ok;
        assembly ("memory-safe") {
            let input := mload(0x40)
            let end := add(input, mul(mload(points), 160))
            let point := add(points, 32)
            let scalar := add(scalars, 32)
            for {
                let item := input
            } lt(item, end) {
                item := add(item, 160)
            } {
                mcopy(item, mload(point), 128)
                mstore(add(item, 128), mload(scalar))
                point := add(point, 32)
                scalar := add(scalar, 32)
            }
            ok := staticcall(gas(), G1_MSM, input, sub(end, input), sum, 128)
            ok := and(ok, eq(returndatasize(), 128))
        }
        _require(ok, G1_MSM);
    }

    /// @notice a + b in G2. Checks the curve, not the subgroup.
    function add(G2Point memory a, G2Point memory b) internal view returns (G2Point memory sum) {
        bool ok;
        assembly ("memory-safe") {
            let input := mload(0x40)
            mcopy(input, a, 256)
            mcopy(add(input, 256), b, 256)
            ok := staticcall(gas(), G2_ADD, input, 512, sum, 256)
            ok := and(ok, eq(returndatasize(), 256))
        }
        _require(ok, G2_ADD);
    }

    /// @notice scalar * point in G2. Checks curve and subgroup.
    function multiply(G2Point memory point, uint256 scalar) internal view returns (G2Point memory product) {
        bool ok;
        assembly ("memory-safe") {
            let input := mload(0x40)
            mcopy(input, point, 256)
            mstore(add(input, 256), scalar)
            ok := staticcall(gas(), G2_MSM, input, 288, product, 256)
            ok := and(ok, eq(returndatasize(), 256))
        }
        _require(ok, G2_MSM);
    }

    /// @notice Reverts unless `point` is a canonical, finite member of the subgroup of order r.
    function validate(G1Point memory point) internal view {
        if (!point.isCanonical()) revert Bls_NotCanonical();
        if (point.isInfinity()) revert Bls_Infinity();
        multiply(point, 1);
    }

    // ---------------------------------------------------------------- signatures

    /// @notice Whether `signature` is `key`'s signature of the 32-byte `message` under the domain separation tag.
    /// @dev The pairing check validates curve and subgroup of both points. Infinity is refused with `false`.
    function verify(
        G1Point memory key,
        bytes32 message,
        G2Point memory signature,
        bytes memory tag
    ) internal view returns (bool) {
        if (key.isInfinity() || signature.isInfinity()) return false;
        bytes memory pairs = new bytes(2 * PAIR_LENGTH);
        _setPair(pairs, 0, key, HashToCurve.hashToG2(abi.encodePacked(message), tag));
        _setPair(pairs, 1, _negativeGenerator(), signature);
        return _pairingCheck(pairs);
    }

    /// @notice Checks the aggregate vote and the proposer's randomness reveal in one pairing of three pairs:
    ///         e(voters, H(vote)) * e(r * proposer, H(reveal)) * e(-G1, vote signature + r * reveal) = 1.
    /// @param voters Sum of the public keys of everybody who voted.
    /// @param voteDigest What the voters signed.
    /// @param revealDigest What the proposer signed: the epoch alone, so the reveal is unique.
    /// @dev r is 128 bits of a hash over everything that is checked. Without it only the *sum* of both signatures would
    ///      be fixed and anybody could shift a difference from one to the other, choosing the randomness.
    ///      G2_ADD does not check the subgroup, but G2_MSM checks the reveal and the pairing checks the sum, so the
    ///      vote signature is in the subgroup too.
    function verifyVoteAndReveal(
        G1Point memory voters,
        bytes32 voteDigest,
        G1Point memory proposer,
        bytes32 revealDigest,
        G2Point memory voteSignature,
        G2Point memory reveal
    ) internal view returns (bool) {
        if (voters.isInfinity() || proposer.isInfinity()) return false;
        if (voteSignature.isInfinity() || reveal.isInfinity()) return false;
        uint256 r = coefficient(
            keccak256(abi.encode(voteDigest, revealDigest, voters, proposer, voteSignature, reveal))
        );
        bytes memory pairs = new bytes(3 * PAIR_LENGTH);
        bytes memory tag = SIGNATURE_TAG;
        _setPair(pairs, 0, voters, HashToCurve.hashToG2(abi.encodePacked(voteDigest), tag));
        _setPair(pairs, 1, multiply(proposer, r), HashToCurve.hashToG2(abi.encodePacked(revealDigest), tag));
        _setPair(pairs, 2, _negativeGenerator(), add(voteSignature, multiply(reveal, r)));
        return _pairingCheck(pairs);
    }

    /// @notice Coefficient of a batch check: the first 16 bytes of a hash over all that is checked, 1 in place of 0.
    function coefficient(bytes32 transcriptHash) internal pure returns (uint256 r) {
        r = uint256(transcriptHash) >> 128;
        if (r == 0) r = 1;
    }

    // ---------------------------------------------------------------- private

    /// -G1: the generator of draft-irtf-cfrg-pairing-friendly-curves-11, section 4.2.1, with its other y.
    function _negativeGenerator() private pure returns (G1Point memory) {
        return
            G1Point({
                xa: 0x0000000000000000000000000000000017f1d3a73197d7942695638c4fa9ac0f,
                xb: 0xc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb,
                ya: 0x00000000000000000000000000000000114d1d6855d545a8aa7d76c8cf2e21f2,
                yb: 0x67816aef1db507c96655b9d5caac42364e6f38ba0ecb751bad54dcd6b939c2ca
            });
    }

    function _setPair(bytes memory pairs, uint256 index, G1Point memory g1, G2Point memory g2) private pure {
        assembly ("memory-safe") {
            let pair := add(add(pairs, 32), mul(index, PAIR_LENGTH))
            mcopy(pair, g1, 128)
            mcopy(add(pair, 128), g2, 256)
        }
    }

    /// Whether the product of the pairings is one.
    function _pairingCheck(bytes memory pairs) private view returns (bool isOne) {
        bool ok;
        assembly ("memory-safe") {
            ok := staticcall(gas(), PAIRING_CHECK, add(pairs, 32), mload(pairs), 0x00, 32)
            ok := and(ok, eq(returndatasize(), 32))
            isOne := eq(mload(0x00), 1)
        }
        _require(ok, PAIRING_CHECK);
    }

    function _require(bool ok, uint256 precompile) private pure {
        if (!ok) revert Bls_PrecompileFailed(precompile);
    }
}
