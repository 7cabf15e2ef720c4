// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {
    AuditProof,
    CommitProof,
    IDisputes,
    Verdict,
    VerdictRecord,
    VerdictStatus
} from "./interfaces/IDisputes.sol";
import {IEscrow, OrderStatus, OrderTerms} from "./interfaces/IEscrow.sol";
import {IQuorums} from "./interfaces/IQuorums.sol";
import {IStakes} from "./interfaces/IStakes.sol";
import {IUsdc} from "./interfaces/IUsdc.sol";
import {EvidenceLib} from "./libraries/EvidenceLib.sol";
import {QuorumLib} from "./libraries/QuorumLib.sol";

/// @title Disputes
/// @notice See `IDisputes`.
contract Disputes is IDisputes, ReentrancyGuardTransient {
    using QuorumLib for IQuorums;
    using SafeERC20 for IUsdc;

    /// @inheritdoc IDisputes
    uint16 public constant DETECTOR_BPS = 4_000;
    /// @inheritdoc IDisputes
    uint16 public constant CLIENT_BPS = 1_000;

    /// @inheritdoc IDisputes
    uint40 public constant VERDICT_WINDOW = 3 days;

    uint256 private constant BPS = 10_000;
    uint8 private constant PROVIDER_FAULT = 1;
    uint8 private constant VALIDATOR_FAULT = 2;

    /// @inheritdoc IDisputes
    IEscrow public immutable ESCROW;
    /// @inheritdoc IDisputes
    IStakes public immutable STAKES;
    /// @inheritdoc IDisputes
    IQuorums public immutable QUORUMS;
    /// @inheritdoc IDisputes
    uint40 public immutable APPEAL_WINDOW;

    IUsdc private immutable TOKEN;

    /// @inheritdoc IDisputes
    uint256 public fundBalance;
    /// @inheritdoc IDisputes
    mapping(address owner => uint256 amount) public credit;
    mapping(bytes32 verdictId => VerdictRecord record) private _verdicts;

    constructor(IEscrow escrow, uint40 appealWindow) {
        IStakes stakes = escrow.STAKES();
        IQuorums quorums = escrow.QUORUMS();
        if (stakes.DISPUTES() != address(this)) revert NotSlasher(stakes.DISPUTES());
        if (address(quorums.STAKES()) != address(stakes)) revert WiredApart();
        if (address(stakes.TOKEN()) != address(escrow.TOKEN())) revert WiredApart();
        if (appealWindow > stakes.UNBONDING_DELAY())
            revert AppealOutlastsStake(appealWindow, stakes.UNBONDING_DELAY());
        ESCROW = escrow;
        STAKES = stakes;
        QUORUMS = quorums;
        TOKEN = escrow.TOKEN();
        APPEAL_WINDOW = appealWindow;
    }

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
        VerdictRecord memory record = _verdicts[verdictId];
        if (record.status == VerdictStatus.None) revert VerdictUnknown(verdictId);
        if (record.status == VerdictStatus.Final) revert VerdictClosed(verdictId);
        if (block.timestamp < record.finalizeAt) revert TooEarly(record.finalizeAt);

        _verdicts[verdictId].status = VerdictStatus.Final;
        // Interaction before the remaining effects: only the stakes contract knows how much there was to take.
        taken = STAKES.slash(record.accused, record.slash);
        uint64 toDetector = _shareDown(taken, DETECTOR_BPS);
        uint64 toClient = _shareDown(taken, CLIENT_BPS);
        uint64 toFund = taken - toDetector - toClient;
        credit[record.detector] += toDetector;
        credit[record.client] += toClient;
        fundBalance += toFund;
        emit VerdictFinalized(verdictId, record.accused, taken, toDetector, toClient, toFund);
    }

    /// @inheritdoc IDisputes
    function withdrawCredit(address to) external nonReentrant returns (uint256 amount) {
        amount = credit[msg.sender];
        if (amount == 0) revert NothingToWithdraw();

        credit[msg.sender] = 0;
        emit CreditWithdrawn(msg.sender, to, amount);
        TOKEN.safeTransfer(to, amount);
    }

    /// @inheritdoc IDisputes
    function verdictOf(bytes32 verdictId) external view returns (VerdictRecord memory) {
        return _verdicts[verdictId];
    }

    /// @inheritdoc IDisputes
    function verdictIdOf(
        bytes32 orderId,
        uint32 shard,
        uint32 attempt,
        address accused
    ) public pure returns (bytes32) {
        return keccak256(abi.encode(orderId, shard, attempt, accused));
    }

    /// @inheritdoc IDisputes
    function hashVerdict(Verdict calldata verdict) public view returns (bytes32) {
        return _digest(EvidenceLib.hash(verdict));
    }

    /// @inheritdoc IDisputes
    function hashCommit(
        bytes32 orderId,
        uint32 shard,
        uint32 attempt,
        address provider,
        bytes32 commitment,
        bytes32 sealedHash
    ) public view returns (bytes32) {
        return _digest(EvidenceLib.hashCommit(orderId, shard, attempt, provider, commitment, sealedHash));
    }

    /// @inheritdoc IDisputes
    function hashAuditCommit(
        bytes32 commitment,
        uint8 round,
        address validator,
        bytes32 auditCommitment
    ) public view returns (bytes32) {
        return _digest(EvidenceLib.hashAuditCommit(commitment, round, validator, auditCommitment));
    }

    /// @inheritdoc IDisputes
    function commitmentOf(
        bytes32 orderId,
        uint32 shard,
        uint32 attempt,
        address provider,
        bytes32 resultRoot,
        bytes32 salt
    ) public view returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    EvidenceLib.COMMITMENT_TAG,
                    block.chainid,
                    address(ESCROW),
                    orderId,
                    shard,
                    attempt,
                    provider,
                    resultRoot,
                    salt
                )
            );
    }

    /// @dev Checks all that both kinds of verdict share, and starts the appeal window.
    function _record(
        Verdict calldata verdict,
        OrderTerms calldata terms,
        bytes calldata signatures
    ) private returns (bytes32 verdictId) {
        if (verdict.slash == 0) revert ZeroSlash();
        if (verdict.detector == address(0)) revert ZeroDetector();
        if (verdict.detector == verdict.accused) revert DetectorIsAccused(verdict.accused);
        if (STAKES.indexOf(verdict.accused) == 0) revert NotOperator(verdict.accused);
        _requireOrder(verdict, terms);
        verdictId = verdictIdOf(verdict.orderId, verdict.shard, verdict.attempt, verdict.accused);
        if (_verdicts[verdictId].status != VerdictStatus.None) revert VerdictExists(verdictId);
        QUORUMS.requireSigned(verdict.quorumId, hashVerdict(verdict), signatures);

        uint40 finalizeAt = uint40(block.timestamp) + APPEAL_WINDOW;
        _verdicts[verdictId] = VerdictRecord({
            status: VerdictStatus.Pending,
            outcome: verdict.outcome,
            finalizeAt: finalizeAt,
            slash: verdict.slash,
            accused: verdict.accused,
            detector: verdict.detector,
            client: terms.client
        });
        emit VerdictSubmitted(verdictId, verdict.orderId, verdict.accused, verdict, finalizeAt);
    }

    /// @dev The terms carry the client and the quorum; hashing them ties both to the order.
    function _requireOrder(Verdict calldata verdict, OrderTerms calldata terms) private view {
        bytes32 id = ESCROW.orderId(terms);
        if (id != verdict.orderId) revert WrongOrder(id, verdict.orderId);
        if (terms.quorumId != verdict.quorumId) revert WrongQuorum(verdict.quorumId, terms.quorumId);
        if (ESCROW.order(id).status == OrderStatus.None) revert OrderUnknown(id);
        uint256 closedAt = uint256(terms.refundAt) + VERDICT_WINDOW;
        if (block.timestamp > closedAt) revert TooLate(closedAt);
    }

    function _requireSigned(address accused, bytes32 digest, bytes calldata signature) private pure {
        (address signer, ECDSA.RecoverError problem, ) = ECDSA.tryRecoverCalldata(digest, signature);
        if (problem != ECDSA.RecoverError.NoError || signer != accused) revert NotInvolved(accused);
    }

    function _digest(bytes32 structHash) private view returns (bytes32) {
        return MessageHashUtils.toTypedDataHash(ESCROW.DOMAIN_SEPARATOR(), structHash);
    }

    function _shareDown(uint64 amount, uint16 bps) private pure returns (uint64) {
        return uint64((uint256(amount) * bps) / BPS);
    }
}
