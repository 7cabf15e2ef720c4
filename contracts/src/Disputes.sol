// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DisputesBase} from "./DisputesBase.sol";
import {Proofs} from "./Proofs.sol";
import {AuditProof, CommitProof, Verdict, VerdictRecord, VerdictStatus} from "./interfaces/DisputeTypes.sol";
import {IDisputes} from "./interfaces/IDisputes.sol";
import {IEscrow} from "./interfaces/IEscrow.sol";
import {IQuorums} from "./interfaces/IQuorums.sol";
import {IUsdc} from "./interfaces/IUsdc.sol";
import {OrderTerms} from "./interfaces/OrderTypes.sol";
import {QuorumLib} from "./libraries/QuorumLib.sol";
import {UsdcPull} from "./libraries/UsdcPull.sol";

/// @title Disputes
/// @notice Verdicts and their appeals. See `IDisputes`.
contract Disputes is Proofs {
    using QuorumLib for IQuorums;
    using UsdcPull for IUsdc;

    /// @dev What verdicts of one quorum have taken on one day, counted from 1970.
    struct Day {
        uint64 number;
        uint64 taken;
    }

    /// @inheritdoc IDisputes
    uint8 public constant MAX_APPEALS = 3;
    /// @inheritdoc IDisputes
    uint16 public constant APPEAL_BOND_BPS = 2_500;

    uint8 private constant PROVIDER_FAULT = 1;
    uint8 private constant VALIDATOR_FAULT = 2;

    /// @inheritdoc IDisputes
    uint40 public immutable APPEAL_WINDOW;
    /// @inheritdoc IDisputes
    uint40 public immutable RULING_WINDOW;
    /// @inheritdoc IDisputes
    uint64 public immutable DAILY_SLASH_CAP;

    mapping(uint32 quorumId => Day day) private _days;

    constructor(
        IEscrow escrow,
        uint40 appealWindow,
        uint40 rulingWindow,
        uint64 dailySlashCap
    ) DisputesBase(escrow) {
        if (dailySlashCap == 0) revert ZeroDailyCap();
        APPEAL_WINDOW = appealWindow;
        RULING_WINDOW = rulingWindow;
        DAILY_SLASH_CAP = dailySlashCap;
    }

    // ── Verdicts ────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IDisputes
    function submitVerdict(
        Verdict calldata verdict,
        OrderTerms calldata terms,
        CommitProof calldata proof,
        bytes calldata signatures
    ) external returns (bytes32 verdictId) {
        if (verdict.outcome != PROVIDER_FAULT) revert BadOutcome(verdict.outcome);
        bytes32 signed = hashCommit(
            verdict.orderId,
            verdict.shard,
            verdict.attempt,
            verdict.accused,
            proof.commitment,
            proof.sealedHash
        );
        _requireSigned(verdict.accused, signed, proof.signature);
        return _record(verdict, terms, signatures);
    }

    /// @inheritdoc IDisputes
    function submitValidatorVerdict(
        Verdict calldata verdict,
        OrderTerms calldata terms,
        AuditProof calldata proof,
        bytes calldata signatures
    ) external returns (bytes32 verdictId) {
        if (verdict.outcome != VALIDATOR_FAULT) revert BadOutcome(verdict.outcome);
        bytes32 commitment = commitmentOf(
            verdict.orderId,
            verdict.shard,
            verdict.attempt,
            proof.provider,
            proof.resultRoot,
            proof.salt
        );
        bytes32 signed = hashAuditCommit(commitment, proof.round, verdict.accused, proof.auditCommitment);
        _requireSigned(verdict.accused, signed, proof.signature);
        return _record(verdict, terms, signatures);
    }

    /// @inheritdoc IDisputes
    function finalizeVerdict(bytes32 verdictId) external nonReentrant returns (uint64 taken) {
        VerdictRecord storage record = _open(verdictId);
        if (block.timestamp < record.closesAt) revert TooEarly(record.closesAt);
        // A bench that did not rule in time leaves standing what stood, and that is not the appellant's fault.
        if (record.status == VerdictStatus.Appealed) _closeBond(verdictId, record, true);
        record.status = VerdictStatus.Pending;

        bool over = true;
        if (record.guilty) (taken, over) = _collect(verdictId, record);
        if (!over) return taken;
        record.status = VerdictStatus.Final;
        STAKES.release(record.accused, record.slash, record.guilty);
        emit VerdictFinalized(verdictId, record.accused, record.guilty);
    }

    // ── Appeals ─────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IDisputes
    function appeal(bytes32 verdictId) external nonReentrant {
        VerdictRecord storage record = _open(verdictId);
        if (record.status == VerdictStatus.Appealed) revert AppealUnderWay(verdictId);
        uint8 round = record.round;
        uint32 benchId = QUORUMS.appealOf(record.benchId);
        if (benchId == 0 || round >= MAX_APPEALS) revert NoAppeal(verdictId, round);
        if (block.timestamp >= record.closesAt) revert TooLate(record.closesAt);

        uint64 bond = bondOf(record.slash, round);
        uint40 ruleBy = uint40(block.timestamp) + RULING_WINDOW;
        record.status = VerdictStatus.Appealed;
        record.round = round + 1;
        record.closesAt = ruleBy;
        record.bond = bond;
        record.benchId = benchId;
        record.appellant = msg.sender;
        emit VerdictAppealed(verdictId, msg.sender, benchId, round + 1, bond, ruleBy);
        TOKEN.pull(msg.sender, bond);
    }

    /// @inheritdoc IDisputes
    function submitRuling(
        bytes32 verdictId,
        bool guilty,
        bytes32 evidence,
        bytes calldata signatures
    ) external {
        VerdictRecord storage record = _open(verdictId);
        if (record.status != VerdictStatus.Appealed) revert NotAppealed(verdictId);
        if (block.timestamp >= record.closesAt) revert TooLate(record.closesAt);
        uint8 round = record.round;
        uint32 benchId = record.benchId;
        QUORUMS.requireSigned(benchId, hashRuling(verdictId, round, guilty, evidence), signatures);

        _closeBond(verdictId, record, guilty != record.guilty);
        bool last = round >= MAX_APPEALS || QUORUMS.appealOf(benchId) == 0;
        uint40 closesAt = uint40(block.timestamp) + (last ? 0 : APPEAL_WINDOW);
        record.status = VerdictStatus.Pending;
        record.guilty = guilty;
        record.closesAt = closesAt;
        emit VerdictRuled(verdictId, benchId, guilty, closesAt, evidence);
    }

    // ── Views ───────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IDisputes
    function bondOf(uint64 slash, uint8 round) public pure returns (uint64) {
        uint256 bond = (((uint256(slash) << round) * APPEAL_BOND_BPS) + BPS - 1) / BPS;
        return bond < type(uint64).max ? uint64(bond) : type(uint64).max;
    }

    /// @inheritdoc IDisputes
    function leftToday(uint32 quorumId) public view returns (uint64) {
        Day memory day = _days[quorumId];
        return day.number == _today() ? DAILY_SLASH_CAP - day.taken : DAILY_SLASH_CAP;
    }

    // ── Internal ────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @dev Checks all that both kinds of verdict share, and starts the appeal window.
    function _record(
        Verdict calldata verdict,
        OrderTerms calldata terms,
        bytes calldata signatures
    ) private returns (bytes32 verdictId) {
        uint64 cap = slashCapOf(terms.maxAmount);
        if (verdict.slash == 0) revert ZeroSlash();
        if (verdict.slash > cap) revert SlashOverCap(verdict.slash, cap);
        _requireParties(verdict.accused, verdict.detector);
        bytes32 id = ESCROW.orderId(terms);
        if (id != verdict.orderId) revert WrongOrder(id, verdict.orderId);
        if (terms.quorumId != verdict.quorumId) revert WrongQuorum(verdict.quorumId, terms.quorumId);
        _requireOrder(id, terms);
        verdictId = verdictIdOf(id, verdict.shard, verdict.attempt, verdict.accused, verdict.outcome);
        VerdictRecord storage record = _verdicts[verdictId];
        if (record.status != VerdictStatus.None) revert VerdictExists(verdictId);
        QUORUMS.requireSigned(verdict.quorumId, hashVerdict(verdict), signatures);

        uint40 closesAt = uint40(block.timestamp) + APPEAL_WINDOW;
        record.status = VerdictStatus.Pending;
        record.outcome = verdict.outcome;
        record.guilty = true;
        record.closesAt = closesAt;
        record.slash = verdict.slash;
        record.quorumId = verdict.quorumId;
        record.accused = verdict.accused;
        record.benchId = verdict.quorumId;
        record.detector = verdict.detector;
        record.client = terms.client;
        emit VerdictSubmitted(verdictId, id, verdict.accused, verdict, closesAt);
        STAKES.hold(verdict.accused, verdict.slash);
    }

    /// @dev Takes as much of what is still due as the day allows. `over` tells whether there is nothing more to come:
    /// all was taken, or the stake is empty.
    function _collect(
        bytes32 verdictId,
        VerdictRecord storage record
    ) private returns (uint64 taken, bool over) {
        uint64 left = leftToday(record.quorumId);
        if (left == 0) revert DailyLimitReached(record.quorumId, (uint256(_today()) + 1) * 1 days);
        uint64 due = record.slash - record.collected;
        uint64 asked = due < left ? due : left;

        record.collected += asked;
        taken = _slash(verdictId, asked);
        _days[record.quorumId] = Day(_today(), DAILY_SLASH_CAP - left + taken);
        over = asked == due || taken < asked;
    }

    function _closeBond(bytes32 verdictId, VerdictRecord storage record, bool returned) private {
        uint64 bond = record.bond;
        record.bond = 0;
        if (returned) credit[record.appellant] += bond;
        else fundBalance += bond;
        emit BondClosed(verdictId, record.appellant, bond, returned);
    }

    function _open(bytes32 verdictId) private view returns (VerdictRecord storage record) {
        record = _verdicts[verdictId];
        if (record.status == VerdictStatus.None) revert VerdictUnknown(verdictId);
        if (record.status == VerdictStatus.Final) revert VerdictClosed(verdictId);
    }

    function _today() private view returns (uint64) {
        return uint64(block.timestamp / 1 days);
    }
}
