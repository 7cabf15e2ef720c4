// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Verdict} from "../interfaces/DisputeTypes.sol";

/// @title EIP-712 struct hashes of verdicts, and of what operators signed while they worked
library EvidenceLib {
    bytes32 internal constant VERDICT_TYPEHASH = keccak256(
        "Verdict(bytes32 orderId,uint32 shard,uint32 attempt,address accused,uint8 outcome,uint64 slash,address detector,uint32 quorumId,bytes32 evidence)"
    );
    bytes32 internal constant RULING_TYPEHASH = keccak256(
        "Ruling(bytes32 verdictId,uint8 round,bool guilty,bytes32 evidence)"
    );
    bytes32 internal constant COMMIT_TYPEHASH = keccak256(
        "Commit(bytes32 orderId,uint32 shard,uint32 attempt,address provider,bytes32 commitment,bytes32 sealedHash)"
    );
    bytes32 internal constant AUDIT_COMMIT_TYPEHASH = keccak256(
        "AuditCommit(bytes32 commitment,uint8 round,address validator,bytes32 auditCommitment)"
    );
    bytes32 internal constant COMMITMENT_TAG = keccak256("assay/commit/1");

    /// @notice EIP-712 struct hash of a verdict.
    function hash(Verdict calldata verdict) internal pure returns (bytes32) {
        return keccak256(abi.encode(VERDICT_TYPEHASH, verdict));
    }

    /// @notice EIP-712 struct hash of a ruling on appeal.
    function hashRuling(
        bytes32 verdictId,
        uint8 round,
        bool guilty,
        bytes32 evidence
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(RULING_TYPEHASH, verdictId, round, guilty, evidence));
    }

    /// @notice EIP-712 struct hash of a provider's commit.
    function hashCommit(
        bytes32 orderId,
        uint32 shard,
        uint32 attempt,
        address provider,
        bytes32 commitment,
        bytes32 sealedHash
    ) internal pure returns (bytes32) {
        return
            keccak256(abi.encode(COMMIT_TYPEHASH, orderId, shard, attempt, provider, commitment, sealedHash));
    }

    /// @notice EIP-712 struct hash of a validator's blind audit.
    function hashAuditCommit(
        bytes32 commitment,
        uint8 round,
        address validator,
        bytes32 auditCommitment
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(AUDIT_COMMIT_TYPEHASH, commitment, round, validator, auditCommitment));
    }
}
