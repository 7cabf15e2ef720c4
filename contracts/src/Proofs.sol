// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DisputesBase} from "./DisputesBase.sol";
import {
    AuditProof,
    ConflictingAuditsProof,
    EquivocationProof,
    SignedBatch,
    VerdictRecord,
    VerdictStatus
} from "./interfaces/DisputeTypes.sol";
import {IProofs} from "./interfaces/IProofs.sol";
import {OrderTerms, SettlementBatch} from "./interfaces/OrderTypes.sol";
import {BatchCodec} from "./libraries/BatchCodec.sol";

/// @title Proofs
/// @notice Convictions by arithmetic: two signatures of one operator that cannot both be honest. See `IDisputes`.
abstract contract Proofs is DisputesBase {
    using BatchCodec for bytes;

    uint8 private constant EQUIVOCATION = 3;
    uint8 private constant CONFLICTING_AUDITS = 4;
    uint8 private constant CONFLICTING_BATCHES = 5;

    /// @dev Which fault of whom, and what it may cost.
    struct Fault {
        bytes32 orderId;
        uint32 shard;
        uint32 attempt;
        address accused;
        uint8 outcome;
    }

    /// @inheritdoc IProofs
    function proveEquivocation(
        EquivocationProof calldata proof,
        OrderTerms calldata terms,
        address reporter
    ) external nonReentrant returns (uint64 taken) {
        // Sealing the same result twice gives two sealed hashes; only another commitment is another answer.
        if (proof.first.commitment == proof.second.commitment) revert NoConflict();
        Fault memory fault = Fault(
            ESCROW.orderId(terms),
            proof.shard,
            proof.attempt,
            proof.provider,
            EQUIVOCATION
        );
        _requireSigned(
            proof.provider,
            _commitDigest(fault, proof.first.commitment, proof.first.sealedHash),
            proof.first.signature
        );
        _requireSigned(
            proof.provider,
            _commitDigest(fault, proof.second.commitment, proof.second.sealedHash),
            proof.second.signature
        );
        return _convict(fault, terms, reporter);
    }

    /// @inheritdoc IProofs
    function proveConflictingAudits(
        ConflictingAuditsProof calldata proof,
        OrderTerms calldata terms,
        address reporter
    ) external nonReentrant returns (uint64 taken) {
        if (proof.first.auditCommitment == proof.second.auditCommitment) revert NoConflict();
        if (proof.first.round != proof.second.round) revert NoConflict();
        Fault memory fault = Fault(
            ESCROW.orderId(terms),
            proof.shard,
            proof.attempt,
            proof.validator,
            CONFLICTING_AUDITS
        );
        // Audits of two commitments, which an equivocating provider can ask for, have two honest answers.
        if (_requireAudit(fault, proof.first) != _requireAudit(fault, proof.second)) revert NoConflict();
        return _convict(fault, terms, reporter);
    }

    /// @inheritdoc IProofs
    function proveConflictingBatches(
        address validator,
        SignedBatch calldata first,
        SignedBatch calldata second,
        OrderTerms calldata terms,
        address reporter
    ) external nonReentrant returns (uint64 taken) {
        Fault memory fault = Fault(ESCROW.orderId(terms), 0, 0, validator, CONFLICTING_BATCHES);
        (bytes32 digestA, uint256 chargedA) = _requireSettlement(fault, first);
        (bytes32 digestB, uint256 chargedB) = _requireSettlement(fault, second);
        if (digestA == digestB) revert NoConflict();
        if (chargedA == chargedB && !(_isSole(first.batch) && _isSole(second.batch))) revert NoConflict();
        return _convict(fault, terms, reporter);
    }

    /// @dev Takes the most that the order allows, at once: nothing here is a matter of judgement.
    function _convict(
        Fault memory fault,
        OrderTerms calldata terms,
        address reporter
    ) private returns (uint64 taken) {
        _requireParties(fault.accused, reporter);
        _requireOrder(fault.orderId, terms);
        bytes32 id = verdictIdOf(fault.orderId, fault.shard, fault.attempt, fault.accused, fault.outcome);
        VerdictRecord storage record = _verdicts[id];
        if (record.status != VerdictStatus.None) revert VerdictExists(id);

        uint64 slash = slashCapOf(terms.maxAmount);
        record.status = VerdictStatus.Final;
        record.outcome = fault.outcome;
        record.guilty = true;
        record.closesAt = uint40(block.timestamp);
        record.slash = slash;
        record.collected = slash;
        record.quorumId = terms.quorumId;
        record.accused = fault.accused;
        record.detector = reporter;
        record.client = terms.client;
        emit FaultProven(id, fault.orderId, fault.accused, fault.outcome, slash);
        STAKES.hold(fault.accused, slash);
        taken = _slash(id, slash);
        STAKES.release(fault.accused, slash, true);
        emit VerdictFinalized(id, fault.accused, true);
    }

    function _commitDigest(
        Fault memory fault,
        bytes32 commitment,
        bytes32 sealedHash
    ) private view returns (bytes32) {
        return hashCommit(fault.orderId, fault.shard, fault.attempt, fault.accused, commitment, sealedHash);
    }

    /// @dev Returns the commitment under audit, of this attempt of this order by its opening.
    function _requireAudit(
        Fault memory fault,
        AuditProof calldata audit
    ) private view returns (bytes32 commitment) {
        commitment = commitmentOf(
            fault.orderId,
            fault.shard,
            fault.attempt,
            audit.provider,
            audit.resultRoot,
            audit.salt
        );
        bytes32 digest = hashAuditCommit(commitment, audit.round, fault.accused, audit.auditCommitment);
        _requireSigned(fault.accused, digest, audit.signature);
    }

    function _requireSettlement(
        Fault memory fault,
        SignedBatch calldata signed
    ) private view returns (bytes32 digest, uint256 charged) {
        uint256 count = signed.batch.orders.orderCount();
        if (signed.position >= count) revert WrongOrder(bytes32(0), fault.orderId);
        bytes32 id;
        (id, charged) = signed.batch.orders.orderAt(signed.position);
        if (id != fault.orderId) revert WrongOrder(id, fault.orderId);
        digest = _digest(BatchCodec.hash(signed.batch));
        _requireSigned(fault.accused, digest, signed.signature);
    }

    /// @dev Whether a batch settles one order and nothing else, so that all of it is about that order.
    function _isSole(SettlementBatch calldata batch) private pure returns (bool) {
        return batch.orders.length == BatchCodec.ORDER_BYTES && batch.tabs.length == 0;
    }
}
