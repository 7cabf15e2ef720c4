// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    AuditProof,
    CommitProof,
    ConflictingAuditsProof,
    EquivocationProof,
    SignedBatch,
    Verdict,
    VerdictStatus
} from "../../../src/interfaces/DisputeTypes.sol";
import {AppealHandler} from "./AppealHandler.sol";
import {OperatorGhost, VerdictGhost} from "./Ghost.sol";
import {Case} from "./VerdictHandler.sol";

/// @title Operators that sign two things that contradict each other, and people who only say so
/// @notice In each, `fault` is what is wrong with the proof; from `SOUND` on nothing is.
abstract contract ProofHandler is AppealHandler {
    uint256 private constant SOUND = 5;

    /// @dev Faults: the same commit twice (0), another signer (1), another attempt (2), the reporter is accused (3), one
    /// commitment sealed twice (4).
    function proveEquivocation(uint256 x) external action {
        if (_orders.length == 0) return;
        Case memory case_ = _case(x, x, 1);
        case_.verdict.outcome = 3;
        uint256 fault = _draw(x, 30) % 10;
        EquivocationProof memory proof;
        proof.shard = case_.verdict.shard;
        proof.attempt = case_.verdict.attempt;
        proof.provider = case_.verdict.accused;
        proof.first = _commit(case_, 1, SOUND);
        proof.second = _commit(case_, fault == 0 || fault == 4 ? 1 : 2, fault);
        bytes memory call = abi.encodeCall(
            disputes.proveEquivocation,
            (proof, case_.terms, _reporter(case_, fault))
        );
        _prove(case_, call, fault);
    }

    /// @dev Faults: the same answer twice (0), another signer (1), another round (2), the reporter is accused (3), another
    /// commitment under audit (4).
    function proveConflictingAudits(uint256 x) external action {
        if (_orders.length == 0) return;
        Case memory case_ = _case(x, x, 2);
        case_.verdict.outcome = 4;
        uint256 fault = _draw(x, 30) % 10;
        ConflictingAuditsProof memory proof;
        proof.shard = case_.verdict.shard;
        proof.attempt = case_.verdict.attempt;
        proof.validator = case_.verdict.accused;
        proof.first = _audit(case_, 1, SOUND);
        if (fault == 4) case_.opening.resultRoot = ~case_.opening.resultRoot;
        proof.second = _audit(case_, fault == 0 ? 1 : 2, fault);
        bytes memory call = abi.encodeCall(
            disputes.proveConflictingAudits,
            (proof, case_.terms, _reporter(case_, fault))
        );
        _prove(case_, call, fault);
    }

    /// @dev Faults: one batch twice (0), another signer (1), the order is charged alike beside others (2), the reporter
    /// is accused (3), another order is meant (4). Sound are other charges, and batches of this order alone that differ anywhere.
    function proveConflictingBatches(uint256 x) external action {
        if (_orders.length == 0) return;
        Case memory case_ = _case(x, x, 2);
        case_.verdict.outcome = 5;
        (case_.verdict.shard, case_.verdict.attempt) = (0, 0);
        uint256 fault = _draw(x, 30) % 10;
        bool alone = fault != 2 && _chance(x, 31, 2);
        uint64 more = fault == 0 || fault == 2 || alone ? 0 : 1;
        SignedBatch memory first = _batch(case_, 7, alone, 1, SOUND);
        SignedBatch memory second = _batch(case_, 7 + more, alone, fault == 0 ? 1 : 2, fault);
        if (fault == 4) second.position = alone ? 1 : 0;
        bytes memory call = abi.encodeCall(
            disputes.proveConflictingBatches,
            (case_.verdict.accused, first, second, case_.terms, _reporter(case_, fault))
        );
        _prove(case_, call, fault);
    }

    // ── Statements ──────────────────────────────────────────────────────────────────────────────────────────────────

    function _commit(
        Case memory case_,
        uint256 answer,
        uint256 fault
    ) private view returns (CommitProof memory proof) {
        Verdict memory verdict = case_.verdict;
        proof.commitment = keccak256(abi.encode(verdict.evidence, answer));
        proof.sealedHash = bytes32(uint256(fault == 4 ? 1 : 0));
        bytes32 signed = disputes.hashCommit(
            verdict.orderId,
            verdict.shard,
            fault == 2 ? verdict.attempt + 1 : verdict.attempt,
            verdict.accused,
            proof.commitment,
            proof.sealedHash
        );
        proof.signature = _sign(_signer(case_, fault), signed);
    }

    function _audit(
        Case memory case_,
        uint256 answer,
        uint256 fault
    ) private view returns (AuditProof memory proof) {
        proof.provider = case_.opening.provider;
        proof.resultRoot = case_.opening.resultRoot;
        proof.salt = case_.opening.salt;
        proof.round = fault == 2 ? 1 : 0;
        proof.auditCommitment = keccak256(abi.encode(case_.verdict.evidence, answer));
        bytes32 signed = disputes.hashAuditCommit(
            keccak256(abi.encode(case_.opening)),
            proof.round,
            case_.verdict.accused,
            proof.auditCommitment
        );
        proof.signature = _sign(_signer(case_, fault), signed);
    }

    function _batch(
        Case memory case_,
        uint64 charged,
        bool alone,
        uint256 root,
        uint256 fault
    ) private view returns (SignedBatch memory signed) {
        signed.batch.aggregator = case_.terms.aggregator;
        signed.batch.quorumId = case_.terms.quorumId;
        if (!alone) {
            signed.batch.orders = abi.encodePacked(bytes32(uint256(1)), uint64(1));
            signed.position = 1;
        }
        signed.batch.orders = abi.encodePacked(signed.batch.orders, case_.verdict.orderId, charged);
        signed.batch.resultsRoot = bytes32(root);
        signed.signature = _sign(_signer(case_, fault), escrow.hashBatch(signed.batch));
    }

    function _signer(Case memory case_, uint256 fault) private view returns (uint256) {
        return fault == 1 ? WRONG_KEY : _operators[case_.accused].key;
    }

    function _reporter(Case memory case_, uint256 fault) private pure returns (address) {
        return fault == 3 ? case_.verdict.accused : case_.verdict.detector;
    }

    // ── Ghost ───────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @dev A sound proof convicts at once, of all that the order allows; the day has no say.
    function _prove(Case memory case_, bytes memory call, uint256 fault) private {
        Verdict memory verdict = case_.verdict;
        OperatorGhost storage accused = _operators[case_.accused];
        bool may = fault >= SOUND && case_.known && verdict.detector != verdict.accused;
        may = may && time <= uint256(case_.terms.refundAt) + VERDICT_WINDOW;
        may = may && _verdictAt[_verdictIdOf(verdict)] == 0;
        may = may && (_hasNothing(accused) || _moves(address(stakes), address(disputes)));
        if (!_judge(_as(STRANGER, address(disputes), call), may, 18, "a proof")) return;
        uint64 slash = case_.terms.maxAmount * SLASH_MULTIPLE;
        VerdictGhost storage ghost = _newVerdict(case_, slash);
        ghost.status = VerdictStatus.Final;
        ghost.closesAt = uint40(time);
        ghost.collected = slash;
        _take(ghost, slash);
        ++accused.convictions;
    }
}
