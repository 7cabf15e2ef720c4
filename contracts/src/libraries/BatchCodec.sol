// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEscrow} from "../interfaces/IEscrow.sol";
import {IQuorums} from "../interfaces/IQuorums.sol";
import {SettlementBatch} from "../interfaces/OrderTypes.sol";

/// @notice A voucher and what its tab is drawn to.
struct TabRecord {
    address client;
    uint64 ceiling;
    uint64 spentAfter;
    uint16 feeBps;
    bytes32 r;
    bytes32 s;
    uint8 v;
}

/// @title The packed records of a settlement batch and of its signatures, and its EIP-712 hash
/// @dev Records are read straight from calldata. Every position passed here must be below the count returned for the
/// same bytes; that is what keeps a read inside them.
library BatchCodec {
    bytes32 internal constant BATCH_TYPEHASH = keccak256(
        "SettlementBatch(address aggregator,uint32 quorumId,bytes32 ordersHash,bytes32 tabsHash,bytes32 payoutsHash,uint64 fee,bytes32 resultsRoot)"
    );

    /// @dev bytes32 order id, uint64 charged.
    uint256 internal constant ORDER_BYTES = 40;
    /// @dev address client, uint64 ceiling, uint64 spentAfter, uint16 feeBps, bytes32 r, bytes32 s, uint8 v.
    uint256 internal constant TAB_BYTES = 103;
    /// @dev uint32 operator index, uint64 amount.
    uint256 internal constant PAYOUT_BYTES = 12;
    /// @dev bytes32 r, bytes32 s, uint8 v.
    uint256 internal constant SIGNATURE_BYTES = 65;

    /// @notice EIP-712 struct hash of a batch.
    function hash(SettlementBatch calldata batch) internal pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    BATCH_TYPEHASH,
                    batch.aggregator,
                    batch.quorumId,
                    keccak256(batch.orders),
                    keccak256(batch.tabs),
                    keccak256(batch.payouts),
                    batch.fee,
                    batch.resultsRoot
                )
            );
    }

    /// @notice How many order records the bytes hold.
    function orderCount(bytes calldata orders) internal pure returns (uint256) {
        if (orders.length % ORDER_BYTES != 0) revert IEscrow.BadLength(orders.length, ORDER_BYTES);
        return orders.length / ORDER_BYTES;
    }

    /// @notice How many tab records the bytes hold.
    function tabCount(bytes calldata tabs) internal pure returns (uint256) {
        if (tabs.length % TAB_BYTES != 0) revert IEscrow.BadLength(tabs.length, TAB_BYTES);
        return tabs.length / TAB_BYTES;
    }

    /// @notice How many payout records the bytes hold.
    function payoutCount(bytes calldata payouts) internal pure returns (uint256) {
        if (payouts.length % PAYOUT_BYTES != 0) revert IEscrow.BadLength(payouts.length, PAYOUT_BYTES);
        return payouts.length / PAYOUT_BYTES;
    }

    /// @notice How many signatures the bytes hold.
    function signatureCount(bytes calldata signatures) internal pure returns (uint256) {
        if (signatures.length % SIGNATURE_BYTES != 0) revert IQuorums.BadSignaturesLength(signatures.length);
        return signatures.length / SIGNATURE_BYTES;
    }

    /// @notice The order record at a position: a bytes32 and a uint64.
    function orderAt(
        bytes calldata orders,
        uint256 position
    ) internal pure returns (bytes32 id, uint256 charged) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let record := add(orders.offset, mul(position, 40))
            id := calldataload(record)
            charged := shr(192, calldataload(add(record, 32)))
        }
    }

    /// @notice The tab record at a position.
    function tabAt(bytes calldata tabs, uint256 position) internal pure returns (TabRecord memory record) {
        uint256 head;
        uint256 tail;
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let start := add(tabs.offset, mul(position, 103))
            head := calldataload(start)
            tail := calldataload(add(start, 28))
            mstore(add(record, 0x80), calldataload(add(start, 38)))
            mstore(add(record, 0xa0), calldataload(add(start, 70)))
            mstore(add(record, 0xc0), byte(0, calldataload(add(start, 102))))
        }
        record.client = address(uint160(head >> 96));
        record.ceiling = uint64(head >> 32);
        record.spentAfter = uint64(tail >> 192);
        record.feeBps = uint16(tail >> 176);
    }

    /// @notice The payout record at a position: a uint32 and a uint64.
    function payoutAt(
        bytes calldata payouts,
        uint256 position
    ) internal pure returns (uint256 index, uint256 amount) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let record := shr(160, calldataload(add(payouts.offset, mul(position, 12))))
            index := shr(64, record)
            amount := and(record, 0xffffffffffffffff)
        }
    }

    /// @notice The signature at a position.
    function signatureAt(
        bytes calldata signatures,
        uint256 position
    ) internal pure returns (bytes32 r, bytes32 s, uint8 v) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let record := add(signatures.offset, mul(position, 65))
            r := calldataload(record)
            s := calldataload(add(record, 32))
            v := byte(0, calldataload(add(record, 64)))
        }
    }
}
