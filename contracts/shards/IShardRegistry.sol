// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IForfeits} from "../libraries/IForfeits.sol";

struct Shard {
    // signs the shard's blocks and crosslinks; zero while there is none
    address operator;
    uint32 generation;
    uint16 position;
    // EIP-155 chain id of the shard's transactions
    uint48 chainId;
    uint64 openedEpoch;
    // of the operator, in wei; zero while there is none
    uint96 bond;
    // the first generation of the operator, for which the bond stands
    uint32 bondedFrom;
}

/**
 * @title Shards: who operates them and where they stand in a checkpoint
 * @notice Ids start at 1 and are never used twice. A shard keeps its position from opening to settlement. The bond is
 * held here; it is returned when a shard closes, which comes with a later issue, as do membership and supervisors. It
 * is taken when its operator has signed two blocks of one number, or what is void.
 *
 * *Generations* of a shard count the times at which what was built so far stopped to be continued: because a crosslink
 * became void, or because the operator lost its bond. What is signed names its generation, so nothing of an earlier one
 * can be continued by mistake. Generations only grow.
 */
interface IShardRegistry is IForfeits {
    /// @notice The shard stands at its genesis crosslink.
    event ShardOpened(
        uint32 indexed shardId,
        address indexed operator,
        uint16 position,
        uint48 chainId,
        uint64 openedEpoch
    );

    /// @notice The whole bond was taken.
    event BondSlashed(uint32 indexed shardId, address indexed reporter, uint96 amount);
    /// @notice Crosslinks of earlier generations are not continued any more.
    event GenerationAdvanced(uint32 indexed shardId, uint32 generation);
    /// @notice From this generation on the shard is operated by `operator`; zero: by nobody, until somebody takes over.
    event OperatorChanged(uint32 indexed shardId, uint32 indexed generation, address operator);

    /// @notice Only Slashings and Disputes take bonds.
    error ShardRegistry_NotPunisher(address caller);
    error ShardRegistry_NotAnchors(address caller);
    /// @notice A shard is taken over when it has no operator any more.
    error ShardRegistry_HasOperator(uint32 shardId, address operator);
    error ShardRegistry_WrongBond(uint256 value, uint256 expected);
    error ShardRegistry_ZeroOperator();
    /// @notice Without the contracts that BeaconRegistry.initialize names, no bond and no deposit would ever come back.
    error ShardRegistry_NotInitialized();
    /// @notice Before genesis is scheduled, only the launcher opens shards.
    error ShardRegistry_NotLauncher(address caller);
    error ShardRegistry_NoFreePosition(uint256 shardCount);
    error ShardRegistry_UnknownShard(uint32 shardId);
    /// @notice Shards can still be opened in that epoch.
    error ShardRegistry_EpochNotOver(uint64 epoch, uint64 currentEpoch);

    /**
     * @notice Opens a shard with the bond, as long as a position is free. Its state begins empty. Until genesis is
     * scheduled only the launcher may: the lowest positions get committees first, and are never free again.
     */
    function open(address operator) external payable returns (uint32 shardId);

    /**
     * @notice Makes `operator` that of a shard that has none, with the bond. Anybody may do it. The generation stays:
     * nobody could have signed for it so far.
     */
    function takeOver(uint32 shardId, address operator) external payable;

    /// @notice Begins the shard's next generation. Only for CrosslinkAnchors, when a crosslink of the shard is void.
    function advanceGeneration(uint32 shardId) external returns (uint32 generation);

    /**
     * @notice Takes the bond that stands for the shard's operator in that generation, of which the reporter is credited
     * an eighth; without a reporter (zero) all is burnt. The shard has no operator then, in another generation: what
     * the former one still signs is worth nothing. Only for Slashings and Disputes.
     * @return amount what was taken, in wei; 0 if there is no bond for that generation any more or no such shard
     */
    function slashBond(uint32 shardId, uint32 generation, address reporter) external returns (uint96 amount);

    /// @notice Everything about an open shard.
    function shard(uint32 shardId) external view returns (Shard memory);

    /// @notice Who operated the shard in that generation; zero if nobody did, or there has not been such a generation.
    function operatorOf(uint32 shardId, uint32 generation) external view returns (address);

    /// @notice Whether there is a shard of this id.
    function isOpen(uint32 shardId) external view returns (bool);

    /// @notice Number of shards opened so far; also the last id.
    function openedCount() external view returns (uint32);

    /// @notice Number of shards opened up to the end of that epoch, which must be over. Epoch 0 begins with deployment.
    function openedAsOf(uint64 epoch) external view returns (uint32);

    /**
     * @notice Ids and generations at positions.
     * @return plain bit p: at position p stands the shard p + 1 in generation 0, as most do
     * @return words empty if all `positions` are plain. Else the positions as they are stored, four to a word, the
     * lowest in the lowest bits, each `u32 generation ‖ u32 id`; a word without a position that is asked for is zero.
     */
    function allocation(uint256 positions) external view returns (uint256 plain, uint256[] memory words);
}
