// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SlashLib} from "../libraries/SlashLib.sol";

struct SampleCase {
    bytes32 randomness;
    bytes32 root;
    bytes32 commitment;
    uint32 ratePpm;
}

struct Seat {
    address validator;
    uint64 stake;
}

struct SeatCase {
    bytes32 randomness;
    bytes32 root;
    bytes32 commitment;
    uint8 round;
    /// @dev Those who may sit, ascending by address.
    Seat[] seats;
    address[] excluded;
}

struct SlashCase {
    uint64 price;
    uint64 stake;
    uint32 ratePpm;
}

/// @title AuditReference
/// @notice Sections 10 and 12 of the protocol's specification, written a second time from its text: the tests hold it
/// against the code that validators run. Only `splitAll` is the code of the market's own contracts.
contract AuditReference {
    uint256 private constant MILLION = 1_000_000;
    bytes32 private constant SAMPLE_TAG = keccak256("assay/sample/1");
    bytes32 private constant SEAT_TAG = keccak256("assay/seat/1");

    /// @notice Whether each commit is drawn.
    function sampleAll(SampleCase[] calldata cases) external pure returns (bool[] memory drawn) {
        drawn = new bool[](cases.length);
        for (uint256 i = 0; i < cases.length; ++i) {
            SampleCase calldata one = cases[i];
            uint256 value = uint256(
                keccak256(
                    abi.encode(SAMPLE_TAG, one.randomness, one.root, one.commitment, uint256(0), uint256(0))
                )
            );
            drawn[i] = one.ratePpm >= MILLION || value < _threshold(one.ratePpm);
        }
    }

    /// @notice Everyone who can sit, in drawing order.
    function seatAll(SeatCase[] calldata cases) external pure returns (address[][] memory drawn) {
        drawn = new address[][](cases.length);
        for (uint256 i = 0; i < cases.length; ++i) drawn[i] = _draw(cases[i]);
    }

    /// @notice What a provider's fault costs.
    function slashAll(SlashCase[] calldata cases) external pure returns (uint64[] memory amounts) {
        amounts = new uint64[](cases.length);
        for (uint256 i = 0; i < cases.length; ++i) {
            SlashCase calldata one = cases[i];
            uint256 price = one.price;
            uint256 divisor = uint256(one.ratePpm) * 734_000;
            uint256 owed = (2 * price * MILLION * MILLION + divisor - 1) / divisor - price;
            if (owed < 10 * price) owed = 10 * price;
            amounts[i] = owed < one.stake ? uint64(owed) : one.stake;
        }
    }

    /// @notice The parts of detector, client and fund.
    function splitAll(uint64[] calldata amounts) external pure returns (uint64[3][] memory parts) {
        parts = new uint64[3][](amounts.length);
        for (uint256 i = 0; i < amounts.length; ++i)
            (parts[i][0], parts[i][1], parts[i][2]) = SlashLib.split(amounts[i]);
    }

    /// @dev floor(rate * 2^256 / 10^6), with 2^256 = quotient * 10^6 + rest.
    function _threshold(uint256 rate) private pure returns (uint256) {
        uint256 quotient = type(uint256).max / MILLION;
        uint256 rest = (type(uint256).max % MILLION) + 1;
        return rate * quotient + (rate * rest) / MILLION;
    }

    function _draw(SeatCase calldata one) private pure returns (address[] memory drawn) {
        uint256 count = one.seats.length;
        uint256[] memory stakes = new uint256[](count);
        uint256 total = 0;
        uint256 able = 0;
        for (uint256 i = 0; i < count; ++i) {
            if (_contains(one.excluded, one.seats[i].validator) || one.seats[i].stake == 0) continue;
            stakes[i] = one.seats[i].stake;
            total += stakes[i];
            ++able;
        }
        drawn = new address[](able);
        for (uint256 j = 0; j < able; ++j) {
            bytes32 word = keccak256(
                abi.encode(SEAT_TAG, one.randomness, one.root, one.commitment, one.round, j)
            );
            uint256 seat = _seatOf(stakes, uint256(word) % total);
            drawn[j] = one.seats[seat].validator;
            total -= stakes[seat];
            stakes[seat] = 0;
        }
    }

    /// @dev Index of the seat whose interval of stake holds the ticket.
    function _seatOf(uint256[] memory stakes, uint256 ticket) private pure returns (uint256 at) {
        while (ticket >= stakes[at]) ticket -= stakes[at++];
    }

    function _contains(address[] calldata list, address one) private pure returns (bool) {
        for (uint256 i = 0; i < list.length; ++i) if (list[i] == one) return true;
        return false;
    }
}
