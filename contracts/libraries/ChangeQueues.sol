// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Lanes} from "./Lanes.sol";

/// @title Changes of the set of validators to come: who joins, who leaves, in which epoch
/// @notice Each queue goes forward only, so the next change of all is at the head of one of the three. A queue's epochs
///         are linked in the words that count their changes: epochs without any leave no trace.
library ChangeQueues {
    using Lanes for uint256;

    struct State {
        // Lanes 0 to 2: the first epoch of each queue that has not been taken, 0 if there is none. Lanes 3 to 5: the
        // last epoch that each queue came to. Lanes 6 and 7 are of no concern here.
        uint256 ends;
        // Lanes 0 to 2: how many changes the epoch has of each queue. Lane 3: for how many of those that join there is
        // a new seat. Lanes 4 to 6: the epoch after this one in each queue, 0 while it is the last.
        mapping(uint256 epoch => uint256 word) changes;
    }

    uint256 internal constant ACTIVATIONS = 0;
    uint256 internal constant EXITS = 1;
    uint256 internal constant FORCED_EXITS = 2;

    uint256 private constant QUEUES = 3;
    uint256 private constant LAST = 3;
    uint256 private constant NEW_SEATS = 3;
    uint256 private constant NEXT = 4;

    /// @notice The epoch of the queue's next place, if each epoch takes `limit` of them; at least `earliest`.
    function nextPlace(
        State storage self,
        uint256 queue,
        uint256 earliest,
        uint256 limit
    ) internal view returns (uint256 epoch) {
        uint256 last = self.ends.get(LAST + queue);
        if (last < earliest) return earliest;
        return self.changes[last].get(queue) < limit ? last : last + 1;
    }

    /// @notice Adds a change to the queue.
    /// @param epoch that of its last place or a later one
    /// @param newSeats how many seats it adds
    function add(State storage self, uint256 queue, uint256 epoch, uint256 newSeats) internal {
        uint256 ends = self.ends;
        uint256 last = ends.get(LAST + queue);
        if (last != epoch) {
            if (ends.get(queue) == 0) ends = ends.set(queue, epoch);
            else self.changes[last] = self.changes[last].set(NEXT + queue, epoch);
            self.ends = ends.set(LAST + queue, epoch);
        }
        self.changes[epoch] += (1 << (32 * queue)) + (newSeats << (32 * NEW_SEATS));
    }

    /// @notice Takes the changes of the first epoch from the queues.
    /// @param ends of the queues
    /// @param epoch the first of all
    /// @param change its word
    /// @return the ends from now on, and the first epoch, 0 if there is none
    function take(uint256 ends, uint256 epoch, uint256 change) internal pure returns (uint256, uint256) {
        uint256 first = 0;
        for (uint256 queue = 0; queue < QUEUES; ++queue) {
            if (ends.get(queue) == epoch) ends = ends.set(queue, change.get(NEXT + queue));
            uint256 head = ends.get(queue);
            if (head != 0 && (first == 0 || head < first)) first = head;
        }
        return (ends, first);
    }

    /// @notice What a change does to the numbers of seats and of occupants.
    function effect(uint256 change) internal pure returns (uint256 newSeats, uint256 joining, uint256 leaving) {
        return (change.get(NEW_SEATS), change.get(ACTIVATIONS), change.get(EXITS) + change.get(FORCED_EXITS));
    }
}
