// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEscrow} from "../../src/interfaces/IEscrow.sol";
import {PackedLedger} from "../../src/libraries/PackedLedger.sol";
import {vm} from "./Vm.sol";

contract LedgerHarness {
    using PackedLedger for PackedLedger.Ledger;

    PackedLedger.Ledger private _ledger;

    function creditAll(bytes calldata payouts) external returns (uint256 sum, uint256 unproven) {
        return _ledger.creditAll(payouts);
    }

    function clear(uint32 index) external {
        _ledger.clear(index);
    }

    function balanceOf(uint32 index) external view returns (uint64) {
        return _ledger.balanceOf(index);
    }
}

/// @notice The packed ledger against a plain mapping.
contract PackedLedgerTest {
    LedgerHarness private _packed;
    mapping(uint32 index => uint64 balance) private _plain;

    function setUp() public {
        _packed = new LedgerHarness();
    }

    /// @dev Gaps of 1 to 8 put neighbours in the same slot, in the next one and further away.
    function testFuzzCreditsLikeAPlainMapping(
        uint8[12] memory gaps,
        uint56[12] memory amounts,
        uint8 rounds
    ) public {
        for (uint256 round = 0; round <= rounds % 3; ++round) {
            bytes memory payouts;
            uint32 index;
            uint256 sum;
            uint256 unproven;
            for (uint256 i = 0; i < gaps.length; ++i) {
                index += 1 + (gaps[i] % 8);
                unproven = _plain[index] == 0 ? index : 0;
                _plain[index] += amounts[i];
                sum += amounts[i];
                payouts = abi.encodePacked(payouts, index, uint64(amounts[i]));
            }
            (uint256 gotSum, uint256 gotUnproven) = _packed.creditAll(payouts);
            require(gotSum == sum, "sum");
            require(gotUnproven == unproven, "unproven");
            _requireEqual(index + 8);
        }
    }

    function testFuzzClearsOneLaneOnly(uint8 cleared, uint64[8] memory amounts) public {
        bytes memory payouts;
        for (uint32 i = 0; i < 8; ++i) {
            _plain[i + 1] = amounts[i];
            payouts = abi.encodePacked(payouts, i + 1, amounts[i]);
        }
        _packed.creditAll(payouts);
        uint32 index = 1 + (cleared % 8);
        _plain[index] = 0;
        _packed.clear(index);
        _requireEqual(12);
    }

    function testFuzzReachesTheHighestIndices(uint32 index, uint64 amount) public {
        vm.assume(index != 0);
        _packed.creditAll(abi.encodePacked(index, amount));
        require(_packed.balanceOf(index) == amount, "balance");
        if (index < type(uint32).max) require(_packed.balanceOf(index + 1) == 0, "above");
        require(_packed.balanceOf(index - 1) == 0, "below");
    }

    function testFuzzRefusesOverflow(uint32 index, uint64 have, uint64 more) public {
        if (index == 0) index = 1;
        // From one more than there is room for, up to all.
        if (have == 0) have = 1;
        uint64 room = type(uint64).max - have;
        more = room + 1 + (more % have);
        _packed.creditAll(abi.encodePacked(index, have));
        vm.expectRevert(abi.encodeWithSelector(IEscrow.LedgerOverflow.selector, index));
        _packed.creditAll(abi.encodePacked(index, more));
    }

    function testFuzzRefusesUnsorted(uint32 first, uint32 second) public {
        if (first == 0) first = 1;
        second = uint32(uint256(second) % (uint256(first) + 1));
        vm.expectRevert(abi.encodeWithSelector(IEscrow.PayoutsNotSorted.selector, second));
        _packed.creditAll(abi.encodePacked(first, uint64(1), second, uint64(1)));
    }

    function testFuzzRefusesTornRecords(bytes memory payouts) public {
        vm.assume(payouts.length % 12 != 0);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.BadLength.selector, payouts.length, 12));
        _packed.creditAll(payouts);
    }

    function testCreditsNothing() public {
        (uint256 sum, uint256 unproven) = _packed.creditAll("");
        require(sum == 0 && unproven == 0, "nothing");
    }

    function _requireEqual(uint32 top) private view {
        for (uint32 i = 0; i <= top; ++i) require(_packed.balanceOf(i) == _plain[i], "balance");
    }
}
