// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {VerdictRecord, VerdictStatus} from "../../../src/interfaces/DisputeTypes.sol";
import {IIntake} from "../../../src/interfaces/IIntake.sol";
import {Exposure, OperatorView} from "../../../src/interfaces/IStakes.sol";
import {Tab} from "../../../src/interfaces/ITabs.sol";
import {Order, OrderStatus} from "../../../src/interfaces/OrderTypes.sol";
import {OperatorGhost, OrderGhost, TabGhost, VerdictGhost} from "./Ghost.sol";
import {WorldHandler} from "./WorldHandler.sol";

/// @title What the contracts say against what must be the case
abstract contract Checks is WorldHandler {
    // ── I1 ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @notice Each contract holds exactly what it says that it owes, and what was given to it for nothing.
    function requireSolvent() public view {
        require(
            _balance(address(escrow)) == _escrowOwes() + donated[address(escrow)],
            "escrow: owes another sum"
        );
        require(
            _balance(address(stakes)) == _stakesOwe() + donated[address(stakes)],
            "stakes: owes another sum"
        );
        require(
            _balance(address(disputes)) == _disputesOwe() + donated[address(disputes)],
            "disputes: owes another sum"
        );
    }

    function _escrowOwes() private view returns (uint256 owed) {
        for (uint256 i = 0; i < _orders.length; ++i) owed += escrow.order(_orders[i].id).remaining;
        for (uint256 i = 0; i < CLIENTS * AGGREGATORS; ++i) {
            Tab memory tab = _tabOf(i);
            owed += tab.deposited - tab.spent;
        }
        for (uint256 i = 1; i < _operators.length; ++i) owed += escrow.earningsOf(uint32(i));
        for (uint256 i = 0; i < _creditors.length; ++i) owed += escrow.credit(_creditors[i]);
    }

    function _stakesOwe() private view returns (uint256 owed) {
        for (uint256 i = 1; i < _operators.length; ++i) {
            OperatorView memory operator = stakes.operator(_operators[i].who);
            owed += uint256(operator.active) + operator.unbonding;
        }
    }

    function _disputesOwe() private view returns (uint256 owed) {
        owed = disputes.fundBalance();
        for (uint256 i = 0; i < _claimants.length; ++i) owed += disputes.credit(_claimants[i]);
        for (uint256 i = 1; i < _verdicts.length; ++i) owed += disputes.verdictOf(_verdicts[i].id).bond;
    }

    // ── I2 ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @notice What came in for an order or a tab is what was charged, returned and is still there; a closed one holds
    /// nothing; and what was charged is what operators and aggregators were credited.
    function requireConserved() public view {
        uint256 charged;
        for (uint256 i = 0; i < _orders.length; ++i) {
            OrderGhost storage ghost = _orders[i];
            Order memory order = escrow.order(ghost.id);
            uint256 paidIn = ghost.status == OrderStatus.None ? 0 : ghost.terms.maxAmount;
            require(
                paidIn == uint256(ghost.charged) + ghost.returned + order.remaining,
                "an order lost money"
            );
            require(ghost.refunds == 0 || order.remaining == 0, "a closed order holds money");
            charged += ghost.charged;
        }
        for (uint256 i = 0; i < CLIENTS * AGGREGATORS; ++i) {
            TabGhost storage ghost = _tabAt(i);
            Tab memory tab = _tabOf(i);
            uint256 left = tab.deposited - tab.spent;
            require(ghost.paidIn == uint256(ghost.drawn) + ghost.exited + left, "a tab lost money");
            charged += ghost.drawn;
        }
        uint256 credited = feesEarned;
        for (uint256 i = 1; i < _operators.length; ++i) {
            OperatorGhost storage ghost = _operators[i];
            require(escrow.earningsOf(uint32(i)) == ghost.earned - ghost.withdrawn, "other earnings");
            credited += ghost.earned;
        }
        for (uint256 i = 0; i < _creditors.length; ++i) {
            require(escrow.credit(_creditors[i]) == escrowCredit[_creditors[i]], "other credit");
        }
        require(charged == credited, "charges and credits differ");
    }

    // ── I3 ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @notice An order is settled at most once and refunded at most once, for at most its price; a tab is drawn and
    /// returned for at most what was paid in.
    function requireOnce() public view {
        for (uint256 i = 0; i < _orders.length; ++i) {
            OrderGhost storage ghost = _orders[i];
            require(ghost.settlements <= 1 && ghost.refunds <= 1, "an order was closed twice");
            require(
                uint256(ghost.charged) + ghost.returned <= ghost.terms.maxAmount,
                "an order cost too much"
            );
        }
        for (uint256 i = 0; i < CLIENTS * AGGREGATORS; ++i) {
            TabGhost storage ghost = _tabAt(i);
            require(uint256(ghost.drawn) + ghost.exited <= ghost.paidIn, "a tab gave too much");
        }
        require(!usdc.cameIn(), "a call came back in");
    }

    // ── I5, I6, I18 ─────────────────────────────────────────────────────────────────────────────────────────────────

    /// @notice Each operator has what it put in, less what it took out and what it was slashed; never less than nothing.
    function requireStakes() public view {
        for (uint256 i = 1; i < _operators.length; ++i) {
            OperatorGhost storage ghost = _operators[i];
            Exposure memory now_ = stakes.exposure(ghost.who);
            require(now_.active == ghost.active && now_.unbonding == ghost.unbonding, "another stake");
            require(now_.slashed == ghost.slashed, "another loss");
            uint256 left = uint256(now_.active) + now_.unbonding;
            require(ghost.stakedIn == ghost.tookOut + ghost.slashed + left, "stake went astray");
        }
    }

    /// @notice What holds stake back is what must: the delay, and every verdict that is not final.
    function requireHolds() public view {
        for (uint256 i = 1; i < _operators.length; ++i) {
            OperatorGhost storage ghost = _operators[i];
            uint32 holds;
            uint96 claimed;
            for (uint256 j = 1; j < _verdicts.length; ++j) {
                if (_verdicts[j].accused != i || _verdicts[j].status == VerdictStatus.Final) continue;
                ++holds;
                claimed += _verdicts[j].slash;
            }
            Exposure memory now_ = stakes.exposure(ghost.who);
            require(now_.holds == holds && now_.claimed == claimed, "a verdict does not hold its stake");
            require(now_.unbondAt == ghost.unbondAt, "another delay");
            (address next, uint40 payoutAt) = stakes.pendingPayout(uint32(i));
            require(stakes.payoutOf(uint32(i)) == ghost.payout, "another payout address");
            require(next == ghost.nextPayout && payoutAt == ghost.payoutAt, "another payout change");
        }
    }

    /// @notice Whoever lost stake lost it to verdicts that ended against it, or to proofs, and to nothing else.
    function requireConvictions() public view {
        for (uint256 i = 1; i < _operators.length; ++i) {
            uint32 convictions;
            uint256 taken;
            for (uint256 j = 1; j < _verdicts.length; ++j) {
                VerdictGhost storage verdict = _verdicts[j];
                if (verdict.accused != i || !verdict.guilty || time < verdict.closesAt) continue;
                if (verdict.status == VerdictStatus.Final) ++convictions;
                taken += verdict.taken;
            }
            Exposure memory now_ = stakes.exposure(_operators[i].who);
            require(now_.slashed == taken, "slashed without a conviction");
            require(now_.convictions == convictions, "another number of convictions");
        }
    }

    // ── I10 ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @notice Everything is in the state to which the listed edges led it, and nothing moved by itself.
    function requireStates() public view {
        for (uint256 i = 0; i < _orders.length; ++i) {
            OrderGhost storage ghost = _orders[i];
            Order memory order = escrow.order(ghost.id);
            require(order.status == ghost.status, "an order is in another state");
            require(order.remaining == ghost.remaining, "an order holds another amount");
            if (ghost.status == OrderStatus.None) continue;
            require(order.settleBy == ghost.terms.settleBy, "an order has other terms");
            require(order.refundAt == ghost.terms.refundAt, "an order has other terms");
            require(order.quorumId == ghost.terms.quorumId, "an order has other terms");
            require(order.feeBps == ghost.terms.feeBps, "an order has other terms");
        }
        for (uint256 i = 0; i < CLIENTS * AGGREGATORS; ++i) {
            TabGhost storage ghost = _tabAt(i);
            Tab memory tab = _tabOf(i);
            require(
                tab.deposited == ghost.deposited && tab.spent == ghost.spent,
                "a tab holds another amount"
            );
            require(tab.exiting == ghost.exiting && tab.exitAt == ghost.exitAt, "another exit");
            require(tab.generation == ghost.generation, "another generation");
        }
        for (uint256 i = 1; i < _verdicts.length; ++i) _requireVerdict(_verdicts[i]);
        require(quorums.quorumCount() == _members.length - 1, "another number of quorums");
        require(stakes.operatorCount() == _operatorCount(), "another number of operators");
        _requireQuorum(uint32(1 + (calls % (_members.length - 1))));
    }

    function _requireVerdict(VerdictGhost storage ghost) private view {
        VerdictRecord memory verdict = disputes.verdictOf(ghost.id);
        require(verdict.status == ghost.status, "a verdict is in another state");
        require(verdict.guilty == ghost.guilty && verdict.outcome == ghost.outcome, "another verdict");
        require(verdict.round == ghost.round && verdict.benchId == ghost.benchId, "another bench");
        require(verdict.closesAt == ghost.closesAt, "another deadline");
        require(verdict.slash == ghost.slash && verdict.collected == ghost.collected, "another slash");
        require(verdict.bond == ghost.bond && verdict.appellant == ghost.appellant, "another bond");
        require(verdict.accused == _operators[ghost.accused].who, "another accused");
        require(verdict.detector == ghost.detector && verdict.client == ghost.client, "other payees");
    }

    /// @dev Quorums never change; one is looked at after each call.
    function _requireQuorum(uint32 id) private view {
        address[] memory members = quorums.membersOf(id);
        require(members.length == _members[id].length, "a quorum has another size");
        for (uint256 i = 0; i < members.length; ++i) {
            require(members[i] == _operators[_members[id][i]].who, "a quorum has other members");
        }
        require(quorums.thresholdOf(id) == _threshold(id), "a quorum has another threshold");
        require(quorums.appealOf(id) == _appealOf[id], "a quorum has another appeal");
    }

    // ── I17, I24 ────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @notice At most half of what came of slashes went to anybody; shares, bonds and the fund are all there is.
    function requireShares() public view {
        require(sharedOut * 2 <= slashesCame, "more than half was given away");
        for (uint256 i = 0; i < _claimants.length; ++i) {
            require(disputes.credit(_claimants[i]) == disputesCredit[_claimants[i]], "another share");
        }
        require(disputes.fundBalance() == inFund, "another fund");
        require(inFund + sharedOut >= slashesCame, "a share is missing");
    }

    /// @notice Everybody holds what listed ways gave and took, the fund has grown by them alone, and nobody else exists
    /// who could hold the rest.
    function requireWealth() public view {
        require(
            disputes.fundBalance() == inFund && _balance(address(disputes)) >= inFund,
            "the fund was touched"
        );
        uint256 all = _balance(address(escrow)) + _balance(address(stakes)) + _balance(address(disputes));
        for (uint256 i = 0; i < people.length; ++i) all += _requireWealthOf(people[i]);
        for (uint256 i = 0; i < _orders.length; ++i) all += _requireWealthOf(_orders[i].deposit);
        require(all == usdc.totalSupply(), "somebody unknown holds money");
    }

    function _requireWealthOf(address someone) private view returns (uint256 held) {
        uint256 unspoilt;
        (held, unspoilt) = usdc.holdings(someone);
        require(unspoilt == wallet[someone], "somebody has another wealth");
    }

    // ── I23 ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @notice Intake is stopped as long as the guardian could stop it, and as it did.
    function requireIntake() public view {
        _requireStop(escrow, address(escrow));
        _requireStop(stakes, address(stakes));
    }

    function _requireStop(IIntake intake, address target) private view {
        uint40 until = intake.intakeStoppedUntil();
        require(until == _stoppedUntil[target], "intake opens at another time");
        require(until <= _stoppedAt[target] + MAX_STOP, "intake is stopped for too long");
        uint40 rests = _stoppedAt[target] == 0 ? 0 : _stoppedAt[target] + MAX_STOP + STOP_REST;
        require(intake.guardianRestsUntil() == rests, "the guardian rests for another time");
    }

    function _balance(address account) internal view returns (uint256) {
        return usdc.balanceOf(account);
    }

    function _tabOf(uint256 position) internal view returns (Tab memory) {
        return escrow.tab(clients[position / AGGREGATORS], aggregators[position % AGGREGATORS]);
    }
}
