// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Does this chain compute BLS12-381 as EIP-2537 says?
/// @notice Known answers for every precompile that the contracts use, and refusals where they rely on one. On a chain
///         without them a call to an empty address succeeds and returns nothing; on one with a wrong implementation
///         signatures could pass that nobody made. Either is found out at deployment, before there is a stake to lose.
library Eip2537Probe {
    uint256 private constant G1_ADD = 0x0b;
    uint256 private constant G1_MSM = 0x0c;
    uint256 private constant G2_ADD = 0x0d;
    uint256 private constant G2_MSM = 0x0e;
    uint256 private constant PAIRING_CHECK = 0x0f;
    uint256 private constant MAP_FP2_TO_G2 = 0x11;

    /// @dev A refusing precompile burns what it is given; the dearest answer asked for costs 103,000 (two pairs).
    uint256 private constant GAS = 250_000;

    // solhint-disable max-line-length
    /// Generators of draft-irtf-cfrg-pairing-friendly-curves-11, section 4.2.1.
    bytes private constant G1 =
        hex"0000000000000000000000000000000017f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb0000000000000000000000000000000008b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1";
    bytes private constant G1_NEGATIVE =
        hex"0000000000000000000000000000000017f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb00000000000000000000000000000000114d1d6855d545a8aa7d76c8cf2e21f267816aef1db507c96655b9d5caac42364e6f38ba0ecb751bad54dcd6b939c2ca";
    bytes private constant G2 =
        hex"00000000000000000000000000000000024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb80000000000000000000000000000000013e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e000000000000000000000000000000000ce5d527727d6e118cc9cdc6da2e351aadfd9baa8cbdd3a76d429a695160d12c923ac9cc3baca289e193548608b82801000000000000000000000000000000000606c4a02ea734cc32acd2b02bc28b99cb3e287e85a763af267492ab572e99ab3f370d275cec1da1aaa9075ff05f79be";
    /// The generator with p added to its first coordinate.
    bytes private constant G2_NOT_CANONICAL =
        hex"000000000000000000000000000000001c4bb49d2a0ef12b7123acdd7110bd292b5bc659edc54dc21b81de057194c79b2a5803255959bbef8e7f56c8c12168630000000000000000000000000000000013e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e000000000000000000000000000000000ce5d527727d6e118cc9cdc6da2e351aadfd9baa8cbdd3a76d429a695160d12c923ac9cc3baca289e193548608b82801000000000000000000000000000000000606c4a02ea734cc32acd2b02bc28b99cb3e287e85a763af267492ab572e99ab3f370d275cec1da1aaa9075ff05f79be";
    /// The point of the twist with the smallest natural x, outside the subgroup.
    bytes private constant G2_OUTSIDE_SUBGROUP =
        hex"00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000002000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000018c6b864ae17dc9da64203ffefb966306425a7bc6aeb7c75247438372716284a4173830420cd476ba1a365b95bfcec3800000000000000000000000000000000172e93db764a8400a7d5071b6b6f5de0da2f0f4a063119abca014006b7c40a2cfe291a1924e65db0d6d0fcfbf3bf3d5c";
    // solhint-enable max-line-length
    /// x = 0, y = 2: on the curve, outside the subgroup.
    bytes private constant G1_OUTSIDE_SUBGROUP = abi.encode(0, 0, 0, 2);

    /// Keccak-256 of 2 * G1, of 2 * G2, and of the map of 1 + 2u, computed with noble-curves.
    bytes32 private constant TWICE_G1 = 0xd2b0d7b43ce993a817a069205ed3d7a139117befb9c0865d520f91ba88ac133b;
    bytes32 private constant TWICE_G2 = 0xca1308ad7babea380be417af0920e37dad333649603f01c9f44687ede587e7f9;
    bytes32 private constant MAPPED = 0x79c1bf817b911f2ac465f8eb19b1a6b4ffda19575537669fdcc7e61005f1d837;

    /// @notice The precompile at this address is missing, or answers wrong.
    error Eip2537Probe_UnfitChain(uint256 precompile);

    function run() internal view {
        uint256 two = 2;
        _expect(G1_ADD, bytes.concat(G1, G1), TWICE_G1);
        _expect(G1_MSM, bytes.concat(G1, bytes32(two)), TWICE_G1);
        _expect(G2_ADD, bytes.concat(G2, G2), TWICE_G2);
        _expect(G2_MSM, bytes.concat(G2, bytes32(two)), TWICE_G2);
        _expect(MAP_FP2_TO_G2, abi.encode(0, 1, 0, two), MAPPED);
        _expect(PAIRING_CHECK, bytes.concat(G1, G2, G1_NEGATIVE, G2), keccak256(abi.encode(true)));
        _expect(PAIRING_CHECK, bytes.concat(G1, G2, G1, G2), keccak256(abi.encode(false)));
        // The contracts do not ask themselves whether keys and signatures are in the subgroup.
        _expectRefusal(G1_MSM, bytes.concat(G1_OUTSIDE_SUBGROUP, bytes32(two)));
        _expectRefusal(G2_MSM, bytes.concat(G2_OUTSIDE_SUBGROUP, bytes32(two)));
        _expectRefusal(PAIRING_CHECK, bytes.concat(G1_OUTSIDE_SUBGROUP, G2));
        _expectRefusal(PAIRING_CHECK, bytes.concat(G1, G2_OUTSIDE_SUBGROUP));
        // ... nor whether a signature has another encoding, which as a reveal would be a choice of the next mix.
        _expectRefusal(G2_ADD, bytes.concat(G2_NOT_CANONICAL, G2));
        _expectRefusal(G2_MSM, bytes.concat(G2_NOT_CANONICAL, bytes32(two)));
        _expectRefusal(PAIRING_CHECK, bytes.concat(G1, G2_NOT_CANONICAL));
    }

    function _expect(uint256 precompile, bytes memory input, bytes32 outputHash) private view {
        (bool ok, bytes memory output) = _address(precompile).staticcall{gas: GAS}(input);
        if (!ok || keccak256(output) != outputHash) revert Eip2537Probe_UnfitChain(precompile);
    }

    function _expectRefusal(uint256 precompile, bytes memory input) private view {
        (bool ok, ) = _address(precompile).staticcall{gas: GAS}(input);
        if (ok) revert Eip2537Probe_UnfitChain(precompile);
    }

    function _address(uint256 precompile) private pure returns (address) {
        return address(uint160(precompile));
    }
}
