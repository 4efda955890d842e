// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Bls} from "../libraries/Bls.sol";
import {ProofOfPossession} from "../libraries/ProofOfPossession.sol";
import {G1Point, PackedG1Point} from "../types/G1Point.sol";
import {G2Point} from "../types/G2Point.sol";

// solhint-disable use-natspec -- each function is the library function of its name
/// @title Bls opened to tests
/// @notice Opens the internal functions of `Bls`, `ProofOfPossession` and `G1Points` to tests.
contract BlsMock {
    function addG1(G1Point memory a, G1Point memory b) external view returns (G1Point memory) {
        return Bls.add(a, b);
    }

    function addG2(G2Point memory a, G2Point memory b) external view returns (G2Point memory) {
        return Bls.add(a, b);
    }

    function multiplyG1(G1Point memory point, uint256 scalar) external view returns (G1Point memory) {
        return Bls.multiply(point, scalar);
    }

    function multiplyG2(G2Point memory point, uint256 scalar) external view returns (G2Point memory) {
        return Bls.multiply(point, scalar);
    }

    function multiplyAdd(G1Point[] memory points, uint256[] memory scalars) external view returns (G1Point memory) {
        return Bls.multiplyAdd(points, scalars);
    }

    /// Adds all points of a run of 96-byte packed points, after dirtying the memory that the library takes as scratch.
    function addPacked(G1Point memory sum, bytes memory packed) external view returns (G1Point memory) {
        uint256 pointer;
        assembly ("memory-safe") {
            pointer := add(packed, 32)
            let scratch := mload(0x40)
            for {
                let i := 0
            } lt(i, 16) {
                i := add(i, 1)
            } {
                mstore(add(scratch, shl(5, i)), not(0))
            }
        }
        for (uint256 offset = 0; offset < packed.length; offset += 96) {
            Bls.addPackedInPlace(sum, pointer + offset);
        }
        return sum;
    }

    function validate(G1Point memory point) external view {
        Bls.validate(point);
    }

    function verify(
        G1Point memory key,
        bytes32 message,
        G2Point memory signature,
        bytes memory tag
    ) external view returns (bool) {
        return Bls.verify(key, message, signature, tag);
    }

    function verifyVoteAndReveal(
        G1Point memory voters,
        bytes32 voteDigest,
        G1Point memory proposer,
        bytes32 revealDigest,
        G2Point memory voteSignature,
        G2Point memory reveal
    ) external view returns (bool accepted, uint256 gasUsed) {
        uint256 before = gasleft();
        accepted = Bls.verifyVoteAndReveal(voters, voteDigest, proposer, revealDigest, voteSignature, reveal);
        gasUsed = before - gasleft();
    }

    function verifyPossession(bytes32 digest, G1Point memory key, G2Point memory proof) external view returns (bool) {
        return ProofOfPossession.verify(digest, key, proof);
    }

    function verifyPossessionBatch(
        bytes32 digest,
        G1Point[] memory keys,
        G2Point memory proof
    ) external view returns (bool accepted, uint256 gasUsed) {
        uint256 before = gasleft();
        accepted = ProofOfPossession.verifyBatch(digest, keys, proof);
        gasUsed = before - gasleft();
    }

    function coefficients(bytes32 digest, G1Point[] memory keys) external pure returns (uint256[] memory) {
        return ProofOfPossession.coefficients(digest, keys);
    }

    function negate(G1Point memory point) external pure returns (G1Point memory) {
        return point.negate();
    }

    function hashOfX(G1Point memory point) external pure returns (bytes32) {
        return point.hashOfX();
    }

    function pack(G1Point memory point) external pure returns (PackedG1Point memory) {
        return point.pack();
    }

    function unpack(PackedG1Point memory packed) external pure returns (G1Point memory) {
        return packed.unpack();
    }
}
