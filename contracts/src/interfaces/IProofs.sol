// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ConflictingAuditsProof, EquivocationProof, SignedBatch} from "./DisputeTypes.sol";
import {OrderTerms} from "./OrderTypes.sol";

/// @title Proofs: convictions by arithmetic
/// @notice An operator signed two things that cannot both be honest. Anyone proves it, without a quorum and without appeal,
/// and the most that the order allows is taken at once. See `IDisputes` for what becomes of it.
interface IProofs {
    /// @notice An operator was convicted by proof.
    /// @param verdictId Under which it is recorded.
    /// @param orderId The order.
    /// @param accused The operator at fault.
    /// @param outcome 3, 4 or 5.
    /// @param slash What was to be taken.
    event FaultProven(
        bytes32 indexed verdictId,
        bytes32 indexed orderId,
        address indexed accused,
        uint8 outcome,
        uint64 slash
    );
    /// @notice The two statements do not contradict each other.
    error NoConflict();

    /// @notice Proves that a provider committed to two results of one attempt (outcome 3). Anyone may.
    /// @dev Whoever sees the proof can copy it: a rival may earn the reporter's share, but the slash is the same. Reverts
    /// with `NoConflict`, `ZeroDetector`, `DetectorIsAccused`, `OrderUnknown`, `TooLate`, `NotOperator`, `NotInvolved`,
    /// `VerdictExists`.
    /// @param proof The two commits.
    /// @param terms The order's terms.
    /// @param reporter Who earns the detector's share.
    /// @return taken USDC base units slashed.
    function proveEquivocation(
        EquivocationProof calldata proof,
        OrderTerms calldata terms,
        address reporter
    ) external returns (uint64 taken);

    /// @notice Proves that a validator answered one blind audit twice (outcome 4). Anyone may.
    /// @dev Reverts as `proveEquivocation` does.
    /// @param proof The two audits.
    /// @param terms The order's terms.
    /// @param reporter Who earns the detector's share.
    /// @return taken USDC base units slashed.
    function proveConflictingAudits(
        ConflictingAuditsProof calldata proof,
        OrderTerms calldata terms,
        address reporter
    ) external returns (uint64 taken);

    /// @notice Proves that a validator signed two settlements of one order (outcome 5). Anyone may.
    /// @dev They conflict if the order is charged differently, or if both settle that order alone and differ at all.
    /// Reverts as `proveEquivocation` does, with `WrongOrder` or with `BadLength`.
    /// @param validator The accused.
    /// @param first One signed settlement.
    /// @param second The other.
    /// @param terms The order's terms.
    /// @param reporter Who earns the detector's share.
    /// @return taken USDC base units slashed.
    function proveConflictingBatches(
        address validator,
        SignedBatch calldata first,
        SignedBatch calldata second,
        OrderTerms calldata terms,
        address reporter
    ) external returns (uint64 taken);
}
