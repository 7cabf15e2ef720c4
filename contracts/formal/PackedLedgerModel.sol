// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title `PackedLedger` as arithmetic, for a model checker
/// @notice A shift by a lane is a multiplication by its unit, and a mask a remainder. Proved for all balances and amounts:
/// packing loses nothing, crediting a lane adds to this one and changes no other, clearing it leaves the others, and the
/// unchecked sums do not run over.
contract PackedLedgerModel {
    uint256 private constant LANES = 2 ** 64;
    uint256 private constant FIRST = 1;
    uint256 private constant SECOND = LANES;
    uint256 private constant THIRD = LANES * LANES;
    uint256 private constant FOURTH = LANES * LANES * LANES;

    function reads(uint64 a, uint64 b, uint64 c, uint64 d) external pure {
        uint256 word = pack(a, b, c, d);
        assert(lane(word, FIRST) == a);
        assert(lane(word, SECOND) == b);
        assert(lane(word, THIRD) == c);
        assert(lane(word, FOURTH) == d);
    }

    function creditsFirst(uint64 a, uint64 b, uint64 c, uint64 d, uint64 amount) external pure {
        if (fits(a, amount)) assert(add(pack(a, b, c, d), FIRST, amount) == pack(sum(a, amount), b, c, d));
    }

    function creditsSecond(uint64 a, uint64 b, uint64 c, uint64 d, uint64 amount) external pure {
        if (fits(b, amount)) assert(add(pack(a, b, c, d), SECOND, amount) == pack(a, sum(b, amount), c, d));
    }

    function creditsThird(uint64 a, uint64 b, uint64 c, uint64 d, uint64 amount) external pure {
        if (fits(c, amount)) assert(add(pack(a, b, c, d), THIRD, amount) == pack(a, b, sum(c, amount), d));
    }

    function creditsFourth(uint64 a, uint64 b, uint64 c, uint64 d, uint64 amount) external pure {
        if (fits(d, amount)) assert(add(pack(a, b, c, d), FOURTH, amount) == pack(a, b, c, sum(d, amount)));
    }

    function clearsFirst(uint64 a, uint64 b, uint64 c, uint64 d) external pure {
        assert(pack(a, b, c, d) - a * FIRST == pack(0, b, c, d));
    }

    function clearsSecond(uint64 a, uint64 b, uint64 c, uint64 d) external pure {
        assert(pack(a, b, c, d) - b * SECOND == pack(a, 0, c, d));
    }

    function clearsThird(uint64 a, uint64 b, uint64 c, uint64 d) external pure {
        assert(pack(a, b, c, d) - c * THIRD == pack(a, b, 0, d));
    }

    function clearsFourth(uint64 a, uint64 b, uint64 c, uint64 d) external pure {
        assert(pack(a, b, c, d) - d * FOURTH == pack(a, b, c, 0));
    }

    function fits(uint256 balance, uint256 amount) internal pure returns (bool) {
        unchecked {
            return balance + amount <= LANES - 1;
        }
    }

    function add(uint256 word, uint256 unit, uint256 amount) internal pure returns (uint256) {
        unchecked {
            return word + amount * unit;
        }
    }

    /// @dev Cut to a lane: were `fits` wrong, this would not be the sum.
    function sum(uint64 balance, uint64 amount) internal pure returns (uint64) {
        unchecked {
            return balance + amount;
        }
    }

    function lane(uint256 word, uint256 unit) internal pure returns (uint256) {
        return (word / unit) % LANES;
    }

    function pack(uint64 a, uint64 b, uint64 c, uint64 d) internal pure returns (uint256) {
        return a * FIRST + b * SECOND + c * THIRD + d * FOURTH;
    }
}
