// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SettlementBatch} from "./OrderTypes.sol";

/// @notice What a quorum decides about one fault.
/// @param orderId The order in which it happened.
/// @param shard The shard.
/// @param attempt The attempt.
/// @param accused The operator at fault.
/// @param outcome 1 provider fault, 2 validator fault.
/// @param slash USDC base units to take; if the accused has less, all it has.
/// @param detector Who found the fault; gets 40 % of what is taken.
/// @param quorumId The quorum that signs: the one the order's terms name.
/// @param evidence Hash of the evidence kept off chain.
struct Verdict {
    bytes32 orderId;
    uint32 shard;
    uint32 attempt;
    address accused;
    uint8 outcome;
    uint64 slash;
    address detector;
    uint32 quorumId;
    bytes32 evidence;
}

/// @notice The accused provider's own signed `Commit`: it took part in this attempt of this order, and so accepted the
/// order's quorum as its judge.
/// @param commitment As signed.
/// @param sealedHash As signed.
/// @param signature The provider's, 65 bytes (r, s, v).
struct CommitProof {
    bytes32 commitment;
    bytes32 sealedHash;
    bytes signature;
}

/// @notice The accused validator's own signed `AuditCommit`, with the opening of the provider's commitment that shows to
/// which attempt of which order it belongs. A commitment copied into another order does not open there.
/// @param provider The provider that was audited.
/// @param resultRoot Opening of the provider's commitment.
/// @param salt Opening of the provider's commitment.
/// @param round As signed.
/// @param auditCommitment As signed.
/// @param signature The validator's, 65 bytes (r, s, v).
struct AuditProof {
    address provider;
    bytes32 resultRoot;
    bytes32 salt;
    uint8 round;
    bytes32 auditCommitment;
    bytes signature;
}

/// @notice Two commits of one provider to different results of one attempt: a conviction by arithmetic.
/// @param shard As signed.
/// @param attempt As signed.
/// @param provider The accused.
/// @param first One commit.
/// @param second The other, with another commitment.
struct EquivocationProof {
    uint32 shard;
    uint32 attempt;
    address provider;
    CommitProof first;
    CommitProof second;
}

/// @notice Two blind audits by one validator of one commitment in one round, with different answers.
/// @param shard Of the audited attempt.
/// @param attempt Of the audited attempt.
/// @param validator The accused.
/// @param first One audit.
/// @param second The other; same provider, opening and round, another `auditCommitment`.
struct ConflictingAuditsProof {
    uint32 shard;
    uint32 attempt;
    address validator;
    AuditProof first;
    AuditProof second;
}

/// @notice A settlement that a validator signed.
/// @param batch The batch.
/// @param position Which of its order records is meant, from 0.
/// @param signature The validator's, 65 bytes (r, s, v).
struct SignedBatch {
    SettlementBatch batch;
    uint256 position;
    bytes signature;
}

/// @notice Life of a verdict. `Pending`: stands, and can be appealed before `closesAt`. `Appealed`: waits for a ruling
/// before `closesAt`. `Final`: carried out, or overturned.
enum VerdictStatus {
    None,
    Pending,
    Appealed,
    Final
}

/// @notice A recorded verdict.
/// @param status Where it is in its life.
/// @param outcome Which fault, see `IDisputes`.
/// @param guilty What stands now; an appeal can turn it.
/// @param round How many appeals there were.
/// @param closesAt Unix time at which the current step ends; from then on anyone may finalize.
/// @param slash What is to be taken.
/// @param collected How much of that was asked of the stake so far.
/// @param quorumId The order's quorum.
/// @param accused The operator at fault.
/// @param bond What the appellant put down for the appeal that waits for its ruling.
/// @param benchId The quorum that heard, or will hear, the latest appeal; at first the order's.
/// @param detector Who found the fault.
/// @param client Client of the order, recomputed from its terms.
/// @param appellant Who appealed last.
struct VerdictRecord {
    VerdictStatus status;
    uint8 outcome;
    bool guilty;
    uint8 round;
    uint40 closesAt;
    uint64 slash;
    uint64 collected;
    uint32 quorumId;
    address accused;
    uint64 bond;
    uint32 benchId;
    address detector;
    address client;
    address appellant;
}
