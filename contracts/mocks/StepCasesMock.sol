// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SlotDerivation} from "@openzeppelin/contracts/utils/SlotDerivation.sol";
import {TransientSlot} from "@openzeppelin/contracts/utils/TransientSlot.sol";

/// @notice One call of a contract, and all that it may learn from others meanwhile.
struct StepCase {
    // what others may be asked, as call data, and what they say then
    bytes[] questions;
    bytes[] answers;
    bytes input;
}

/**
 * @notice Stands for every contract that a verifier of steps asks, and has it judge many cases in one call, each among
 * facts of its own. Whoever asks what nobody foresaw learns nothing but an error.
 */
contract StepCasesMock {
    using SlotDerivation for bytes32;
    using TransientSlot for *;

    /// What is said in every case: by call data, or else by selector.
    mapping(bytes32 question => bytes reply) private _constant;
    mapping(bytes4 selector => bytes reply) private _default;

    uint256 private transient _case;

    error StepCasesMock_Unforeseen(bytes question);

    // It is asked, not paid.
    // solhint-disable-next-line payable-fallback
    fallback() external {
        bytes memory reply = _answered(_slotOf(_case, msg.data));
        if (reply.length == 0) reply = _constant[keccak256(msg.data)];
        if (reply.length == 0) reply = _default[msg.sig];
        if (reply.length == 0) revert StepCasesMock_Unforeseen(msg.data);
        assembly ("memory-safe") {
            return(add(reply, 0x20), mload(reply))
        }
    }

    function setConstant(bytes calldata question, bytes calldata reply) external {
        _constant[keccak256(question)] = reply;
    }

    function setDefault(bytes4 selector, bytes calldata reply) external {
        _default[selector] = reply;
    }

    /// @return outcomes of each case the hash of what was returned, zero if it reverted
    function judgeAll(address verifier, StepCase[] calldata cases) external returns (bytes32[] memory outcomes) {
        outcomes = new bytes32[](cases.length);
        for (uint256 i = 0; i < cases.length; ++i) {
            outcomes[i] = _judge(verifier, cases[i]);
        }
    }

    /// @notice A single case, with whatever it ends.
    function judge(address verifier, StepCase calldata one) external returns (bool ok, bytes memory output) {
        _foresee(one);
        return verifier.staticcall(one.input);
    }

    /**
     * @notice One case with ever more gas: `count` times, from `gasFrom` on, each time `gasStep` more.
     * @return outcomes as those of `judgeAll`
     */
    function sweep(
        address verifier,
        StepCase calldata one,
        uint256 gasFrom,
        uint256 gasStep,
        uint256 count
    ) external returns (bytes32[] memory outcomes) {
        _foresee(one);
        outcomes = new bytes32[](count);
        bytes memory input = one.input;
        for (uint256 i = 0; i < count; ++i) {
            (bool ok, bytes memory output) = verifier.staticcall{gas: gasFrom + i * gasStep}(input);
            if (ok) outcomes[i] = keccak256(output);
        }
    }

    /// @dev Memory is used again by the next case; a large batch would pay for it with the square of its size.
    function _judge(address verifier, StepCase calldata one) private returns (bytes32 outcome) {
        uint256 free;
        assembly ("memory-safe") {
            free := mload(0x40)
        }
        _foresee(one);
        (bool ok, bytes memory output) = verifier.staticcall(one.input);
        outcome = ok ? keccak256(output) : bytes32(0);
        assembly {
            mstore(0x40, free)
        }
    }

    function _foresee(StepCase calldata one) private {
        uint256 number = ++_case;
        for (uint256 i = 0; i < one.questions.length; ++i) {
            bytes32 slot = _slotOf(number, one.questions[i]);
            bytes calldata reply = one.answers[i];
            slot.asUint256().tstore(reply.length);
            for (uint256 k = 0; k < reply.length; k += 32) {
                slot.offset(1 + k / 32).asBytes32().tstore(bytes32(reply[k:k + 32]));
            }
        }
    }

    /// @dev Answers are whole words.
    function _answered(bytes32 slot) private view returns (bytes memory reply) {
        uint256 length = slot.asUint256().tload();
        reply = new bytes(length);
        for (uint256 k = 0; k < length; k += 32) {
            bytes32 word = slot.offset(1 + k / 32).asBytes32().tload();
            assembly ("memory-safe") {
                mstore(add(add(reply, 0x20), k), word)
            }
        }
    }

    function _slotOf(uint256 number, bytes calldata question) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(number, question));
    }
}
