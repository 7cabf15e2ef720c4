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

    /// @notice An operator's balance.
    function balanceOf(Ledger storage ledger, uint32 index) internal view returns (uint64) {
        return uint64(ledger.slots[index >> 2] >> _shift(index));
    }

    /// @notice Sets an operator's balance to zero.
    function clear(Ledger storage ledger, uint32 index) internal {
        ledger.slots[index >> 2] &= ~(LANE << _shift(index));
    }

    /// @notice Adds packed payouts, which must ascend by index from 1, and writes each slot once.
    /// @dev In assembly because it is what every paid operator costs: the compiler's loop took 250 gas more for each.
    /// @return sum What was added in all.
    /// @return unproven The last index, if its balance was zero before: whoever had one is known to exist, and so are
    /// all below. Otherwise 0.
    // One loop, read top-down; parts of it cannot be functions without giving the gas back.
    // solhint-disable-next-line function-max-lines
    function creditAll(
        Ledger storage ledger,
        bytes calldata payouts
    ) internal returns (uint256 sum, uint256 unproven) {
        // Only whole records from here on.
        BatchCodec.payoutCount(payouts);
        bytes4 unsorted = IEscrow.PayoutsNotSorted.selector;
        bytes4 overflow = IEscrow.LedgerOverflow.selector;
        // Nothing here can run over: sums of uint64 in uint256, and the lane is checked.
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            function fail(selector, operator) {
                mstore(0x00, selector)
                mstore(0x04, operator)
                revert(0x00, 0x24)
            }
            let end := add(payouts.offset, payouts.length)
            let previous := 0
            // No slot of a uint32 index is this high.
            let slot := not(0)
            let key := 0
            let lanes := 0
            let had := 1
            for {
                let cursor := payouts.offset
            } lt(cursor, end) {
                cursor := add(cursor, 12)
            } {
                let record := shr(160, calldataload(cursor))
                let index := shr(64, record)
                let amount := and(record, 0xffffffffffffffff)
                if iszero(gt(index, previous)) {
                    fail(unsorted, index)
                }
                previous := index
                if iszero(eq(shr(2, index), slot)) {
                    if key {
                        sstore(key, lanes)
                    }
                    slot := shr(2, index)
                    mstore(0x00, slot)
                    mstore(0x20, ledger.slot)
                    key := keccak256(0x00, 0x40)
                    lanes := sload(key)
                }
                let shift := shl(6, and(index, 3))
                had := and(shr(shift, lanes), 0xffffffffffffffff)
                if gt(add(had, amount), 0xffffffffffffffff) {
                    fail(overflow, index)
                }
                lanes := add(lanes, shl(shift, amount))
                sum := add(sum, amount)
            }
            if key {
                sstore(key, lanes)
            }
            unproven := mul(previous, iszero(had))
        }
    }

    function _shift(uint256 index) private pure returns (uint256) {
        return (index & 3) << 6;
    }
}
