// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

import {DepositAccount} from "./DepositAccount.sol";
import {EscrowBase} from "./EscrowBase.sol";
import {Tabs} from "./Tabs.sol";
import {IEscrow} from "./interfaces/IEscrow.sol";
import {IDeposits} from "./interfaces/IDeposits.sol";
import {IQuorums} from "./interfaces/IQuorums.sol";
import {IStakes} from "./interfaces/IStakes.sol";
import {IUsdc} from "./interfaces/IUsdc.sol";
import {Funding, Order, OrderStatus, OrderTerms, SettlementBatch} from "./interfaces/OrderTypes.sol";
import {BatchCodec} from "./libraries/BatchCodec.sol";
import {DepositLib} from "./libraries/DepositLib.sol";
import {OrderLib, OrderWord} from "./libraries/OrderLib.sol";
import {PackedLedger} from "./libraries/PackedLedger.sol";
import {QuorumLib} from "./libraries/QuorumLib.sol";
import {UsdcPull} from "./libraries/UsdcPull.sol";

/// @title Escrow
/// @notice See `IEscrow`.
contract Escrow is Tabs {
    using BatchCodec for bytes;
    using OrderLib for OrderWord;
    using PackedLedger for PackedLedger.Ledger;
    using QuorumLib for IQuorums;
    using SafeERC20 for IUsdc;
    using UsdcPull for IUsdc;

    /// @inheritdoc IEscrow
    uint256 public constant MAX_REFUND_DELAY = 7 days;
    /// @inheritdoc IEscrow
    uint256 public constant FUND_GAS = 300_000;

    /// @dev Errors of this contract and of the token are shorter.
    uint256 private constant MAX_REASON = 256;

    /// @inheritdoc IDeposits
    address public immutable DEPOSIT_ACCOUNT = address(new DepositAccount());

    /// @dev Never deleted: a used id stays used, or an old attested batch could be replayed on a second payment.
    mapping(bytes32 orderId => OrderWord word) private _orders;
    PackedLedger.Ledger private _ledger;

    constructor(
        IUsdc token,
        IStakes stakes,
        IQuorums quorums,
        address guardian
    ) EscrowBase(token, stakes, quorums, guardian) {}

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
        id = _fundWithAuthorization(terms, validAfter, validBefore, signature);
    }

    /// @inheritdoc IEscrow
    function fundMany(Funding[] calldata fundings) external nonReentrant returns (uint256 funded) {
        for (uint256 i = 0; i < fundings.length; ++i) {
            try this.fundOne{gas: FUND_GAS}(fundings[i]) {
                ++funded;
            } catch (bytes memory reason) {
                // A log costs 8 gas a byte: a longer reason would cost more than the funding itself.
                if (reason.length > MAX_REASON) reason = "";
                emit FundingSkipped(orderId(fundings[i].terms), reason);
            }
        }
    }

    /// @inheritdoc IEscrow
    function fundOne(Funding calldata funding) external {
        if (msg.sender != address(this)) revert NotSelf(msg.sender);
        _fundWithAuthorization(funding.terms, funding.validAfter, funding.validBefore, funding.signature);
    }

    /// @inheritdoc IDeposits
    function fundFromDepositAddress(OrderTerms calldata terms) external nonReentrant returns (bytes32 id) {
        id = _open(terms);
        DepositAccount account = DepositLib.open(DEPOSIT_ACCOUNT, id);
        uint256 have = TOKEN.balanceOf(address(account));
        if (have < terms.maxAmount) revert DepositTooSmall(address(account), have, terms.maxAmount);

        uint256 before = TOKEN.balanceOf(address(this));
        account.flush(TOKEN, address(this), terms.maxAmount);
        TOKEN.requireGain(before, terms.maxAmount);
        uint256 surplus = have - terms.maxAmount;
        if (surplus == 0) return id;
        // A client that cannot be paid now must not keep its order from being funded: the surplus stays to be swept.
        try account.flush(TOKEN, terms.client, surplus) {
            emit DepositSwept(id, terms.client, address(TOKEN), surplus);
            // solhint-disable-next-line no-empty-blocks
        } catch {}
    }

    // ── Settling ────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IEscrow
    function settle(SettlementBatch calldata batch, bytes calldata signatures) external nonReentrant {
        bytes32 digest = hashBatch(batch);
        uint32 quorumId = batch.quorumId;
        QUORUMS.requireSigned(quorumId, digest, signatures);

        address aggregator = batch.aggregator;
        uint64 fee = batch.fee;
        (uint256 charged, uint256 feeCap) = _chargeBatch(batch, quorumId, aggregator);
        _pay(batch.payouts, aggregator, fee, charged, feeCap);

        emit BatchSettled(digest, aggregator, quorumId, charged, fee);
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
        emit OrderRefunded(id, terms.client, amount, _push(terms.client, amount));
    }

    /// @inheritdoc IDeposits
    function sweepToClient(
        OrderTerms calldata terms,
        IERC20 token
    ) external nonReentrant returns (uint256 amount) {
        bytes32 id = orderId(terms);
        bool fundable = _orders[id].status() == OrderStatus.None && block.timestamp < terms.settleBy;
        if (fundable && address(token) == address(TOKEN) && msg.sender != terms.client) {
            revert DepositStillFundable(terms.settleBy);
        }
        DepositAccount account = DepositLib.open(DEPOSIT_ACCOUNT, id);
        amount = token.balanceOf(address(account));
        if (amount == 0) revert NothingToSweep(address(account));

        emit DepositSwept(id, terms.client, address(token), amount);
        account.flush(token, terms.client, amount);
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

    // ── Views ───────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IEscrow
    function orderId(OrderTerms calldata terms) public view returns (bytes32) {
        return _hashTypedDataV4(OrderLib.hash(terms));
    }

    /// @inheritdoc IEscrow
    function order(bytes32 id) external view returns (Order memory) {
        return _orders[id].unpack();
    }

    /// @inheritdoc IDeposits
    function depositAddressOf(OrderTerms calldata terms) external view returns (address) {
        if (terms.client == address(0)) revert ZeroClient();
        return DepositLib.addressOf(DEPOSIT_ACCOUNT, orderId(terms));
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

    // ── Internal ────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @dev Checks the terms and marks the order funded; the caller pulls the money, or everything reverts.
    function _open(OrderTerms calldata terms) private returns (bytes32 id) {
        _requireIntake();
        id = orderId(terms);
        if (_orders[id].status() != OrderStatus.None) revert OrderExists(id);
        if (terms.maxAmount == 0) revert ZeroAmount();
        if (terms.client == address(0)) revert ZeroClient();
        if (terms.aggregator == address(0)) revert ZeroAggregator();
        if (terms.feeBps > MAX_FEE_BPS) revert FeeBpsOverCap(terms.feeBps, MAX_FEE_BPS);
        if (block.timestamp >= terms.settleBy) revert TooLate(terms.settleBy);
        if (terms.settleBy > terms.refundAt) revert RefundBeforeSettle(terms.settleBy, terms.refundAt);
        uint256 latest = block.timestamp + MAX_REFUND_DELAY;
        if (terms.refundAt > latest) revert RefundTooLate(terms.refundAt, latest);
        _requireQuorum(terms.quorumId);

        _orders[id] = OrderLib.funded(terms);
        emit OrderFunded(id, terms.client, terms.aggregator, terms);
    }

    function _fundWithAuthorization(
        OrderTerms calldata terms,
        uint256 validAfter,
        uint256 validBefore,
        bytes calldata signature
    ) private returns (bytes32 id) {
        id = _open(terms);
        TOKEN.pullWithAuthorization(terms.client, terms.maxAmount, validAfter, validBefore, id, signature);
    }

    /// @dev Charges every order and tab of a batch. Returns the sum, and the most that the fee can be. The packed records
    /// are taken out of the batch once: the compiler checks their bounds at each access.
    function _chargeBatch(
        SettlementBatch calldata batch,
        uint32 quorumId,
        address aggregator
    ) private returns (uint256 charged, uint256 feeCap) {
        bytes calldata orders = batch.orders;
        bytes calldata tabs = batch.tabs;
        if (orders.length != 0) (charged, feeCap) = _chargeAll(orders, quorumId, batch.resultsRoot);
        else if (tabs.length == 0) revert EmptyBatch();
        if (tabs.length == 0) return (charged, feeCap);
        (uint256 drawn, uint256 drawnFeeCap) = _drawAll(tabs, aggregator, quorumId);
        return (charged + drawn, feeCap + drawnFeeCap);
    }

    /// @dev Charges every order of a batch. Returns the sum, and the most that the fee can be.
    function _chargeAll(
        bytes calldata orders,
        uint32 quorumId,
        bytes32 resultsRoot
    ) private returns (uint256 charged, uint256 feeCap) {
        uint256 count = orders.orderCount();
        bytes32 previous;
        // Sums of uint64 in uint256.
        unchecked {
            for (uint256 i = 0; i < count; ++i) {
                (bytes32 id, uint256 amount) = orders.orderAt(i);
                if (id <= previous) revert OrdersNotSorted(id);
                previous = id;
                charged += amount;
                feeCap += _charge(id, amount, quorumId, resultsRoot);
            }
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
        if (fee != 0) credit[aggregator] += fee;
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
