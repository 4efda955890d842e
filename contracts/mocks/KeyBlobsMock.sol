// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {KeyStore} from "../beacon/KeyStore.sol";
import {Bits} from "../libraries/Bits.sol";
import {KeyBlobs} from "../libraries/KeyBlobs.sol";
import {MixHistory} from "../libraries/MixHistory.sol";

// solhint-disable use-natspec -- each function is the library function of its name

/// @title What stands behind the registry's reads: a store of blobs, bits, and a history of mixes
contract KeyBlobsMock {
    using MixHistory for mapping(uint256 index => uint256 word);

    KeyStore private immutable KEYS = new KeyStore();
    mapping(uint256 index => uint256 word) private _mixes;
    uint256 private _count;

    function write(bytes calldata data) external returns (address) {
        return KEYS.write(data);
    }

    function push(uint32 epoch, uint224 mix) external {
        _count = _mixes.push(_count, epoch, mix);
    }

    function asOf(uint256 epoch) external view returns (uint224) {
        return _mixes.asOf(_count, epoch);
    }

    function store() external view returns (address) {
        return address(KEYS);
    }

    function addressOf(address creator, uint256 index) external pure returns (address) {
        return KeyBlobs.addressOf(creator, index);
    }

    function bits(uint256 word) external pure returns (uint256) {
        return Bits.count(word);
    }
}
