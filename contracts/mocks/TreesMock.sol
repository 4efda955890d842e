// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AppendTree} from "../libraries/AppendTree.sol";
import {PaddedTree} from "../libraries/PaddedTree.sol";
import {SparseMerkleTree} from "../libraries/SparseMerkleTree.sol";
import {StateKeys} from "../libraries/StateKeys.sol";

// solhint-disable use-natspec -- each function is the library function of its name

/// @title PaddedTree, AppendTree, SparseMerkleTree and StateKeys from outside
contract TreesMock {
    function paddedRoot(bytes32[] calldata leaves) external view returns (bytes32) {
        return PaddedTree.root(leaves);
    }

    function paddedRootOf(
        bytes32 leaf,
        uint256 index,
        uint256 count,
        bytes32[] calldata siblings
    ) external view returns (bytes32) {
        return PaddedTree.rootOf(leaf, index, count, siblings);
    }

    function appendRootOf(
        bytes32 leaf,
        uint256 index,
        uint256 count,
        bytes32[] calldata siblings
    ) external view returns (bytes32) {
        return AppendTree.rootOf(leaf, index, count, siblings);
    }

    function outboxWord(uint256 count, bytes32 root) external view returns (bytes32) {
        return AppendTree.word(count, root);
    }

    function sparseRootOf(bytes32 key, bytes32 word, bytes32[] calldata siblings) external view returns (bytes32) {
        return SparseMerkleTree.rootOf(key, word, siblings);
    }

    function stateKeys(address owner, uint32 shard) external view returns (bytes32[5] memory) {
        return
            [
                StateKeys.account(owner),
                StateKeys.head(),
                StateKeys.seed(),
                StateKeys.cursor(shard),
                StateKeys.outbox(shard)
            ];
    }
}
