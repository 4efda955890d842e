// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Bls} from "../../contracts/libraries/Bls.sol";
import {HashToCurve} from "../../contracts/libraries/HashToCurve.sol";
import {ProofOfPossession} from "../../contracts/libraries/ProofOfPossession.sol";
import {G1Point} from "../../contracts/types/G1Point.sol";

/// @title Real BLS signatures, made by the precompiles that check them
/// @notice Keys and signatures as the contracts take them: 128 and 256 bytes. Whoever knows several secrets signs with
///         their sum.
library BlsSigner {
    /// Order of the groups.
    uint256 internal constant ORDER = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001;

    function secret(uint256 number) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode("secret of a validator", number))) % ORDER;
    }

    function publicKey(uint256 secretKey) internal view returns (G1Point memory) {
        return Bls.multiply(_generator(), secretKey);
    }

    function sign(uint256 secretKey, bytes32 digest) internal view returns (bytes memory) {
        return _sign(secretKey, digest, Bls.SIGNATURE_TAG);
    }

    function provePossession(uint256 secretKey, bytes32 digest) internal view returns (bytes memory) {
        return _sign(secretKey, digest, ProofOfPossession.TAG);
    }

    /// @notice One proof for a list of keys of one owner.
    function provePossessionOfAll(
        uint256[] memory secretKeys,
        bytes32 digest
    ) internal view returns (bytes memory proof) {
        G1Point[] memory keys = new G1Point[](secretKeys.length);
        for (uint256 i = 0; i < keys.length; ++i) keys[i] = publicKey(secretKeys[i]);
        uint256[] memory coefficients = ProofOfPossession.coefficients(digest, keys);
        uint256 sum;
        for (uint256 i = 0; i < keys.length; ++i) {
            sum = addmod(sum, mulmod(coefficients[i], secretKeys[i], ORDER), ORDER);
        }
        return provePossession(sum, digest);
    }

    function _sign(uint256 secretKey, bytes32 digest, bytes memory tag) private view returns (bytes memory) {
        return abi.encode(Bls.multiply(HashToCurve.hashToG2(abi.encodePacked(digest), tag), secretKey));
    }

    function _generator() private pure returns (G1Point memory) {
        return
            G1Point({
                xa: 0x0000000000000000000000000000000017f1d3a73197d7942695638c4fa9ac0f,
                xb: 0xc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb,
                ya: 0x0000000000000000000000000000000008b3f481e3aaa0f1a09e30ed741d8ae4,
                yb: 0xfcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1
            });
    }
}
