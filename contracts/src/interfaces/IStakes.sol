// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IIntake} from "./IIntake.sol";
import {IUsdc} from "./IUsdc.sol";

/// @notice One operator as seen from outside.
/// @param index Its number from 1; 0 if the address never registered.
/// @param roles Bit flags: 1 provider, 2 validator, 4 aggregator.
/// @param payout Where its earnings go.
/// @param active Stake that is not leaving, USDC base units.
/// @param unbonding Stake that is leaving and still slashable, USDC base units.
/// @param unbondAt Unix time from which the leaving stake can be taken out; 0 if none is leaving.
struct OperatorView {
    uint32 index;
    uint8 roles;
    address payout;
    uint64 active;
    uint64 unbonding;
    uint40 unbondAt;
}

/// @notice What stands behind an operator's next piece of work.
/// @param free Active stake that no pending verdict claims: size new work against this. USDC base units.
/// @param active Stake that is not leaving.
/// @param unbonding Stake that is leaving and still slashable.
/// @param unbondAt Unix time from which the leaving stake can be taken out, unless it is held; 0 if none is leaving.
/// @param claimed Sum of the slashes that pending verdicts ask for; may be more than there is.
/// @param holds Number of pending verdicts; while there is one, nothing leaves.
/// @param convictions Number of faults it was convicted of, ever.
/// @param slashed What it lost, ever.
struct Exposure {
    uint64 free;
    uint64 active;
    uint64 unbonding;
    uint40 unbondAt;
    uint96 claimed;
    uint32 holds;
    uint32 convictions;
    uint64 slashed;
}

/// @title Stakes: who operates in the market, where they are paid, and what they stand to lose
/// @notice An operator is an address (its operator key) with a number. Stake leaves after a delay, during which it can be
/// slashed like any other. Only the disputes contract slashes. The payout address changes with the same delay, and the
/// current payout address may veto the change, so a stolen operator key does not reach the earnings unseen. While a
/// verdict against an operator is pending, none of its stake leaves. A guardian may stop registration for a while
/// (`IIntake`), and nothing else.
/// @dev The token assumptions are in `IUsdc`.
interface IStakes is IIntake {
    /// @notice An operator registered.
    /// @param index Its number.
    /// @param operator Its address.
    /// @param payout Where its earnings go.
    /// @param roles Bit flags.
    /// @param metadataHash Hash of what it says about itself off chain.
    event OperatorRegistered(
        uint32 indexed index,
        address indexed operator,
        address payout,
        uint8 roles,
        bytes32 metadataHash
    );
    /// @notice An operator changed its roles or description.
    /// @param index Its number.
    /// @param roles Bit flags.
    /// @param metadataHash Hash of what it says about itself off chain.
    event ProfileUpdated(uint32 indexed index, uint8 roles, bytes32 metadataHash);
    /// @notice Stake was added.
    /// @param index The operator.
    /// @param amount USDC base units added.
    /// @param active Active stake afterwards.
    event Staked(uint32 indexed index, uint64 amount, uint64 active);
    /// @notice Stake began to leave.
    /// @param index The operator.
    /// @param amount USDC base units added to what is leaving.
    /// @param unbonding All that is leaving.
    /// @param unbondAt When all of it can be taken out.
    event UnbondRequested(uint32 indexed index, uint64 amount, uint64 unbonding, uint40 unbondAt);
    /// @notice Leaving stake became active again.
    /// @param index The operator.
    /// @param amount USDC base units.
    event UnbondCancelled(uint32 indexed index, uint64 amount);
    /// @notice Stake left.
    /// @param index The operator.
    /// @param to Who received it.
    /// @param amount USDC base units.
    event UnbondFinished(uint32 indexed index, address indexed to, uint64 amount);
    /// @notice A change of payout address began.
    /// @param index The operator.
    /// @param payout The address to come.
    /// @param effectiveAt When it can take effect.
    event PayoutChangeRequested(uint32 indexed index, address indexed payout, uint40 effectiveAt);
    /// @notice A change of payout address was called off.
    /// @param index The operator.
    /// @param payout The address that will not come.
    event PayoutChangeCancelled(uint32 indexed index, address indexed payout);
    /// @notice The payout address changed.
    /// @param index The operator.
    /// @param payout The address from now on.
    event PayoutChanged(uint32 indexed index, address indexed payout);
    /// @notice Stake was taken as a penalty.
    /// @param index The operator.
    /// @param asked USDC base units asked for.
    /// @param taken USDC base units taken: all there was, if that is less.
    event Slashed(uint32 indexed index, uint64 asked, uint64 taken);

    /// @notice A verdict against an operator is pending from now on.
    /// @param index The operator.
    /// @param amount USDC base units it asks for.
    /// @param holds How many are pending now.
    event StakeClaimed(uint32 indexed index, uint64 amount, uint32 holds);
    /// @notice A verdict against an operator is no longer pending.
    /// @param index The operator.
    /// @param amount USDC base units it asked for.
    /// @param holds How many are still pending.
    /// @param convicted Whether it ended in a conviction.
    event ClaimClosed(uint32 indexed index, uint64 amount, uint32 holds, bool convicted);

    /// @notice The address has registered before.
    error AlreadyRegistered(address operator, uint32 index);
    /// @notice The address is not an operator.
    error NotRegistered(address operator);
    /// @notice No role, or a bit that means nothing.
    error BadRoles(uint8 roles);
    /// @notice The zero address cannot be paid.
    error ZeroPayout();
    /// @notice Nothing to stake or unbond.
    error ZeroAmount();
    /// @notice More than is staked.
    error InsufficientStake(uint64 have, uint64 want);
    /// @notice Nothing is leaving.
    error NothingUnbonding(uint32 index);
    /// @notice Nothing leaves while verdicts against the operator are pending.
    error StakeHeld(uint32 index, uint32 holds);
    /// @notice No payout change is under way.
    error NoPayoutChange(uint32 index);
    /// @notice Not allowed before `opensAt`.
    error TooEarly(uint256 opensAt);
    /// @notice The caller may not do this.
    error NotAllowed(address caller);

    /// @notice Registers the caller as an operator.
    /// @param payout Where earnings go; may be a cold address.
    /// @param roles Bit flags: 1 provider, 2 validator, 4 aggregator.
    /// @param metadataHash Hash of a description kept elsewhere; only an event remembers it.
    /// @return index The operator's number, from 1.
    function register(address payout, uint8 roles, bytes32 metadataHash) external returns (uint32 index);

    /// @notice Replaces the caller's roles and description.
    /// @param roles Bit flags.
    /// @param metadataHash Hash of a description kept elsewhere.
    function updateProfile(uint8 roles, bytes32 metadataHash) external;

    /// @notice Adds to the caller's stake with its allowance.
    /// @param amount USDC base units.
    function stake(uint64 amount) external;

    /// @notice Adds to an operator's stake with its EIP-3009 authorization. Anyone may submit it.
    /// @dev The authorization is `ReceiveWithAuthorization(from = operator, to = stakes, value = amount, …)`. Whatever
    /// it brings is staked for its signer, so the nonce is free.
    /// @param operator Whose stake, and who pays.
    /// @param amount USDC base units.
    /// @param validAfter As signed.
    /// @param validBefore As signed.
    /// @param nonce As signed.
    /// @param signature The operator's signature, 65 bytes (r, s, v) or ERC-1271.
    function stakeWithAuthorization(
        address operator,
        uint64 amount,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external;

    /// @notice Starts to take out some of the caller's stake. The delay starts again for all that is already leaving.
    /// @param amount USDC base units.
    function requestUnbond(uint64 amount) external;

    /// @notice Makes all of the caller's leaving stake active again.
    function cancelUnbond() external;

    /// @notice Pays out all of the caller's leaving stake, at or after `unbondAt` and with no verdict pending.
    /// @param to Where to.
    /// @return amount USDC base units paid.
    function finishUnbond(address to) external returns (uint64 amount);

    /// @notice Starts a change of the caller's payout address; replaces a change already under way.
    /// @param payout The new address.
    function requestPayoutChange(address payout) external;

    /// @notice Calls off a payout change. For the operator, or its current payout address.
    /// @param operator Whose change.
    function cancelPayoutChange(address operator) external;

    /// @notice Completes a payout change after the delay. Anyone may call.
    /// @param operator Whose change.
    function finishPayoutChange(address operator) external;

    /// @notice Notes a pending verdict: no stake of the operator leaves until it is released. For the disputes contract.
    /// @param operator Whose stake.
    /// @param amount USDC base units that the verdict asks for.
    function hold(address operator, uint64 amount) external;

    /// @notice Notes the end of a pending verdict. For the disputes contract.
    /// @param operator Whose stake.
    /// @param amount USDC base units, as held.
    /// @param convicted Whether it counts as a conviction.
    function release(address operator, uint64 amount, bool convicted) external;

    /// @notice Takes stake as a penalty and sends it to the caller, which must be the disputes contract. Leaving stake
    /// goes first, so that what is left keeps standing behind the operator's work.
    /// @param operator Whose stake.
    /// @param amount USDC base units; if there is less, all there is.
    /// @return taken USDC base units taken.
    function slash(address operator, uint64 amount) external returns (uint64 taken);

    /// @notice Everything about an operator; all zero if the address never registered.
    /// @param operatorAddress The operator.
    /// @return The operator.
    function operator(address operatorAddress) external view returns (OperatorView memory);

    /// @notice What stands behind an operator's next piece of work; all zero if the address never registered.
    /// @param operatorAddress The operator.
    /// @return The exposure.
    function exposure(address operatorAddress) external view returns (Exposure memory);

    /// @notice The operator with a number; the zero address if there is none.
    /// @param index The number.
    /// @return Its address.
    function operatorAt(uint32 index) external view returns (address);

    /// @notice The number of an operator; 0 if the address never registered.
    /// @param operatorAddress The operator.
    /// @return Its number.
    function indexOf(address operatorAddress) external view returns (uint32);

    /// @notice Where an operator's earnings go; the zero address if there is no such operator.
    /// @param index The operator.
    /// @return The payout address.
    function payoutOf(uint32 index) external view returns (address);

    /// @notice The payout change under way; zeros if none.
    /// @param index The operator.
    /// @return payout The address to come.
    /// @return effectiveAt When it can take effect.
    function pendingPayout(uint32 index) external view returns (address payout, uint40 effectiveAt);

    /// @notice How many operators there are; their numbers are 1 to this.
    /// @return The count.
    function operatorCount() external view returns (uint32);

    /// @notice The token, USDC.
    /// @return The token.
    function TOKEN() external view returns (IUsdc);

    /// @notice The only address that can slash.
    /// @return The disputes contract.
    function DISPUTES() external view returns (address);

    /// @notice How long leaving stake stays, and how long a payout change takes.
    /// @return Seconds.
    function UNBONDING_DELAY() external view returns (uint40);
}
