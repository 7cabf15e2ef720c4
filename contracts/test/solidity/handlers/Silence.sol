// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {VerdictStatus} from "../../../src/interfaces/DisputeTypes.sol";
import {OrderStatus, OrderTerms} from "../../../src/interfaces/OrderTypes.sol";
import {Checks} from "./Checks.sol";
import {OperatorGhost, TabGhost, VerdictGhost} from "./Ghost.sol";

/// @title The way out from wherever the market is
/// @notice Every party falls silent, and time passes. A stranger ends whatever was begun; then each owner takes out what
/// is its own, with its own call and nobody's help; then the contracts must be empty. What these functions do is thrown
/// away: the test calls them from invariants, whose effects are not kept.
abstract contract Silence is Checks {
    /// @dev Longer than anything waits.
    uint256 private constant LONG = 60 days;
    uint256 private constant MOST_DAYS = 100;

    /// @notice Whatever the token does meanwhile, orders and exits end; when it is honest again, so does everything.
    function endAll() external {
        _warp(time + LONG);
        _endOrders();
        _endTabs();
        _heal();
        if (_blacklisted != address(0)) _free();
        _endVerdicts();
        _leave();
        _requireEmpty(address(0));
    }

    /// @notice As before, while the token refuses one payee. Only what is to go to that very address waits.
    function endAllBut(address victim) external {
        _warp(time + LONG);
        _heal();
        if (_blacklisted != address(0)) _free();
        _blacklisted = victim;
        usdc.setBlacklisted(victim, true);
        _endOrders();
        _endTabs();
        _endVerdicts();
        _leave();
        _requireEmpty(victim);
    }

    /// @notice As before, while the guardian lets nothing in.
    function endAllStopped() external {
        _warp(time + LONG);
        _heal();
        if (_blacklisted != address(0)) _free();
        _stopAll();
        _endOrders();
        _endTabs();
        _endVerdicts();
        _leave();
        _requireEmpty(address(0));
    }

    // ── By a stranger ───────────────────────────────────────────────────────────────────────────────────────────────

    function _endOrders() private {
        for (uint256 i = 0; i < _orders.length; ++i) {
            if (_isRefundable(i)) require(_refund(i), "an order did not end");
            OrderStatus status = escrow.order(_orders[i].id).status;
            require(status != OrderStatus.Funded, "an order is still open");
        }
    }

    function _endTabs() private {
        for (uint256 i = 0; i < CLIENTS * AGGREGATORS; ++i) {
            if (_tabAt(i).exitAt != 0) require(_finishTabExit(i), "an exit did not end");
        }
    }

    /// @dev Day after day, because of the cap.
    function _endVerdicts() private {
        for (uint256 day = 0; day < MOST_DAYS; ++day) {
            bool over = true;
            for (uint256 i = 1; i < _verdicts.length; ++i) {
                VerdictGhost storage ghost = _verdicts[i];
                if (ghost.status == VerdictStatus.Final) continue;
                if (ghost.guilty && _leftToday(ghost.quorumId) == 0) over = false;
                else {
                    require(_finalize(i), "a verdict did not end");
                    if (ghost.status != VerdictStatus.Final) over = false;
                }
            }
            if (over) return;
            _warp(time + 1 days);
        }
        revert("verdicts go on for ever");
    }

    // ── By each owner ───────────────────────────────────────────────────────────────────────────────────────────────

    function _leave() private {
        for (uint256 i = 0; i < CLIENTS * AGGREGATORS; ++i) {
            TabGhost storage tab = _tabAt(i);
            if (tab.deposited == tab.spent) continue;
            require(_startTabExit(i, tab.deposited - tab.spent), "a client cannot leave");
        }
        _warp(time + TAB_EXIT_DELAY);
        _endTabs();
        for (uint256 i = 0; i < _orders.length; ++i) {
            if (_orders[i].terms.client == _blacklisted || !_hasDeposit(i)) continue;
            require(_sweep(i, STRANGER), "a deposit is stuck");
        }
        for (uint256 i = 1; i < _operators.length; ++i) {
            OperatorGhost storage operator = _operators[i];
            if (operator.nextPayout != address(0))
                require(_finishPayoutChange(i), "a payout address is stuck");
            if (operator.unbonding != 0) require(_finishUnbond(i, _elsewhere()), "stake is stuck");
            if (operator.payout == _blacklisted || operator.earned == operator.withdrawn) continue;
            require(_withdrawEarnings(i), "earnings are stuck");
        }
        for (uint256 i = 0; i < _creditors.length; ++i) {
            if (!_hasEscrowCredit(i)) continue;
            require(_withdrawCredit(_creditors[i], _elsewhere()), "credit is stuck");
        }
        for (uint256 i = 0; i < _claimants.length; ++i) {
            if (!_hasShare(i)) continue;
            require(_withdrawShare(_claimants[i], _elsewhere()), "a share is stuck");
        }
    }

    function _elsewhere() private view returns (address) {
        return _blacklisted == SAFE ? STRANGER : SAFE;
    }

    // ── And then ────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @dev Nothing is left but active stake, the fund, gifts, and what can only go to the victim.
    function _requireEmpty(address victim) private view {
        uint256 waiting;
        uint256 active;
        for (uint256 i = 1; i < _operators.length; ++i) {
            OperatorGhost storage operator = _operators[i];
            active += operator.active;
            if (victim != address(0) && operator.payout == victim)
                waiting += operator.earned - operator.withdrawn;
        }
        require(_balance(address(escrow)) == donated[address(escrow)] + waiting, "the escrow is not empty");
        require(_balance(address(stakes)) == donated[address(stakes)] + active, "the stakes are not empty");
        require(
            _balance(address(disputes)) == donated[address(disputes)] + inFund,
            "the disputes are not empty"
        );
        requireWealth();
    }

    function _stopAll() private {
        address[2] memory targets = [address(escrow), address(stakes)];
        for (uint256 i = 0; i < 2; ++i) {
            require(
                _as(GUARDIAN, targets[i], abi.encodeCall(escrow.stopIntake, ())),
                "the guardian cannot stop"
            );
            _stoppedAt[targets[i]] = uint40(time);
            _stoppedUntil[targets[i]] = uint40(time) + MAX_STOP;
        }
        (OrderTerms memory terms, ) = _newTerms(time, time, time);
        require(
            !_as(terms.client, address(escrow), abi.encodeCall(escrow.fund, (terms))),
            "funded while stopped"
        );
        require(
            !_as(STRANGER, address(stakes), abi.encodeCall(stakes.register, (STRANGER, 1, 0))),
            "registered while stopped"
        );
    }
}
