// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Funding, OrderStatus, OrderTerms} from "../../../src/interfaces/OrderTypes.sol";
import {OrderGhost} from "./Ghost.sol";
import {Signing} from "./Signing.sol";

/// @title Clients that pay for orders, by allowance and by authorization, one and many
abstract contract FundingHandler is Signing {
    function fund(uint256 x, uint256 amount, uint256 times) external action {
        (OrderTerms memory terms, bool valid) = _newTerms(x, amount, times);
        _mint(terms.client, terms.maxAmount);
        bool may = valid && _mayPay(terms);
        bool did = _as(terms.client, address(escrow), abi.encodeCall(escrow.fund, (terms)));
        if (_judge(did, may, 10, "fund")) _fundedFrom(terms.client, _offer(terms));
    }

    /// @dev By a stranger's hand. A wrong signature must not move a client's money.
    function fundByAuthorization(uint256 x, uint256 amount, uint256 times) external action {
        (OrderTerms memory terms, bool valid) = _newTerms(x, amount, times);
        bool forged = _chance(x, 1, 8);
        _mint(terms.client, terms.maxAmount);
        bytes memory signature = _authorization(terms, forged);
        bool may = valid && !forged && _mayPay(terms);
        bool did = _as(
            STRANGER,
            address(escrow),
            abi.encodeCall(escrow.fundWithAuthorization, (terms, 0, type(uint256).max, signature))
        );
        if (_judge(did, may, 24, "fundWithAuthorization")) _fundedFrom(terms.client, _offer(terms));
    }

    /// @dev Two orders with a bad one between them, which must not hold them up.
    function fundMany(uint256 x, uint256 amount, uint256 times) external action {
        Funding[] memory fundings = new Funding[](3);
        bool[3] memory may;
        uint256 expected;
        for (uint256 i = 0; i < 3; ++i) {
            (OrderTerms memory terms, bool valid) = _newTerms(_draw(x, i), _draw(amount, i), _draw(times, i));
            if (i == 2 && _chance(x, 2, 3)) (terms, valid) = (fundings[0].terms, false);
            bool forged = i == 1 && _chance(x, 3, 2);
            if (i != 1 || forged) _mint(terms.client, terms.maxAmount);
            else terms.maxAmount = 1e18;
            fundings[i] = Funding(terms, 0, type(uint256).max, _authorization(terms, forged));
            may[i] = valid && i != 1 && _mayPay(terms);
            if (may[i]) ++expected;
        }
        bool did = _as(STRANGER, address(escrow), abi.encodeCall(escrow.fundMany, (fundings)));
        _require(did, 22, "fundMany did not go on");
        uint256 funded;
        for (uint256 i = 0; i < 3; ++i) {
            bool there = escrow.order(_idOf(fundings[i].terms)).status == OrderStatus.Funded;
            if (i == 2 && fundings[0].terms.salt == fundings[2].terms.salt) there = false;
            _require(there == may[i], there ? 10 : 22, "one of many was treated otherwise");
            if (!there) continue;
            ++funded;
            _fundedFrom(fundings[i].terms.client, _offer(fundings[i].terms));
        }
        _judge(funded == expected && did && expected != 0, did && expected != 0, 22, "fundMany");
    }

    /// @dev An order id is used once, whatever became of the order.
    function fundAgain(uint256 x) external action {
        if (_orders.length == 0) return;
        OrderGhost storage order = _orders[_seek(x, _orders.length, _wasFunded)];
        if (order.status == OrderStatus.None) return;
        OrderTerms memory terms = _termsOf(order);
        _mint(terms.client, terms.maxAmount);
        bytes memory call =
            _chance(x, 1, 2)
                ? abi.encodeCall(escrow.fund, (terms))
                : abi.encodeCall(
                    escrow.fundWithAuthorization,
                    (terms, 0, type(uint256).max, _authorization(terms, false))
                );
        _judge(_as(terms.client, address(escrow), call), false, 3, "funded twice");
    }

    // ── Terms ───────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @dev Terms of some client; one in twelve has a defect that the escrow must see.
    function _newTerms(
        uint256 x,
        uint256 amount,
        uint256 times
    ) internal view returns (OrderTerms memory terms, bool valid) {
        uint40 settleIn = uint40(1 + (_draw(times, 10) % (_chance(times, 11, 4) ? 6 hours : 4 days)));
        uint40 longest = 7 days - settleIn;
        uint40 gap = _chance(times, 12, 3) ? 0 : uint40(_draw(times, 13) % (1 + longest));
        uint32 quorumId = _chance(x, 14, 4) ? 0 : _someQuorum(x);
        terms = OrderTerms({
            client: clients[_draw(x, 15) % CLIENTS],
            aggregator: aggregators[_draw(x, 16) % AGGREGATORS],
            maxAmount: _amount(amount, 1000e6),
            settleBy: uint40(time) + settleIn,
            refundAt: uint40(time) + settleIn + gap,
            quorumId: quorumId,
            feeBps: uint16(_draw(x, 17) % 501),
            specHash: bytes32(x),
            salt: keccak256(abi.encode(calls, x))
        });
        valid = !_chance(x, 18, 12);
        if (!valid) _spoil(terms, _draw(x, 19) % 7);
    }

    function _spoil(OrderTerms memory terms, uint256 defect) private view {
        if (defect == 0) terms.maxAmount = 0;
        else if (defect == 1) terms.settleBy = uint40(time);
        else if (defect == 2) terms.refundAt = terms.settleBy - 1;
        else if (defect == 3) terms.refundAt = uint40(time + 7 days + 1);
        else if (defect == 4) terms.quorumId = uint32(_members.length);
        else if (defect == 5) terms.feeBps = 501;
        else terms.aggregator = address(0);
    }

    function _authorization(OrderTerms memory terms, bool forged) private view returns (bytes memory) {
        uint256 key = forged ? WRONG_KEY : _keyOfClient(terms.client);
        return _authorize(key, terms.client, address(escrow), terms.maxAmount, _idOf(terms));
    }

    function _keyOfClient(address client) internal view returns (uint256) {
        for (uint256 i = 0; i < CLIENTS; ++i) if (clients[i] == client) return clientKey(i);
        return WRONG_KEY;
    }

    /// @dev Whether intake is open and the token moves all of the price.
    function _mayPay(OrderTerms memory terms) internal view returns (bool) {
        return !_isStopped(address(escrow)) && _movesAll(terms.client, address(escrow));
    }

    // ── Ghost ───────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @dev Writes an order down before it is paid.
    function _offer(OrderTerms memory terms) internal returns (uint256 position) {
        position = _orders.length;
        OrderGhost storage order = _orders.push();
        order.terms = terms;
        order.id = _idOf(terms);
        order.deposit = escrow.depositAddressOf(terms);
        usdc.setTarget(order.deposit, address(escrow));
    }

    function _fundedFrom(address payer, uint256 position) internal {
        OrderGhost storage order = _orders[position];
        _paid(payer, address(escrow), order.terms.maxAmount);
        order.status = OrderStatus.Funded;
        order.remaining = order.terms.maxAmount;
        order.fundedAt = uint40(time);
    }

    function _wasFunded(uint256 position) internal view returns (bool) {
        return _orders[position].status != OrderStatus.None;
    }
}
