// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SigningRoots} from "../../contracts/libraries/SigningRoots.sol";
import {CallerMock} from "../../contracts/mocks/CallerMock.sol";
import {G1Point} from "../../contracts/types/G1Point.sol";
import {BlsSigner} from "./BlsSigner.sol";
import {Change, SetModel} from "./SetModel.sol";
import {VM} from "./Vm.sol";
import {Member} from "./World.sol";

/// @title Validators come, and go with their money
abstract contract LifecycleActions is SetModel {
    uint256 private constant MAX_BATCH = 4;
    uint256 private constant RARE = 4;
    uint256 private constant PLAIN_OWNERS = 3;

    /// An owner that takes its money or not, and may call back when it gets it.
    CallerMock internal immutable FICKLE = new CallerMock();
    bool internal fickleTakes;

    // ---------------------------------------------------------------- coming

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
        uint256 kind = _random(seed, "kind", 6);
        // Too little, too much; under somebody else's name; a key that is taken; its negative; no key at all.
        if (kind == 0) value -= 1;
        if (kind == 1) value += 1;
        if (kind == 2) proven = address(uint160(owner) + 1);
        if (kind == 3 || kind == 4) secret = members[_random(seed, "taken", members.length)].secret;
        if (kind == 4) secret = BlsSigner.ORDER - secret;
        if (kind == 5) secret = 0;
        G1Point memory key = secret == 0 ? G1Point(0, 0, 0, 0) : BlsSigner.publicKey(secret);
        bytes memory publicKey = abi.encode(key);
        bytes memory proof = _provePossession(secret, publicKey, proven);
        bytes memory data = abi.encodeCall(STAKING.deposit, (publicKey, proof, owner));
        _requireRefusal(ANYBODY, address(STAKING), value, data);
    }

    // ---------------------------------------------------------------- going

    function exit(uint256 seed) external observed {
        uint256 index = _leaver(seed);
        uint64 expected = _placeFor(Change.Exit);
        VM.prank(members[index].owner, ANYBODY);
        uint64 exitEpoch = STAKING.exit{gas: GAS_CAP}(uint32(index + 1));
        require(exitEpoch == expected, "another exit epoch");
        _leave(index, Change.Exit, exitEpoch);
    }

    /// @notice Anybody brings what the validator has signed.
    function exitSigned(uint256 seed) external observed {
        uint256 index = _leaver(seed);
        uint64 from = uint64(_random(seed, "from", REGISTRY.currentEpoch() + 1));
        bytes memory signature = _signExit(members[index].secret, index, from);
        uint64 expected = _placeFor(Change.Exit);
        VM.prank(ANYBODY, ANYBODY);
        uint64 exitEpoch = STAKING.exitSigned{gas: GAS_CAP}(uint32(index + 1), from, signature);
        require(exitEpoch == expected, "another exit epoch");
        _leave(index, Change.Exit, exitEpoch);
    }

    /// @notice Exits that nobody has asked for who may, or that are there already.
    function exitBadly(uint256 seed) external observed {
        uint256 index = _random(seed, "who", members.length);
        Member storage member = members[index];
        uint32 validator = uint32(index + 1);
        uint64 current = REGISTRY.currentEpoch();
        bool isActive = member.activationEpoch <= current && member.exitEpoch == FAR_FUTURE_EPOCH;
        bytes memory data = abi.encodeCall(STAKING.exit, (validator));
        if (!isActive) return _requireRefusal(member.owner, address(STAKING), 0, data);
        uint256 kind = _random(seed, "kind", 3);
        if (kind == 0) return _requireRefusal(ANYBODY, address(STAKING), 0, data);
        uint64 from = kind == 1 ? current + 1 : 0;
        bytes memory signature = _signExit(kind == 1 ? member.secret : member.secret - 1, index, from);
        data = abi.encodeCall(STAKING.exitSigned, (validator, from, signature));
        _requireRefusal(ANYBODY, address(STAKING), 0, data);
    }

    // ---------------------------------------------------------------- money

    function withdraw(uint256 seed) external observed {
        uint256 index = _findWithdrawable(seed);
        VM.assume(index < members.length);
        Member storage member = members[index];
        VM.assume(_takesCoins(member.owner));
        _withdraw(index);
    }

    /// @notice Before anybody knows what the validator is guilty of; a second time; or to one who does not take it.
    function withdrawBadly(uint256 seed) external observed {
        uint256 index = _random(seed, "who", members.length);
        if (slashed.length != 0 && seed % 2 == 0) index = slashed[_random(seed, "slashed", slashed.length)];
        VM.assume(!_isWithdrawable(index) || !_takesCoins(members[index].owner));
        bytes memory data = abi.encodeCall(STAKING.withdraw, (uint32(index + 1)));
        _requireRefusal(ANYBODY, address(STAKING), 0, data);
    }

    /// @notice One owner takes its money or refuses it.
    function changeFickle(uint256 seed) external observed {
        fickleTakes = _random(seed, "takes", 2) == 0;
        FICKLE.onReceive(fickleTakes, address(0), "");
    }

    /// @notice That owner asks for a stake again while it gets it: Staking has to refuse, and so the payment fails.
    function withdrawTwice(uint256 seed) external observed {
        uint256 index = _findWithdrawable(seed);
        VM.assume(index < members.length && members[index].owner == address(FICKLE));
        bytes memory data = abi.encodeCall(STAKING.withdraw, (uint32(index + 1)));
        FICKLE.onReceive(true, address(STAKING), data);
        _requireRefusal(ANYBODY, address(STAKING), 0, data);
        FICKLE.onReceive(fickleTakes, address(0), "");
    }

    function proposeOwner(uint256 seed) external observed {
        uint256 index = _random(seed, "who", members.length);
        Member storage member = members[index];
        address proposed = _owner(seed);
        VM.prank(member.owner, ANYBODY);
        STAKING.proposeWithdrawalAddress(uint32(index + 1), proposed);
        member.proposed = proposed;
    }

    function acceptOwner(uint256 seed) external observed {
        uint256 start = _random(seed, "who", members.length);
        for (uint256 i = 0; i < members.length; ++i) {
            uint256 index = (start + i) % members.length;
            Member storage member = members[index];
            if (member.proposed == address(0)) continue;
            VM.prank(member.proposed, ANYBODY);
            STAKING.acceptWithdrawalAddress(uint32(index + 1));
            (member.owner, member.proposed) = (member.proposed, address(0));
            return;
        }
        VM.assume(false);
    }

    /// @notice Somebody else's stake.
    function takeOver(uint256 seed) external observed {
        uint256 index = _random(seed, "who", members.length);
        uint32 validator = uint32(index + 1);
        bool proposes = _random(seed, "kind", 2) == 0;
        bytes memory data =
            proposes
                ? abi.encodeCall(STAKING.proposeWithdrawalAddress, (validator, ANYBODY))
                : abi.encodeCall(STAKING.acceptWithdrawalAddress, (validator));
        _requireRefusal(ANYBODY, address(STAKING), 0, data);
    }

    // ---------------------------------------------------------------- for the end of a run

    /// @dev Model and contract agree on what is paid; it is paid to the owner and to nobody else.
    function _withdraw(uint256 index) internal {
        Member storage member = members[index];
        uint256 correlation = _correlationPenalty(member);
        uint256 amount = _stakeOf(member) - correlation;
        uint256 before = member.owner.balance;
        VM.prank(ANYBODY, ANYBODY);
        uint96 paid = STAKING.withdraw{gas: GAS_CAP}(uint32(index + 1));
        require(paid == amount, "another amount was paid");
        require(member.owner.balance == before + amount, "the money went to somebody else");
        member.isWithdrawn = true;
        coins.paid += amount;
        coins.burnt += correlation;
    }

    function _takesCoins(address owner) private view returns (bool) {
        return owner != address(FICKLE) || fickleTakes;
    }

    // ---------------------------------------------------------------- private

    /// @dev Whose money it is: accounts, and a contract.
    function _owner(uint256 seed) internal view returns (address) {
        uint256 choice = _random(seed, "owner", PLAIN_OWNERS + 1);
        return choice == PLAIN_OWNERS ? address(FICKLE) : address(uint160(0x100 + choice));
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

    /// @dev One that may leave: that one can is a property.
    function _leaver(uint256 seed) private view returns (uint256 index) {
        VM.assume(_random(seed, "rare", RARE) == 0);
        uint64 current = REGISTRY.currentEpoch();
        uint256 start = _random(seed, "who", members.length);
        for (uint256 i = 0; i < members.length; ++i) {
            index = (start + i) % members.length;
            Member storage member = members[index];
            if (member.activationEpoch <= current && member.exitEpoch == FAR_FUTURE_EPOCH) return index;
        }
        VM.assume(false);
    }

    function _findWithdrawable(uint256 seed) private view returns (uint256 index) {
        uint256 start = _random(seed, "who", members.length);
        for (uint256 i = 0; i < members.length; ++i) {
            index = (start + i) % members.length;
            if (_isWithdrawable(index)) return index;
        }
        return members.length;
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

    function _signExit(uint256 secret, uint256 index, uint64 from) private view returns (bytes memory) {
        return BlsSigner.sign(secret, SigningRoots.voluntaryExit(DOMAIN_SEPARATOR, uint32(index + 1), from));
    }
}
