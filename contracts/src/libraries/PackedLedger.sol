// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEscrow} from "../interfaces/IEscrow.sol";
import {BatchCodec} from "./BatchCodec.sol";

/// @title Balances of operators, four uint64 to a storage slot
/// @notice Operators with neighbouring numbers share a slot, so paying them in one batch writes it once. The balance of
/// index `i` is lane `i % 4` of slot `i / 4`, lanes counted from the lowest bits.
library PackedLedger {
    /// @dev One per contract: slot number to four balances.
    struct Ledger {
        mapping(uint256 slot => uint256 lanes) slots;
    }

    uint256 private constant LANE = type(uint64).max;
    /// @dev Higher than any slot of a uint32 index.
    uint256 private constant NO_SLOT = type(uint256).max;

    /// @notice An operator's balance.
    function balanceOf(Ledger storage ledger, uint32 index) internal view returns (uint64) {
        return uint64(ledger.slots[index >> 2] >> _shift(index));
    }

    /// @notice Sets an operator's balance to zero.
    function clear(Ledger storage ledger, uint32 index) internal {
        ledger.slots[index >> 2] &= ~(LANE << _shift(index));
    }

    /// @notice Adds packed payouts, which must ascend by index from 1, and writes each slot once.
    /// @return sum What was added in all.
    /// @return unproven The last index, if its balance was zero before: whoever had one is known to exist, and so are
    /// all below. Otherwise 0.
    function creditAll(
        Ledger storage ledger,
        bytes calldata payouts
    ) internal returns (uint256 sum, uint256 unproven) {
        uint256 count = BatchCodec.payoutCount(payouts);
        uint256 previous;
        uint256 slot = NO_SLOT;
        uint256 lanes;
        // Nothing here can run over: sums of uint64 in uint256, and the lane is checked.
        unchecked {
            for (uint256 i = 0; i < count; ++i) {
                (uint256 index, uint256 amount) = BatchCodec.payoutAt(payouts, i);
                if (index <= previous) revert IEscrow.PayoutsNotSorted(uint32(index));
                previous = index;
                if (index >> 2 != slot) {
                    if (slot != NO_SLOT) ledger.slots[slot] = lanes;
                    slot = index >> 2;
                    lanes = ledger.slots[slot];
                }
                uint256 balance = (lanes >> _shift(index)) & LANE;
                if (balance + amount > LANE) revert IEscrow.LedgerOverflow(uint32(index));
                lanes += amount << _shift(index);
                sum += amount;
                unproven = balance == 0 ? index : 0;
            }
        }
        if (slot != NO_SLOT) ledger.slots[slot] = lanes;
    }

    function _shift(uint256 index) private pure returns (uint256) {
        return (index & 3) << 6;
    }
}
