// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDeposits} from "./IDeposits.sol";
import {IIntake} from "./IIntake.sol";
import {IQuorums} from "./IQuorums.sol";
import {IStakes} from "./IStakes.sol";
import {ITabs} from "./ITabs.sol";
import {IUsdc} from "./IUsdc.sol";
import {Funding, Order, OrderStatus, OrderTerms, SettlementBatch} from "./OrderTypes.sol";

/// @title Escrow: holds clients' money until a result is attested, accepted or overdue
/// @notice An order is funded once, settled at most once, and what was not charged returns to its client, at the latest
/// from `refundAt` on and by anyone's transaction. Settling ends strictly before `settleBy`, and `settleBy <= refundAt`,
/// so the two windows never meet. There is no owner, and nothing that lets money out can be stopped; a guardian may stop
/// new funding for a while (`IIntake`). Besides single orders there are tabs (`ITabs`) and deposit addresses (`IDeposits`).
/// @dev The digests judged here are EIP-712 under { name "Assay", version "1", chainId, verifyingContract = this }:
/// - `OrderTerms(address client,address aggregator,uint64 maxAmount,uint40 settleBy,uint40 refundAt,uint32 quorumId,uint16 feeBps,bytes32 specHash,bytes32 salt)`
/// - `SettlementBatch(address aggregator,uint32 quorumId,bytes32 ordersHash,bytes32 tabsHash,bytes32 payoutsHash,uint64 fee,bytes32 resultsRoot)`
/// - `ClientAcceptance(bytes32 orderId,bytes32 payoutsHash,uint64 fee,bytes32 resultsRoot)`
/// where `ordersHash`, `tabsHash` and `payoutsHash` are keccak256 of the packed bytes. The token assumptions are in `IUsdc`.
interface IEscrow is IDeposits, IIntake, ITabs {
    /// @notice An order was paid for. Carries the whole terms, because `refund` needs them and chain data outlives
    /// whoever sent the transaction.
    /// @param orderId EIP-712 digest of the terms.
    /// @param client Who paid.
    /// @param aggregator Who is to run the job.
    /// @param terms Everything that was agreed.
    event OrderFunded(
        bytes32 indexed orderId,
        address indexed client,
        address indexed aggregator,
        OrderTerms terms
    );

    /// @notice `fundMany` went on without this order.
    /// @param orderId The order.
    /// @param reason What its funding reverted with: an error of this contract or of the token. Empty if it ran out of
    /// gas, or if it was longer than 256 bytes.
    event FundingSkipped(bytes32 indexed orderId, bytes reason);

    /// @notice An order was charged. What it was not charged is refundable from now on.
    /// @param orderId The order.
    /// @param charged USDC base units taken, fee included.
    /// @param resultsRoot Merkle root of the results paid for.
    event OrderSettled(bytes32 indexed orderId, uint64 charged, bytes32 resultsRoot);

    /// @notice A batch was settled by its quorum; one `OrderSettled` per order and one `TabDrawn` per tab came before.
    /// @param digest The EIP-712 digest that the quorum signed.
    /// @param aggregator Who received the fee.
    /// @param quorumId The quorum that signed.
    /// @param charged Sum taken from orders and tabs.
    /// @param fee Part of it credited to the aggregator.
    event BatchSettled(
        bytes32 indexed digest,
        address indexed aggregator,
        uint32 indexed quorumId,
        uint256 charged,
        uint64 fee
    );

    /// @notice A client settled its own order; the `OrderSettled` came before.
    /// @param orderId The order.
    /// @param aggregator Who received the fee.
    /// @param fee Part of the charge credited to the aggregator.
    event OrderAccepted(bytes32 indexed orderId, address indexed aggregator, uint64 fee);

    /// @notice Money went back to a client: a whole order after `refundAt`, or the remainder of a settled one.
    /// @param orderId The order.
    /// @param client Who is paid.
    /// @param amount USDC base units.
    /// @param pushed False if the token refused the transfer, so that the amount waits in the client's credit.
    event OrderRefunded(bytes32 indexed orderId, address indexed client, uint64 amount, bool pushed);

    /// @notice An operator's earnings were paid out.
    /// @param index The operator.
    /// @param payout The address that received them.
    /// @param amount USDC base units.
    event EarningsWithdrawn(uint32 indexed index, address indexed payout, uint64 amount);

    /// @notice A fee or a refund that could not be pushed was withdrawn.
    /// @param owner Whose credit it was.
    /// @param to The address that received it.
    /// @param amount USDC base units.
    event CreditWithdrawn(address indexed owner, address indexed to, uint256 amount);

    /// @notice The call is for the escrow itself.
    error NotSelf(address caller);
    /// @notice `fund` was called by somebody else than the client.
    error NotClient(address caller, address client);
    /// @notice The order's quorum does not settle this way: the order names `wanted`, the call uses `got`.
    error WrongQuorum(bytes32 orderId, uint32 got, uint32 wanted);
    /// @notice The fee cap in the terms is above the cap in the code.
    error FeeBpsOverCap(uint16 feeBps, uint16 cap);
    /// @notice The batch's fee is above what its orders allow.
    error FeeOverCap(uint64 fee, uint256 cap);
    /// @notice An order of nothing.
    error ZeroAmount();
    /// @notice The terms name no aggregator, or a batch has a fee for nobody.
    error ZeroAggregator();
    /// @notice The terms let money go back before settling has ended.
    error RefundBeforeSettle(uint40 settleBy, uint40 refundAt);
    /// @notice The terms keep money longer than `MAX_REFUND_DELAY` from now.
    error RefundTooLate(uint40 refundAt, uint256 latest);
    /// @notice The order id was used before; an order lives once.
    error OrderExists(bytes32 orderId);
    /// @notice No such order was ever funded.
    error OrderUnknown(bytes32 orderId);
    /// @notice The order has been settled or refunded already.
    error OrderClosed(bytes32 orderId, OrderStatus status);
    /// @notice A settled order has nothing to give back, or its remainder was given back before.
    error NothingLeft(bytes32 orderId);
    /// @notice Not allowed before `opensAt`.
    error TooEarly(uint256 opensAt);
    /// @notice Not allowed at or after `closedAt`.
    error TooLate(uint256 closedAt);
    /// @notice An order would be charged more than it holds.
    error Overdraw(bytes32 orderId, uint64 have, uint256 want);
    /// @notice What orders and tabs are charged differs from what is paid out plus fee.
    error Unbalanced(uint256 debits, uint256 credits);
    /// @notice A batch without orders and tabs.
    error EmptyBatch();
    /// @notice Packed records of the wrong length.
    error BadLength(uint256 bytesGiven, uint256 recordBytes);
    /// @notice Order ids are not strictly ascending at this order.
    error OrdersNotSorted(bytes32 orderId);
    /// @notice Operator indices are not strictly ascending at this index, or the index is 0.
    error PayoutsNotSorted(uint32 index);
    /// @notice A payout to an operator that does not exist.
    error UnknownOperator(uint32 index, uint32 count);
    /// @notice A balance of the packed ledger would pass 2^64 - 1.
    error LedgerOverflow(uint32 index);
    /// @notice The acceptance or the voucher was not signed by this client.
    error BadSignature(address signer);
    /// @notice Nothing to withdraw.
    error NothingToWithdraw();

    /// @notice Opens an order with the client's allowance. The client must be the caller.
    /// @dev Fails like `fundWithAuthorization`, and with `NotClient`.
    /// @param terms What is agreed.
    /// @return orderId EIP-712 digest of the terms.
    function fund(OrderTerms calldata terms) external returns (bytes32 orderId);

    /// @notice Opens an order with an EIP-3009 authorization. Anyone may submit it, at no risk to the client: only this
    /// contract can use the authorization, and its nonce fixes the terms.
    /// @dev The authorization is `ReceiveWithAuthorization(from = client, to = escrow, value = maxAmount, validAfter,
    /// validBefore, nonce = orderId)`. A used or cancelled nonce makes the token revert. Reverts with `OrderExists`,
    /// `ZeroAmount`, `ZeroAggregator`, `FeeBpsOverCap`, `TooLate`, `RefundBeforeSettle`, `RefundTooLate`,
    /// `IQuorums.QuorumUnknown`, `IntakeClosed`, `ShortTransfer`, or whatever the token reverts with.
    /// @param terms What is agreed.
    /// @param validAfter As signed.
    /// @param validBefore As signed.
    /// @param signature The client's signature, 65 bytes (r, s, v) or ERC-1271.
    /// @return orderId EIP-712 digest of the terms.
    function fundWithAuthorization(
        OrderTerms calldata terms,
        uint256 validAfter,
        uint256 validBefore,
        bytes calldata signature
    ) external returns (bytes32 orderId);

    /// @notice Opens many orders with EIP-3009 authorizations. Anyone may submit it. Each stands alone: one that cannot be
    /// funded (used, cancelled, expired, without money) is skipped with `FundingSkipped`, and cannot hold up the others.
    /// @dev Each gets at most `FUND_GAS`, so a hostile contract wallet cannot burn what the others need.
    /// @param fundings What to fund.
    /// @return funded How many were.
    function fundMany(Funding[] calldata fundings) external returns (uint256 funded);

    /// @notice One order of `fundMany`. For the escrow itself, so that a failure undoes this order alone.
    /// @dev Reverts with `NotSelf`, or as `fundWithAuthorization` does.
    /// @param funding What to fund.
    function fundOne(Funding calldata funding) external;

    /// @notice Settles many orders and tabs of one quorum. Anyone may submit it. All or nothing.
    /// @dev Every order must be `Funded`, name the batch's quorum and be before its `settleBy`. An order may be charged
    /// zero: then all of it is refundable at once. A tab must be the batch's aggregator's, and its voucher must name the
    /// quorum and the tab's generation. Reverts with `BadSignature`, `TabsNotSorted`, `TabReplayed`, `OverCeiling`,
    /// `TabOverdraw`, `FeeBpsOverCap`, `EmptyBatch`, `BadLength`, `OrdersNotSorted`,
    /// `PayoutsNotSorted`, `UnknownOperator`, `OrderUnknown`, `OrderClosed`, `WrongQuorum`, `TooLate`, `Overdraw`,
    /// `Unbalanced`, `FeeOverCap`, `ZeroAggregator`, `LedgerOverflow`, or an error of `IQuorums.verify`.
    /// @param batch What the quorum signed.
    /// @param signatures Quorum signatures over `hashBatch(batch)`, in the form that `IQuorums.verify` asks for.
    function settle(SettlementBatch calldata batch, bytes calldata signatures) external;

    /// @notice Settles one order on its client's own acceptance, for orders that name no quorum (`quorumId` 0).
    /// @dev An order that names a quorum cannot be settled this way: the client could pay itself with work that the
    /// quorum has yet to attest. The charge is the sum of the payouts plus the fee. Anyone may submit it.
    /// @param terms The order.
    /// @param payouts Packed as in a batch.
    /// @param fee USDC base units for the aggregator.
    /// @param resultsRoot Merkle root of the results accepted.
    /// @param signature The client's signature of `ClientAcceptance`, 65 bytes (r, s, v) or ERC-1271.
    function settleByClient(
        OrderTerms calldata terms,
        bytes calldata payouts,
        uint64 fee,
        bytes32 resultsRoot,
        bytes calldata signature
    ) external;

    /// @notice Sends back an unsettled order at or after `refundAt`, or the remainder of a settled one at any time.
    /// Anyone may call; the money goes to the client, or to its credit if the token refuses.
    /// @dev Reverts with `OrderUnknown`, `TooEarly`, `OrderClosed` or `NothingLeft`.
    /// @param terms The order.
    function refund(OrderTerms calldata terms) external;

    /// @notice Pays an operator's earnings to its registered payout address. Anyone may call.
    /// @param index The operator.
    /// @return amount USDC base units paid.
    function withdrawEarnings(uint32 index) external returns (uint64 amount);

    /// @notice Pays the caller's credit (fees, refunds that could not be pushed) to an address of its choice.
    /// @param to Where to.
    /// @return amount USDC base units paid.
    function withdrawCredit(address to) external returns (uint256 amount);

    /// @notice The id of an order: EIP-712 digest of its terms.
    /// @param terms The terms.
    /// @return The id.
    function orderId(OrderTerms calldata terms) external view returns (bytes32);

    /// @notice What is known about an order; all zero for an unknown one.
    /// @param id The order.
    /// @return The order.
    function order(bytes32 id) external view returns (Order memory);

    /// @notice The digest that a quorum signs to settle a batch.
    /// @param batch The batch.
    /// @return EIP-712 digest.
    function hashBatch(SettlementBatch calldata batch) external view returns (bytes32);

    /// @notice The digest that a client signs to settle its own order.
    /// @param id The order.
    /// @param payouts Packed payouts.
    /// @param fee USDC base units for the aggregator.
    /// @param resultsRoot Merkle root of the results accepted.
    /// @return EIP-712 digest.
    function hashAcceptance(
        bytes32 id,
        bytes calldata payouts,
        uint64 fee,
        bytes32 resultsRoot
    ) external view returns (bytes32);

    /// @notice What an operator can withdraw.
    /// @param index The operator.
    /// @return USDC base units.
    function earningsOf(uint32 index) external view returns (uint64);

    /// @notice What an address can withdraw with `withdrawCredit`.
    /// @param owner The address.
    /// @return USDC base units.
    function credit(address owner) external view returns (uint256);

    /// @notice The EIP-712 domain separator of everything an Assay contract judges, `IDisputes` included.
    /// @return The separator.
    // solhint-disable-next-line func-name-mixedcase
    function DOMAIN_SEPARATOR() external view returns (bytes32);

    /// @notice The token, USDC.
    /// @return The token.
    function TOKEN() external view returns (IUsdc);

    /// @notice Where operators and their payout addresses are registered.
    /// @return The contract.
    function STAKES() external view returns (IStakes);

    /// @notice Where quorums are kept.
    /// @return The contract.
    function QUORUMS() external view returns (IQuorums);

    /// @notice Most gas that `fundMany` gives to one order.
    /// @return Gas.
    function FUND_GAS() external view returns (uint256);

    /// @notice Highest `feeBps` that terms and vouchers may have.
    /// @return Basis points.
    function MAX_FEE_BPS() external view returns (uint16);

    /// @notice Longest time from funding to `refundAt`.
    /// @return Seconds.
    function MAX_REFUND_DELAY() external view returns (uint256);
}
