// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {KeyStore} from "../beacon/KeyStore.sol";
import {AbsentSeats} from "../libraries/AbsentSeats.sol";
import {Seats, ValidatorSet} from "../libraries/ValidatorSet.sol";
import {G1Point} from "../types/G1Point.sol";

// solhint-disable use-natspec -- each function is the library function of its name

/// @title ValidatorSet and AbsentSeats without a registry around them
contract ValidatorSetMock {
    using ValidatorSet for ValidatorSet.State;

    KeyStore private immutable KEYS = new KeyStore();
    ValidatorSet.State private _set;

    function append(G1Point calldata key, uint32 epoch) external {
        _set.append(key, epoch);
        _set.schedule(epoch, 1, key);
    }

    function roll(uint256 last) external {
        _set.roll(last);
    }

    function pack() external {
        (, bytes memory keys) = _set.pack();
        KEYS.write(keys);
    }

    function takePlace(uint256 earliest, uint256 perEpochMin, uint256 quotient) external returns (uint32) {
        return _set.takePlace(earliest, perEpochMin, quotient);
    }

    function seatsAt(uint64 epoch) external view returns (Seats memory) {
        return _set.seatsAt(epoch);
    }

    function aggregateAt(uint64 epoch) external view returns (G1Point memory) {
        return _set.aggregateAt(epoch);
    }

    function occupantAt(uint256 seat, uint64 epoch) external view returns (uint32) {
        return _set.occupantAt(seat, epoch);
    }

    function sumAbsent(
        bytes calldata bitmap,
        uint256 seatCount,
        uint64 epoch
    ) external view returns (uint32 count, G1Point memory keys) {
        Seats memory seats = Seats({count: uint32(seatCount), occupied: uint32(seatCount), since: 0});
        return AbsentSeats.sum(bitmap, _set, seats, epoch, address(KEYS));
    }
}
