// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SigningRoots} from "../../contracts/libraries/SigningRoots.sol";
import {Crosslink} from "../../contracts/types/Crosslink.sol";
import {World} from "./World.sol";

/// @notice A crosslink that was accepted in the checkpoint of its epoch.
struct Anchored {
    Crosslink crosslink;
    bytes32 hash;
    bool isVoid;
}

/// @title What the entries of each position are built on, and which of them are void
/// @notice All entries are kept, and looked through, where the contracts keep ranges of epochs.
abstract contract EntryModel is World {
    mapping(uint256 position => Anchored[] entries) internal anchored;
    mapping(uint256 position => uint32 generation) internal generations;

    /// @dev Of a shard's generation that has gone by, it is void at once.
    function _anchor(uint256 position, Crosslink memory crosslink) internal {
        anchored[position].push(
            Anchored({
                crosslink: crosslink,
                hash: SigningRoots.crosslink(DOMAIN_SEPARATOR, crosslink),
                isVoid: crosslink.generation != generations[position]
            })
        );
    }

    /// @dev And all that builds on it. The shard goes on in another generation.
    function _makeVoid(uint256 position, uint256 index) internal {
        Anchored[] storage line = anchored[position];
        line[index].isVoid = true;
        for (uint256 i = index + 1; i < line.length; ++i) {
            (bool isFirst, uint256 parent) = _parentOf(position, i);
            if (!isFirst && line[parent].isVoid) line[i].isVoid = true;
        }
        ++generations[position];
    }

    /// @dev The latest entry that is not void, or what the shard begins with.
    function _resumeOf(uint256 position) internal view returns (bytes32) {
        uint256 index = anchored[position].length;
        bool isFirst = index == 0;
        if (!isFirst) --index;
        while (!isFirst && anchored[position][index].isVoid) (isFirst, index) = _parentOf(position, index);
        return isFirst ? _genesisOf(position) : anchored[position][index].hash;
    }

    function _genesisOf(uint256 position) internal view returns (bytes32) {
        return SigningRoots.genesisCrosslink(DOMAIN_SEPARATOR, uint32(position + 1));
    }

    /// @dev Whether what stands at the position in the checkpoint of that epoch is void.
    function _isVoidAt(uint256 position, uint64 epoch) internal view returns (bool isVoid) {
        Anchored[] storage line = anchored[position];
        for (uint256 i = 0; i < line.length && line[i].crosslink.epoch <= epoch; ++i) isVoid = line[i].isVoid;
    }

    /// @dev Bits of the positions with a void entry in the checkpoint of that epoch.
    function _voidAt(uint64 epoch) internal view returns (uint256 positions) {
        for (uint256 p = 0; p < OPEN_SHARDS; ++p) {
            if (_isVoidAt(p, epoch)) positions |= 1 << p;
        }
    }

    function _parentOf(uint256 position, uint256 index) private view returns (bool isFirst, uint256 parent) {
        Anchored[] storage line = anchored[position];
        bytes32 hash = line[index].crosslink.parent;
        for (uint256 i = index; i != 0; --i) {
            if (line[i - 1].hash == hash) return (false, i - 1);
        }
        return (true, 0);
    }
}
