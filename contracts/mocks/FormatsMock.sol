// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICrosslinkAnchors} from "../beacon/ICrosslinkAnchors.sol";
import {CheckpointEntries} from "../libraries/CheckpointEntries.sol";
import {TraceLeaves} from "../libraries/TraceLeaves.sol";
import {Account, Accounts} from "../types/Account.sol";
import {CheckpointSubmission} from "../types/Checkpoint.sol";
import {TraceLeaf} from "../types/TraceLeaf.sol";

// solhint-disable use-natspec -- each function is the library function of its name

/// @title Formats that no other mock opens to tests
contract FormatsMock {
    function traceLeaf(TraceLeaf calldata leaf) external view returns (bytes32) {
        return TraceLeaves.hash(leaf);
    }

    function account(bytes32 word) external pure returns (Account memory decoded, bytes32 encoded) {
        decoded = Accounts.fromWord(word);
        encoded = Accounts.toWord(decoded);
    }

    function submit(CheckpointSubmission calldata submission) external pure returns (bytes memory input) {
        return abi.encodeCall(ICrosslinkAnchors.submit, (submission));
    }

    function replaceEntries(
        bytes32[] memory entries,
        uint256 changed,
        bytes calldata records,
        uint256 plain,
        uint256[] memory allocation,
        bytes32 domainSeparator,
        uint64 epoch,
        uint256 maxBlocks
    ) external pure returns (bytes32[] memory) {
        CheckpointEntries.replace(
            entries,
            changed,
            records,
            plain,
            allocation,
            new bytes32[](0),
            domainSeparator,
            epoch,
            maxBlocks
        );
        return entries;
    }
}
