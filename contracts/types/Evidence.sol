// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BlockHeader} from "./BlockHeader.sol";
import {Crosslink} from "./Crosslink.sol";
import {Vote} from "./Vote.sol";

/// @notice How a vote shows who signed it.
enum VoteForm {
    // the signers are listed
    List,
    // all occupants of the target epoch signed, but those of the seats that are listed as absent
    Absence,
    // as before, and the contract has accepted the vote already
    Accepted
}

/**
 * @notice A vote and who signed it (formats, section 8).
 * `signers`: in the form List a list of validators, else the canonical bitmap of the absent seats of the target epoch.
 * `proof`: the aggregate signature (256 bytes); in the form Accepted `entriesRoot ‖ rewardsRoot`, which open the root.
 */
struct SignedVote {
    Vote vote;
    VoteForm form;
    bytes signers;
    bytes proof;
}

/// @notice An attestation, the list of those who signed it, and their aggregate signature.
struct SignedAttestation {
    Crosslink crosslink;
    bytes signers;
    bytes signature;
}

/// @notice A proposal, of a validator and for an epoch that stand beside it.
struct SignedProposal {
    bytes32 checkpointRoot;
    bytes signature;
}

/// @notice A block header with its operator's signature, 65 bytes r ‖ s ‖ v.
struct SignedHeader {
    BlockHeader header;
    bytes signature;
}

/**
 * @notice Validators that have signed something together.
 * `members`: if `isList`, a list of validators, and `epoch` is zero; else the bitmap of the seats of the epoch whose
 * occupants are not among them.
 */
struct Signers {
    bool isList;
    uint64 epoch;
    bytes members;
}
