// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Roll, RollStatus} from "../types/Roll.sol";

/**
 * @title The roll call
 * @notice When so many validators have vanished that no checkpoint finds two thirds of the seats, nothing would ever
 * be final again. So after long inactivity anybody may call the roll: seats that do not answer in time are vacated, at
 * a small penalty, and two thirds of the rest are a quorum again. Who is there answers by one signature; whoever has
 * several seats answers for all of them at once, and answers of several owners can be brought together. A checkpoint
 * that is accepted meanwhile shows that there is a quorum, and cancels the roll.
 */
interface IRollCall {
    /// @notice The seats of `epoch` have to answer by signing `RollAnswer(epoch)`.
    event RollCalled(uint64 indexed epoch, uint64 justifiedEpoch, uint32 groups);
    /// @notice These seats were shown to have signed; others have been before, or will be.
    /// @param seats a bitmap
    event RollAnswered(uint64 indexed epoch, bytes seats);
    /// @notice A group was gone through: so many of its seats had not answered. Who leaves, Staking says.
    event GroupEjected(uint64 indexed epoch, uint32 indexed group, uint32 absent);

    /// @notice The roll may be called from `callableAt` on, as things are.
    error RollCall_TooEarly(uint256 time, uint256 callableAt);
    /// @notice Nobody can answer any more, or yet.
    error RollCall_NotAnswering(RollStatus status);
    /// @notice Nobody can be ejected any more, or yet.
    error RollCall_NotEjecting(RollStatus status);
    error RollCall_SignatureLength(uint256 length);
    /// @notice The signature is not that of all these seats together, or no seat is named.
    error RollCall_InvalidSignature();
    error RollCall_UnknownGroup(uint32 group, uint32 groups);
    error RollCall_AlreadyEjected(uint32 group);

    // ------------------------------------------------------------------ changes

    /**
     * @notice Calls the roll. Anybody may do it when no checkpoint has been accepted for the inactivity period, nor a
     * roll called, and the latest roll is not under way any more.
     * @return epoch the present one, whose seats have to answer
     */
    function call() external returns (uint64 epoch);

    /**
     * @notice Shows that these seats have answered. Anybody may bring answers, as often as there are any; seats that
     * have answered before may be among them.
     * @param seats a bitmap of occupied seats, in the canonical form that lists of absent seats have (formats, section
     * 7); other forms, and vacant seats, revert as they do in `IBeaconRegistry.sumOfKeys`
     * @param signature 256 bytes: `RollAnswer(epoch)` of the roll, signed by the occupants of these seats
     */
    function answer(bytes calldata seats, bytes calldata signature) external;

    /**
     * @notice Vacates the seats of a group that have not answered, when the time to answer is over. Anybody may do it,
     * once for every group. Occupants that are about to leave by themselves are let go.
     * @param group seats 256 * group to 256 * group + 255
     */
    function eject(uint32 group) external;

    // ------------------------------------------------------------------ views

    /// @notice The latest roll; all zero if there has not been any.
    function roll() external view returns (Roll memory);

    /// @notice How far the latest roll has come, as of the latest block.
    function status() external view returns (RollStatus);

    /// @notice From which time of the parent chain on the roll may be called, if nothing changes until then; the
    ///         greatest number while genesis is not scheduled.
    function callableAt() external view returns (uint256);

    /// @notice The seats of a group that have answered the roll of that epoch.
    /// @return seats 32 bytes of a bitmap of seats, those from 32 * group on
    function answers(uint64 epoch, uint32 group) external view returns (bytes32 seats);

    /// @notice Whether the group was gone through in the roll of that epoch.
    function isEjected(uint64 epoch, uint32 group) external view returns (bool);
}
