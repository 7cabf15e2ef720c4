// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {Intake} from "./Intake.sol";
import {Exposure, IStakes, OperatorView} from "./interfaces/IStakes.sol";
import {IUsdc} from "./interfaces/IUsdc.sol";
import {UsdcPull} from "./libraries/UsdcPull.sol";

/// @title Stakes
/// @notice See `IStakes`.
contract Stakes is IStakes, Intake, ReentrancyGuardTransient {
    using SafeERC20 for IUsdc;
    using UsdcPull for IUsdc;

    /// @dev Four slots: who and with what; where paid and what is leaving; changes under way; cases against it.
    struct Record {
        address operator;
        uint8 roles;
        uint64 active;
        address payout;
        uint64 unbonding;
        address nextPayout;
        uint40 payoutAt;
        uint40 unbondAt;
        uint96 claimed;
        uint32 holds;
        uint32 convictions;
        uint64 slashed;
    }

    uint8 private constant ALL_ROLES = 7;

    /// @inheritdoc IStakes
    IUsdc public immutable TOKEN;
    /// @inheritdoc IStakes
    address public immutable DISPUTES;
    /// @inheritdoc IStakes
    uint40 public immutable UNBONDING_DELAY;

    /// @inheritdoc IStakes
    uint32 public operatorCount;
    /// @inheritdoc IStakes
    mapping(address operator => uint32 index) public indexOf;
    mapping(uint32 index => Record record) private _records;

    constructor(IUsdc token, address disputes, uint40 unbondingDelay, address guardian) Intake(guardian) {
        token.requireSixDecimals();
        TOKEN = token;
        DISPUTES = disputes;
        UNBONDING_DELAY = unbondingDelay;
    }

    modifier onlyDisputes() {
        if (msg.sender != DISPUTES) revert NotAllowed(msg.sender);
        _;
    }

    // ── Registering ─────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IStakes
    function register(address payout, uint8 roles, bytes32 metadataHash) external returns (uint32 index) {
        _requireIntake();
        index = indexOf[msg.sender];
        if (index != 0) revert AlreadyRegistered(msg.sender, index);
        if (payout == address(0)) revert ZeroPayout();
        _requireRoles(roles);

        index = ++operatorCount;
        indexOf[msg.sender] = index;
        Record storage record = _records[index];
        record.operator = msg.sender;
        record.roles = roles;
        record.payout = payout;
        emit OperatorRegistered(index, msg.sender, payout, roles, metadataHash);
    }

    /// @inheritdoc IStakes
    function updateProfile(uint8 roles, bytes32 metadataHash) external {
        (uint32 index, Record storage record) = _recordOf(msg.sender);
        _requireRoles(roles);

        record.roles = roles;
        emit ProfileUpdated(index, roles, metadataHash);
    }

    // ── Stake in and out ────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IStakes
    function stake(uint64 amount) external nonReentrant {
        _addStake(msg.sender, amount);
        TOKEN.pull(msg.sender, amount);
    }

    /// @inheritdoc IStakes
    function stakeWithAuthorization(
        address operatorAddress,
        uint64 amount,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external nonReentrant {
        _addStake(operatorAddress, amount);
        TOKEN.pullWithAuthorization(operatorAddress, amount, validAfter, validBefore, nonce, signature);
    }

    /// @inheritdoc IStakes
    function requestUnbond(uint64 amount) external {
        (uint32 index, Record storage record) = _recordOf(msg.sender);
        if (amount == 0) revert ZeroAmount();
        if (amount > record.active) revert InsufficientStake(record.active, amount);

        record.active -= amount;
        uint64 unbonding = record.unbonding + amount;
        uint40 unbondAt = uint40(block.timestamp) + UNBONDING_DELAY;
        record.unbonding = unbonding;
        record.unbondAt = unbondAt;
        emit UnbondRequested(index, amount, unbonding, unbondAt);
    }

    /// @inheritdoc IStakes
    function cancelUnbond() external {
        (uint32 index, Record storage record) = _recordOf(msg.sender);
        uint64 amount = record.unbonding;
        if (amount == 0) revert NothingUnbonding(index);

        _clearUnbonding(record);
        record.active += amount;
        emit UnbondCancelled(index, amount);
    }

    /// @inheritdoc IStakes
    function finishUnbond(address to) external nonReentrant returns (uint64 amount) {
        (uint32 index, Record storage record) = _recordOf(msg.sender);
        amount = record.unbonding;
        if (amount == 0) revert NothingUnbonding(index);
        if (block.timestamp < record.unbondAt) revert TooEarly(record.unbondAt);
        if (record.holds != 0) revert StakeHeld(index, record.holds);

        _clearUnbonding(record);
        emit UnbondFinished(index, to, amount);
        TOKEN.safeTransfer(to, amount);
    }

    /// @inheritdoc IStakes
    function hold(address operatorAddress, uint64 amount) external onlyDisputes {
        (uint32 index, Record storage record) = _recordOf(operatorAddress);
        ++record.holds;
        record.claimed += amount;
        emit StakeClaimed(index, amount, record.holds);
    }

    /// @inheritdoc IStakes
    function release(address operatorAddress, uint64 amount, bool convicted) external onlyDisputes {
        (uint32 index, Record storage record) = _recordOf(operatorAddress);
        --record.holds;
        record.claimed -= amount;
        if (convicted) ++record.convictions;
        emit ClaimClosed(index, amount, record.holds, convicted);
    }

    /// @inheritdoc IStakes
    function slash(
        address operatorAddress,
        uint64 amount
    ) external onlyDisputes nonReentrant returns (uint64 taken) {
        (uint32 index, Record storage record) = _recordOf(operatorAddress);

        uint64 fromUnbonding = _min(amount, record.unbonding);
        uint64 fromActive = _min(amount - fromUnbonding, record.active);
        taken = fromUnbonding + fromActive;
        record.active -= fromActive;
        record.unbonding -= fromUnbonding;
        record.slashed += taken;
        if (record.unbonding == 0) record.unbondAt = 0;
        emit Slashed(index, amount, taken);
        if (taken != 0) TOKEN.safeTransfer(DISPUTES, taken);
    }

    // ── Payout address ──────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IStakes
    function requestPayoutChange(address payout) external {
        (uint32 index, Record storage record) = _recordOf(msg.sender);
        if (payout == address(0)) revert ZeroPayout();

        uint40 effectiveAt = uint40(block.timestamp) + UNBONDING_DELAY;
        record.nextPayout = payout;
        record.payoutAt = effectiveAt;
        emit PayoutChangeRequested(index, payout, effectiveAt);
    }

    /// @inheritdoc IStakes
    function cancelPayoutChange(address operatorAddress) external {
        (uint32 index, Record storage record) = _recordOf(operatorAddress);
        if (msg.sender != operatorAddress && msg.sender != record.payout) revert NotAllowed(msg.sender);
        address dropped = record.nextPayout;
        if (dropped == address(0)) revert NoPayoutChange(index);

        _clearPayoutChange(record);
        emit PayoutChangeCancelled(index, dropped);
    }

    /// @inheritdoc IStakes
    function finishPayoutChange(address operatorAddress) external {
        (uint32 index, Record storage record) = _recordOf(operatorAddress);
        address payout = record.nextPayout;
        if (payout == address(0)) revert NoPayoutChange(index);
        if (block.timestamp < record.payoutAt) revert TooEarly(record.payoutAt);

        _clearPayoutChange(record);
        record.payout = payout;
        emit PayoutChanged(index, payout);
    }

    // ── Views ───────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IStakes
    function operator(address operatorAddress) external view returns (OperatorView memory) {
        uint32 index = indexOf[operatorAddress];
        Record storage record = _records[index];
        return
            OperatorView(
                index,
                record.roles,
                record.payout,
                record.active,
                record.unbonding,
                record.unbondAt
            );
    }

    /// @inheritdoc IStakes
    function exposure(address operatorAddress) external view returns (Exposure memory) {
        Record storage record = _records[indexOf[operatorAddress]];
        // Leaving stake is slashed first, so claims reach active stake only beyond it.
        uint96 reach = record.claimed > record.unbonding ? record.claimed - record.unbonding : 0;
        uint64 free = reach < record.active ? record.active - uint64(reach) : 0;
        return
            Exposure(
                free,
                record.active,
                record.unbonding,
                record.unbondAt,
                record.claimed,
                record.holds,
                record.convictions,
                record.slashed
            );
    }

    /// @inheritdoc IStakes
    function operatorAt(uint32 index) external view returns (address) {
        return _records[index].operator;
    }

    /// @inheritdoc IStakes
    function payoutOf(uint32 index) external view returns (address) {
        return _records[index].payout;
    }

    /// @inheritdoc IStakes
    function pendingPayout(uint32 index) external view returns (address payout, uint40 effectiveAt) {
        Record storage record = _records[index];
        return (record.nextPayout, record.payoutAt);
    }

    // ── Internal ────────────────────────────────────────────────────────────────────────────────────────────────────

    function _addStake(address operatorAddress, uint64 amount) private {
        (uint32 index, Record storage record) = _recordOf(operatorAddress);
        if (amount == 0) revert ZeroAmount();

        uint64 active = record.active + amount;
        record.active = active;
        emit Staked(index, amount, active);
    }

    function _recordOf(address operatorAddress) private view returns (uint32 index, Record storage record) {
        index = indexOf[operatorAddress];
        if (index == 0) revert NotRegistered(operatorAddress);
        record = _records[index];
    }

    function _clearUnbonding(Record storage record) private {
        record.unbonding = 0;
        record.unbondAt = 0;
    }

    function _clearPayoutChange(Record storage record) private {
        record.nextPayout = address(0);
        record.payoutAt = 0;
    }

    function _requireRoles(uint8 roles) private pure {
        if (roles == 0 || roles > ALL_ROLES) revert BadRoles(roles);
    }

    function _min(uint64 a, uint64 b) private pure returns (uint64) {
        return a < b ? a : b;
    }
}
