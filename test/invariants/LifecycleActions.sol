// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SigningRoots} from "../../contracts/libraries/SigningRoots.sol";
import {G1Point} from "../../contracts/types/G1Point.sol";
import {BlsSigner} from "./BlsSigner.sol";
import {VM} from "./Vm.sol";
import {Member, World} from "./World.sol";

/// @title Validators come, and go with their money
abstract contract LifecycleActions is World {
    uint256 private constant MAX_BATCH = 4;
    uint256 private constant RARE = 4;

    // ---------------------------------------------------------------- actions

    function deposit(uint256 seed) external observed {
        VM.assume(members.length < MAX_MEMBERS);
        _deposit(_owner(seed));
    }

    function depositBatch(uint256 seed) external observed {
        uint256 count = 1 + _random(seed, "count", MAX_BATCH);
        VM.assume(members.length + count <= MAX_MEMBERS && _random(seed, "rare", RARE) == 0);
        address owner = _owner(seed);
        bytes memory keys;
        uint256[] memory secrets = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) {
            secrets[i] = _newSecret();
            keys = bytes.concat(keys, abi.encode(BlsSigner.publicKey(secrets[i])));
        }
        bytes32 digest = SigningRoots.batchProofOfPossession(DOMAIN_SEPARATOR, keccak256(keys), uint32(count), owner);
        bytes memory proof = BlsSigner.provePossessionOfAll(secrets, digest);
        VM.prank(ANYBODY, ANYBODY);
        uint32 first = STAKING.depositBatch{value: count * parameters.stake, gas: GAS_CAP}(keys, proof, owner);
        require(first == members.length + 1, "numbers are not in order");
        for (uint256 i = 0; i < count; ++i) _enlist(secrets[i], owner);
    }

    /// @notice Deposits that would give somebody a seat who must not have it.
    function depositBadly(uint256 seed) external observed {
        address owner = _owner(seed);
        uint256 secret = BlsSigner.secret(secretCount);
        uint256 value = parameters.stake;
        address proven = owner;
        G1Point memory key = BlsSigner.publicKey(secret);
        uint256 kind = _random(seed, "kind", 6);
        // Too much, too little; under somebody else's name; a key that is taken; its negative; no key at all.
        if (kind == 0) value -= 1;
        if (kind == 1) value += 1;
        if (kind == 2) proven = address(uint160(owner) + 1);
        if (kind == 3 || kind == 4) secret = members[_random(seed, "taken", members.length)].secret;
        if (kind == 4) secret = BlsSigner.ORDER - secret;
        if (kind == 3 || kind == 4) key = BlsSigner.publicKey(secret);
        if (kind == 5) (key, secret) = (G1Point(0, 0, 0, 0), 0);
        bytes memory publicKey = abi.encode(key);
        bytes memory proof = _provePossession(secret, publicKey, proven);
        bytes memory data = abi.encodeCall(STAKING.deposit, (publicKey, proof, owner));
        _requireRefusal(ANYBODY, address(STAKING), value, data);
    }

    // ---------------------------------------------------------------- private

    /// @dev Whose money it is: accounts, by seed.
    function _owner(uint256 seed) internal pure returns (address) {
        return address(uint160(0x100 + _random(seed, "owner", 4)));
    }

    function _deposit(address owner) internal {
        uint256 secret = _newSecret();
        bytes memory publicKey = abi.encode(BlsSigner.publicKey(secret));
        bytes memory proof = _provePossession(secret, publicKey, owner);
        VM.prank(ANYBODY, ANYBODY);
        uint32 validator = STAKING.deposit{value: parameters.stake, gas: GAS_CAP}(publicKey, proof, owner);
        require(validator == members.length + 1, "numbers are not in order");
        _enlist(secret, owner);
    }

    function _enlist(uint256 secret, address owner) private {
        uint32 validator = uint32(members.length + 1);
        (uint32 seat, uint64 activationEpoch, uint64 exitEpoch) = REGISTRY.tenure(validator);
        members.push(
            Member({
                secret: secret,
                publicKey: abi.encode(BlsSigner.publicKey(secret)),
                owner: owner,
                seat: seat,
                activationEpoch: activationEpoch,
                exitEpoch: exitEpoch
            })
        );
    }

    function _newSecret() private returns (uint256) {
        return BlsSigner.secret(secretCount++);
    }

    function _provePossession(
        uint256 secret,
        bytes memory publicKey,
        address owner
    ) private view returns (bytes memory) {
        bytes32 digest = SigningRoots.proofOfPossession(DOMAIN_SEPARATOR, keccak256(publicKey), owner);
        return BlsSigner.provePossession(secret, digest);
    }
}
