// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Checkpoint, CheckpointSubmission, Settlement, VoteSupplement} from "../types/Checkpoint.sol";
import {EntryStanding} from "../types/EntryStanding.sol";
import {Message} from "../types/Message.sol";
import {CrosslinkProof, MessageProof, StateProof} from "../types/Proofs.sol";

/**
 * @title Checkpoints: what the validators voted, what is final, what may be read
 * @notice A checkpoint fixes one crosslink per shard. *Accepted* means justified: two thirds of the epoch's occupants
 * voted for it. It is *finalised* when the next epoch's vote builds on it, and *settled* when it is finalised and its
 * challenge window has passed. Only settled checkpoints can be read from.
 *
 * Until it has settled at its position, an entry can be made *void* by a dispute, and everything that is built on it is
 * void with it. The shard goes on from the void entry's parent, in another generation.
 */
interface ICrosslinkAnchors {
    /// @notice The checkpoint is justified.
    /// @param changed bit p: the entry at position p differs from that of the source
    event CheckpointAccepted(
        uint64 indexed targetEpoch,
        uint64 indexed sourceEpoch,
        bytes32 root,
        bytes32 entriesRoot,
        bytes32 rewardsRoot,
        uint256 changed
    );
    /// @notice Bit p of `positions`: the accepted entry at p is of a generation that its shard had left, so it is void.
    event EntriesVoided(uint64 indexed targetEpoch, uint256 positions);
    /// @notice Late votes were added to those for the accepted checkpoint of that epoch.
    /// @param added bitmap of the seats that are not absent any more
    /// @param absentHash names those who still are
    event VotesSupplemented(uint64 indexed targetEpoch, bytes added, bytes32 absentHash);
    /// @notice The checkpoint of that epoch is finalised, and all before it.
    event CheckpointFinalized(uint64 indexed epoch);
    /// @notice The checkpoint can be read from, except at the positions of the set bits.
    event CheckpointSettled(uint64 indexed epoch, uint256 exceptions);

    /// @notice The entry of that checkpoint is void, and every one accepted after it, until one builds on `resume`.
    event CrosslinkVoided(
        uint32 indexed shardId,
        uint16 indexed position,
        uint64 indexed epoch,
        bytes32 crosslinkHash,
        bytes32 resume
    );
    /// @notice From that checkpoint on nothing settles at the position before that time and that block.
    event EntryHeld(uint16 indexed position, uint64 indexed epoch, uint40 untilTime, uint40 untilBlock);

    /// @notice Submissions come straight from an externally owned account without code.
    error CrosslinkAnchors_NotPlainAccount(address caller);
    /// @notice The input is not the standard ABI encoding of the submission, or something follows it.
    error CrosslinkAnchors_NotCanonical();
    error CrosslinkAnchors_NotLatestJustified(uint64 sourceEpoch, uint64 justifiedEpoch);
    error CrosslinkAnchors_TargetNotAfterSource(uint64 targetEpoch, uint64 sourceEpoch);
    error CrosslinkAnchors_TooLate(uint64 targetEpoch, uint64 currentEpoch);
    error CrosslinkAnchors_EntryCount(uint256 count, uint256 expected);
    /// @notice The previous entries and the root are not those of the source. What is compared is
    /// keccak256(source root ‖ entries).
    error CrosslinkAnchors_WrongSource(bytes32 opened, bytes32 expected);
    /// @notice A position without a committee in the target epoch cannot change.
    error CrosslinkAnchors_NoCommittee(uint256 changed, uint256 committeeCount);
    error CrosslinkAnchors_NoQuorum(uint256 present, uint256 occupied);
    /// @notice The proposer's seat is vacant: that epoch has no checkpoint.
    error CrosslinkAnchors_NoProposer(uint64 targetEpoch);
    error CrosslinkAnchors_SignatureLength(uint256 length);
    error CrosslinkAnchors_InvalidSignature();
    /// @notice The checkpoint of that epoch has another root or other absent seats than were given, or there is none.
    error CrosslinkAnchors_WrongCheckpoint(bytes32 commitment, bytes32 expected);
    /// @notice Late votes are taken for an epoch's time after acceptance.
    error CrosslinkAnchors_SupplementTooLate(uint64 targetEpoch, uint256 deadline);
    /// @notice Not all seats whose votes are added were absent.
    error CrosslinkAnchors_NotAbsent();
    error CrosslinkAnchors_NotSettled(uint64 epoch);
    /// @notice The checkpoint is settled, but not this position of it.
    error CrosslinkAnchors_Excepted(uint64 epoch, uint256 position);
    /// @notice Crosslink, path, body root and absent hash do not lead to the commitment of the checkpoint.
    error CrosslinkAnchors_WrongCrosslink(bytes32 commitment, bytes32 expected);
    error CrosslinkAnchors_WrongState(bytes32 root, bytes32 expected);
    /// @notice The crosslink is to be shown in the checkpoint that took it in, not in a later one.
    error CrosslinkAnchors_NotItsCheckpoint(uint64 checkpointEpoch, uint64 crosslinkEpoch);
    error CrosslinkAnchors_AlreadyVoid(uint64 epoch, uint16 position);
    /// @notice What has settled never changes.
    error CrosslinkAnchors_AlreadySettled(uint64 epoch, uint16 position);
    error CrosslinkAnchors_NotDisputes(address caller);
    /// @notice Only who judges silence holds entries.
    error CrosslinkAnchors_NotDataChallenges(address caller);
    /// @notice The message is not of the shard whose crosslink is shown.
    error CrosslinkAnchors_WrongShard(uint32 shardId, uint32 expected);

    // ------------------------------------------------------------------ votes

    /// @notice Takes the aggregate vote of an epoch: its checkpoint is justified. Anybody may submit it.
    function submit(CheckpointSubmission calldata submission) external;

    /**
     * @notice Takes votes for an accepted checkpoint that came too late for its submission: from then on these seats
     * count as having voted, with everything that they may be punished for. Anybody may bring them, for an epoch's time
     * after acceptance, one after the other. Nothing else about the checkpoint changes.
     */
    function supplement(VoteSupplement calldata votes) external;

    /**
     * @notice Settles up to `max` checkpoints, in order, as far as they are finalised and their window has passed.
     * Anybody may call it, and it never reverts for having nothing to do.
     */
    function settle(uint256 max) external returns (uint256 settled);

    // ------------------------------------------------------------------ disputes

    /**
     * @notice Makes the entry void and all that is accepted after it, in another generation of the shard. Only for
     * Disputes. Reverts as `openEntry` does.
     * @return crosslinkHash its EIP-712 digest
     */
    function voidEntry(CrosslinkProof calldata proof) external returns (bytes32 crosslinkHash);

    /**
     * @notice Lets nothing settle at the position, from the checkpoint of that epoch on, before that time and that
     * block. Only for the contract that judges silence (IDisputes.judgeOf). What has settled there stays settled. A
     * position has one hold: where there is one already, it is from the earlier epoch on and until the later end.
     */
    function hold(uint16 position, uint64 epoch, uint40 untilTime, uint40 untilBlock) external;

    /**
     * @notice Shows that the crosslink is an accepted entry that can still be disputed: it is neither void nor settled
     * at its position.
     * @param proof against the checkpoint that took it in, so that `checkpointEpoch` is the epoch of the crosslink
     * @return crosslinkHash its EIP-712 digest
     */
    function openEntry(CrosslinkProof calldata proof) external view returns (bytes32 crosslinkHash);

    /// @notice Shows that the crosslink was accepted, whatever became of it, and who voted for it (`absentHash`).
    /// @param proof as for `openEntry`
    function openAccepted(CrosslinkProof calldata proof) external view returns (bytes32 crosslinkHash);

    /// @notice Whether what stands at the position in the checkpoint of that epoch is void. It may be asked of epochs
    ///         without a checkpoint.
    function isVoid(uint16 position, uint64 epoch) external view returns (bool);

    /// @notice How the entries at a position stand, as of now.
    /// @return resume what the next entry of the shard's generation is built on; zero if that is the latest entry
    function standing(uint16 position) external view returns (EntryStanding memory, bytes32 resume);

    // ------------------------------------------------------------------ finality

    /// @notice The latest epochs whose checkpoints are justified, finalised and settled.
    function finality() external view returns (uint64 justified, uint64 finalized, uint64 settled);

    /// @notice The accepted checkpoint of that epoch; all zero if there is none.
    function checkpoint(uint64 epoch) external view returns (Checkpoint memory);

    /// @notice When that epoch's checkpoint was settled, and what may not be read from it.
    function settlement(uint64 epoch) external view returns (Settlement memory);

    // ------------------------------------------------------------------ reads of settled state; bad proofs revert

    /// @notice Shows that the crosslink is a settled entry.
    /// @return crosslinkHash its EIP-712 digest
    function verifyCrosslink(CrosslinkProof calldata proof) external view returns (bytes32 crosslinkHash);

    /// @notice Shows that the settled state of the crosslink's shard holds `word` under `key`.
    function verifyState(
        CrosslinkProof calldata proof,
        bytes32 key,
        bytes32 word,
        StateProof calldata state
    ) external view;

    /// @notice Shows that the settled state of the message's source holds the message in its outbox.
    function verifyMessage(Message calldata message, MessageProof calldata proof) external view;
}
