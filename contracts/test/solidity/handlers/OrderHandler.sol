// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {OrderStatus, OrderTerms} from "../../../src/interfaces/OrderTypes.sol";
import {FundingHandler} from "./FundingHandler.sol";
import {OrderGhost} from "./Ghost.sol";

/// @title Deposit addresses, refunds and credits
abstract contract OrderHandler is FundingHandler {
    // ── Deposit addresses ───────────────────────────────────────────────────────────────────────────────────────────

    /// @dev A client transfers to the address of an order to come: too little, just enough or too much.
    function payDeposit(uint256 x, uint256 amount, uint256 times) external action {
        (OrderTerms memory terms, bool valid) = _newTerms(x, amount, times);
        if (!valid) return;
        uint256 position = _offer(terms);
        uint256 sent = terms.maxAmount;
        if (_chance(x, 1, 4)) sent += _draw(x, 2) % 100e6;
        if (_chance(x, 3, 4)) sent = 1 + (_draw(x, 4) % sent);
        _mint(terms.client, sent);
        uint256 arrived = _transfer(terms.client, _orders[position].deposit, sent);
        _judge(arrived != 0, arrived != 0, 2, "");
    }

    /// @dev Somebody sends more to the address of any order, however late.
    function payDepositMore(uint256 x, uint256 amount) external action {
        if (_orders.length == 0) return;
        OrderGhost storage order = _orders[_draw(x, 1) % _orders.length];
        address payer = _chance(x, 2, 3) ? SAFE : order.terms.client;
        uint256 sent = _amount(amount, uint256(order.terms.maxAmount) * 2);
        _mint(payer, sent);
        uint256 arrived = _transfer(payer, order.deposit, sent);
        _judge(arrived != 0, arrived != 0, 2, "");
    }

    function fundFromDeposit(uint256 x) external action {
        if (_orders.length == 0) return;
        uint256 position = _seek(x, _orders.length, _isPaidDeposit);
        OrderGhost storage order = _orders[position];
        OrderTerms memory terms = _termsOf(order);
        uint256 have = usdc.balanceOf(order.deposit);
        bool may = order.status == OrderStatus.None && time < terms.settleBy && have >= terms.maxAmount;
        may = may && !_isStopped(address(escrow)) && _movesAll(order.deposit, address(escrow));
        bool pays = _moves(order.deposit, terms.client);
        bool did = _as(STRANGER, address(escrow), abi.encodeCall(escrow.fundFromDepositAddress, (terms)));
        if (!_judge(did, may, 3, "fundFromDepositAddress")) return;
        _fundedFrom(order.deposit, position);
        if (pays) _paid(order.deposit, terms.client, have - terms.maxAmount);
    }

    /// @dev By a stranger, or by the client, who may also while the order can still be funded.
    function sweep(uint256 x) external action {
        if (_orders.length == 0) return;
        uint256 position = _seek(x, _orders.length, _hasDeposit);
        _sweep(position, _chance(x, 1, 3) ? _orders[position].terms.client : STRANGER);
    }

    function _sweep(uint256 position, address caller) internal returns (bool did) {
        OrderGhost storage order = _orders[position];
        uint256 have = usdc.balanceOf(order.deposit);
        bool may = order.status != OrderStatus.None || time >= order.terms.settleBy || caller != STRANGER;
        may = may && have != 0 && _moves(order.deposit, order.terms.client);
        bytes memory call = abi.encodeCall(escrow.sweepToClient, (_termsOf(order), IERC20(usdc)));
        did = _judge(_as(caller, address(escrow), call), may, 24, "sweepToClient");
        if (did) _paid(order.deposit, order.terms.client, have);
    }

    // ── Refunds and credits ─────────────────────────────────────────────────────────────────────────────────────────

    /// @dev By a stranger: an overdue order, or what a settled one was not charged.
    function refund(uint256 x) external action {
        if (_orders.length == 0) return;
        _refund(_seek(x, _orders.length, _isRefundable));
    }

    function _refund(uint256 position) internal returns (bool did) {
        OrderGhost storage order = _orders[position];
        bool may = _isRefundable(position);
        address client = order.terms.client;
        bool pushes = _moves(address(escrow), client);
        did = _as(STRANGER, address(escrow), abi.encodeCall(escrow.refund, (_termsOf(order))));
        if (!_judge(did, may, 3, "refund")) return false;
        uint64 amount = order.remaining;
        if (pushes) _paid(address(escrow), client, amount);
        else escrowCredit[client] += amount;
        order.remaining = 0;
        order.returned += amount;
        ++order.refunds;
        if (order.status == OrderStatus.Funded) order.status = OrderStatus.Refunded;
    }

    /// @dev A fee or a refund that could not be pushed, to the owner or elsewhere.
    function withdrawCredit(uint256 x) external action {
        address owner = _creditors[_seek(x, _creditors.length, _hasEscrowCredit)];
        _withdrawCredit(owner, _chance(x, 1, 2) ? owner : SAFE);
    }

    function _withdrawCredit(address owner, address to) internal returns (bool did) {
        uint256 amount = escrowCredit[owner];
        bool may = amount != 0 && _moves(address(escrow), to);
        did = _as(owner, address(escrow), abi.encodeCall(escrow.withdrawCredit, (to)));
        if (!_judge(did, may, 24, "withdrawCredit")) return false;
        escrowCredit[owner] = 0;
        _paid(address(escrow), to, amount);
    }

    // ── Wanted ──────────────────────────────────────────────────────────────────────────────────────────────────────

    function _isPaidDeposit(uint256 position) internal view returns (bool) {
        OrderGhost storage order = _orders[position];
        if (order.status != OrderStatus.None || time >= order.terms.settleBy) return false;
        return usdc.balanceOf(order.deposit) >= order.terms.maxAmount;
    }

    function _hasDeposit(uint256 position) internal view returns (bool) {
        return usdc.balanceOf(_orders[position].deposit) != 0;
    }

    function _isRefundable(uint256 position) internal view returns (bool) {
        OrderGhost storage order = _orders[position];
        if (order.status == OrderStatus.Funded) return time >= order.terms.refundAt;
        return order.status == OrderStatus.Settled && order.remaining != 0;
    }

    function _hasEscrowCredit(uint256 position) internal view returns (bool) {
        return escrowCredit[_creditors[position]] != 0;
    }
}
