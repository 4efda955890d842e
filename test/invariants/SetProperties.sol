// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {G1Point} from "../../contracts/types/G1Point.sol";
import {BlsSigner} from "./BlsSigner.sol";
import {Member, World} from "./World.sol";

/// @title Who sits where, in every epoch
/// @notice A function is a property of PROPERTIES.md.
abstract contract SetProperties is World {
    /// @notice One registry entry per key.
    function oneEntryPerKey() public view {
        require(REGISTRY.validatorCount() == members.length, "validators that nobody enrolled");
        for (uint256 i = 0; i < members.length; ++i) {
            if (!_isTurnOf(i)) continue;
            require(REGISTRY.validatorOf(members[i].publicKey) == i + 1, "a key with another number");
        }
    }

    /// @notice A tenure never changes, but for the exit that is scheduled once.
    function tenuresStay() public view {
        for (uint256 i = 0; i < members.length; ++i) {
            if (!_isTurnOf(i)) continue;
            Member storage member = members[i];
            (uint32 seat, uint64 activationEpoch, uint64 exitEpoch) = REGISTRY.tenure(uint32(i + 1));
            require(seat == member.seat && activationEpoch == member.activationEpoch, "another tenure");
            require(exitEpoch == member.exitEpoch, "another exit");
        }
    }

    /// @notice Seats, counts and the aggregate key are those of the validators that sit in the epoch.
    function aggregateIsSumOfActiveKeys() public view {
        // That of the future is the one that changes; the others must not.
        _requireSeats(actionCount % 2 == 0 ? _lastFixedEpoch() : _someEpoch());
    }

    /// @notice What was answered about an epoch stays the answer.
    function historiesStayReadable() public view {
        uint64 epoch = knownEpochs[_random(actionCount, "known epoch", knownEpochs.length)];
        require(_askSeats(epoch) == seatsOf[epoch], "another answer about the seats of an epoch");
    }

    function _requireSeats(uint64 epoch) private view {
        uint32[] memory validators = _occupants(epoch);
        require(REGISTRY.seatCount(epoch) == validators.length, "another number of seats");
        require(REGISTRY.occupiedCount(epoch) == _countOf(validators), "another number of occupants");
        for (uint32 seat = 0; seat < validators.length; ++seat) {
            require(REGISTRY.occupant(seat, epoch) == validators[seat], "another occupant");
        }
        uint256 secret = _sumOfSecrets(validators);
        G1Point memory sum = secret == 0 ? G1Point(0, 0, 0, 0) : BlsSigner.publicKey(secret);
        require(REGISTRY.aggregateKey(epoch).equals(sum), "the aggregate key is not the sum of the active keys");
    }

    function _someEpoch() private view returns (uint64) {
        return uint64(_random(actionCount, "some epoch", uint256(_lastFixedEpoch()) + 1));
    }
}
