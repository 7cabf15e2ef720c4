// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {VerdictStatus} from "../../../src/interfaces/DisputeTypes.sol";
import {Funding, OrderStatus, OrderTerms} from "../../../src/interfaces/OrderTypes.sol";
import {vm} from "../Vm.sol";
import {OperatorGhost, OrderGhost, TabGhost, VerdictGhost} from "./Ghost.sol";
import {HostileUsdc} from "./HostileUsdc.sol";
import {ProofHandler} from "./ProofHandler.sol";

/// @title Those outside the market: the issuer, the guardian, strangers, and time
abstract contract WorldHandler is ProofHandler {
    uint40 internal constant MAX_STOP = 7 days;
    uint40 internal constant STOP_REST = 21 days;

    // ── The issuer ──────────────────────────────────────────────────────────────────────────────────────────────────

    /// @dev For the next few calls the token keeps fees, returns false, calls back or is paused.
    function turnHostile(uint256 x) external action {
        uint256 kind = _draw(x, 1) % 5;
        if (kind == 4) usdc.setPaused(true);
        else if (kind < 2) usdc.setMode(HostileUsdc.Mode.Reenters);
        else usdc.setMode(HostileUsdc.Mode(kind - 1));
        if (kind < 2) _armCalls(x);
        _honestFrom = calls + 2 + (_draw(x, 2) % 5);
        ++done[msg.sig];
    }

    function turnHonest(uint256) external action {
        _heal();
        ++done[msg.sig];
    }

    /// @dev One address at a time; it may be one of the contracts.
    function blacklist(uint256 x) external action {
        if (_blacklisted != address(0)) _free();
        uint256 kind = _draw(x, 1) % 10;
        _blacklisted = _someone(x);
        if (kind == 0) _blacklisted = address(escrow);
        if (kind == 1) _blacklisted = address(stakes);
        if (kind == 2) _blacklisted = address(disputes);
        // Where orders and tabs come together.
        if (kind > 6) _blacklisted = clients[_draw(x, 2) % CLIENTS];
        usdc.setBlacklisted(_blacklisted, true);
        _freeFrom = calls + 2 + (_draw(x, 3) % 20);
        ++done[msg.sig];
    }

    /// @dev Every guarded function that could mean something to whoever the token is.
    function _armCalls(uint256 x) private {
        if (_orders.length == 0) return;
        OrderTerms memory terms = _termsOf(_orders[_draw(x, 3) % _orders.length]);
        bytes[] memory inEscrow = new bytes[](6);
        inEscrow[0] = abi.encodeCall(escrow.refund, (terms));
        inEscrow[1] = abi.encodeCall(escrow.withdrawCredit, (SAFE));
        inEscrow[2] = abi.encodeCall(escrow.withdrawEarnings, (uint32(_someOperator(x))));
        inEscrow[3] = abi.encodeCall(escrow.finishTabExit, (terms.client, terms.aggregator));
        inEscrow[4] = abi.encodeCall(escrow.sweepToClient, (terms, usdc));
        inEscrow[5] = abi.encodeCall(escrow.fundFromDepositAddress, (terms));
        if (_chance(x, 4, 3)) inEscrow[3] = abi.encodeCall(escrow.topUpTab, (STRANGER, STRANGER, 1));
        if (_chance(x, 5, 3)) inEscrow[4] = abi.encodeCall(escrow.fundMany, (new Funding[](0)));
        usdc.setCalls(address(escrow), inEscrow);
        bytes[] memory inStakes = new bytes[](2);
        inStakes[0] = abi.encodeCall(stakes.finishUnbond, (SAFE));
        inStakes[1] = abi.encodeCall(stakes.stake, (1));
        usdc.setCalls(address(stakes), inStakes);
        bytes[] memory inDisputes = new bytes[](3);
        bytes32 verdictId = _verdicts[_draw(x, 6) % _verdicts.length].id;
        inDisputes[0] = abi.encodeCall(disputes.withdrawCredit, (SAFE));
        inDisputes[1] = abi.encodeCall(disputes.finalizeVerdict, (verdictId));
        inDisputes[2] = abi.encodeCall(disputes.appeal, (verdictId));
        usdc.setCalls(address(disputes), inDisputes);
    }

    // ── The guardian ────────────────────────────────────────────────────────────────────────────────────────────────

    /// @dev Or somebody who is not the guardian.
    function stopIntake(uint256 x) external action {
        address target = _chance(x, 1, 3) ? address(stakes) : address(escrow);
        address who = _chance(x, 2, 4) ? STRANGER : GUARDIAN;
        bool rested = _stoppedAt[target] == 0 || time >= _stoppedAt[target] + MAX_STOP + STOP_REST;
        bool did = _as(who, target, abi.encodeCall(escrow.stopIntake, ()));
        if (!_judge(did, who == GUARDIAN && rested, 23, "stopIntake")) return;
        _stoppedAt[target] = uint40(time);
        _stoppedUntil[target] = uint40(time) + MAX_STOP;
    }

    function resumeIntake(uint256 x) external action {
        address target = _chance(x, 1, 3) ? address(stakes) : address(escrow);
        if (_isStopped(address(stakes)) != _isStopped(address(escrow))) {
            target = _isStopped(address(stakes)) ? address(stakes) : address(escrow);
        }
        address who = _chance(x, 2, 4) ? STRANGER : GUARDIAN;
        bool did = _as(who, target, abi.encodeCall(escrow.resumeIntake, ()));
        if (!_judge(did, who == GUARDIAN && _isStopped(target), 23, "resumeIntake")) return;
        _stoppedUntil[target] = uint40(time);
    }

    // ── Strangers ───────────────────────────────────────────────────────────────────────────────────────────────────

    /// @dev Money that nobody is owed.
    function donate(uint256 x, uint256 amount) external action {
        uint256 kind = _draw(x, 1) % 3;
        address to =
            kind == 0
                ? address(escrow)
                : kind == 1
                    ? address(stakes)
                    : address(disputes);
        uint256 sent = _amount(amount, 10e6);
        _mint(STRANGER, sent);
        uint256 arrived = _transfer(STRANGER, to, sent);
        donated[to] += arrived;
        _judge(arrived != 0, arrived != 0, 2, "");
    }

    /// @dev What no stranger, guardian, aggregator or deployer may do, although each has its door.
    function trespass(uint256 x) external action {
        uint256 kind = _draw(x, 1) % 12;
        uint256 role = _draw(x, 2) % 4;
        address who =
            role == 0
                ? STRANGER
                : role == 1
                    ? GUARDIAN
                    : role == 2
                        ? aggregators[0]
                        : address(this);
        OperatorGhost storage operator = _operators[_someOperator(x)];
        address target = kind < 5 ? address(stakes) : address(escrow);
        bytes memory call;
        if (kind == 0) call = abi.encodeCall(stakes.slash, (operator.who, 1));
        else if (kind == 1) call = abi.encodeCall(stakes.hold, (operator.who, 1));
        else if (kind == 2) call = abi.encodeCall(stakes.release, (operator.who, 1, true));
        else if (kind == 3) call = abi.encodeCall(stakes.finishUnbond, (who));
        else if (kind == 4) call = abi.encodeCall(stakes.requestPayoutChange, (who));
        else if (kind == 5) call = abi.encodeCall(escrow.startTabExit, (aggregators[0], 1));
        else if (_orders.length == 0) return;
        else (target, call) = _trespassOrder(x, kind, who);
        if (target == address(0)) return;
        _judge(_as(who, target, call), false, 24, "a stranger came in");
    }

    function _trespassOrder(
        uint256 x,
        uint256 kind,
        address who
    ) private view returns (address target, bytes memory call) {
        OrderGhost storage order = _orders[_draw(x, 3) % _orders.length];
        target = address(escrow);
        if (kind == 6) return (target, abi.encodeCall(escrow.fund, (_termsOf(order))));
        if (kind == 7) {
            Funding memory funding = Funding(_termsOf(order), 0, type(uint256).max, "");
            return (target, abi.encodeCall(escrow.fundOne, (funding)));
        }
        if (kind == 8) {
            if (order.deposit.code.length == 0) return (address(0), "");
            return (order.deposit, abi.encodeWithSignature("flush(address,address,uint256)", usdc, who, 0));
        }
        if (kind == 9) {
            if (disputesCredit[who] != 0) return (address(0), "");
            return (address(disputes), abi.encodeCall(disputes.withdrawCredit, (who)));
        }
        if (kind == 10) {
            if (escrowCredit[who] != 0) return (address(0), "");
            return (target, abi.encodeCall(escrow.withdrawCredit, (who)));
        }
        return (address(disputes), abi.encodeCall(disputes.finalizeVerdict, (bytes32(x))));
    }

    // ── Time ────────────────────────────────────────────────────────────────────────────────────────────────────────

    function pass(uint256 x) external action {
        _warp(time + (_draw(x, 1) % (_chance(x, 2, 8) ? 3 days : 1 hours)));
        ++done[msg.sig];
    }

    /// @dev To the next deadline of anybody: a second before it, at it, or a second after.
    function passToDeadline(uint256 x) external action {
        uint256 next = _nextDeadline(_draw(x, 1) % 4);
        if (next == type(uint256).max) return;
        uint256 to = next + (_draw(x, 2) % 3) - 1;
        _warp(to > time ? to : next);
        ++done[msg.sig];
    }

    function _warp(uint256 to) internal {
        time = to;
        vm.warp(to);
    }

    /// @dev The next of one kind: of orders, tabs, operators or verdicts.
    function _nextDeadline(uint256 kind) private view returns (uint256 next) {
        next = type(uint256).max;
        if (kind == 0) {
            for (uint256 i = 0; i < _orders.length; ++i) {
                if (_orders[i].status != OrderStatus.Funded) continue;
                next = _sooner(next, _orders[i].terms.settleBy);
                next = _sooner(next, _orders[i].terms.refundAt);
            }
        } else if (kind == 1) {
            for (uint256 i = 0; i < CLIENTS * AGGREGATORS; ++i) next = _sooner(next, _tabAt(i).exitAt);
        } else if (kind == 2) {
            for (uint256 i = 1; i < _operators.length; ++i) {
                next = _sooner(next, _operators[i].unbondAt);
                next = _sooner(next, _operators[i].payoutAt);
            }
        } else {
            for (uint256 i = 1; i < _verdicts.length; ++i) {
                if (_verdicts[i].status != VerdictStatus.Final) next = _sooner(next, _verdicts[i].closesAt);
            }
        }
    }

    function _sooner(uint256 next, uint256 deadline) private view returns (uint256) {
        return deadline > time && deadline < next ? deadline : next;
    }
}
