// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ProofOfPossession} from "../libraries/ProofOfPossession.sol";
import {SigningRoots} from "../libraries/SigningRoots.sol";
import {G1Point} from "../types/G1Point.sol";
import {G2Point} from "../types/G2Point.sol";
import {IBeaconRegistry} from "./IBeaconRegistry.sol";
import {IStaking} from "./IStaking.sol";

/// @title Stakes of the validators
/// @notice See IStaking.
contract Staking is IStaking {
    struct Stake {
        address withdrawalAddress;
        uint96 amount;
    }

    uint256 private constant KEY_LENGTH = 128;
    uint256 private constant PROOF_LENGTH = 256;
    uint256 private constant MAX_BATCH = 80;

    IBeaconRegistry private immutable REGISTRY;
    uint96 private immutable STAKE;

    mapping(uint256 validator => Stake stake) private _stakes;

    constructor(IBeaconRegistry registry) {
        REGISTRY = registry;
        STAKE = registry.parameters().stake;
    }

    /// @inheritdoc IStaking
    function deposit(
        bytes calldata publicKey,
        bytes calldata proofOfPossession,
        address withdrawalAddress
    ) external payable returns (uint32 validator) {
        if (publicKey.length != KEY_LENGTH) revert Staking_PublicKeyLength(publicKey.length);
        _requirePayment(1, withdrawalAddress);
        bytes32 digest = SigningRoots.proofOfPossession(
            REGISTRY.domainSeparator(),
            keccak256(publicKey),
            withdrawalAddress
        );
        G2Point memory proof = _decodeProof(proofOfPossession);
        if (!ProofOfPossession.verify(digest, abi.decode(publicKey, (G1Point)), proof)) {
            revert Staking_InvalidProof();
        }
        return _record(publicKey, 1, withdrawalAddress);
    }

    /// @inheritdoc IStaking
    function depositBatch(
        bytes calldata publicKeys,
        bytes calldata proof,
        address withdrawalAddress
    ) external payable returns (uint32 firstValidator) {
        if (publicKeys.length % KEY_LENGTH != 0) revert Staking_PublicKeyLength(publicKeys.length);
        uint256 count = publicKeys.length / KEY_LENGTH;
        if (count == 0 || count > MAX_BATCH) revert Staking_BatchSize(count, MAX_BATCH);
        _requirePayment(count, withdrawalAddress);
        bytes32 digest = SigningRoots.batchProofOfPossession(
            REGISTRY.domainSeparator(),
            keccak256(publicKeys),
            uint32(count),
            withdrawalAddress
        );
        G1Point[] memory keys = new G1Point[](count);
        for (uint256 i = 0; i < count; ++i) {
            keys[i] = abi.decode(publicKeys[i * KEY_LENGTH:(i + 1) * KEY_LENGTH], (G1Point));
        }
        if (!ProofOfPossession.verifyBatch(digest, keys, _decodeProof(proof))) revert Staking_InvalidProof();
        return _record(publicKeys, count, withdrawalAddress);
    }

    /// @inheritdoc IStaking
    function stakeOf(uint32 validator) external view returns (address withdrawalAddress, uint96 amount) {
        Stake memory stake = _stakes[validator];
        if (stake.withdrawalAddress == address(0)) revert Staking_UnknownValidator(validator);
        return (stake.withdrawalAddress, stake.amount);
    }

    /// @inheritdoc IStaking
    function maxBatch() external pure returns (uint256) {
        return MAX_BATCH;
    }

    function _decodeProof(bytes calldata proof) private pure returns (G2Point memory) {
        if (proof.length != PROOF_LENGTH) revert Staking_ProofLength(proof.length);
        return abi.decode(proof, (G2Point));
    }

    function _requirePayment(uint256 count, address withdrawalAddress) private view {
        if (msg.value != count * STAKE) revert Staking_WrongAmount(msg.value, count * STAKE);
        if (withdrawalAddress == address(0)) revert Staking_ZeroWithdrawalAddress();
    }

    function _record(
        bytes calldata publicKeys,
        uint256 count,
        address withdrawalAddress
    ) private returns (uint32 firstValidator) {
        firstValidator = REGISTRY.enroll(publicKeys);
        for (uint256 i = 0; i < count; ++i) {
            _stakes[firstValidator + i] = Stake({withdrawalAddress: withdrawalAddress, amount: STAKE});
        }
        emit Deposited(firstValidator, uint32(count), withdrawalAddress, msg.sender);
    }
}
