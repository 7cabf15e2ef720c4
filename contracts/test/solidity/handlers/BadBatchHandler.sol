// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OrderStatus, SettlementBatch} from "../../../src/interfaces/OrderTypes.sol";
import {OrderGhost, TabGhost} from "./Ghost.sol";
import {Draft, SettleHandler} from "./SettleHandler.sol";

/// @title Settlements that must be refused whole
/// @notice Each takes a batch that would settle and spoils one thing. What can be wrong with a batch that its quorum
/// signed is spoilt before signing; what somebody else can do to it, after.
abstract contract BadBatchHandler is SettleHandler {
    /// @dev Not, or not properly, signed by the quorum that the orders name.
    function settleUnsigned(uint256 x, uint256 charge, uint256 split) external action {
        Draft memory draft = _draft(x, charge, split);
        if (draft.orders.length == 0) return;
        SettlementBatch memory batch = _pack(draft, split);
        uint256 fault = _draw(x, 70) % 6;
        bytes32 digest = escrow.hashBatch(batch);
        bytes memory signatures;
        uint256 needed = _threshold(draft.quorumId);
        if (fault == 0) {
            signatures = _signAs(draft.quorumId, digest, needed - 1);
        } else if (fault == 1) {
            signatures = abi.encodePacked(
                _signAs(draft.quorumId, digest, needed - 1),
                _sign(WRONG_KEY, digest)
            );
        } else if (fault == 2) {
            bytes memory one = _signAs(draft.quorumId, digest, 1);
            for (uint256 i = 0; i <= needed; ++i) signatures = abi.encodePacked(signatures, one);
        } else {
            signatures = _quorumSigns(draft.quorumId, digest);
            if (fault == 3) batch.resultsRoot = ~batch.resultsRoot;
            else if (fault == 4) batch.aggregator = STRANGER;
            else batch.payouts = abi.encodePacked(uint32(1), uint64(draft.charged - draft.fee));
            if (fault == 5 && draft.payees.length < 2) batch.fee ^= 1;
        }
        _refuse(batch, signatures, 18, "settled without its quorum");
    }

    /// @dev Signed by the quorum, but not what the orders allow.
    function settleOrdersBadly(uint256 x, uint256 charge, uint256 split) external action {
        Draft memory draft = _draft(x, charge, split);
        if (draft.orders.length == 0) return;
        OrderGhost storage last = _orders[draft.orders[draft.orders.length - 1]];
        uint256 fault = _draw(x, 71) % 8;
        if (fault == 0) _recharge(draft, last.terms.maxAmount + 1, split);
        SettlementBatch memory batch = _pack(draft, split);
        if (fault == 1) batch.payouts = abi.encodePacked(batch.payouts, uint32(_operatorCount()), uint64(1));
        else if (fault == 2)
            (batch.fee, batch.payouts) = (uint64(draft.feeCap + 1), _payOne(draft, draft.feeCap + 1));
        else if (fault == 3) {
            batch.payouts = abi.encodePacked(uint32(_operatorCount() + 1), uint64(draft.charged - draft.fee));
        } else if (fault == 4) batch.orders = abi.encodePacked(batch.orders, last.id, uint64(0));
        else if (fault == 5) batch.orders = abi.encodePacked(batch.orders, _idAfter(last.id), uint64(0));
        else if (fault == 6) batch.quorumId = draft.quorumId == 6 ? LADDER : 6;
        else if (fault == 7) {
            batch.payouts = abi.encodePacked(
                uint32(2),
                uint64(draft.charged - draft.fee),
                uint32(1),
                uint64(0)
            );
        }
        bytes memory signatures = _quorumSigns(batch.quorumId, escrow.hashBatch(batch));
        _refuse(batch, signatures, fault == 4 || fault == 5 ? 3 : 2, "settled against the terms");
    }

    /// @dev Signed by the quorum, but after the order was closed or its time was over.
    function settleLate(uint256 x, uint256 split) external action {
        if (_orders.length == 0) return;
        uint256 position = _seek(x, _orders.length, _isPast);
        OrderGhost storage order = _orders[position];
        if (_isSettleable(position)) return;
        Draft memory draft;
        draft.quorumId = order.terms.quorumId == 0 ? LADDER : order.terms.quorumId;
        draft.orders = new uint256[](1);
        draft.orders[0] = position;
        draft.charges = new uint64[](1);
        // Nothing, so that only the state of the order can be in the way; or all of it.
        draft.charges[0] = _chance(x, 1, 2) ? 0 : order.terms.maxAmount;
        draft.charged = draft.charges[0];
        _share(draft, split);
        SettlementBatch memory batch = _pack(draft, split);
        bytes memory signatures = _quorumSigns(draft.quorumId, escrow.hashBatch(batch));
        _refuse(batch, signatures, order.settlements != 0 ? 3 : 10, "settled out of its time");
    }

    /// @dev Signed by the quorum, but not what the vouchers allow.
    function settleTabsBadly(uint256 x, uint256 split) external action {
        uint256 position = _seek(x, CLIENTS * AGGREGATORS, _hasTab);
        if (position / AGGREGATORS == WALLET) return;
        Draft memory draft;
        draft.aggregator = position % AGGREGATORS;
        draft.quorumId = _someQuorum(x);
        TabGhost storage tab = _tabAt(position);
        uint256 fault = _draw(x, 72) % 6;
        uint64 spentAfter =
            fault == 0
                ? tab.deposited + 1
                : fault == 1
                    ? tab.spent
                    : tab.deposited;
        if (spentAfter == 0) return;
        uint64 ceiling = fault == 2 ? spentAfter - 1 : spentAfter;
        draft.charged = spentAfter - tab.spent;
        _share(draft, split);
        _voucherFor(draft, position, fault);
        draft.packedTabs = _tabRecord(draft, position / AGGREGATORS, ceiling, spentAfter, 0);
        _afterVoucher(draft, position, fault);
        SettlementBatch memory batch = _pack(draft, split);
        bytes memory signatures = _quorumSigns(draft.quorumId, escrow.hashBatch(batch));
        _refuse(batch, signatures, fault == 1 ? 3 : 24, "drew a tab against its voucher");
    }

    /// @dev A batch that was settled before, to the byte.
    function settleAgain(uint256) external action {
        if (_settledSignatures.length == 0) return;
        _refuse(_settled, _settledSignatures, 3, "settled twice");
    }

    function _refuse(
        SettlementBatch memory batch,
        bytes memory signatures,
        uint256 invariant_,
        string memory what
    ) private {
        bytes memory call = abi.encodeCall(escrow.settle, (batch, signatures));
        _judge(_as(STRANGER, address(escrow), call), false, invariant_, what);
    }

    /// @dev Charges the last order something else; payouts follow.
    function _recharge(Draft memory draft, uint64 amount, uint256 split) private view {
        uint256 last = draft.orders.length - 1;
        draft.charged = draft.charged - draft.charges[last] + amount;
        draft.charges[last] = amount;
        _share(draft, split);
    }

    /// @dev One operator gets what the fee leaves; nothing, if the fee is all and more.
    function _payOne(Draft memory draft, uint256 fee) private pure returns (bytes memory) {
        if (fee > draft.charged) return "";
        return abi.encodePacked(uint32(1), uint64(draft.charged - fee));
    }

    /// @dev An order that cannot be settled, with a higher id if there is one.
    function _idAfter(bytes32 id) private view returns (bytes32 closed) {
        for (uint256 i = 0; i < _orders.length; ++i) {
            if (!_isSettleable(i) && _orders[i].id > id) return _orders[i].id;
        }
        return bytes32(type(uint256).max);
    }

    /// @dev The voucher is for another aggregator (3), quorum (4) or generation (5).
    function _voucherFor(Draft memory draft, uint256 position, uint256 fault) private {
        if (fault == 3) draft.aggregator = 1 - draft.aggregator;
        if (fault == 4) draft.quorumId = draft.quorumId == 6 ? LADDER : 6;
        if (fault == 5) ++_tabAt(position).generation;
        if (fault == 3) _swapGenerations(position);
    }

    function _afterVoucher(Draft memory draft, uint256 position, uint256 fault) private {
        if (fault == 3) _swapGenerations(position);
        if (fault == 3) draft.aggregator = 1 - draft.aggregator;
        if (fault == 4) draft.quorumId = draft.quorumId == 6 ? LADDER : 6;
        if (fault == 5) --_tabAt(position).generation;
    }

    /// @dev So that the aggregator is all that is wrong with the voucher.
    function _swapGenerations(uint256 position) private {
        uint256 client = position / AGGREGATORS;
        (_tabs[client][0].generation, _tabs[client][1].generation) = (
            _tabs[client][1].generation,
            _tabs[client][0].generation
        );
    }

    function _isPast(uint256 position) private view returns (bool) {
        return _orders[position].status != OrderStatus.None && !_isSettleable(position);
    }
}
