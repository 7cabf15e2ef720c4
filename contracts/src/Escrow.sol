// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

import {IEscrow, Order, OrderStatus, OrderTerms, SettlementBatch} from "./interfaces/IEscrow.sol";
import {IQuorums} from "./interfaces/IQuorums.sol";
import {IStakes} from "./interfaces/IStakes.sol";
import {IUsdc} from "./interfaces/IUsdc.sol";
import {BatchCodec} from "./libraries/BatchCodec.sol";
import {OrderLib, OrderWord} from "./libraries/OrderLib.sol";
import {PackedLedger} from "./libraries/PackedLedger.sol";
import {QuorumLib} from "./libraries/QuorumLib.sol";
import {UsdcPull} from "./libraries/UsdcPull.sol";

/// @title Escrow
/// @notice See `IEscrow`.
contract Escrow is IEscrow, EIP712, ReentrancyGuardTransient {
    using BatchCodec for bytes;
    using OrderLib for OrderWord;
    using PackedLedger for PackedLedger.Ledger;
    using QuorumLib for IQuorums;
    using SafeERC20 for IUsdc;
    using UsdcPull for IUsdc;

    /// @inheritdoc IEscrow
    uint16 public constant MAX_FEE_BPS = 500;
    /// @inheritdoc IEscrow
    uint256 public constant MAX_REFUND_DELAY = 7 days;

    uint256 private constant BPS = 10_000;

    /// @inheritdoc IEscrow
    IUsdc public immutable TOKEN;
    /// @inheritdoc IEscrow
    IStakes public immutable STAKES;
    /// @inheritdoc IEscrow
    IQuorums public immutable QUORUMS;

    /// @dev Never deleted: a used id stays used, or an old attested batch could be replayed on a second payment.
    mapping(bytes32 orderId => OrderWord word) private _orders;
    PackedLedger.Ledger private _ledger;
    mapping(address owner => uint256 amount) private _credit;

    constructor(IUsdc token, IStakes stakes, IQuorums quorums) EIP712("Assay", "1") {
        token.requireSixDecimals();
        TOKEN = token;
        STAKES = stakes;
        QUORUMS = quorums;
    }

    // ── Funding ─────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IEscrow
    function fund(OrderTerms calldata terms) external nonReentrant returns (bytes32 id) {
        if (msg.sender != terms.client) revert NotClient(msg.sender, terms.client);
        id = _open(terms);
        TOKEN.pull(terms.client, terms.maxAmount);
    }

    /// @inheritdoc IEscrow
    function fundWithAuthorization(
        OrderTerms calldata terms,
        uint256 validAfter,
        uint256 validBefore,
        bytes calldata signature
    ) external nonReentrant returns (bytes32 id) {
        id = _open(terms);
        TOKEN.pullWithAuthorization(terms.client, terms.maxAmount, validAfter, validBefore, id, signature);
    }

    // ── Settling ────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IEscrow
    function settle(SettlementBatch calldata batch, bytes calldata signatures) external nonReentrant {
        bytes32 digest = hashBatch(batch);
        QUORUMS.requireSigned(batch.quorumId, digest, signatures);

        (uint256 charged, uint256 feeCap) = _chargeAll(batch.orders, batch.quorumId, batch.resultsRoot);
        _pay(batch.payouts, batch.aggregator, batch.fee, charged, feeCap);

        emit BatchSettled(digest, batch.aggregator, batch.quorumId, charged, batch.fee);
    }

    /// @inheritdoc IEscrow
    function settleByClient(
        OrderTerms calldata terms,
        bytes calldata payouts,
        uint64 fee,
        bytes32 resultsRoot,
        bytes calldata signature
    ) external nonReentrant {
        bytes32 id = orderId(terms);
        bytes32 digest = hashAcceptance(id, payouts, fee, resultsRoot);
        if (!SignatureChecker.isValidSignatureNowCalldata(terms.client, digest, signature)) {
            revert BadSignature(terms.client);
        }

        uint256 charged = _sumOf(payouts) + fee;
        uint256 feeCap = _charge(id, charged, 0, resultsRoot);
        _pay(payouts, terms.aggregator, fee, charged, feeCap);

        emit OrderAccepted(id, terms.aggregator, fee);
    }

    // ── Ways out ────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IEscrow
    function refund(OrderTerms calldata terms) external nonReentrant {
        bytes32 id = orderId(terms);
        OrderWord word = _orders[id];
        OrderStatus status = word.status();
        uint64 amount = word.remaining();
        if (status == OrderStatus.None) revert OrderUnknown(id);
        if (status == OrderStatus.Refunded) revert OrderClosed(id, status);
        if (status == OrderStatus.Settled && amount == 0) revert NothingLeft(id);
        if (status == OrderStatus.Funded) {
            if (block.timestamp < word.refundAt()) revert TooEarly(word.refundAt());
            status = OrderStatus.Refunded;
        }

        _orders[id] = word.closed(status, 0);
        // The one interaction before an effect: whether credit is due depends on its outcome. The guard covers it, and
        // a caller who starves the transfer of gas cannot afford the credit's storage write with the 1/64 that is left.
        bool pushed = TOKEN.trySafeTransfer(terms.client, amount);
        if (!pushed) _credit[terms.client] += amount;
        emit OrderRefunded(id, terms.client, amount, pushed);
    }

    /// @inheritdoc IEscrow
    function withdrawEarnings(uint32 index) external nonReentrant returns (uint64 amount) {
        amount = _ledger.balanceOf(index);
        if (amount == 0) revert NothingToWithdraw();
        address payout = STAKES.payoutOf(index);

        _ledger.clear(index);
        emit EarningsWithdrawn(index, payout, amount);
        TOKEN.safeTransfer(payout, amount);
    }

    /// @inheritdoc IEscrow
    function withdrawCredit(address to) external nonReentrant returns (uint256 amount) {
        amount = _credit[msg.sender];
        if (amount == 0) revert NothingToWithdraw();

        _credit[msg.sender] = 0;
        emit CreditWithdrawn(msg.sender, to, amount);
        TOKEN.safeTransfer(to, amount);
    }

    // ── Views ───────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IEscrow
    function orderId(OrderTerms calldata terms) public view returns (bytes32) {
        return _hashTypedDataV4(OrderLib.hash(terms));
    }

    /// @inheritdoc IEscrow
    function order(bytes32 id) external view returns (Order memory) {
        return _orders[id].unpack();
    }

    /// @inheritdoc IEscrow
    function hashBatch(SettlementBatch calldata batch) public view returns (bytes32) {
        return _hashTypedDataV4(BatchCodec.hash(batch));
    }

    /// @inheritdoc IEscrow
    function hashAcceptance(
        bytes32 id,
        bytes calldata payouts,
        uint64 fee,
        bytes32 resultsRoot
    ) public view returns (bytes32) {
        return _hashTypedDataV4(OrderLib.hashAcceptance(id, payouts, fee, resultsRoot));
    }

    /// @inheritdoc IEscrow
    function earningsOf(uint32 index) external view returns (uint64) {
        return _ledger.balanceOf(index);
    }

    /// @inheritdoc IEscrow
    function credit(address owner) external view returns (uint256) {
        return _credit[owner];
    }

    /// @inheritdoc IEscrow
    // solhint-disable-next-line func-name-mixedcase
    function DOMAIN_SEPARATOR() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    // ── Internal ────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @dev Checks the terms and marks the order funded; the caller pulls the money, or everything reverts.
    function _open(OrderTerms calldata terms) private returns (bytes32 id) {
        id = orderId(terms);
        if (_orders[id].status() != OrderStatus.None) revert OrderExists(id);
        if (terms.maxAmount == 0) revert ZeroAmount();
        if (terms.aggregator == address(0)) revert ZeroAggregator();
        if (terms.feeBps > MAX_FEE_BPS) revert FeeBpsOverCap(terms.feeBps, MAX_FEE_BPS);
        if (block.timestamp >= terms.settleBy) revert TooLate(terms.settleBy);
        if (terms.settleBy > terms.refundAt) revert RefundBeforeSettle(terms.settleBy, terms.refundAt);
        uint256 latest = block.timestamp + MAX_REFUND_DELAY;
        if (terms.refundAt > latest) revert RefundTooLate(terms.refundAt, latest);
        // Ids are handed out in sequence: an order naming one to come could be captured by whoever creates it.
        if (terms.quorumId != 0) QUORUMS.requireExists(terms.quorumId);

        _orders[id] = OrderLib.funded(terms);
        emit OrderFunded(id, terms.client, terms.aggregator, terms);
    }

    /// @dev Charges every order of a batch. Returns the sum, and the most that the fee can be.
    function _chargeAll(
        bytes calldata orders,
        uint32 quorumId,
        bytes32 resultsRoot
    ) private returns (uint256 charged, uint256 feeCap) {
        uint256 count = orders.orderCount();
        if (count == 0) revert EmptyBatch();
        bytes32 previous;
        for (uint256 i = 0; i < count; ++i) {
            (bytes32 id, uint256 amount) = orders.orderAt(i);
            if (id <= previous) revert OrdersNotSorted(id);
            previous = id;
            charged += amount;
            feeCap += _charge(id, amount, quorumId, resultsRoot);
        }
    }

    /// @dev Charges one order and closes it. Returns the most that its fee can be, rounded down.
    function _charge(
        bytes32 id,
        uint256 amount,
        uint32 quorumId,
        bytes32 resultsRoot
    ) private returns (uint256 feeCap) {
        OrderWord word = _orders[id];
        OrderStatus status = word.status();
        if (status == OrderStatus.None) revert OrderUnknown(id);
        if (status != OrderStatus.Funded) revert OrderClosed(id, status);
        if (word.quorumId() != quorumId) revert WrongQuorum(id, quorumId, word.quorumId());
        if (block.timestamp >= word.settleBy()) revert TooLate(word.settleBy());
        uint64 remaining = word.remaining();
        if (amount > remaining) revert Overdraw(id, remaining, amount);

        uint64 charged = uint64(amount);
        _orders[id] = word.closed(OrderStatus.Settled, remaining - charged);
        emit OrderSettled(id, charged, resultsRoot);
        return (amount * word.feeBps()) / BPS;
    }

    /// @dev Credits payouts and fee, and checks that they are exactly what was charged.
    function _pay(
        bytes calldata payouts,
        address aggregator,
        uint64 fee,
        uint256 charged,
        uint256 feeCap
    ) private {
        if (fee > feeCap) revert FeeOverCap(fee, feeCap);
        if (fee != 0 && aggregator == address(0)) revert ZeroAggregator();
        uint256 credits = _creditOperators(payouts) + fee;
        if (credits != charged) revert Unbalanced(charged, credits);
        if (fee != 0) _credit[aggregator] += fee;
    }

    /// @dev Credits sorted payouts. Returns their sum.
    function _creditOperators(bytes calldata payouts) private returns (uint256 sum) {
        uint256 unproven;
        (sum, unproven) = _ledger.creditAll(payouts);
        if (unproven != 0) {
            uint32 operators = STAKES.operatorCount();
            if (unproven > operators) revert UnknownOperator(uint32(unproven), operators);
        }
    }

    function _sumOf(bytes calldata payouts) private pure returns (uint256 sum) {
        uint256 count = payouts.payoutCount();
        for (uint256 i = 0; i < count; ++i) {
            (, uint256 amount) = payouts.payoutAt(i);
            sum += amount;
        }
    }
}
