// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What a client agrees to by paying. Its EIP-712 digest is the order id, the job id and the EIP-3009 nonce of
/// the payment, so one signature both pays and agrees, for one chain and one escrow.
/// @param client Who pays, and who gets back whatever is not charged.
/// @param aggregator Who runs the job. Receives the fee of an order that the client settles itself.
/// @param maxAmount USDC base units pulled at funding; the most that can ever be charged.
/// @param settleBy Unix time strictly before which the order can be settled.
/// @param refundAt Unix time at which anyone may send an unsettled order back to the client.
/// @param quorumId The validators whose signatures settle the order; 0 means that only the client's acceptance does.
/// @param feeBps Cap of the aggregator's fee, in basis points of what is charged.
/// @param specHash Hash of the canonical job specification.
/// @param salt Makes two otherwise equal orders differ.
struct OrderTerms {
    address client;
    address aggregator;
    uint64 maxAmount;
    uint40 settleBy;
    uint40 refundAt;
    uint32 quorumId;
    uint16 feeBps;
    bytes32 specHash;
    bytes32 salt;
}

/// @notice Life of an order. `Settled` and `Refunded` are final: an order id is used once, for ever.
enum OrderStatus {
    None,
    Funded,
    Settled,
    Refunded
}

/// @notice What the escrow remembers about an order, in one storage slot.
/// @param remaining Funded: what can be charged. Settled: what goes back to the client. Refunded: zero.
/// @param settleBy As in the terms.
/// @param refundAt As in the terms.
/// @param quorumId As in the terms.
/// @param feeBps As in the terms.
/// @param status Where the order is in its life.
struct Order {
    uint64 remaining;
    uint40 settleBy;
    uint40 refundAt;
    uint32 quorumId;
    uint16 feeBps;
    OrderStatus status;
}

/// @notice Many orders and tabs settled at once, under one set of quorum signatures.
/// @param aggregator Whose credit receives the fee, and whose tabs are drawn.
/// @param quorumId The quorum that signs; every order and every voucher of the batch must name it.
/// @param orders Packed 40-byte records `bytes32 orderId, uint64 charged`, strictly ascending by order id.
/// @param tabs Packed 103-byte records `address client, uint64 ceiling, uint64 spentAfter, uint16 feeBps, bytes32 r,
/// bytes32 s, uint8 v`, strictly ascending by client: a voucher with its signature, and what the tab is drawn to.
/// @param payouts Packed 12-byte records `uint32 operator index, uint64 amount`, strictly ascending by index.
/// @param fee USDC base units for the aggregator.
/// @param resultsRoot Merkle root over the results that the batch pays for.
struct SettlementBatch {
    address aggregator;
    uint32 quorumId;
    bytes orders;
    bytes tabs;
    bytes payouts;
    uint64 fee;
    bytes32 resultsRoot;
}

/// @notice One of many orders to be funded by EIP-3009 authorization.
/// @param terms What is agreed.
/// @param validAfter As signed.
/// @param validBefore As signed.
/// @param signature The client's, 65 bytes (r, s, v) or ERC-1271.
struct Funding {
    OrderTerms terms;
    uint256 validAfter;
    uint256 validBefore;
    bytes signature;
}
