// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICommitReveal} from "./ICommitReveal.sol";

/// @title Evidence is committed to before it is shown
/// @notice See ICommitReveal.
abstract contract CommitReveal is ICommitReveal {
    /// @dev Whoever sees a report and wants to come first has to keep it out of that many blocks.
    uint256 private constant REVEAL_AFTER = 4;
    /// @dev Whoever plans an offence cannot stay ahead of all reporters with one old commitment.
    uint256 private constant REVEAL_WITHIN = 1024;

    mapping(bytes32 commitment => uint256 blockNumber) private _commitments;

    /// @inheritdoc ICommitReveal
    function commit(bytes32 commitment) external {
        uint256 committed = _commitments[commitment];
        // Else whoever repeats the commitments of others would put off their reports for ever.
        if (committed != 0 && block.number <= committed + REVEAL_WITHIN) {
            revert CommitReveal_AlreadyCommitted(commitment);
        }
        _commitments[commitment] = block.number;
        emit EvidenceCommitted(commitment);
    }

    /// @inheritdoc ICommitReveal
    function committedIn(bytes32 commitment) external view returns (uint256 blockNumber) {
        return _commitments[commitment];
    }

    /// @inheritdoc ICommitReveal
    function revealWindow() external pure returns (uint256 min, uint256 max) {
        return (REVEAL_AFTER, REVEAL_WITHIN);
    }

    /// @notice Reverts unless the caller has committed to the evidence, in time; a commitment is good for once.
    /// @return committed the block in which it has
    function _reveal(bytes32 evidenceHash, bytes32 salt) internal returns (uint256 committed) {
        bytes32 commitment = keccak256(abi.encode(msg.sender, evidenceHash, salt));
        committed = _commitments[commitment];
        if (committed == 0) revert CommitReveal_NotCommitted(commitment);
        (uint256 first, uint256 last) = (committed + REVEAL_AFTER, committed + REVEAL_WITHIN);
        if (block.number < first || block.number > last) revert CommitReveal_OutsideWindow(first, last);
        delete _commitments[commitment];
    }
}
