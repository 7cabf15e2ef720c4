// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OrderStatus, OrderTerms, SettlementBatch} from "../../../src/interfaces/OrderTypes.sol";
import {OrderGhost, TabGhost} from "./Ghost.sol";
import {TabHandler} from "./TabHandler.sol";

/// @dev A batch while it is put together. Amounts are wider than on the wire so that faults can be planted.
struct Draft {
    uint256 aggregator;
    uint32 quorumId;
    uint256[] orders;
    uint64[] charges;
    uint256[] tabs;
    uint64[] draws;
    bytes packedTabs;
    uint256 charged;
    uint256 feeCap;
    uint64 fee;
    uint32[] payees;
    uint64[] payouts;
}

/// @title Aggregators that settle what a quorum signed, and clients that accept
abstract contract SettleHandler is TabHandler {
    uint256 internal constant MOST_ORDERS = 3;

    /// @dev The latest batch that was settled, to be replayed.
    SettlementBatch internal _settled;
    bytes internal _settledSignatures;

    /// @dev Any mixture of open orders and tabs of one quorum.
    function settle(uint256 x, uint256 charge, uint256 split) external action {
        Draft memory draft = _draft(x, charge, split);
        if (draft.orders.length + draft.tabs.length == 0) return;
        SettlementBatch memory batch = _pack(draft, split);
        bytes memory signatures = _quorumSigns(draft.quorumId, escrow.hashBatch(batch));
        bytes memory call = abi.encodeCall(escrow.settle, (batch, signatures));
        if (!_judge(_as(STRANGER, address(escrow), call), true, 2, "settle")) return;
        _apply(draft);
        _settled = batch;
        _settledSignatures = signatures;
    }

    /// @dev An order without a quorum, on its client's word; one in six is forged, overdrawn or not of this kind.
    function acceptByClient(uint256 x, uint256 charge, uint256 split) external action {
        if (_orders.length == 0) return;
        uint256 position = _seek(x, _orders.length, _isAcceptable);
        OrderGhost storage order = _orders[position];
        OrderTerms memory terms = _termsOf(order);
        bool forged = _chance(x, 1, 8);
        Draft memory draft;
        draft.aggregator = terms.aggregator == aggregators[0] ? 0 : 1;
        draft.charged = _chance(charge, 1, 8) ? 0 : _amount(charge, uint256(terms.maxAmount));
        if (_chance(x, 2, 8)) draft.charged = uint256(terms.maxAmount) + 1;
        draft.feeCap = (draft.charged * terms.feeBps) / 10_000;
        _share(draft, split);
        bytes memory payouts = _packPayouts(draft);
        bytes32 digest = escrow.hashAcceptance(order.id, payouts, draft.fee, bytes32(split));
        bytes memory signature = _sign(forged ? WRONG_KEY : _keyOfClient(terms.client), digest);
        bool may = !forged && _isAcceptable(position) && draft.charged <= terms.maxAmount;
        bytes memory call = abi.encodeCall(
            escrow.settleByClient,
            (terms, payouts, draft.fee, bytes32(split), signature)
        );
        if (!_judge(_as(STRANGER, address(escrow), call), may, 24, "settleByClient")) return;
        _charge(order, uint64(draft.charged));
        _credit(draft);
    }

    // ── Putting a batch together ────────────────────────────────────────────────────────────────────────────────────

    /// @dev Around some open order, or around some tab if there is no order.
    function _draft(uint256 x, uint256 charge, uint256 split) internal view returns (Draft memory draft) {
        draft.aggregator = _draw(x, 30) % AGGREGATORS;
        draft.quorumId = _someQuorum(x);
        if (_orders.length != 0) {
            uint256 first = _seek(x, _orders.length, _isSettleable);
            if (_isSettleable(first)) {
                draft.quorumId = _orders[first].terms.quorumId;
                _addOrders(draft, first, charge);
            }
        }
        if (draft.orders.length == 0 || _chance(x, 31, 3)) _addTabs(draft, charge);
        _share(draft, split);
    }

    function _addOrders(Draft memory draft, uint256 first, uint256 charge) private view {
        uint256[] memory found = new uint256[](MOST_ORDERS);
        uint256 count;
        for (uint256 i = 0; i < _orders.length && count < MOST_ORDERS; ++i) {
            uint256 position = (first + i) % _orders.length;
            if (!_isSettleable(position) || _orders[position].terms.quorumId != draft.quorumId) continue;
            uint256 k = count++;
            for (; k > 0 && _orders[found[k - 1]].id > _orders[position].id; --k) found[k] = found[k - 1];
            found[k] = position;
        }
        draft.orders = new uint256[](count);
        draft.charges = new uint64[](count);
        for (uint256 i = 0; i < count; ++i) {
            OrderGhost storage order = _orders[found[i]];
            draft.orders[i] = found[i];
            draft.charges[i] = _chance(charge, i, 6) ? 0 : _amount(_draw(charge, i), order.remaining);
            draft.charged += draft.charges[i];
            draft.feeCap += (uint256(draft.charges[i]) * order.terms.feeBps) / 10_000;
        }
    }

    /// @dev The tabs of the two first clients that have something, which come in the order of their addresses.
    function _addTabs(Draft memory draft, uint256 charge) private view {
        uint256[] memory found = new uint256[](WALLET);
        uint256 count;
        for (uint256 client = 0; client < WALLET && count < 2; ++client) {
            TabGhost storage tab = _tabs[client][draft.aggregator];
            if (tab.deposited == tab.spent) continue;
            uint256 k = count++;
            for (; k > 0 && clients[found[k - 1]] > clients[client]; --k) found[k] = found[k - 1];
            found[k] = client;
        }
        draft.tabs = new uint256[](count);
        draft.draws = new uint64[](count);
        for (uint256 i = 0; i < count; ++i) {
            TabGhost storage tab = _tabs[found[i]][draft.aggregator];
            uint16 feeBps = uint16(_draw(charge, 40 + i) % 501);
            draft.tabs[i] = found[i];
            draft.draws[i] = _amount(_draw(charge, 50 + i), tab.deposited - tab.spent);
            uint64 spentAfter = tab.spent + draft.draws[i];
            uint64 ceiling = _chance(charge, 60 + i, 2) ? spentAfter : spentAfter + 500e6;
            draft.charged += draft.draws[i];
            draft.feeCap += (uint256(draft.draws[i]) * feeBps) / 10_000;
            draft.packedTabs = abi.encodePacked(
                draft.packedTabs,
                _tabRecord(draft, found[i], ceiling, spentAfter, feeBps)
            );
        }
    }

    function _tabRecord(
        Draft memory draft,
        uint256 client,
        uint64 ceiling,
        uint64 spentAfter,
        uint16 feeBps
    ) internal view returns (bytes memory) {
        bytes32 digest = escrow.hashVoucher(
            clients[client],
            aggregators[draft.aggregator],
            draft.quorumId,
            feeBps,
            _tabs[client][draft.aggregator].generation,
            ceiling
        );
        return
            abi.encodePacked(clients[client], ceiling, spentAfter, feeBps, _sign(clientKey(client), digest));
    }

    /// @dev Shares what is charged between the aggregator and up to three operators.
    function _share(Draft memory draft, uint256 split) internal view {
        draft.fee = draft.feeCap == 0 || _chance(split, 1, 4) ? 0 : _amount(split, draft.feeCap);
        uint256 rest = draft.charged - draft.fee;
        uint256 count = rest == 0 ? 0 : 1 + (_draw(split, 2) % 3);
        draft.payees = new uint32[](count);
        draft.payouts = new uint64[](count);
        uint256 index = _draw(split, 3) % (_operatorCount() - 2);
        for (uint256 i = 0; i < count; ++i) {
            draft.payees[i] = uint32(++index);
            draft.payouts[i] = uint64(i + 1 == count ? rest : _draw(split, 4 + i) % (rest + 1));
            rest -= draft.payouts[i];
        }
    }

    function _packPayouts(Draft memory draft) internal pure returns (bytes memory packed) {
        for (uint256 i = 0; i < draft.payees.length; ++i) {
            packed = abi.encodePacked(packed, draft.payees[i], draft.payouts[i]);
        }
    }

    function _pack(Draft memory draft, uint256 split) internal view returns (SettlementBatch memory batch) {
        bytes memory orders;
        for (uint256 i = 0; i < draft.orders.length; ++i) {
            orders = abi.encodePacked(orders, _orders[draft.orders[i]].id, draft.charges[i]);
        }
        batch = SettlementBatch({
            aggregator: aggregators[draft.aggregator],
            quorumId: draft.quorumId,
            orders: orders,
            tabs: draft.packedTabs,
            payouts: _packPayouts(draft),
            fee: draft.fee,
            resultsRoot: bytes32(split)
        });
    }

    // ── Ghost ───────────────────────────────────────────────────────────────────────────────────────────────────────

    function _apply(Draft memory draft) internal {
        for (uint256 i = 0; i < draft.orders.length; ++i) {
            _charge(_orders[draft.orders[i]], draft.charges[i]);
        }
        for (uint256 i = 0; i < draft.tabs.length; ++i) {
            TabGhost storage tab = _tabs[draft.tabs[i]][draft.aggregator];
            tab.spent += draft.draws[i];
            tab.drawn += draft.draws[i];
        }
        _credit(draft);
    }

    function _charge(OrderGhost storage order, uint64 amount) private {
        order.status = OrderStatus.Settled;
        order.charged += amount;
        order.remaining -= amount;
        ++order.settlements;
    }

    function _credit(Draft memory draft) private {
        escrowCredit[aggregators[draft.aggregator]] += draft.fee;
        feesEarned += draft.fee;
        for (uint256 i = 0; i < draft.payees.length; ++i) {
            _operators[draft.payees[i]].earned += draft.payouts[i];
        }
    }

    // ── Wanted ──────────────────────────────────────────────────────────────────────────────────────────────────────

    function _isSettleable(uint256 position) internal view returns (bool) {
        OrderGhost storage order = _orders[position];
        if (order.status != OrderStatus.Funded || time >= order.terms.settleBy) return false;
        return order.terms.quorumId != 0;
    }

    function _isAcceptable(uint256 position) internal view returns (bool) {
        OrderGhost storage order = _orders[position];
        if (order.status != OrderStatus.Funded || time >= order.terms.settleBy) return false;
        return order.terms.quorumId == 0;
    }
}
