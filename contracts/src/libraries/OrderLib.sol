// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Order, OrderStatus, OrderTerms} from "../interfaces/OrderTypes.sol";

/// @notice An order in one storage word, from the lowest bit:
/// `remaining 64 | settleBy 40 | refundAt 40 | quorumId 32 | feeBps 16 | status 8`. Zero is an unknown order.
type OrderWord is uint256;

/// @title Orders: their EIP-712 hashes and their storage word
/// @dev Packing is done by hand because a struct would be written field by field.
library OrderLib {
    bytes32 internal constant TERMS_TYPEHASH = keccak256(
        "OrderTerms(address client,address aggregator,uint64 maxAmount,uint40 settleBy,uint40 refundAt,uint32 quorumId,uint16 feeBps,bytes32 specHash,bytes32 salt)"
    );
    bytes32 internal constant ACCEPTANCE_TYPEHASH = keccak256(
        "ClientAcceptance(bytes32 orderId,bytes32 payoutsHash,uint64 fee,bytes32 resultsRoot)"
    );

    uint256 private constant SETTLE_BY = 64;
    uint256 private constant REFUND_AT = 104;
    uint256 private constant QUORUM_ID = 144;
    uint256 private constant FEE_BPS = 176;
    uint256 private constant STATUS = 192;
    uint256 private constant CLOSED_MASK = ~((uint256(0xff) << STATUS) | type(uint64).max);

    /// @notice EIP-712 struct hash of the terms.
    function hash(OrderTerms calldata terms) internal pure returns (bytes32) {
        return keccak256(abi.encode(TERMS_TYPEHASH, terms));
    }

    /// @notice EIP-712 struct hash of a client's acceptance.
    function hashAcceptance(
        bytes32 id,
        bytes calldata payouts,
        uint64 fee,
        bytes32 resultsRoot
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(ACCEPTANCE_TYPEHASH, id, keccak256(payouts), fee, resultsRoot));
    }

    /// @notice The word of a freshly funded order.
    function funded(OrderTerms calldata terms) internal pure returns (OrderWord) {
        return
            OrderWord.wrap(
                uint256(terms.maxAmount) |
                    (uint256(terms.settleBy) << SETTLE_BY) |
                    (uint256(terms.refundAt) << REFUND_AT) |
                    (uint256(terms.quorumId) << QUORUM_ID) |
                    (uint256(terms.feeBps) << FEE_BPS) |
                    (uint256(OrderStatus.Funded) << STATUS)
            );
    }

    /// @notice The word after settling or refunding: same order, new status and remainder.
    function closed(
        OrderWord word,
        OrderStatus newStatus,
        uint64 newRemaining
    ) internal pure returns (OrderWord) {
        uint256 kept = OrderWord.unwrap(word) & CLOSED_MASK;
        return OrderWord.wrap(kept | (uint256(newStatus) << STATUS) | newRemaining);
    }

    /// @notice All fields.
    function unpack(OrderWord word) internal pure returns (Order memory) {
        return
            Order(
                remaining(word),
                settleBy(word),
                refundAt(word),
                quorumId(word),
                feeBps(word),
                status(word)
            );
    }

    function remaining(OrderWord word) internal pure returns (uint64) {
        return uint64(OrderWord.unwrap(word));
    }

    function settleBy(OrderWord word) internal pure returns (uint40) {
        return uint40(OrderWord.unwrap(word) >> SETTLE_BY);
    }

    function refundAt(OrderWord word) internal pure returns (uint40) {
        return uint40(OrderWord.unwrap(word) >> REFUND_AT);
    }

    function quorumId(OrderWord word) internal pure returns (uint32) {
        return uint32(OrderWord.unwrap(word) >> QUORUM_ID);
    }

    function feeBps(OrderWord word) internal pure returns (uint16) {
        return uint16(OrderWord.unwrap(word) >> FEE_BPS);
    }

    function status(OrderWord word) internal pure returns (OrderStatus) {
        return OrderStatus(uint8(OrderWord.unwrap(word) >> STATUS));
    }
}
