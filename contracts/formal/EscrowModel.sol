// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The money of `Escrow` without its mappings, for a model checker
/// @notice One order, one tab, two lanes of the ledger and two credits stand for all of them: others would be touched by
/// the same lines and appear in the same sums. Signatures, quorums and hashes are left out: whoever calls, with whatever
/// numbers, the money has to add up. Every external function does to amounts what the escrow's function of that name
/// does, with the checks that concern amounts; whether a time is due and whether a push succeeds is up to the adversary.
///
/// Nothing is passed to a helper that writes: the checker would not see the change through the reference.
///
/// The proof is by induction, spelled out: `start` shows the promises for an empty escrow, and every other function shows
/// that from any state in which they hold, whatever the arguments, they hold afterwards or the call reverts.
///
/// - solvency: the escrow holds exactly what it owes;
/// - conservation: what came in is what went out and what is still there;
/// - an order, and a tab, pays out exactly what was put in and is not in it any more;
/// - a tab is never drawn above what was put into it;
/// - an order that was never funded, or that was refunded, holds nothing.
contract EscrowModel {
    enum Status {
        None,
        Funded,
        Settled,
        Refunded
    }

    /// @dev The balance and the sums of the token's transfers, then what is owed, then sums only to state the promises.
    struct State {
        uint256 balance;
        uint256 cameIn;
        uint256 wentOut;
        Status status;
        uint64 remaining;
        uint64 deposited;
        uint64 spent;
        uint64 exiting;
        bool exitStarted;
        uint64 firstLane;
        uint64 secondLane;
        uint256 clientCredit;
        uint256 feeCredit;
        uint256 orderFunded;
        uint256 orderPaid;
        uint256 tabFunded;
        uint256 tabPaid;
    }

    function promises(State memory s) internal pure returns (bool) {
        if (s.spent > s.deposited) return false;
        uint256 available = s.deposited - s.spent;
        uint256 owed = s.remaining + available + s.firstLane + s.secondLane + s.clientCredit + s.feeCredit;
        bool holdsNothing = s.status == Status.None || s.status == Status.Refunded;
        return
            s.balance == owed &&
            s.cameIn == s.wentOut + s.balance &&
            s.orderFunded == s.orderPaid + s.remaining &&
            s.tabFunded == s.tabPaid + available &&
            (s.remaining == 0 || !holdsNothing);
    }

    function start() external pure {
        State memory s;
        assert(promises(s));
    }

    // ── Funding: fund, fundWithAuthorization, fundMany, fundFromDepositAddress ──────────────────────────────────────

    function fund(State memory s, uint64 maxAmount) external pure {
        require(promises(s));
        require(s.status == Status.None);
        require(maxAmount != 0);
        s.status = Status.Funded;
        s.remaining = maxAmount;
        s.orderFunded += maxAmount;
        s.balance += maxAmount;
        s.cameIn += maxAmount;
        assert(promises(s));
    }

    function topUpTab(State memory s, uint64 amount) external pure {
        require(promises(s));
        require(amount != 0);
        s.deposited += amount;
        s.tabFunded += amount;
        s.balance += amount;
        s.cameIn += amount;
        assert(promises(s));
    }

    // ── Settling: settle, settleByClient ────────────────────────────────────────────────────────────────────────────

    function settle(
        State memory s,
        bool withOrder,
        uint64 charged,
        bool withTab,
        uint64 spentAfter,
        uint64 firstPayout,
        uint64 secondPayout,
        uint64 fee
    ) external pure {
        require(promises(s));
        uint256 debits;
        if (withOrder) {
            require(s.status == Status.Funded);
            require(charged <= s.remaining);
            s.status = Status.Settled;
            s.remaining -= charged;
            s.orderPaid += charged;
            debits += charged;
        }
        if (withTab) {
            require(spentAfter > s.spent);
            require(spentAfter <= s.deposited);
            uint64 drawn = spentAfter - s.spent;
            s.spent = spentAfter;
            s.tabPaid += drawn;
            debits += drawn;
        }
        require(uint256(firstPayout) + secondPayout + fee == debits);
        s.firstLane += firstPayout;
        s.secondLane += secondPayout;
        s.feeCredit += fee;
        assert(promises(s));
    }

    // ── Ways out ────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @dev `pushed` is whether the token takes the transfer to the client.
    function refund(State memory s, bool isDue, bool pushed) external pure {
        require(promises(s));
        require(s.status == Status.Funded || (s.status == Status.Settled && s.remaining != 0));
        if (s.status == Status.Funded) {
            require(isDue);
            s.status = Status.Refunded;
        }
        uint64 amount = s.remaining;
        s.remaining = 0;
        s.orderPaid += amount;
        if (pushed) {
            s.balance -= amount;
            s.wentOut += amount;
        } else {
            s.clientCredit += amount;
        }
        assert(promises(s));
    }

    function startTabExit(State memory s, uint64 amount) external pure {
        require(promises(s));
        require(amount <= s.deposited - s.spent);
        require(amount != 0 || s.exitStarted);
        s.exiting = amount;
        s.exitStarted = amount != 0;
        assert(promises(s));
    }

    function finishTabExit(State memory s, bool isDue, bool pushed) external pure {
        require(promises(s));
        require(s.exitStarted);
        require(isDue);
        uint64 available = s.deposited - s.spent;
        uint64 amount = s.exiting < available ? s.exiting : available;
        if (amount == available) {
            s.deposited = 0;
            s.spent = 0;
        } else {
            s.deposited -= amount;
        }
        s.exiting = 0;
        s.exitStarted = false;
        s.tabPaid += amount;
        if (pushed) {
            s.balance -= amount;
            s.wentOut += amount;
        } else {
            s.clientCredit += amount;
        }
        assert(promises(s));
    }

    function withdrawEarnings(State memory s, bool first) external pure {
        require(promises(s));
        uint64 amount = first ? s.firstLane : s.secondLane;
        require(amount != 0);
        if (first) s.firstLane = 0;
        else s.secondLane = 0;
        s.balance -= amount;
        s.wentOut += amount;
        assert(promises(s));
    }

    function withdrawCredit(State memory s, bool byClient) external pure {
        require(promises(s));
        uint256 amount = byClient ? s.clientCredit : s.feeCredit;
        require(amount != 0);
        if (byClient) s.clientCredit = 0;
        else s.feeCredit = 0;
        s.balance -= amount;
        s.wentOut += amount;
        assert(promises(s));
    }
}
