// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SigningRoots} from "../../contracts/libraries/SigningRoots.sol";
import {BlockHeader} from "../../contracts/types/BlockHeader.sol";
import {Crosslink} from "../../contracts/types/Crosslink.sol";
import {
    SignedAttestation,
    SignedHeader,
    SignedProposal,
    SignedVote,
    Signers,
    VoteForm
} from "../../contracts/types/Evidence.sol";
import {Vote} from "../../contracts/types/Vote.sol";
import {BlsSigner} from "./BlsSigner.sol";
import {Change, SetModel} from "./SetModel.sol";
import {VM} from "./Vm.sol";
import {Justified, VotingActions} from "./VotingActions.sol";
import {Member} from "./World.sol";

/// @title Some sign what nobody may sign, and others report it
/// @notice Anybody may be among those who do: who waits for a seat, sits, leaves, has left, or was punished before.
abstract contract SlashingActions is VotingActions, SetModel {
    uint256 private constant MAX_CULPRITS = 3;
    uint256 private constant RARE = 3;
    uint256 private constant VERY_RARE = 30;
    uint256 private constant REPORTERS = 3;

    /// Of the shards' operator.
    uint256 internal constant OPERATOR_SECRET = 0x0904e4;

    mapping(address reporter => uint256 amount) internal credits;
    mapping(address reporter => uint256 amount) internal bondCredits;
    mapping(bytes32 id => bool) private _isReported;
    mapping(uint32 shardId => bool) internal isBondTaken;
    // the first generation of the shard's operator
    mapping(uint32 shardId => uint32 generation) internal bondedFrom;

    // ---------------------------------------------------------------- actions

    /// @notice Two votes for one epoch; those who signed the first are listed.
    function doubleVote(uint256 seed) external observed {
        VM.assume(_random(seed, "rare", RARE) == 0);
        uint32[] memory culprits = _someNumbers(seed);
        uint32[] memory others = _with(culprits, uint32(1 + _random(seed, "other", members.length)));
        uint64 target = uint64(1 + _random(seed, "target", 1000));
        SignedVote memory a = _listedVote(Vote(0, bytes32(seed), target, "a"), others);
        SignedVote memory b = _listedVote(Vote(0, bytes32(seed), target, "b"), culprits);
        _reportVotes(seed, a, b, culprits);
    }

    /// @notice One vote around the other, whichever comes first.
    function surroundVote(uint256 seed) external observed {
        VM.assume(_random(seed, "rare", RARE) == 0);
        uint32[] memory culprits = _someNumbers(seed);
        uint64 source = uint64(_random(seed, "source", 1000));
        SignedVote memory outer = _listedVote(Vote(source, "a", source + 3, "b"), culprits);
        SignedVote memory inner = _listedVote(Vote(source + 1, "c", source + 2, "d"), culprits);
        bool isOuterFirst = _random(seed, "first", 2) == 0;
        _reportVotes(seed, isOuterFirst ? outer : inner, isOuterFirst ? inner : outer, culprits);
    }

    /// @notice Voters of an accepted checkpoint sign another one, or around it.
    function voteAgainstAccepted(uint256 seed) external observed {
        VM.assume(line.length > 1 && _random(seed, "rare", RARE) == 0);
        Justified storage j = line[1 + _random(seed, "which", line.length - 1)];
        uint32[] memory culprits = _someNumbers(seed);
        SignedVote memory a = SignedVote({
            vote: Vote(j.sourceEpoch, j.sourceRoot, j.epoch, j.root),
            form: VoteForm.Accepted,
            signers: j.absent,
            proof: abi.encode(j.entriesRoot, j.rewardsRoot)
        });
        bool isSurround = j.sourceEpoch != 0 && _random(seed, "surround", 2) == 0;
        Vote memory other =
            isSurround
                ? Vote(j.sourceEpoch - 1, "a", j.epoch + 1, "b")
                : Vote(j.sourceEpoch, j.sourceRoot, j.epoch, "b");
        _reportVotes(seed, a, _listedVote(other, culprits), _both(_votersFor(j), culprits));
    }

    /// @notice Everybody of an epoch but some votes twice: most of the set is guilty at once.
    function massDoubleVote(uint256 seed) external observed {
        VM.assume(_random(seed, "very rare", VERY_RARE) == 0);
        uint64 target = uint64(_random(seed, "target", uint256(REGISTRY.currentEpoch()) + 1));
        uint32[] memory voters = _occupants(target);
        VM.assume(_countOf(voters) != 0);
        bytes memory absent = _removeSome(seed, voters, _random(seed, "absent", _countOf(voters)));
        uint32[] memory others = _occupants(target);
        bytes memory otherAbsent = _removeSome(seed + 1, others, _random(seed, "others", _countOf(others)));
        SignedVote memory a = _voteWithout(Vote(0, "a", target, "b"), voters, absent);
        SignedVote memory b = _voteWithout(Vote(0, "a", target, "c"), others, otherAbsent);
        _reportVotes(seed, a, b, _both(voters, others));
    }

    function doubleAttestation(uint256 seed) external observed {
        VM.assume(_random(seed, "rare", RARE) == 0);
        uint32[] memory culprits = _someNumbers(seed);
        Crosslink memory crosslink;
        (crosslink.shardId, crosslink.epoch) = (1, uint64(seed));
        SignedAttestation memory a = _attest(crosslink, culprits);
        crosslink.stateRoot = "another";
        SignedAttestation memory b = _attest(crosslink, culprits);
        address reporter = _commit(seed, keccak256(abi.encode(a, b)));
        bytes memory data = abi.encodeCall(SLASHINGS.reportAttestations, (a, b, _salt(seed)));
        _report(seed, reporter, data, _listed(a.signers), _listed(b.signers), culprits);
    }

    function doubleProposal(uint256 seed) external observed {
        VM.assume(_random(seed, "rare", RARE) == 0);
        uint32 validator = uint32(1 + _random(seed, "proposer", members.length));
        uint64 epoch = uint64(_random(seed, "epoch", 1000));
        SignedProposal memory a = _propose(validator, epoch, "a");
        SignedProposal memory b = _propose(validator, epoch, "b");
        address reporter = _commit(seed, keccak256(abi.encode(validator, epoch, a, b)));
        bytes memory data = abi.encodeCall(SLASHINGS.reportProposals, (validator, epoch, a, b, _salt(seed)));
        uint32[] memory culprits = new uint32[](1);
        culprits[0] = validator;
        Signers memory proposer = _listed(abi.encodePacked(validator));
        _report(seed, reporter, data, proposer, proposer, culprits);
    }

    /// @notice An operator's bond, once.
    function doubleHeader(uint256 seed) external observed {
        VM.assume(_random(seed, "rare", VERY_RARE) == 0);
        BlockHeader memory header;
        header.shardId = uint32(1 + _random(seed, "shard", OPEN_SHARDS));
        header.number = uint64(seed);
        // Of any generation that there was; or of the next one.
        uint32 generation = generations[header.shardId - 1];
        header.generation = uint32(_random(seed, "generation", generation + 2));
        SignedHeader memory a = _signHeader(header);
        header.slot = 1;
        SignedHeader memory b = _signHeader(header);
        address reporter = _commit(seed, keccak256(abi.encode(a, b)));
        bytes memory data = abi.encodeCall(SLASHINGS.reportHeaders, (a, b, _salt(seed)));
        bool isBonded = header.generation >= bondedFrom[header.shardId] && header.generation <= generation;
        if (isBondTaken[header.shardId] || !isBonded) return _requireRefusal(reporter, address(SLASHINGS), 0, data);
        VM.prank(reporter, reporter);
        SLASHINGS.reportHeaders{gas: GAS_CAP}(a, b, _salt(seed));
        isBondTaken[header.shardId] = true;
        ++generations[header.shardId - 1];
        uint256 reward = parameters.shardBond / 8;
        bonds.credited += reward;
        bonds.burnt += parameters.shardBond - reward;
        bondCredits[reporter] += reward;
    }

    /// @notice Votes that a validator signs that follows the rules, and evidence that others found.
    function reportBadly(uint256 seed) external observed {
        uint32[] memory accused = _someNumbers(seed);
        uint64 source = uint64(_random(seed, "source", 1000));
        SignedVote memory a = _listedVote(Vote(source, "a", source + 1, "b"), accused);
        SignedVote memory b = _listedVote(Vote(source, "a", source + 2, "c"), accused);
        uint256 kind = _random(seed, "kind", 5);
        // Voting again after an epoch that failed, and going on from what one has voted for, is what one has to do.
        if (kind == 1) b = _listedVote(Vote(source + 1, "b", source + 2, "c"), accused);
        // Guilty, but signed by one of them too few; not committed to; committed to by somebody else.
        if (kind >= 2) b = _listedVote(Vote(source, "a", source + 1, "c"), accused);
        if (kind == 2) b.signers = a.signers = _listOf(_with(accused, _oneBeside(accused)));
        bytes32 evidenceHash = keccak256(abi.encode(a, b));
        address reporter = kind == 3 ? _reporterOf(seed) : _commit(seed, evidenceHash);
        if (kind == 4) reporter = ANYBODY;
        bytes memory data = abi.encodeCall(SLASHINGS.reportVotes, (a, b, _salt(seed)));
        _requireRefusal(reporter, address(SLASHINGS), 0, data);
    }

    /// @notice Only Slashings takes from a stake.
    function slashWithoutRight(uint256 seed) external observed {
        uint32 validator = uint32(1 + _random(seed, "who", members.length));
        _requireRefusal(ANYBODY, address(STAKING), 0, abi.encodeCall(STAKING.slash, (validator, ANYBODY)));
        uint32[] memory validators = new uint32[](1);
        validators[0] = validator;
        _requireRefusal(ANYBODY, address(STAKING), 0, abi.encodeCall(STAKING.eject, (validators)));
        _requireRefusal(ANYBODY, address(REGISTRY), 0, abi.encodeCall(REGISTRY.exitSlashed, (validator)));
    }

    function claim(uint256 seed) external observed {
        address reporter = _reporterOf(seed);
        VM.assume(credits[reporter] + bondCredits[reporter] != 0);
        _claim(reporter);
    }

    // ---------------------------------------------------------------- the model

    function _claim(address reporter) internal {
        uint256 expected = reporter.balance + credits[reporter] + bondCredits[reporter];
        if (credits[reporter] != 0) {
            VM.prank(reporter, reporter);
            require(STAKING.claim() == credits[reporter], "another reward");
        }
        if (bondCredits[reporter] != 0) {
            VM.prank(reporter, reporter);
            require(SHARDS.claim() == bondCredits[reporter], "another reward");
        }
        require(reporter.balance == expected, "another reward was paid");
        coins.claimed += credits[reporter];
        bonds.claimed += bondCredits[reporter];
        (credits[reporter], bondCredits[reporter]) = (0, 0);
    }

    /// @dev Once, whatever it is guilty of. The rest follows at withdrawal.
    function _slash(uint32 validator, address reporter) private returns (bool) {
        Member storage member = members[validator - 1];
        if (!_isSlashable(member)) return false;
        _markSlashed(validator);
        uint256 left = _stakeOf(member);
        _forfeit(member, left < _penalty() ? left : _penalty(), reporter);
        return true;
    }

    function _markSlashed(uint32 validator) internal {
        Member storage member = members[validator - 1];
        uint256 occupied = _countOf(_occupants(REGISTRY.currentEpoch()));
        member.slashEpoch = REGISTRY.currentEpoch();
        member.slashOccupied = uint32(occupied == 0 ? 1 : occupied);
        slashed.push(validator - 1);
        (, , uint64 exitEpoch) = REGISTRY.tenure(validator);
        if (member.exitEpoch == FAR_FUTURE_EPOCH) _leave(validator - 1, Change.Slashing, exitEpoch);
    }

    /// @dev The reporter is zero if there is none.
    function _forfeit(Member storage member, uint256 penalty, address reporter) internal {
        uint256 reward = reporter == address(0) ? 0 : penalty / 8;
        member.penalty += penalty;
        coins.credited += reward;
        coins.burnt += penalty - reward;
        credits[reporter] += reward;
    }

    // ---------------------------------------------------------------- reporting

    function _reporterOf(uint256 seed) internal pure returns (address) {
        return _reporter(_random(seed, "reporter", REPORTERS));
    }

    function _reporter(uint256 index) internal pure returns (address) {
        return address(uint160(0x200 + index));
    }

    function _reporterCount() internal pure returns (uint256) {
        return REPORTERS;
    }

    /// @dev And lets the blocks pass after which the evidence can be revealed.
    function _commit(uint256 seed, bytes32 evidenceHash) private returns (address reporter) {
        reporter = _reporterOf(seed);
        VM.prank(reporter, reporter);
        SLASHINGS.commit(keccak256(abi.encode(reporter, evidenceHash, _salt(seed))));
        (uint256 min, ) = SLASHINGS.revealWindow();
        _pass(_random(seed, "meanwhile", 2), min);
    }

    /// @dev Another one for every action: the runner may give one seed twice.
    function _salt(uint256 seed) private view returns (bytes32) {
        return keccak256(abi.encode(seed, actionCount));
    }

    function _reportVotes(uint256 seed, SignedVote memory a, SignedVote memory b, uint32[] memory guilty) private {
        address reporter = _commit(seed, keccak256(abi.encode(a, b)));
        bytes memory data = abi.encodeCall(SLASHINGS.reportVotes, (a, b, _salt(seed)));
        _report(seed, reporter, data, _signersOf(a), _signersOf(b), guilty);
    }

    /// @param guilty in the order of `a`, with zeros between
    function _report(
        uint256 seed,
        address reporter,
        bytes memory data,
        Signers memory a,
        Signers memory b,
        uint32[] memory guilty
    ) private {
        bytes32 id = keccak256(abi.encode(a, b));
        if (_isReported[id]) return _requireRefusal(reporter, address(SLASHINGS), 0, data);
        _isReported[id] = true;
        VM.prank(reporter, reporter);
        (bool ok, ) = address(SLASHINGS).call{gas: GAS_CAP}(data);
        require(ok, "evidence was refused");

        // Page by page, the reward being the reporter's whoever does it.
        uint256 page = 1 + _random(seed, "page", 64);
        uint256 punished;
        uint256 total = a.isList ? a.members.length / 4 : REGISTRY.seatCount(a.epoch);
        for (uint256 first = 0; first < total; first += page) {
            VM.prank(ANYBODY, ANYBODY);
            punished += SLASHINGS.punish{gas: GAS_CAP}(a, b, first, page);
        }
        uint256 expected;
        for (uint256 i = 0; i < guilty.length; ++i) {
            if (guilty[i] != 0 && _slash(guilty[i], reporter)) ++expected;
        }
        require(punished == expected, "more or fewer were punished than are guilty");
    }

    // ---------------------------------------------------------------- evidence

    function _signersOf(SignedVote memory v) private pure returns (Signers memory) {
        return v.form == VoteForm.List ? _listed(v.signers) : Signers(false, v.vote.targetEpoch, v.signers);
    }

    function _listed(bytes memory list) private pure returns (Signers memory) {
        return Signers({isList: true, epoch: 0, members: list});
    }

    function _listedVote(Vote memory v, uint32[] memory signers) private view returns (SignedVote memory) {
        return SignedVote(v, VoteForm.List, _listOf(signers), BlsSigner.sign(_sumOfSecrets(signers), _digestOf(v)));
    }

    function _voteWithout(
        Vote memory v,
        uint32[] memory signers,
        bytes memory absent
    ) private view returns (SignedVote memory) {
        return SignedVote(v, VoteForm.Absence, absent, BlsSigner.sign(_sumOfSecrets(signers), _digestOf(v)));
    }

    function _digestOf(Vote memory v) private view returns (bytes32) {
        return SigningRoots.vote(DOMAIN_SEPARATOR, v.sourceEpoch, v.sourceRoot, v.targetEpoch, v.targetRoot);
    }

    function _attest(Crosslink memory c, uint32[] memory signers) private view returns (SignedAttestation memory) {
        bytes memory signature = BlsSigner.sign(_sumOfSecrets(signers), SigningRoots.crosslink(DOMAIN_SEPARATOR, c));
        // A copy: the caller changes its own.
        Crosslink memory copy = abi.decode(abi.encode(c), (Crosslink));
        return SignedAttestation({crosslink: copy, signers: _listOf(signers), signature: signature});
    }

    function _propose(uint32 validator, uint64 epoch, bytes32 root) private view returns (SignedProposal memory) {
        bytes32 digest = SigningRoots.proposal(DOMAIN_SEPARATOR, epoch, root);
        return SignedProposal(root, BlsSigner.sign(_secretOf(validator), digest));
    }

    function _signHeader(BlockHeader memory header) private view returns (SignedHeader memory) {
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(OPERATOR_SECRET, SigningRoots.blockHeader(DOMAIN_SEPARATOR, header));
        BlockHeader memory copy = abi.decode(abi.encode(header), (BlockHeader));
        return SignedHeader({header: copy, signature: abi.encodePacked(r, s, v)});
    }

    // ---------------------------------------------------------------- lists of validators

    /// @dev Ascending, and different ones.
    function _someNumbers(uint256 seed) private view returns (uint32[] memory numbers) {
        uint256 count = 1 + _random(seed, "culprits", MAX_CULPRITS);
        numbers = new uint32[](0);
        for (uint256 i = 0; i < count; ++i) {
            numbers = _with(numbers, uint32(1 + (uint256(keccak256(abi.encode(seed, "culprit", i))) % members.length)));
        }
    }

    /// @dev The list with the number in its place, or as it is if the number is in it.
    function _with(uint32[] memory list, uint32 number) private pure returns (uint32[] memory longer) {
        longer = new uint32[](list.length + 1);
        uint256 next;
        bool isIn;
        for (uint256 i = 0; i < list.length; ++i) {
            if (list[i] == number) return list;
            if (!isIn && list[i] > number) (longer[next++], isIn) = (number, true);
            longer[next++] = list[i];
        }
        if (!isIn) longer[next] = number;
    }

    function _oneBeside(uint32[] memory list) private pure returns (uint32 number) {
        for (number = 1; number <= MAX_CULPRITS; ++number) {
            bool isIn;
            for (uint256 i = 0; i < list.length; ++i) isIn = isIn || list[i] == number;
            if (!isIn) return number;
        }
    }

    /// @dev Of the first list those that are in the second.
    function _both(uint32[] memory list, uint32[] memory other) private pure returns (uint32[] memory both) {
        both = new uint32[](list.length);
        for (uint256 i = 0; i < list.length; ++i) {
            for (uint256 k = 0; k < other.length; ++k) {
                if (list[i] == other[k]) both[i] = list[i];
            }
        }
    }

    function _listOf(uint32[] memory validators) private pure returns (bytes memory list) {
        for (uint256 i = 0; i < validators.length; ++i) list = abi.encodePacked(list, validators[i]);
    }
}
