// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TransferStep, TransferVerifier} from "../disputes/TransferVerifier.sol";
import {StepVerdict} from "../types/StepVerdict.sol";

/// @notice Measures a verdict as another contract pays for it: encoding of the arguments and cold call included.
contract TransferVerifierMock {
    TransferVerifier private immutable VERIFIER = new TransferVerifier();

    function judge(
        uint64 chainId,
        TransferStep calldata step
    ) external view returns (StepVerdict verdict, uint256 gasUsed) {
        uint256 before = gasleft();
        verdict = VERIFIER.judge(chainId, step);
        gasUsed = before - gasleft();
    }
}
