// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {G1Point} from "../types/G1Point.sol";
import {G2Point} from "../types/G2Point.sol";
import {Bls} from "./Bls.sol";

/// @title Proofs that the depositor knows the secret keys
/// @notice Defends the aggregate key against rogue keys. The digest must bind chain, contract, keys and owner.
/// @dev A precompile failure (bad point, too little gas) reverts with `Bls_PrecompileFailed`.
library ProofOfPossession {
    /// Not `Bls.SIGNATURE_TAG`, so that no vote is ever a proof (draft-irtf-cfrg-bls-signature-05, section 4.2.3).
    bytes internal constant TAG = "BLS_POP_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

    /// @notice Whether `proof` shows possession of the secret key of `key`. Infinity is refused with `false`.
    function verify(bytes32 digest, G1Point memory key, G2Point memory proof) internal view returns (bool) {
        return Bls.verify(key, digest, proof, TAG);
    }

    /// @notice Whether `proof` shows possession of all secret keys of one owner's list:
    ///         e(sum of r_i * keys[i], H(digest)) = e(G1, proof) with hash-derived coefficients r_i.
    /// @dev One owner only: a proof over keys of several owners would not tell whose keys it is about. No key may be
    ///      infinity, nor their weighted sum.
    function verifyBatch(bytes32 digest, G1Point[] memory keys, G2Point memory proof) internal view returns (bool) {
        if (keys.length == 0) return false;
        for (uint256 i = 0; i < keys.length; ++i) {
            if (keys[i].isInfinity()) return false;
        }
        return verify(digest, Bls.multiplyAdd(keys, coefficients(digest, keys)), proof);
    }

    /// @notice r_i = first 16 bytes of keccak256(digest || keccak256(all keys, 128 bytes each) || i), 1 in place of 0.
    /// @dev They depend on every key of the list: changing, swapping or dropping one changes them all.
    function coefficients(bytes32 digest, G1Point[] memory keys) internal pure returns (uint256[] memory r) {
        r = new uint256[](keys.length);
        bytes32 keysHash;
        assembly ("memory-safe") {
            let buffer := mload(0x40)
            let end := add(buffer, mul(mload(keys), 128))
            let key := add(keys, 32)
            for {
                let item := buffer
            } lt(item, end) {
                item := add(item, 128)
            } {
                mcopy(item, mload(key), 128)
                key := add(key, 32)
            }
            keysHash := keccak256(buffer, sub(end, buffer))
        }
        for (uint256 i = 0; i < keys.length; ++i) {
            r[i] = Bls.coefficient(keccak256(abi.encode(digest, keysHash, i)));
        }
    }
}
