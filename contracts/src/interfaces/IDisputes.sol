// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEscrow, OrderTerms} from "./IEscrow.sol";
import {IQuorums} from "./IQuorums.sol";
import {IStakes} from "./IStakes.sol";

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

/// @notice Life of a verdict.
enum VerdictStatus {
    None,
    Pending,
    Final
}

/// @notice A recorded verdict.
/// @param status Where it is in its life.
/// @param outcome As signed.
/// @param finalizeAt Unix time from which anyone may carry it out.
/// @param slash As signed.
/// @param accused As signed.
/// @param detector As signed.
/// @param client Client of the order, recomputed from its terms.
struct VerdictRecord {
    VerdictStatus status;
    uint8 outcome;
    uint40 finalizeAt;
    uint64 slash;
    address accused;
    address detector;
    address client;
}

/// @title Disputes: turns a quorum's verdict into a slash, after an appeal window
/// @notice The only contract that can slash. A verdict must come within `VERDICT_WINDOW` of the order's `refundAt`, so that
/// nobody stays liable to validators who have long left. It needs the signatures of the order's own quorum *and* the accused's
/// own signature from that order, so a quorum can only judge those who worked under it. One verdict per order, shard,
/// attempt and accused. Of what is taken, 40 % goes to the detector, 10 % to the client and the rest to a fund that
/// nobody can withdraw: at most half of a slash returns to anyone able to cause the case.
/// @dev Digests are EIP-712 under the escrow's domain separator:
/// - `Verdict(bytes32 orderId,uint32 shard,uint32 attempt,address accused,uint8 outcome,uint64 slash,address detector,uint32 quorumId,bytes32 evidence)`
/// - `Commit(bytes32 orderId,uint32 shard,uint32 attempt,address provider,bytes32 commitment,bytes32 sealedHash)`
/// - `AuditCommit(bytes32 commitment,uint8 round,address validator,bytes32 auditCommitment)`
/// A commitment is `keccak256(abi.encode(keccak256("assay/commit/1"), chainId, escrow, orderId, shard, attempt, provider,
/// resultRoot, salt))`. The token assumptions are in `IUsdc`.
interface IDisputes {
    /// @notice A verdict was recorded.
    /// @param verdictId Its id.
    /// @param orderId The order.
    /// @param accused The operator at fault.
    /// @param verdict What the quorum signed.
    /// @param finalizeAt When it can be carried out.
    event VerdictSubmitted(
        bytes32 indexed verdictId,
        bytes32 indexed orderId,
        address indexed accused,
        Verdict verdict,
        uint40 finalizeAt
    );
    /// @notice A verdict was carried out.
    /// @param verdictId Its id.
    /// @param accused The operator at fault.
    /// @param taken USDC base units slashed.
    /// @param toDetector Part credited to the detector.
    /// @param toClient Part credited to the client.
    /// @param toFund Part that stays in the fund.
    event VerdictFinalized(
        bytes32 indexed verdictId,
        address indexed accused,
        uint64 taken,
        uint64 toDetector,
        uint64 toClient,
        uint64 toFund
    );
    /// @notice A share of a slash was withdrawn.
    /// @param owner Whose credit it was.
    /// @param to The address that received it.
    /// @param amount USDC base units.
    event CreditWithdrawn(address indexed owner, address indexed to, uint256 amount);

    /// @notice The stakes contract does not name this contract as its slasher.
    error NotSlasher(address slasher);
    /// @notice The parts were deployed around different stakes or quorums contracts.
    error WiredApart();
    /// @notice Stake could leave before the appeal window ends.
    error AppealOutlastsStake(uint40 appealWindow, uint40 unbondingDelay);
    /// @notice The outcome does not belong to this function.
    error BadOutcome(uint8 outcome);
    /// @notice A verdict that takes nothing.
    error ZeroSlash();
    /// @notice The terms do not hash to the verdict's order.
    error WrongOrder(bytes32 got, bytes32 want);
    /// @notice The verdict's quorum is not the one the order's terms name.
    error WrongQuorum(uint32 got, uint32 want);
    /// @notice The order was never funded.
    error OrderUnknown(bytes32 orderId);
    /// @notice The accused is not an operator.
    error NotOperator(address accused);
    /// @notice The accused cannot earn the detector's share.
    error DetectorIsAccused(address accused);
    /// @notice The zero address cannot be the detector.
    error ZeroDetector();
    /// @notice The accused did not sign what the proof says.
    error NotInvolved(address accused);
    /// @notice This accused was judged for this attempt before.
    error VerdictExists(bytes32 verdictId);
    /// @notice No such verdict.
    error VerdictUnknown(bytes32 verdictId);
    /// @notice The verdict was carried out before.
    error VerdictClosed(bytes32 verdictId);
    /// @notice Not allowed before `opensAt`.
    error TooEarly(uint256 opensAt);
    /// @notice Not allowed after `closedAt`.
    error TooLate(uint256 closedAt);
    /// @notice Nothing to withdraw.
    error NothingToWithdraw();

    /// @notice Records a provider fault (outcome 1). Anyone may submit it.
    /// @dev Reverts with `BadOutcome`, `ZeroSlash`, `ZeroDetector`, `DetectorIsAccused`, `WrongOrder`, `WrongQuorum`,
    /// `OrderUnknown`, `TooLate`, `NotOperator`, `NotInvolved`, `VerdictExists`, or an error of `IQuorums.verify`.
    /// @param verdict What the quorum signed.
    /// @param terms The order's terms.
    /// @param proof The accused's own commit.
    /// @param signatures Quorum signatures over `hashVerdict(verdict)`, as `IQuorums.verify` asks for.
    /// @return verdictId Id for `finalizeVerdict`.
    function submitVerdict(
        Verdict calldata verdict,
        OrderTerms calldata terms,
        CommitProof calldata proof,
        bytes calldata signatures
    ) external returns (bytes32 verdictId);

    /// @notice Records a validator fault (outcome 2). Anyone may submit it.
    /// @dev Reverts as `submitVerdict` does.
    /// @param verdict What the quorum signed.
    /// @param terms The order's terms.
    /// @param proof The accused's own audit commit.
    /// @param signatures Quorum signatures over `hashVerdict(verdict)`, as `IQuorums.verify` asks for.
    /// @return verdictId Id for `finalizeVerdict`.
    function submitValidatorVerdict(
        Verdict calldata verdict,
        OrderTerms calldata terms,
        AuditProof calldata proof,
        bytes calldata signatures
    ) external returns (bytes32 verdictId);

    /// @notice Carries a verdict out, at or after its `finalizeAt`. Anyone may call.
    /// @dev Shares are rounded down; the fund gets the rest. Reverts with `VerdictUnknown`, `VerdictClosed`, `TooEarly`.
    /// @param verdictId The verdict.
    /// @return taken USDC base units slashed.
    function finalizeVerdict(bytes32 verdictId) external returns (uint64 taken);

    /// @notice Pays the caller's shares of slashes to an address of its choice.
    /// @param to Where to.
    /// @return amount USDC base units paid.
    function withdrawCredit(address to) external returns (uint256 amount);

    /// @notice The id under which a verdict is recorded.
    /// @param orderId The order.
    /// @param shard The shard.
    /// @param attempt The attempt.
    /// @param accused The operator at fault.
    /// @return keccak256 of the four.
    function verdictIdOf(
        bytes32 orderId,
        uint32 shard,
        uint32 attempt,
        address accused
    ) external pure returns (bytes32);

    /// @notice A recorded verdict; all zero if there is none.
    /// @param verdictId Its id.
    /// @return The record.
    function verdictOf(bytes32 verdictId) external view returns (VerdictRecord memory);

    /// @notice The digest that a quorum signs.
    /// @param verdict The verdict.
    /// @return EIP-712 digest.
    function hashVerdict(Verdict calldata verdict) external view returns (bytes32);

    /// @notice The digest that a provider signs for its commit.
    /// @param orderId The order.
    /// @param shard The shard.
    /// @param attempt The attempt.
    /// @param provider The signer.
    /// @param commitment The salted commitment to its result.
    /// @param sealedHash Hash of the sealed output.
    /// @return EIP-712 digest.
    function hashCommit(
        bytes32 orderId,
        uint32 shard,
        uint32 attempt,
        address provider,
        bytes32 commitment,
        bytes32 sealedHash
    ) external view returns (bytes32);

    /// @notice The digest that a validator signs for its blind audit.
    /// @param commitment The provider's commitment under audit.
    /// @param round The audit round.
    /// @param validator The signer.
    /// @param auditCommitment The validator's own salted commitment.
    /// @return EIP-712 digest.
    function hashAuditCommit(
        bytes32 commitment,
        uint8 round,
        address validator,
        bytes32 auditCommitment
    ) external view returns (bytes32);

    /// @notice The commitment that a provider's result root and salt open.
    /// @param orderId The order.
    /// @param shard The shard.
    /// @param attempt The attempt.
    /// @param provider The provider.
    /// @param resultRoot Merkle root of the result.
    /// @param salt The provider's salt.
    /// @return The commitment.
    function commitmentOf(
        bytes32 orderId,
        uint32 shard,
        uint32 attempt,
        address provider,
        bytes32 resultRoot,
        bytes32 salt
    ) external view returns (bytes32);

    /// @notice What an address can withdraw.
    /// @param owner The address.
    /// @return USDC base units.
    function credit(address owner) external view returns (uint256);

    /// @notice Slashed money that belongs to nobody and cannot be withdrawn.
    /// @return USDC base units.
    function fundBalance() external view returns (uint256);

    /// @notice The escrow whose orders are judged and whose EIP-712 domain is used.
    /// @return The contract.
    function ESCROW() external view returns (IEscrow);

    /// @notice Where stake is taken from.
    /// @return The contract.
    function STAKES() external view returns (IStakes);

    /// @notice Whose signatures count.
    /// @return The contract.
    function QUORUMS() external view returns (IQuorums);

    /// @notice Time between recording a verdict and carrying it out.
    /// @return Seconds.
    function APPEAL_WINDOW() external view returns (uint40);

    /// @notice Time after an order's `refundAt` in which verdicts on it are still taken.
    /// @return Seconds.
    function VERDICT_WINDOW() external view returns (uint40);

    /// @notice The detector's share.
    /// @return Basis points.
    function DETECTOR_BPS() external view returns (uint16);

    /// @notice The client's share.
    /// @return Basis points.
    function CLIENT_BPS() external view returns (uint16);
}
