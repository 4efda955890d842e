// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice An account of a shard: the word u64 nonce ‖ u192 balance. One that is absent has the word zero.
struct Account {
    uint64 nonce;
    uint192 balance;
}

using Accounts for Account global;

/// @title Words of accounts
/// @notice Twin of `decodeAccount` and `encodeAccount` in protocol/state.ts.
library Accounts {
    function fromWord(bytes32 word) internal pure returns (Account memory) {
        return Account({nonce: uint64(uint256(word) >> 192), balance: uint192(uint256(word))});
    }

    function toWord(Account memory account) internal pure returns (bytes32) {
        return bytes32((uint256(account.nonce) << 192) | account.balance);
    }
}
