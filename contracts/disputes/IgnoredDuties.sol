// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IBeaconRegistry} from "../beacon/IBeaconRegistry.sol";
import {Openings} from "../libraries/Openings.sol";
import {SigningRoots} from "../libraries/SigningRoots.sol";
import {StateAccesses} from "../libraries/StateAccesses.sol";
import {StateKeys} from "../libraries/StateKeys.sol";
import {IInbox} from "../shards/IInbox.sol";
import {Crosslink} from "../types/Crosslink.sol";
import {HeaderOpening, InboxDutyEvidence, MessageDutyEvidence} from "../types/DisputeEvidence.sol";
import {Fault, NO_BLOCK, Predicate} from "../types/Fault.sol";
import {InboxEntry} from "../types/Message.sol";
import {Parameters} from "../types/Parameters.sol";
import {StateAccess} from "../types/StateAccess.sol";
import {IJudge} from "./IJudge.sol";

/**
 * @title Judges whether a crosslink leaves lying what its shard has to import
 * @notice Entries of the inbox, and messages that were demanded there: what has waited for FORCE_EPOCHS is imported
 * before the last block of a crosslink, or as many as its quota asks for. See IJudge; the rule is in formats,
 * section 9. Everything it is judged by stands on the parent chain, so that nobody can be made to miss it.
 */
contract IgnoredDuties is IJudge {
    using StateAccesses for StateAccess;

    /// @dev The parent's inbox among the sources of imports.
    uint32 private constant PARENT = 0;

    /// @notice Messages of one source that a crosslink has to import at most.
    uint256 public constant MESSAGE_QUOTA = 16;
    /// @notice Entries of the inbox that a crosslink has to import at most: as many as one epoch brings.
    uint256 public immutable INBOX_QUOTA;

    IBeaconRegistry private immutable REGISTRY;
    IInbox private immutable INBOX;
    uint256 private immutable SLOTS_PER_EPOCH;
    uint256 private immutable FORCE_EPOCHS;

    /// @notice There is no such entry at the cursor. `entry` is zero if there is none at all.
    error IgnoredDuties_WrongEntry(uint64 index, bytes32 entry, bytes32 actual);
    error IgnoredDuties_NotDemanded(uint32 source, uint64 index);

    constructor(IBeaconRegistry registry, IInbox inbox) {
        REGISTRY = registry;
        INBOX = inbox;
        Parameters memory p = registry.parameters();
        SLOTS_PER_EPOCH = p.slotsPerEpoch;
        FORCE_EPOCHS = p.forceEpochs;
        // Of both kinds.
        INBOX_QUOTA = 2 * uint256(p.inboxEntriesPerEpoch);
    }

    /// @inheritdoc IJudge
    function judge(
        Predicate predicate,
        Crosslink calldata crosslink,
        bytes calldata evidence
    ) external view returns (Fault fault, uint16 blockIndex) {
        bytes32 domainSeparator = REGISTRY.domainSeparator();
        blockIndex = NO_BLOCK;
        if (predicate == Predicate.InboxDuty) {
            InboxDutyEvidence memory e = abi.decode(evidence, (InboxDutyEvidence));
            if (_ignoresInbox(domainSeparator, crosslink, e)) fault = Fault.InboxLeftLying;
        } else if (predicate == Predicate.MessageDuty) {
            MessageDutyEvidence memory e = abi.decode(evidence, (MessageDutyEvidence));
            if (_ignoresMessage(domainSeparator, crosslink, e)) fault = Fault.MessageLeftLying;
        } else {
            revert Judge_WrongPredicate(predicate);
        }
    }

    function _ignoresInbox(
        bytes32 domainSeparator,
        Crosslink memory crosslink,
        InboxDutyEvidence memory e
    ) private view returns (bool) {
        Openings.requireParent(domainSeparator, crosslink, e.parent);
        (uint64 next, uint256 imported) = _imports(crosslink, e.parent, PARENT, e.cursorBefore, e.cursorAfter);
        InboxEntry memory entry = InboxEntry({
            shardId: crosslink.shardId,
            index: next,
            epoch: e.epoch,
            kind: e.kind,
            sender: e.sender,
            recipient: e.recipient,
            value: e.value,
            data: e.data
        });
        bytes32 actual = SigningRoots.inboxEntry(domainSeparator, entry);
        bytes32 recorded = INBOX.entry(crosslink.shardId, next);
        if (actual != recorded) revert IgnoredDuties_WrongEntry(next, recorded, actual);
        return imported < INBOX_QUOTA && _isDue(domainSeparator, crosslink, e.last, e.epoch);
    }

    function _ignoresMessage(
        bytes32 domainSeparator,
        Crosslink memory crosslink,
        MessageDutyEvidence memory e
    ) private view returns (bool) {
        Openings.requireParent(domainSeparator, crosslink, e.parent);
        (uint64 next, uint256 imported) = _imports(crosslink, e.parent, e.source, e.cursorBefore, e.cursorAfter);
        uint64 epoch = INBOX.demandedIn(crosslink.shardId, e.source, next);
        if (epoch == 0) revert IgnoredDuties_NotDemanded(e.source, next);
        return imported < MESSAGE_QUOTA && _isDue(domainSeparator, crosslink, e.last, epoch);
    }

    /// @dev What is next after the crosslink, and how much it has imported. A cursor that went back imported nothing.
    function _imports(
        Crosslink memory crosslink,
        Crosslink memory parent,
        uint32 source,
        StateAccess memory cursorBefore,
        StateAccess memory cursorAfter
    ) private view returns (uint64 next, uint256 imported) {
        bytes32 key = StateKeys.cursor(source);
        // Genesis has an empty state: root zero, and no cursor in it.
        uint64 first = _cursorOf(cursorBefore.read(parent.stateRoot, key));
        next = _cursorOf(cursorAfter.read(crosslink.stateRoot, key));
        imported = Math.saturatingSub(next, first);
    }

    /// @dev Whether what came in that epoch has waited for too long in that of the crosslink's last block.
    function _isDue(
        bytes32 domainSeparator,
        Crosslink memory crosslink,
        HeaderOpening memory last,
        uint64 epoch
    ) private view returns (bool) {
        Openings.requireHeader(domainSeparator, crosslink, Openings.blockCount(crosslink) - 1, last);
        return uint256(epoch) + FORCE_EPOCHS <= last.header.slot / SLOTS_PER_EPOCH;
    }

    /// @dev Of its word, the other bytes of which are not looked at.
    function _cursorOf(bytes32 word) private pure returns (uint64) {
        return uint64(bytes8(word));
    }
}
