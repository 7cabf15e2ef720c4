// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TabGhost} from "./Ghost.sol";
import {OrderHandler} from "./OrderHandler.sol";

/// @title Clients that keep tabs
abstract contract TabHandler is OrderHandler {
    uint40 internal constant TAB_EXIT_DELAY = 7 days;

    /// @dev Any client pays into the tab of any client.
    function topUpTab(uint256 x, uint256 amount) external action {
        (uint256 client, uint256 aggregator) = _someTab(x);
        address payer = clients[_draw(x, 1) % CLIENTS];
        uint64 paid = _amount(amount, 500e6);
        _mint(payer, paid);
        bool may = !_isStopped(address(escrow)) && _movesAll(payer, address(escrow));
        bytes memory call = abi.encodeCall(escrow.topUpTab, (clients[client], aggregators[aggregator], paid));
        if (_judge(_as(payer, address(escrow), call), may, 10, "topUpTab")) {
            _toppedUp(payer, client, aggregator, paid);
        }
    }

    /// @dev By a stranger's hand; one signature in eight is for the other aggregator.
    function topUpTabByAuthorization(uint256 x, uint256 amount) external action {
        (uint256 client, uint256 aggregator) = _someTab(x);
        bool forged = _chance(x, 1, 8);
        uint64 paid = _amount(amount, 500e6);
        address payer = clients[client];
        _mint(payer, paid);
        bytes32 nonce = escrow.hashTabDeposit(
            payer,
            aggregators[forged ? 1 - aggregator : aggregator],
            paid,
            bytes32(calls)
        );
        bytes memory signature = _authorize(clientKey(client), payer, address(escrow), paid, nonce);
        bool may = !forged && !_isStopped(address(escrow)) && _movesAll(payer, address(escrow));
        bytes memory call = abi.encodeCall(
            escrow.topUpTabWithAuthorization,
            (payer, aggregators[aggregator], paid, 0, type(uint256).max, bytes32(calls), signature)
        );
        if (_judge(_as(STRANGER, address(escrow), call), may, 24, "topUpTabWithAuthorization")) {
            _toppedUp(payer, client, aggregator, paid);
        }
    }

    /// @dev Asks for some, all or too much of it, or calls an exit off.
    function startTabExit(uint256 x, uint256 amount) external action {
        uint256 position = _seek(x, CLIENTS * AGGREGATORS, _hasTab);
        TabGhost storage tab = _tabAt(position);
        uint64 available = tab.deposited - tab.spent;
        uint64 asked = _amount(amount, uint256(available) + (_chance(x, 1, 8) ? 1 : 0));
        if (_chance(x, 2, 8)) asked = 0;
        _startTabExit(position, asked);
    }

    function _startTabExit(uint256 position, uint64 asked) internal returns (bool did) {
        TabGhost storage tab = _tabAt(position);
        bool may = asked <= tab.deposited - tab.spent && (asked != 0 || tab.exitAt != 0);
        address client = clients[position / AGGREGATORS];
        bytes memory call = abi.encodeCall(escrow.startTabExit, (aggregators[position % AGGREGATORS], asked));
        did = _as(client, address(escrow), call);
        if (!_judge(did, may, 2, "startTabExit")) return false;
        tab.exiting = asked;
        tab.exitAt = asked == 0 ? 0 : uint40(time) + TAB_EXIT_DELAY;
    }

    /// @dev By a stranger.
    function finishTabExit(uint256 x) external action {
        _finishTabExit(_seek(x, CLIENTS * AGGREGATORS, _canExit));
    }

    function _finishTabExit(uint256 position) internal returns (bool did) {
        address client = clients[position / AGGREGATORS];
        address aggregator = aggregators[position % AGGREGATORS];
        bool may = _canExit(position);
        bool pushes = _moves(address(escrow), client);
        did = _as(STRANGER, address(escrow), abi.encodeCall(escrow.finishTabExit, (client, aggregator)));
        if (!_judge(did, may, 3, "finishTabExit")) return false;
        uint64 amount = _exited(_tabAt(position));
        if (pushes) _paid(address(escrow), client, amount);
        else escrowCredit[client] += amount;
    }

    // ── Ghost ───────────────────────────────────────────────────────────────────────────────────────────────────────

    function _toppedUp(address payer, uint256 client, uint256 aggregator, uint64 amount) private {
        _paid(payer, address(escrow), amount);
        _tabs[client][aggregator].deposited += amount;
        _tabs[client][aggregator].paidIn += amount;
    }

    /// @dev The exit gives what was asked for, or what the draws left of it; the rest begins a new generation.
    function _exited(TabGhost storage tab) private returns (uint64 amount) {
        uint64 available = tab.deposited - tab.spent;
        amount = tab.exiting < available ? tab.exiting : available;
        tab.exited += amount;
        tab.exiting = 0;
        tab.exitAt = 0;
        tab.deposited = available - amount;
        tab.spent = 0;
        ++tab.generation;
    }

    function _tabAt(uint256 position) internal view returns (TabGhost storage) {
        return _tabs[position / AGGREGATORS][position % AGGREGATORS];
    }

    function _someTab(uint256 x) internal view returns (uint256 client, uint256 aggregator) {
        return (_draw(x, 20) % CLIENTS, _draw(x, 21) % AGGREGATORS);
    }

    function _hasTab(uint256 position) internal view returns (bool) {
        TabGhost storage tab = _tabAt(position);
        return tab.deposited > tab.spent;
    }

    function _canExit(uint256 position) internal view returns (bool) {
        TabGhost storage tab = _tabAt(position);
        return tab.exitAt != 0 && time >= tab.exitAt;
    }
}
