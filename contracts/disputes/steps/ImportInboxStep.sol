// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SigningRoots} from "../../libraries/SigningRoots.sol";
import {InboxEntry} from "../../types/Message.sol";
import {StateAccess} from "../../types/StateAccess.sol";
import {StepOutcome, StepOutcomes} from "../../types/Step.sol";
import {StepError} from "../../types/StepError.sol";
import {PayloadReader} from "./PayloadReader.sol";
import {StepContext} from "./StepContext.sol";
import {TransactionStep} from "./TransactionStep.sol";

/// @title ImportInbox: a deposit, or a forced transaction
/// @notice Twin of ledger/import-inbox.ts.
library ImportInboxStep {
    uint8 private constant DEPOSIT = 0;
    uint8 private constant FORCED_TRANSACTION = 1;

    /// @dev The cursor of the parent's inbox is that of source 0.
    uint32 private constant PARENT = 0;

    function execute(
        StepContext memory context,
        bytes calldata payload
    ) internal view returns (StepOutcome memory outcome) {
        (bool ok, InboxEntry memory entry, bytes calldata data) = _decode(payload);
        if (!ok) return StepOutcomes.refused(StepError.Malformed);
        entry.shardId = context.shardId;

        (StateAccess memory cursor, uint64 next) = context.cursorOf(PARENT);
        if (entry.index != next) return StepOutcomes.refused(StepError.WrongCursor, entry.index, next);
        bytes32 recorded = context.facts.inbox.entry(context.shardId, entry.index);
        if (recorded == 0) {
            context.requireKnown();
            return StepOutcomes.refused(StepError.UnknownInboxEntry, entry.index);
        }
        if (recorded != SigningRoots.inboxEntry(context.facts.registry.domainSeparator(), entry)) {
            return StepOutcomes.refused(StepError.WrongInboxEntry, entry.index);
        }
        if (int256(uint256(entry.epoch)) > context.factsEpoch) {
            return StepOutcomes.refused(StepError.InboxEntryTooRecent, entry.epoch, uint256(context.factsEpoch));
        }
        context.advanceCursor(cursor, PARENT, next);

        if (entry.kind == DEPOSIT) {
            context.credit(entry.recipient, entry.value);
            return outcome;
        }
        StepOutcome memory forced = TransactionStep.execute(context, data);
        // One that is inadmissible by now is passed over.
        if (!forced.isRefused()) outcome = forced;
    }

    /// @dev Not `ok`: malformed, of unknown kind, or with fields that its kind does not have.
    function _decode(
        bytes calldata payload
    ) private pure returns (bool ok, InboxEntry memory entry, bytes calldata data) {
        PayloadReader memory reader;
        entry.index = reader.readUint64(payload);
        entry.epoch = reader.readUint64(payload);
        entry.kind = reader.readUint8(payload);
        entry.sender = reader.readAddress(payload);
        entry.recipient = reader.readAddress(payload);
        entry.value = reader.readUint128(payload);
        data = reader.readRest(payload);
        entry.data = data;
        if (reader.isMalformed) return (false, entry, data);
        if (entry.kind == DEPOSIT) ok = data.length == 0;
        else if (entry.kind == FORCED_TRANSACTION) ok = entry.value == 0 && entry.recipient == address(0);
    }
}
