// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBeaconRegistry} from "../beacon/IBeaconRegistry.sol";
import {HashLists} from "../libraries/HashLists.sol";
import {Openings} from "../libraries/Openings.sol";
import {BlockHeader} from "../types/BlockHeader.sol";
import {Crosslink} from "../types/Crosslink.sol";
import {HeaderOpening, LeafOpening, StepEvidence} from "../types/DisputeEvidence.sol";
import {Fault, NO_BLOCK, Predicate} from "../types/Fault.sol";
import {StepCall, StepOutcome} from "../types/Step.sol";
import {IJudge} from "./IJudge.sol";
import {ILedgerVerifier} from "./ILedgerVerifier.sol";

/**
 * @title Judges a step by executing it
 * @notice The step is admissible, and its leaf says what its payload and its execution give. It starts from what the
 * leaf before claims, or the block below: if that is a lie, then somebody else's. See IJudge.
 */
contract InvalidStep is IJudge {
    using HashLists for bytes32[];
    using Openings for LeafOpening;

    IBeaconRegistry private immutable REGISTRY;
    ILedgerVerifier private immutable VERIFIER;

    /// @notice The evidence is not in the one encoding that it has.
    error InvalidStep_NotCanonical();
    /// @notice The leaf is at fault by itself (Predicate.Leaf), and so is no step that could be executed.
    error InvalidStep_LeafAtFault(Fault fault);
    /// @notice The payload is another one than the leaf names.
    error InvalidStep_WrongPayload(bytes32 payloadHash, bytes32 expected);

    constructor(IBeaconRegistry registry, ILedgerVerifier verifier) {
        REGISTRY = registry;
        VERIFIER = verifier;
    }

    /// @inheritdoc IJudge
    function judge(
        Predicate predicate,
        Crosslink calldata crosslink,
        bytes calldata evidence
    ) external view returns (Fault fault, uint16 blockIndex) {
        if (predicate != Predicate.Step) revert Judge_WrongPredicate(predicate);
        StepEvidence calldata e = _structOf(evidence);
        // Less than the number of blocks, of which there are few.
        blockIndex = uint16(e.index);

        bytes32 domainSeparator = REGISTRY.domainSeparator();
        HeaderOpening memory header = HeaderOpening({header: e.header.header, siblings: e.header.siblings.toMemory()});
        Openings.requireHeader(domainSeparator, crosslink, e.index, header);
        LeafOpening memory leaf = _copy(e.leaf);
        Openings.requireLeaf(header.header, e.step, leaf);
        fault = leaf.faultOf(e.step);
        if (fault != Fault.None) revert InvalidStep_LeafAtFault(fault);
        bytes32 payloadHash = keccak256(e.payload);
        if (payloadHash != leaf.payloadHash) revert InvalidStep_WrongPayload(payloadHash, leaf.payloadHash);
        if (e.payload.length != leaf.lengthOf()) return (Fault.WrongPayloadLength, blockIndex);

        StepCall memory step;
        step.shardId = crosslink.shardId;
        step.slot = header.header.slot;
        step.index = e.step;
        step.kind = leaf.kindOf();
        uint256 fees;
        if (e.step == 0) {
            (, bytes32 parentHash, BlockHeader memory below) = Openings.requireBelow(
                domainSeparator,
                crosslink,
                e.index,
                e.below
            );
            // It was not the operator, who named another block, but whoever put it on this one.
            if (header.header.parentHash != parentHash) blockIndex = NO_BLOCK;
            (step.stateRoot, step.previousFees) = (below.stateRoot, below.fees);
        } else {
            LeafOpening memory previous = _copy(e.previous);
            Openings.requireLeafBefore(e.step, leaf, previous);
            (step.stateRoot, fees) = (previous.stateRoot, previous.feesOf());
        }

        StepOutcome memory outcome = VERIFIER.execute(step, e.payload, e.witness);
        if (outcome.isRefused()) return (Fault.StepInadmissible, blockIndex);
        if (fees + outcome.fee != leaf.feesOf()) return (Fault.WrongStepFees, blockIndex);
        if (outcome.stateRoot != leaf.stateRoot) return (Fault.WrongStepState, blockIndex);
    }

    function _copy(LeafOpening calldata leaf) private pure returns (LeafOpening memory) {
        return
            LeafOpening({
                word: leaf.word,
                payloadHash: leaf.payloadHash,
                stateRoot: leaf.stateRoot,
                siblings: leaf.siblings.toMemory()
            });
    }

    /// @dev Where it stands, since the witness alone would cost as much to copy as half a verdict. Whatever its offsets
    ///      lead to, inside of it or not, is opened before it counts.
    function _structOf(bytes calldata evidence) private pure returns (StepEvidence calldata e) {
        if (evidence.length < 64 || uint256(bytes32(evidence)) != 32) revert InvalidStep_NotCanonical();
        assembly ("memory-safe") {
            e := add(evidence.offset, 32)
        }
    }
}
