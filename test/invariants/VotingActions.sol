// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PaddedTree} from "../../contracts/libraries/PaddedTree.sol";
import {Sha256} from "../../contracts/libraries/Sha256.sol";
import {SigningRoots} from "../../contracts/libraries/SigningRoots.sol";
import {CheckpointSubmission, VoteSupplement} from "../../contracts/types/Checkpoint.sol";
import {Crosslink} from "../../contracts/types/Crosslink.sol";
import {BlsSigner} from "./BlsSigner.sol";
import {EntryModel} from "./EntryModel.sol";
import {TimeActions} from "./TimeActions.sol";
import {VM} from "./Vm.sol";

/// @notice A checkpoint that was accepted.
struct Justified {
    uint64 epoch;
    uint64 sourceEpoch;
    bytes32 sourceRoot;
    bytes32 entriesRoot;
    bytes32 rewardsRoot;
    bytes32 root;
    // bitmap of the seats that have not voted
    bytes absent;
    uint256 acceptedTime;
    uint256 acceptedHeight;
}

/// @title Checkpoints are voted, well and badly
abstract contract VotingActions is TimeActions, EntryModel {
    /// In the order of acceptance; the first one is that of genesis.
    Justified[] internal line;
    bytes32[] internal entries;
    uint64 internal finalizedEpoch;
    uint256 internal settledCount;
    mapping(uint64 epoch => bytes32[] entries) internal entriesOf;
    // by index in the line, when it settled
    mapping(uint256 index => uint256 positions) internal settledExceptions;

    constructor() {
        entries = new bytes32[](parameters.shardCount);
        Justified storage genesis = line.push();
        genesis.root = _root(entries, SigningRoots.checkpointBody(0, 0, 0, 0));
        (genesis.acceptedTime, genesis.acceptedHeight) = (time, height);
    }

    // ---------------------------------------------------------------- actions

    /// @notice A vote for some epoch that may be voted, with few absent, or too many.
    function vote(uint256 seed) external observed {
        uint64 current = REGISTRY.currentEpoch();
        uint64 justified = _latest().epoch;
        uint64 oldest = current > parameters.submitEpochs ? current - parameters.submitEpochs : 0;
        if (oldest <= justified) oldest = justified + 1;
        VM.assume(oldest < current);
        _vote(seed, uint64(oldest + _random(seed, "target", current - oldest)));
    }

    /// @notice A few epochs in which all goes well.
    function voteEpochByEpoch(uint256 seed) external observed {
        uint256 count = 1 + _random(seed, "count", 3);
        for (uint256 i = 0; i < count; ++i) {
            _pass(parameters.slotsPerEpoch, 2);
            uint64 target = REGISTRY.currentEpoch() - 1;
            if (target > _latest().epoch) _vote(uint256(keccak256(abi.encode(seed, i))), target);
        }
    }

    /// @notice Some of those who were absent from the latest vote add theirs.
    function supplement(uint256 seed) external observed {
        Justified storage j = line[line.length - 1];
        VM.assume(j.absent.length != 0 && time < j.acceptedTime + _epochSeconds());
        (VoteSupplement memory votes, uint32[] memory absent) = _prepareSupplement(seed, j);
        VM.assume(votes.added.length != 0);
        VM.prank(ANYBODY, ANYBODY);
        ANCHORS.supplement{gas: GAS_CAP}(votes);
        j.absent = _bitmapOf(absent);
    }

    /// @notice Late votes that come too late, or that others signed.
    function supplementBadly(uint256 seed) external observed {
        Justified storage j = line[_random(seed, "which", line.length)];
        VM.assume(j.absent.length != 0);
        (VoteSupplement memory votes, ) = _prepareSupplement(seed, j);
        VM.assume(votes.added.length != 0);
        if (time < j.acceptedTime + _epochSeconds()) {
            uint256 kind = _random(seed, "kind", 2);
            if (kind == 0) votes.signature = BlsSigner.sign(members[0].secret + 1, bytes32(seed));
            if (kind == 1) votes.rewardsRoot = bytes32(uint256(votes.rewardsRoot) + 1);
        }
        _requireRefusal(ANYBODY, address(ANCHORS), 0, abi.encodeCall(ANCHORS.supplement, (votes)));
    }

    function settle(uint256 seed) external observed {
        uint256 due = _countSettleable();
        uint256 max = 1 + _random(seed, "max", 4);
        uint256 expected = due < max ? due : max;
        require(ANCHORS.settle(max) == expected, "settled more or less than what is due");
        for (uint256 i = 0; i < expected; ++i) {
            ++settledCount;
            settledExceptions[settledCount] = _voidAt(line[settledCount].epoch);
        }
        VM.assume(expected != 0);
    }

    /// @notice Votes with everybody's signature that no chain of justified checkpoints may have.
    function voteOutOfLine(uint256 seed) external observed {
        uint64 current = REGISTRY.currentEpoch();
        uint64 justified = _latest().epoch;
        VM.assume(current > 0);
        Justified memory source = _latest();
        uint64 target = current - 1;
        uint256 kind = _random(seed, "kind", 4);
        if (kind == 0) target = uint64(current + _random(seed, "ahead", 2));
        if (kind == 1) target = uint64(_random(seed, "behind", justified + 1));
        if (kind == 2) {
            VM.assume(current > parameters.submitEpochs + 1);
            target = uint64(_random(seed, "late", current - parameters.submitEpochs));
        }
        if (kind == 3) {
            VM.assume(line.length > 1);
            source = line[_random(seed, "source", line.length - 1)];
        }
        uint32[] memory occupants = _occupants(target);
        VM.assume(_countOf(occupants) != 0);
        (CheckpointSubmission memory s, , , ) = _prepare(seed, source, target, occupants, "");
        _requireRefusal(ANYBODY, address(ANCHORS), 0, abi.encodeCall(ANCHORS.submit, (s)));
    }

    /// @notice Votes that others signed than those who are said to have signed.
    function voteWithoutSigners(uint256 seed) external observed {
        uint64 current = REGISTRY.currentEpoch();
        VM.assume(current > 0 && current - 1 > _latest().epoch);
        uint32[] memory occupants = _occupants(current - 1);
        uint256 one = _random(seed, "one", occupants.length);
        VM.assume(occupants[one] != 0);
        occupants[one] = 0;
        VM.assume(_countOf(occupants) != 0);
        (CheckpointSubmission memory s, , , ) = _prepare(seed, _latest(), current - 1, occupants, "");
        _requireRefusal(ANYBODY, address(ANCHORS), 0, abi.encodeCall(ANCHORS.submit, (s)));
    }

    // ---------------------------------------------------------------- the model

    function _latest() internal view returns (Justified memory) {
        return line[line.length - 1];
    }

    /// @dev Accepted and finalised, its window over in time and in blocks, and so is that of all before it.
    function _countSettleable() internal view returns (uint256 count) {
        uint256 window = parameters.challengeEpochs * _epochSeconds();
        for (uint256 i = settledCount + 1; i < line.length; ++i) {
            Justified memory j = line[i];
            if (j.epoch > finalizedEpoch) break;
            if (time < j.acceptedTime + window || height < j.acceptedHeight + parameters.challengeBlocks) break;
            ++count;
        }
    }

    function _epochSeconds() internal view returns (uint256) {
        return uint256(parameters.slotsPerEpoch) * parameters.secondsPerSlot;
    }

    /// @dev Those of the occupants who have voted for it.
    function _votersFor(Justified storage j) internal view returns (uint32[] memory voters) {
        voters = _occupants(j.epoch);
        bytes memory absent = j.absent;
        for (uint256 seat = 0; seat < voters.length; ++seat) {
            if (_hasSeat(absent, seat)) voters[seat] = 0;
        }
    }

    // ---------------------------------------------------------------- making votes

    function _vote(uint256 seed, uint64 target) internal {
        uint32[] memory occupants = _occupants(target);
        uint256 occupied = _countOf(occupants);
        // Mostly a few, sometimes more than may be absent.
        uint256 limit = _random(seed, "many", 8) == 0 ? occupied : occupied / 3;
        bytes memory absent = _removeSome(seed, occupants, _random(seed, "absent", limit + 1));
        uint256 present = _countOf(occupants);
        (CheckpointSubmission memory s, bytes32 root, bytes32[] memory next, Crosslink[] memory crosslinks) = _prepare(
            seed,
            _latest(),
            target,
            occupants,
            absent
        );
        (uint32 proposer, ) = REGISTRY.proposer(target);
        if (present * 3 < occupied * 2 || occupied == 0 || proposer == 0) {
            return _requireRefusal(ANYBODY, address(ANCHORS), 0, abi.encodeCall(ANCHORS.submit, (s)));
        }
        VM.prank(ANYBODY, ANYBODY);
        ANCHORS.submit{gas: GAS_CAP}(s);

        if (target == s.sourceEpoch + 1) finalizedEpoch = s.sourceEpoch;
        line.push(
            Justified({
                epoch: target,
                sourceEpoch: s.sourceEpoch,
                sourceRoot: s.sourceRoot,
                entriesRoot: PaddedTree.root(next),
                rewardsRoot: s.rewardsRoot,
                root: root,
                absent: absent,
                acceptedTime: time,
                acceptedHeight: height
            })
        );
        entries = next;
        entriesOf[target] = next;
        for (uint256 p = 0; p < crosslinks.length; ++p) {
            if (crosslinks[p].shardId != 0) _anchor(p, crosslinks[p]);
        }
    }

    /// @dev The vote of the occupants that are given, with the proposer's reveal.
    function _prepare(
        uint256 seed,
        Justified memory source,
        uint64 target,
        uint32[] memory present,
        bytes memory absent
    )
        internal
        view
        returns (CheckpointSubmission memory s, bytes32 root, bytes32[] memory next, Crosslink[] memory crosslinks)
    {
        s.targetEpoch = target;
        s.sourceEpoch = source.epoch;
        s.sourceRoot = source.root;
        s.previousEntries = entries;
        s.rewardsRoot = bytes32(seed);
        s.absent = absent;
        next = entries;
        (s.changed, s.entries, crosslinks) = _changeEntries(seed, target, next);
        root = _root(next, SigningRoots.checkpointBody(target, source.epoch, source.root, s.rewardsRoot));
        s.signature = BlsSigner.sign(
            _sumOfSecrets(present),
            SigningRoots.vote(DOMAIN_SEPARATOR, source.epoch, source.root, target, root)
        );
        s.reveal = _reveal(target);
    }

    /// @dev Of an epoch whose proposer is not known, a signature of the first validator.
    function _reveal(uint64 target) private view returns (bytes memory) {
        uint32 proposer = 1;
        if (target <= REGISTRY.currentEpoch()) (proposer, ) = REGISTRY.proposer(target);
        if (proposer == 0) proposer = 1;
        return BlsSigner.sign(_secretOf(proposer), SigningRoots.randaoReveal(DOMAIN_SEPARATOR, target));
    }

    /// @dev New crosslinks for some of the shards that have committees, by position; sometimes of a generation that is
    ///      dead, as when it died after the vote.
    function _changeEntries(
        uint256 seed,
        uint64 target,
        bytes32[] memory next
    ) private view returns (uint256 changed, bytes memory records, Crosslink[] memory crosslinks) {
        crosslinks = new Crosslink[](OPEN_SHARDS);
        if (target > _lastFixedEpoch()) return (0, "", crosslinks);
        uint256 committees = REGISTRY.committeeCount(target);
        for (uint32 p = 0; p < OPEN_SHARDS && p < committees; ++p) {
            if (uint256(keccak256(abi.encode(seed, "changed", p))) % 2 == 0) continue;
            changed |= 1 << p;
            uint32 generation = generations[p];
            bool isDead = generation != 0 && uint256(keccak256(abi.encode(seed, "dead", p))) % 4 == 0;
            bytes32 previous = next[p] == 0 ? _genesisOf(p) : next[p];
            Crosslink memory c = Crosslink({
                shardId: p + 1,
                generation: isDead ? generation - 1 : generation,
                epoch: target,
                parent: isDead ? previous : _resumeOf(p),
                firstBlock: target,
                lastBlock: target + 1,
                blocksRoot: keccak256(abi.encode(seed, "blocks", p)),
                stateRoot: keccak256(abi.encode(seed, "state", p))
            });
            crosslinks[p] = c;
            next[p] = SigningRoots.crosslink(DOMAIN_SEPARATOR, c);
            records = bytes.concat(
                records,
                abi.encodePacked(c.generation, c.firstBlock, c.lastBlock, c.blocksRoot, c.stateRoot)
            );
        }
    }

    /// @return votes those of some of the absent ones
    /// @return absent those who are still absent, by seat
    function _prepareSupplement(
        uint256 seed,
        Justified storage j
    ) private view returns (VoteSupplement memory votes, uint32[] memory absent) {
        absent = _occupants(j.epoch);
        uint32[] memory late = new uint32[](absent.length);
        for (uint256 seat = 0; seat < absent.length; ++seat) {
            if (!_hasSeat(j.absent, seat)) absent[seat] = 0;
            if (absent[seat] == 0 || uint256(keccak256(abi.encode(seed, "late", seat))) % 2 == 0) continue;
            (late[seat], absent[seat]) = (absent[seat], 0);
        }
        votes = VoteSupplement({
            targetEpoch: j.epoch,
            sourceEpoch: j.sourceEpoch,
            sourceRoot: j.sourceRoot,
            entriesRoot: j.entriesRoot,
            rewardsRoot: j.rewardsRoot,
            absent: j.absent,
            added: _bitmapOf(late),
            signature: BlsSigner.sign(
                _sumOfSecrets(late),
                SigningRoots.vote(DOMAIN_SEPARATOR, j.sourceEpoch, j.sourceRoot, j.epoch, j.root)
            )
        });
    }

    /// @dev Takes some out of the list.
    /// @return bitmap of their seats, empty if there are none
    function _removeSome(
        uint256 seed,
        uint32[] memory occupants,
        uint256 count
    ) internal pure returns (bytes memory bitmap) {
        uint32[] memory removed = new uint32[](occupants.length);
        if (occupants.length == 0) return "";
        uint256 start = _random(seed, "start", occupants.length);
        uint256 step = 1 + _random(seed, "step", 3);
        // In steps, so that they are not all neighbours; then one by one, for those that the steps leave out.
        for (uint256 i = 0; i < 2 * occupants.length && count != 0; ++i) {
            uint256 seat = (start + i * (i < occupants.length ? step : 1)) % occupants.length;
            if (occupants[seat] == 0) continue;
            (removed[seat], occupants[seat]) = (occupants[seat], 0);
            --count;
        }
        return _bitmapOf(removed);
    }

    /// @dev In the one form that the contracts take; empty if nobody is in the list.
    function _bitmapOf(uint32[] memory bySeat) internal pure returns (bytes memory bitmap) {
        if (_countOf(bySeat) == 0) return "";
        bitmap = new bytes((bySeat.length + 7) / 8);
        for (uint256 seat = 0; seat < bySeat.length; ++seat) {
            if (bySeat[seat] != 0) bitmap[seat / 8] |= bytes1(uint8(1 << (seat % 8)));
        }
    }

    function _hasSeat(bytes memory bitmap, uint256 seat) internal pure returns (bool) {
        return bitmap.length != 0 && (uint8(bitmap[seat / 8]) >> (seat % 8)) & 1 == 1;
    }

    function _root(bytes32[] memory list, bytes32 bodyRoot) private view returns (bytes32) {
        return Sha256.pair(PaddedTree.root(list), bodyRoot);
    }
}
