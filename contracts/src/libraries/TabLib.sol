// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Tab} from "../interfaces/ITabs.sol";

/// @notice A tab in one storage word, from the lowest bit:
/// `deposited 64 | spent 64 | exiting 64 | exitAt 40 | generation 24`. Zero is a tab never paid into.
type TabWord is uint256;

/// @title Tabs: their EIP-712 hashes and their storage word
/// @dev Packing is done by hand because a struct would be written field by field.
library TabLib {
    bytes32 internal constant VOUCHER_TYPEHASH = keccak256(
        "TabVoucher(address client,address aggregator,uint32 quorumId,uint16 feeBps,uint24 generation,uint64 ceiling)"
    );
    bytes32 internal constant DEPOSIT_TYPEHASH = keccak256(
        "TabDeposit(address client,address aggregator,uint64 amount,bytes32 salt)"
    );

    uint256 private constant SPENT = 64;
    uint256 private constant EXITING = 128;
    uint256 private constant EXIT_AT = 192;
    uint256 private constant GENERATION = 232;
    uint256 private constant AMOUNT_MASK = type(uint64).max;
    uint256 private constant EXIT_MASK = ((uint256(1) << 104) - 1) << EXITING;

    /// @notice EIP-712 struct hash of a voucher.
    function hashVoucher(
        address client,
        address aggregator,
        uint32 quorumId,
        uint16 feeBps,
        uint24 generation_,
        uint64 ceiling
    ) internal pure returns (bytes32) {
        return
            keccak256(
                abi.encode(VOUCHER_TYPEHASH, client, aggregator, quorumId, feeBps, generation_, ceiling)
            );
    }

    /// @notice EIP-712 struct hash of a payment into a tab.
    function hashDeposit(
        address client,
        address aggregator,
        uint64 amount,
        bytes32 salt
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(DEPOSIT_TYPEHASH, client, aggregator, amount, salt));
    }

    /// @notice The word with another deposit.
    function withDeposited(TabWord word, uint64 amount) internal pure returns (TabWord) {
        return TabWord.wrap((TabWord.unwrap(word) & ~AMOUNT_MASK) | amount);
    }

    /// @notice The word drawn to another total.
    function withSpent(TabWord word, uint64 amount) internal pure returns (TabWord) {
        return TabWord.wrap((TabWord.unwrap(word) & ~(AMOUNT_MASK << SPENT)) | (uint256(amount) << SPENT));
    }

    /// @notice The word with another exit; zeros for none.
    function withExit(TabWord word, uint64 amount, uint40 time) internal pure returns (TabWord) {
        uint256 kept = TabWord.unwrap(word) & ~EXIT_MASK;
        return TabWord.wrap(kept | (uint256(amount) << EXITING) | (uint256(time) << EXIT_AT));
    }

    /// @notice The word of the next generation, which begins with what an exit left.
    function next(TabWord word, uint64 rest) internal pure returns (TabWord) {
        unchecked {
            // Wraps after 16 million exits of at least a week each.
            return TabWord.wrap((uint256(generation(word) + 1) << GENERATION) | rest);
        }
    }

    /// @notice What is in it.
    function available(TabWord word) internal pure returns (uint64) {
        return deposited(word) - spent(word);
    }

    /// @notice All fields.
    function unpack(TabWord word) internal pure returns (Tab memory) {
        return Tab(deposited(word), spent(word), exiting(word), exitAt(word), generation(word));
    }

    function deposited(TabWord word) internal pure returns (uint64) {
        return uint64(TabWord.unwrap(word));
    }

    function spent(TabWord word) internal pure returns (uint64) {
        return uint64(TabWord.unwrap(word) >> SPENT);
    }

    function exiting(TabWord word) internal pure returns (uint64) {
        return uint64(TabWord.unwrap(word) >> EXITING);
    }

    function exitAt(TabWord word) internal pure returns (uint40) {
        return uint40(TabWord.unwrap(word) >> EXIT_AT);
    }

    function generation(TabWord word) internal pure returns (uint24) {
        return uint24(TabWord.unwrap(word) >> GENERATION);
    }
}
