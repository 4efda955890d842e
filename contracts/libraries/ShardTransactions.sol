// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ShardCall, ShardTransaction} from "../types/ShardTransaction.sol";
import {StepOutcome, StepOutcomes} from "../types/Step.sol";
import {StepError} from "../types/StepError.sol";
import {RlpReader, StrictRlp} from "./StrictRlp.sol";

/// @title Transactions of a shard: decoding, signer, and every rule that needs no state
/// @notice Twin of protocol/transaction.ts and of the transaction rules in formats, section 5.
library ShardTransactions {
    using StrictRlp for RlpReader;

    /// Wei per gas, on every shard.
    uint256 internal constant BASE_FEE = 1 gwei;

    uint256 internal constant TRANSFER_GAS = 21_000;
    uint256 internal constant SEND_MESSAGE_GAS = 100_000;

    address internal constant FEE_COLLECTOR = 0x0000000000000000000000000000000000005700;
    address internal constant MESSENGER = 0x0000000000000000000000000000000000005701;
    bytes4 private constant SEND_MESSAGE = bytes4(keccak256("sendMessage(uint32,address,bytes)"));

    /// @dev Half the order of secp256k1, rounded down (EIP-2).
    uint256 private constant MAX_S = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    /// @notice Reads 0x02 ‖ RLP. Not `ok`: not the one encoding of an EIP-1559 transaction, or a field out of range.
    function decode(bytes calldata payload) internal pure returns (bool ok, ShardTransaction memory t) {
        if (payload.length == 0 || payload[0] != 0x02) return (false, t);
        RlpReader memory reader;
        reader.offset = 1;
        uint256 end = reader.enterList(payload);
        if (end != payload.length) return (false, t);
        uint256 firstField = reader.offset;

        t.chainId = uint64(reader.readInteger(payload, 8));
        t.nonce = uint64(reader.readInteger(payload, 8));
        t.maxPriorityFeePerGas = uint64(reader.readInteger(payload, 8));
        t.maxFeePerGas = uint64(reader.readInteger(payload, 8));
        t.gasLimit = uint64(reader.readInteger(payload, 8));
        bool isAddress;
        (isAddress, t.isCreation, t.to) = _readRecipient(reader, payload);
        t.value = uint128(reader.readInteger(payload, 16));
        reader.readString(payload);
        if (reader.malformed) return (false, t);
        t.data = payload[reader.start:reader.start + reader.length];
        reader.skipList(payload);
        t.hasAccessList = reader.length != 0;
        if (reader.malformed) return (false, t);
        t.signingHash = _signingHash(payload[firstField:reader.offset]);
        t.yParity = uint64(reader.readInteger(payload, 8));
        t.r = bytes32(reader.readInteger(payload, 32));
        t.s = bytes32(reader.readInteger(payload, 32));

        // The account's next nonce has to fit in 64 bits as well (EIP-2681).
        ok = isAddress && !reader.malformed && reader.offset == end && t.nonce != type(uint64).max;
    }

    /// @notice The signer, or the first rule before those of nonce and balance that the transaction breaks.
    function admit(
        ShardTransaction memory t,
        uint64 chainId
    ) internal pure returns (StepOutcome memory refusal, address sender) {
        if (t.chainId != chainId) return (StepOutcomes.refused(StepError.WrongChainId, t.chainId), sender);
        if (t.hasAccessList) return (StepOutcomes.refused(StepError.AccessList), sender);
        if (t.isCreation) return (StepOutcomes.refused(StepError.Creation), sender);
        ShardCall call = callOf(t);
        if (call == ShardCall.Unknown) return (StepOutcomes.refused(StepError.UnknownCall, uint160(t.to)), sender);
        uint256 gas = flatGasOf(call);
        if (t.gasLimit < gas) return (StepOutcomes.refused(StepError.GasLimitTooLow, t.gasLimit, gas), sender);
        if (t.maxPriorityFeePerGas > t.maxFeePerGas) {
            return (StepOutcomes.refused(StepError.PriorityFeeAboveMaxFee), sender);
        }
        if (t.maxFeePerGas < BASE_FEE) {
            return (StepOutcomes.refused(StepError.FeeTooLow, t.maxFeePerGas, BASE_FEE), sender);
        }
        sender = signerOf(t);
        if (sender == address(0)) refusal = StepOutcomes.refused(StepError.InvalidSignature);
    }

    /// @notice What a transaction that creates nothing calls.
    function callOf(ShardTransaction memory t) internal pure returns (ShardCall) {
        if (!isSystemAddress(t.to)) return t.data.length == 0 ? ShardCall.Transfer : ShardCall.Unknown;
        bool isSendMessage = t.to == MESSENGER && t.data.length >= 4 && bytes4(t.data) == SEND_MESSAGE;
        return isSendMessage ? ShardCall.SendMessage : ShardCall.Unknown;
    }

    /// @notice 0x5700 to 0x570f, of which most are reserved.
    function isSystemAddress(address a) internal pure returns (bool) {
        return uint160(a) >> 4 == 0x570;
    }

    function flatGasOf(ShardCall call) internal pure returns (uint256) {
        return call == ShardCall.SendMessage ? SEND_MESSAGE_GAS : TRANSFER_GAS;
    }

    /// @notice Wei that an admissible transaction pays, whatever its gas limit.
    function feeOf(ShardTransaction memory t) internal pure returns (uint256) {
        uint256 price = BASE_FEE + t.maxPriorityFeePerGas;
        if (price > t.maxFeePerGas) price = t.maxFeePerGas;
        return flatGasOf(callOf(t)) * price;
    }

    /// @notice Zero when the signature is not valid.
    /// @dev A precompile that runs out of gas reverts here: its silence must not be taken for an invalid signature.
    function signerOf(ShardTransaction memory t) internal pure returns (address) {
        if (t.yParity > 1 || uint256(t.s) > MAX_S) return address(0);
        return ecrecover(t.signingHash, uint8(27 + t.yParity), t.r, t.s);
    }

    function _readRecipient(
        RlpReader memory reader,
        bytes calldata payload
    ) private pure returns (bool ok, bool isCreation, address to) {
        reader.readString(payload);
        if (reader.malformed) return (false, false, to);
        if (reader.length == 0) return (true, true, to);
        if (reader.length != 20) return (false, false, to);
        return (true, false, address(bytes20(payload[reader.start:reader.start + 20])));
    }

    /// @dev keccak256(0x02 ‖ list header ‖ fields before the signature)
    function _signingHash(bytes calldata fields) private pure returns (bytes32) {
        uint256 length = fields.length;
        if (length < 56) return keccak256(abi.encodePacked(uint8(2), uint8(0xc0 + length), fields));
        if (length < 1 << 8) return keccak256(abi.encodePacked(uint8(2), uint8(0xf8), uint8(length), fields));
        if (length < 1 << 16) return keccak256(abi.encodePacked(uint8(2), uint8(0xf9), uint16(length), fields));
        return keccak256(abi.encodePacked(uint8(2), uint8(0xfa), uint24(length), fields));
    }
}
