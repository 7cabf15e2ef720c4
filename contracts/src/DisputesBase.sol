// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {Verdict, VerdictRecord} from "./interfaces/DisputeTypes.sol";
import {IDisputes} from "./interfaces/IDisputes.sol";
import {IEscrow} from "./interfaces/IEscrow.sol";
import {IQuorums} from "./interfaces/IQuorums.sol";
import {IStakes} from "./interfaces/IStakes.sol";
import {Tab} from "./interfaces/ITabs.sol";
import {IUsdc} from "./interfaces/IUsdc.sol";
import {OrderStatus, OrderTerms} from "./interfaces/OrderTypes.sol";
import {EvidenceLib} from "./libraries/EvidenceLib.sol";
import {SlashLib} from "./libraries/SlashLib.sol";

/// @title DisputesBase
/// @notice What verdicts and proofs share: the order they belong to, who signed what, and how a slash is shared out.
/// See `IDisputes`.
abstract contract DisputesBase is IDisputes, ReentrancyGuardTransient {
    using SafeERC20 for IUsdc;

    /// @inheritdoc IDisputes
    uint16 public constant DETECTOR_BPS = SlashLib.DETECTOR_BPS;
    /// @inheritdoc IDisputes
    uint16 public constant CLIENT_BPS = SlashLib.CLIENT_BPS;
    /// @inheritdoc IDisputes
    uint40 public constant VERDICT_WINDOW = 3 days;
    /// @inheritdoc IDisputes
    uint64 public constant SLASH_MULTIPLE = 300;

    uint256 internal constant BPS = 10_000;

    /// @inheritdoc IDisputes
    IEscrow public immutable ESCROW;
    /// @inheritdoc IDisputes
    IStakes public immutable STAKES;
    /// @inheritdoc IDisputes
    IQuorums public immutable QUORUMS;

    IUsdc internal immutable TOKEN;

    /// @inheritdoc IDisputes
    uint256 public fundBalance;
    /// @inheritdoc IDisputes
    mapping(address owner => uint256 amount) public credit;
    mapping(bytes32 verdictId => VerdictRecord record) internal _verdicts;

    constructor(IEscrow escrow) {
        IStakes stakes = escrow.STAKES();
        IQuorums quorums = escrow.QUORUMS();
        if (stakes.DISPUTES() != address(this)) revert NotSlasher(stakes.DISPUTES());
        if (address(quorums.STAKES()) != address(stakes)) revert WiredApart();
        if (address(stakes.TOKEN()) != address(escrow.TOKEN())) revert WiredApart();
        uint256 needed = escrow.MAX_REFUND_DELAY() + VERDICT_WINDOW;
        if (stakes.UNBONDING_DELAY() <= needed) revert StakeLeavesTooSoon(stakes.UNBONDING_DELAY(), needed);
        ESCROW = escrow;
        STAKES = stakes;
        QUORUMS = quorums;
        TOKEN = escrow.TOKEN();
    }

    /// @inheritdoc IDisputes
    function withdrawCredit(address to) external nonReentrant returns (uint256 amount) {
        amount = credit[msg.sender];
        if (amount == 0) revert NothingToWithdraw();

        credit[msg.sender] = 0;
        emit CreditWithdrawn(msg.sender, to, amount);
        TOKEN.safeTransfer(to, amount);
    }

    // ── Views ───────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IDisputes
    function verdictOf(bytes32 verdictId) external view returns (VerdictRecord memory) {
        return _verdicts[verdictId];
    }

    /// @inheritdoc IDisputes
    function verdictIdOf(
        bytes32 orderId,
        uint32 shard,
        uint32 attempt,
        address accused,
        uint8 outcome
    ) public pure returns (bytes32) {
        return keccak256(abi.encode(orderId, shard, attempt, accused, outcome));
    }

    /// @inheritdoc IDisputes
    function slashCapOf(uint64 maxAmount) public pure returns (uint64) {
        uint256 cap = uint256(maxAmount) * SLASH_MULTIPLE;
        return cap < type(uint64).max ? uint64(cap) : type(uint64).max;
    }

    /// @inheritdoc IDisputes
    function hashVerdict(Verdict calldata verdict) public view returns (bytes32) {
        return _digest(EvidenceLib.hash(verdict));
    }

    /// @inheritdoc IDisputes
    function hashRuling(
        bytes32 verdictId,
        uint8 round,
        bool guilty,
        bytes32 evidence
    ) public view returns (bytes32) {
        return _digest(EvidenceLib.hashRuling(verdictId, round, guilty, evidence));
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

    // ── Internal ────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @dev An order counts if it was ever funded, or if its client ever had a tab with its aggregator: jobs on a tab are
    /// named by terms like any other. What binds the accused is its own signature, checked beside this.
    function _requireOrder(bytes32 id, OrderTerms calldata terms) internal view {
        if (ESCROW.order(id).status == OrderStatus.None) {
            Tab memory tab = ESCROW.tab(terms.client, terms.aggregator);
            if (tab.deposited == 0 && tab.generation == 0) revert OrderUnknown(id);
        }
        uint256 closedAt = uint256(terms.refundAt) + VERDICT_WINDOW;
        if (block.timestamp > closedAt) revert TooLate(closedAt);
    }

    function _requireParties(address accused, address detector) internal view {
        if (detector == address(0)) revert ZeroDetector();
        if (detector == accused) revert DetectorIsAccused(accused);
        if (STAKES.indexOf(accused) == 0) revert NotOperator(accused);
    }

    function _requireSigned(address accused, bytes32 digest, bytes calldata signature) internal pure {
        (address signer, ECDSA.RecoverError problem, ) = ECDSA.tryRecoverCalldata(digest, signature);
        if (problem != ECDSA.RecoverError.NoError || signer != accused) revert NotInvolved(accused);
    }

    /// @dev Takes stake and shares out what came, which a changed token can make less. The dust goes to the fund.
    function _slash(bytes32 verdictId, uint64 amount) internal returns (uint64 taken) {
        VerdictRecord storage record = _verdicts[verdictId];
        uint256 before = TOKEN.balanceOf(address(this));
        taken = STAKES.slash(record.accused, amount);
        uint256 gain = TOKEN.balanceOf(address(this)) - before;
        uint64 came = gain < taken ? uint64(gain) : taken;
        (uint64 toDetector, uint64 toClient, uint64 toFund) = SlashLib.split(came);
        credit[record.detector] += toDetector;
        credit[record.client] += toClient;
        fundBalance += toFund;
        emit SlashShared(verdictId, record.accused, taken, toDetector, toClient, toFund);
    }

    function _digest(bytes32 structHash) internal view returns (bytes32) {
        return MessageHashUtils.toTypedDataHash(ESCROW.DOMAIN_SEPARATOR(), structHash);
    }
}
