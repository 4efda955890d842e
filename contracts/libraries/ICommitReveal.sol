// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/**
 * @title Evidence is committed to before it is shown
 * @notice So that nobody takes the reward from whoever found the evidence: `commit`, and some blocks later, by the same
 * account, the call that shows it.
 */
interface ICommitReveal {
    /// @notice Somebody will reveal evidence.
    event EvidenceCommitted(bytes32 indexed commitment);

    /// @notice The commitment is there already, and still good.
    error CommitReveal_AlreadyCommitted(bytes32 commitment);
    error CommitReveal_NotCommitted(bytes32 commitment);
    /// @notice The evidence can be revealed in the blocks `first` to `last`.
    error CommitReveal_OutsideWindow(uint256 first, uint256 last);

    /**
     * @notice Commits to evidence that the caller will reveal.
     * @param commitment keccak256(abi.encode(reporter, evidenceHash, salt)): the account that will reveal it, the hash
     * of what it will show (formats, sections 8 and 9), and 32 bytes that nobody can guess
     */
    function commit(bytes32 commitment) external;

    /// @notice The block of a commitment that was not revealed yet; zero if there is none.
    function committedIn(bytes32 commitment) external view returns (uint256 blockNumber);

    /// @notice How many blocks after the commitment evidence can be revealed: at least and at most.
    function revealWindow() external view returns (uint256 min, uint256 max);
}
