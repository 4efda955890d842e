// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/**
 * @title Stakes of the validators
 * @notice Holds all their money: one stake per validator. A stake is paid in once and leaves through exits and
 * slashing, which come with a later issue.
 */
interface IStaking {
    /// @notice `count` stakes were paid in, for validators `firstValidator` and those that follow it.
    event Deposited(
        uint32 indexed firstValidator,
        uint32 count,
        address indexed withdrawalAddress,
        address indexed depositor
    );

    error Staking_WrongAmount(uint256 value, uint256 expected);
    error Staking_ZeroWithdrawalAddress();
    error Staking_PublicKeyLength(uint256 length);
    error Staking_ProofLength(uint256 length);
    /// @notice The proof is not one of these keys, chain, contract and withdrawal address, or a point is infinity.
    error Staking_InvalidProof();
    error Staking_BatchSize(uint256 count, uint256 max);
    error Staking_UnknownValidator(uint256 validator);

    /**
     * @notice Stakes for one validator. Bad points revert with `Bls_PrecompileFailed`.
     * @param publicKey 128 bytes, as EIP-2537 reads it
     * @param proofOfPossession 256 bytes; signature of `ProofOfPossession(keccak256(publicKey), withdrawalAddress)`
     * @param withdrawalAddress where the stake goes in the end
     */
    function deposit(
        bytes calldata publicKey,
        bytes calldata proofOfPossession,
        address withdrawalAddress
    ) external payable returns (uint32 validator);

    /**
     * @notice Stakes for several validators of one owner with one proof for all.
     * @param publicKeys 128 bytes each
     * @param proof 256 bytes; signature, by the sum of the secret keys under the batch's coefficients, of
     * `BatchProofOfPossession(keccak256(publicKeys), count, withdrawalAddress)`
     */
    function depositBatch(
        bytes calldata publicKeys,
        bytes calldata proof,
        address withdrawalAddress
    ) external payable returns (uint32 firstValidator);

    /// @notice Whose money it is, and how much is there.
    function stakeOf(uint32 validator) external view returns (address withdrawalAddress, uint96 amount);

    /// @notice How many keys `depositBatch` takes at most: what fits the gas limit of a transaction (EIP-7825).
    function maxBatch() external view returns (uint256);
}
