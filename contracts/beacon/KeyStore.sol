// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Bytes kept as the code of contracts that do nothing
/// @notice Reading a long run of code costs a fraction of reading storage. The store creates nothing but blobs, so that
///         the address of each follows from its number (see KeyBlobs) and nobody has to write it down.
/// @dev A blob has to begin with a byte that ends its execution, or anybody could run it. A key does: its first byte is
///      at most 0x1a, and every opcode up to that one stops, is undefined, or wants a value from the empty stack.
contract KeyStore {
    address private immutable OWNER;

    error KeyStore_NotOwner(address caller);
    error KeyStore_NotInert(uint256 firstByte);
    error KeyStore_CreationFailed();

    constructor() {
        OWNER = msg.sender;
    }

    /// @notice Creates the next blob; only for the contract that created the store.
    /// @param data 1 to 24,576 bytes (EIP-170), the first at most 0x1a
    function write(bytes calldata data) external returns (address blob) {
        if (msg.sender != OWNER) revert KeyStore_NotOwner(msg.sender);
        if (uint8(data[0]) > 0x1a) revert KeyStore_NotInert(uint8(data[0]));
        uint256 length = data.length;
        assembly ("memory-safe") {
            // PUSH2 length, DUP1, PUSH1 10, RETURNDATASIZE (0), CODECOPY, RETURNDATASIZE (0), RETURN: ten bytes that
            // return what follows them.
            let init := mload(0x40)
            mstore(init, or(shl(176, 0x61000080600a3d393df3), shl(232, length)))
            calldatacopy(add(init, 10), data.offset, length)
            blob := create(0, init, add(length, 10))
        }
        if (blob == address(0)) revert KeyStore_CreationFailed();
    }
}
