// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {VerdictStatus} from "../../../src/interfaces/DisputeTypes.sol";
import {OperatorGhost, VerdictGhost} from "./Ghost.sol";
import {HostileUsdc} from "./HostileUsdc.sol";
import {VerdictHandler} from "./VerdictHandler.sol";

/// @title Appeals, rulings, and carrying out what stands
abstract contract AppealHandler is VerdictHandler {
    uint8 internal constant MAX_APPEALS = 3;

    /// @dev By the accused, or by anyone with a bond.
    function appeal(uint256 x) external action {
        if (_verdicts.length == 1) return;
        VerdictGhost storage ghost = _verdicts[1 + _seek(x, _verdicts.length - 1, _isAppealable)];
        address who = _chance(x, 1, 2) ? _operators[ghost.accused].who : clients[_draw(x, 2) % CLIENTS];
        uint64 bond = _bond(ghost.slash, ghost.round);
        _mint(who, bond);
        bool may = _isAppealableVerdict(ghost) && _movesAll(who, address(disputes));
        bool did = _as(who, address(disputes), abi.encodeCall(disputes.appeal, (ghost.id)));
        if (!_judge(did, may, 10, "appeal")) return;
        _paid(who, address(disputes), bond);
        ghost.status = VerdictStatus.Appealed;
        ghost.benchId = _appealOf[ghost.benchId];
        ++ghost.round;
        ghost.bond = bond;
        ghost.appellant = who;
        ghost.closesAt = uint40(time) + RULING_WINDOW;
    }

    function rule(uint256 x) external action {
        if (_verdicts.length == 1) return;
        VerdictGhost storage ghost = _verdicts[1 + _seek(x, _verdicts.length - 1, _isRulable)];
        bool guilty = _chance(x, 1, 2);
        uint32 benchId = ghost.benchId == 0 ? 1 : ghost.benchId;
        bytes32 digest = disputes.hashRuling(ghost.id, ghost.round, guilty, bytes32(x));
        bool may = _isRulableVerdict(ghost);
        bytes memory call = abi.encodeCall(
            disputes.submitRuling,
            (ghost.id, guilty, bytes32(x), _quorumSigns(benchId, digest))
        );
        if (!_judge(_as(STRANGER, address(disputes), call), may, 10, "submitRuling")) return;
        _closeBond(ghost, guilty != ghost.guilty);
        ghost.status = VerdictStatus.Pending;
        ghost.guilty = guilty;
        bool last = ghost.round == MAX_APPEALS || _appealOf[ghost.benchId] == 0;
        ghost.closesAt = uint40(time) + (last ? 0 : APPEAL_WINDOW);
    }

    /// @dev By too few of the bench, for another round, or with the answer turned after signing.
    function ruleBadly(uint256 x) external action {
        if (_verdicts.length == 1) return;
        VerdictGhost storage ghost = _verdicts[1 + _seek(x, _verdicts.length - 1, _isRulable)];
        uint256 fault = _draw(x, 1) % 3;
        bool guilty = _chance(x, 2, 2);
        uint32 benchId = ghost.benchId == 0 ? 1 : ghost.benchId;
        uint8 round = fault == 1 && ghost.round != 0 ? ghost.round - 1 : ghost.round;
        bytes32 digest = disputes.hashRuling(ghost.id, round, guilty, bytes32(x));
        bytes memory signatures = _signAs(benchId, digest, _threshold(benchId) - (fault == 0 ? 1 : 0));
        if (fault == 2 || ghost.round == 0) guilty = !guilty;
        bytes memory call = abi.encodeCall(disputes.submitRuling, (ghost.id, guilty, bytes32(x), signatures));
        _judge(_as(STRANGER, address(disputes), call), false, 18, "ruled without a bench");
    }

    /// @dev By a stranger.
    function finalize(uint256 x) external action {
        if (_verdicts.length == 1) return;
        _finalize(1 + _seek(x, _verdicts.length - 1, _isDue));
    }

    function _finalize(uint256 position) internal returns (bool did) {
        VerdictGhost storage ghost = _verdicts[position];
        bool may = _isDue(position - 1) && (!ghost.guilty || _canCollect(ghost));
        did = _as(STRANGER, address(disputes), abi.encodeCall(disputes.finalizeVerdict, (ghost.id)));
        if (!_judge(did, may, 6, "finalizeVerdict")) return false;
        if (ghost.status == VerdictStatus.Appealed) _closeBond(ghost, true);
        ghost.status = VerdictStatus.Pending;
        if (ghost.guilty && !_collected(ghost)) return true;
        ghost.status = VerdictStatus.Final;
        OperatorGhost storage accused = _operators[ghost.accused];
        --accused.holds;
        accused.claimed -= ghost.slash;
        if (ghost.guilty) ++accused.convictions;
    }

    /// @dev Shares of slashes and returned bonds, to the owner or elsewhere.
    function withdrawShare(uint256 x) external action {
        address owner = _claimants[_seek(x, _claimants.length, _hasShare)];
        _withdrawShare(owner, _chance(x, 1, 2) ? owner : SAFE);
    }

    function _withdrawShare(address owner, address to) internal returns (bool did) {
        uint256 amount = disputesCredit[owner];
        bool may = amount != 0 && _moves(address(disputes), to);
        did = _as(owner, address(disputes), abi.encodeCall(disputes.withdrawCredit, (to)));
        if (!_judge(did, may, 24, "withdrawCredit of disputes")) return false;
        disputesCredit[owner] = 0;
        _paid(address(disputes), to, amount);
    }

    // ── Ghost ───────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @dev A quarter of the slash, rounded up, doubled with each appeal before.
    function _bond(uint64 slash, uint8 round) internal pure returns (uint64) {
        return uint64((uint256(slash) * 2 ** round + 3) / 4);
    }

    function _closeBond(VerdictGhost storage ghost, bool returned) private {
        if (returned) disputesCredit[ghost.appellant] += ghost.bond;
        else inFund += ghost.bond;
        ghost.bond = 0;
    }

    /// @dev Takes what the day allows. True if nothing more is to come.
    function _collected(VerdictGhost storage ghost) private returns (bool over) {
        uint64 due = ghost.slash - ghost.collected;
        uint64 left = _leftToday(ghost.quorumId);
        uint64 asked = due < left ? due : left;
        uint64 taken = _take(ghost, asked);
        ghost.collected += asked;
        _takenOn[ghost.quorumId][time / 1 days] += taken;
        return asked == due || taken < asked;
    }

    /// @dev Leaving stake goes first. 40 % to the detector, 10 % to the client, both rounded down, the rest to the fund.
    function _take(VerdictGhost storage ghost, uint64 asked) internal returns (uint64 taken) {
        OperatorGhost storage accused = _operators[ghost.accused];
        uint64 fromUnbonding = asked < accused.unbonding ? asked : accused.unbonding;
        uint64 fromActive = asked - fromUnbonding < accused.active ? asked - fromUnbonding : accused.active;
        accused.unbonding -= fromUnbonding;
        accused.active -= fromActive;
        if (accused.unbonding == 0) accused.unbondAt = 0;
        taken = fromUnbonding + fromActive;
        accused.slashed += taken;
        ghost.taken += taken;
        uint64 came = taken;
        if (usdc.mode() == HostileUsdc.Mode.KeepsFee) came -= uint64(usdc.feeOf(taken));
        uint64 toDetector = (came * 4) / 10;
        uint64 toClient = came / 10;
        disputesCredit[ghost.detector] += toDetector;
        disputesCredit[ghost.client] += toClient;
        inFund += came - toDetector - toClient;
        slashesCame += came;
        sharedOut += toDetector + toClient;
        _paid(address(stakes), address(disputes), taken);
    }

    function _leftToday(uint32 quorumId) internal view returns (uint64) {
        return DAILY_SLASH_CAP - _takenOn[quorumId][time / 1 days];
    }

    /// @dev Whether the day and the token let something be taken, or there is nothing to take.
    function _canCollect(VerdictGhost storage ghost) internal view returns (bool) {
        if (_leftToday(ghost.quorumId) == 0) return false;
        return _hasNothing(_operators[ghost.accused]) || _moves(address(stakes), address(disputes));
    }

    function _hasNothing(OperatorGhost storage operator) internal view returns (bool) {
        return operator.active == 0 && operator.unbonding == 0;
    }

    // ── Wanted, by verdict position less one ────────────────────────────────────────────────────────────────────────

    function _isAppealable(uint256 position) internal view returns (bool) {
        return _isAppealableVerdict(_verdicts[position + 1]);
    }

    function _isAppealableVerdict(VerdictGhost storage ghost) private view returns (bool) {
        if (ghost.status != VerdictStatus.Pending || time >= ghost.closesAt) return false;
        return ghost.round < MAX_APPEALS && _appealOf[ghost.benchId] != 0;
    }

    function _isRulable(uint256 position) internal view returns (bool) {
        return _isRulableVerdict(_verdicts[position + 1]);
    }

    function _isRulableVerdict(VerdictGhost storage ghost) private view returns (bool) {
        return ghost.status == VerdictStatus.Appealed && time < ghost.closesAt;
    }

    function _isDue(uint256 position) internal view returns (bool) {
        VerdictGhost storage ghost = _verdicts[position + 1];
        if (ghost.status == VerdictStatus.None || ghost.status == VerdictStatus.Final) return false;
        return time >= ghost.closesAt;
    }

    function _hasShare(uint256 position) internal view returns (bool) {
        return disputesCredit[_claimants[position]] != 0;
    }
}
