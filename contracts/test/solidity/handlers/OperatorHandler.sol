// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {vm} from "../Vm.sol";
import {BadBatchHandler} from "./BadBatchHandler.sol";
import {OperatorGhost, OrderGhost} from "./Ghost.sol";

/// @title Operators: registration, stake, payout address, earnings, and the quorums they sit in
abstract contract OperatorHandler is BadBatchHandler {
    uint40 internal constant VERDICT_WINDOW = 3 days;
    uint64 internal constant SLASH_MULTIPLE = 300;
    uint256 internal constant MOST_QUORUMS = 9;

    /// @dev The validators, the providers and the token begin with stake; the quorums stand.
    constructor() {
        for (uint256 i = 0; i < VALIDATORS; ++i)
            _join(_validatorKeys[i], vm.addr(_validatorKeys[i]), 2, 200e6);
        for (uint256 i = 0; i < PROVIDERS; ++i)
            _join(providerKey(i), vm.addr(providerKey(i)), 1, 150e6 + uint64(i) * 150e6);
        _join(0, address(usdc), 5, 100e6);
        for (uint32 id = 1; id <= LADDER; ++id) _found(LADDER + 1 - id, id - 1, 0);
        _found(3, 0, 0);
    }

    // ── Registering ─────────────────────────────────────────────────────────────────────────────────────────────────

    /// @dev A newcomer, while there are any; sometimes somebody who is in already.
    function register(uint256 x) external action {
        uint256 next = _operatorCount() - VALIDATORS - 1;
        if (next >= PROVIDERS + LATECOMERS) next = 0;
        if (_chance(x, 1, 4)) next = 0;
        address who = vm.addr(providerKey(next));
        bool may = next != 0 && !_isStopped(address(stakes));
        bytes memory call = abi.encodeCall(stakes.register, (_coldAddress(_operators.length), 1, bytes32(x)));
        if (_judge(_as(who, address(stakes), call), may, 10, "register")) {
            _registered(providerKey(next), who, _coldAddress(_operators.length));
        }
    }

    /// @dev Some of the validators, with or without an appeal, or with something wrong.
    function createQuorum(uint256 x) external action {
        if (_members.length > MOST_QUORUMS) return;
        uint256 size = 1 + (_draw(x, 1) % VALIDATORS);
        uint32 appealId = uint32(_draw(x, 2) % (_members.length + 1));
        bool may = appealId == 0 || (appealId < _members.length && _members[appealId].length > size);
        uint256 first = _draw(x, 3) % (VALIDATORS + 1 - size);
        for (uint256 i = 0; i < size; ++i) may = may && _operators[first + 1 + i].active != 0;
        bool did = _create(size, appealId, first);
        if (_judge(did, may, 10, "createQuorum")) _remember(size, appealId, first);
    }

    // ── Stake ───────────────────────────────────────────────────────────────────────────────────────────────────────

    function stake(uint256 x, uint256 amount) external action {
        OperatorGhost storage operator = _operators[_someOperator(x)];
        uint64 added = _amount(amount, 200e6);
        _mint(operator.who, added);
        bool may = _movesAll(operator.who, address(stakes));
        bool did = _as(operator.who, address(stakes), abi.encodeCall(stakes.stake, (added)));
        if (_judge(did, may, 2, "stake")) _staked(operator, added);
    }

    function stakeByAuthorization(uint256 x, uint256 amount) external action {
        OperatorGhost storage operator = _operators[_someOperator(x)];
        if (operator.key == 0) return;
        bool forged = _chance(x, 1, 8);
        uint64 added = _amount(amount, 200e6);
        _mint(operator.who, added);
        bytes memory signature = _authorize(
            forged ? WRONG_KEY : operator.key,
            operator.who,
            address(stakes),
            added,
            bytes32(calls)
        );
        bool may = !forged && _movesAll(operator.who, address(stakes));
        bytes memory call = abi.encodeCall(
            stakes.stakeWithAuthorization,
            (operator.who, added, 0, type(uint256).max, bytes32(calls), signature)
        );
        if (_judge(_as(STRANGER, address(stakes), call), may, 24, "stakeWithAuthorization")) {
            _staked(operator, added);
        }
    }

    function requestUnbond(uint256 x, uint256 amount) external action {
        OperatorGhost storage operator = _operators[1 + _seek(x, _operatorCount(), _isStaying)];
        uint64 asked = _amount(amount, uint256(operator.active) + (_chance(x, 1, 8) ? 1 : 0));
        bool may = asked <= operator.active;
        bool did = _as(operator.who, address(stakes), abi.encodeCall(stakes.requestUnbond, (asked)));
        if (!_judge(did, may, 5, "requestUnbond")) return;
        operator.active -= asked;
        operator.unbonding += asked;
        operator.unbondAt = uint40(time) + UNBONDING_DELAY;
    }

    function cancelUnbond(uint256 x) external action {
        OperatorGhost storage operator = _operators[1 + _seek(x, _operatorCount(), _isUnbonding)];
        bool may = operator.unbonding != 0;
        bool did = _as(operator.who, address(stakes), abi.encodeCall(stakes.cancelUnbond, ()));
        if (!_judge(did, may, 5, "cancelUnbond")) return;
        operator.active += operator.unbonding;
        operator.unbonding = 0;
        operator.unbondAt = 0;
    }

    /// @dev Every order that was funded before this stake began to leave can no longer bring a case against it.
    function finishUnbond(uint256 x) external action {
        uint256 index = 1 + _seek(x, _operatorCount(), _isLeaving);
        _finishUnbond(index, _chance(x, 1, 2) ? _operators[index].who : SAFE);
    }

    function _finishUnbond(uint256 index, address to) internal returns (bool did) {
        OperatorGhost storage operator = _operators[index];
        bool may = operator.unbonding != 0 && time >= operator.unbondAt && operator.holds == 0;
        may = may && _moves(address(stakes), to);
        uint40 since = operator.unbondAt - (operator.unbondAt == 0 ? 0 : UNBONDING_DELAY);
        did = _as(operator.who, address(stakes), abi.encodeCall(stakes.finishUnbond, (to)));
        if (!_judge(did, may, 6, "finishUnbond")) return false;
        _paid(address(stakes), to, operator.unbonding);
        operator.tookOut += operator.unbonding;
        operator.unbonding = 0;
        operator.unbondAt = 0;
        for (uint256 i = 0; i < _orders.length; ++i) {
            OrderGhost storage order = _orders[i];
            if (order.fundedAt == 0 || order.fundedAt > since) continue;
            _require(
                time > order.terms.refundAt + VERDICT_WINDOW,
                6,
                "stake left before its cases were over"
            );
        }
    }

    // ── Payout address and earnings ─────────────────────────────────────────────────────────────────────────────────

    function requestPayoutChange(uint256 x) external action {
        OperatorGhost storage operator = _operators[_someOperator(x)];
        address next = _chance(x, 1, 2) ? operator.who : SAFE;
        bool did = _as(operator.who, address(stakes), abi.encodeCall(stakes.requestPayoutChange, (next)));
        if (!_judge(did, true, 10, "requestPayoutChange")) return;
        operator.nextPayout = next;
        operator.payoutAt = uint40(time) + UNBONDING_DELAY;
    }

    /// @dev By the operator, its payout address, or a stranger who may not.
    function cancelPayoutChange(uint256 x) external action {
        OperatorGhost storage operator = _operators[1 + _seek(x, _operatorCount(), _isMovingHouse)];
        uint256 kind = _draw(x, 1) % 3;
        address caller =
            kind == 0
                ? operator.who
                : kind == 1
                    ? operator.payout
                    : STRANGER;
        bool may = operator.nextPayout != address(0) && kind != 2;
        bool did = _as(caller, address(stakes), abi.encodeCall(stakes.cancelPayoutChange, (operator.who)));
        if (!_judge(did, may, 24, "cancelPayoutChange")) return;
        operator.nextPayout = address(0);
        operator.payoutAt = 0;
    }

    function finishPayoutChange(uint256 x) external action {
        _finishPayoutChange(1 + _seek(x, _operatorCount(), _canMoveHouse));
    }

    function _finishPayoutChange(uint256 index) internal returns (bool did) {
        OperatorGhost storage operator = _operators[index];
        bool may = operator.nextPayout != address(0) && time >= operator.payoutAt;
        did = _as(STRANGER, address(stakes), abi.encodeCall(stakes.finishPayoutChange, (operator.who)));
        if (!_judge(did, may, 24, "finishPayoutChange")) return false;
        operator.payout = operator.nextPayout;
        operator.nextPayout = address(0);
        operator.payoutAt = 0;
    }

    /// @dev By a stranger.
    function withdrawEarnings(uint256 x) external action {
        _withdrawEarnings(1 + _seek(x, _operatorCount(), _hasEarnings));
    }

    function _withdrawEarnings(uint256 index) internal returns (bool did) {
        OperatorGhost storage operator = _operators[index];
        uint64 amount = operator.earned - operator.withdrawn;
        bool may = amount != 0 && _moves(address(escrow), operator.payout);
        bytes memory call = abi.encodeCall(escrow.withdrawEarnings, (uint32(index)));
        did = _as(STRANGER, address(escrow), call);
        if (!_judge(did, may, 3, "withdrawEarnings")) return false;
        operator.withdrawn += amount;
        _paid(address(escrow), operator.payout, amount);
    }

    // ── Ghost ───────────────────────────────────────────────────────────────────────────────────────────────────────

    function _join(uint256 key, address who, uint8 roles, uint64 amount) private {
        address payout = _coldAddress(_operators.length);
        vm.prank(who);
        stakes.register(payout, roles, 0);
        _registered(key, who, payout);
        _mint(who, amount);
        vm.prank(who);
        stakes.stake(amount);
        _staked(_operators[_operatorCount()], amount);
    }

    function _registered(uint256 key, address who, address payout) private {
        OperatorGhost storage operator = _operators.push();
        operator.who = who;
        operator.key = key;
        operator.payout = payout;
        // The token is listed as an aggregator.
        if (who != address(usdc)) {
            _enlist(who);
            _claimants.push(who);
        }
        people.push(payout);
    }

    function _staked(OperatorGhost storage operator, uint64 amount) private {
        _paid(operator.who, address(stakes), amount);
        operator.active += amount;
        operator.stakedIn += amount;
    }

    function _found(uint256 size, uint32 appealId, uint256 first) private {
        require(_create(size, appealId, first), "quorum");
        _remember(size, appealId, first);
    }

    /// @dev A quorum of validators with neighbouring numbers.
    function _create(uint256 size, uint32 appealId, uint256 first) private returns (bool) {
        address[] memory members = new address[](size);
        for (uint256 i = 0; i < size; ++i) members[i] = _operators[first + 1 + i].who;
        uint8 threshold = uint8(size / 2 + 1);
        return
            _as(
                STRANGER,
                address(quorums),
                abi.encodeCall(quorums.createQuorum, (members, threshold, appealId))
            );
    }

    function _remember(uint256 size, uint32 appealId, uint256 first) private {
        uint256[] storage members = _members.push();
        for (uint256 i = 0; i < size; ++i) members.push(first + 1 + i);
        _appealOf[uint32(_members.length - 1)] = appealId;
    }

    function _coldAddress(uint256 number) private pure returns (address) {
        return address(uint160(0xc01d00 + number));
    }

    // ── Wanted, by operator number less one ─────────────────────────────────────────────────────────────────────────

    function _isStaying(uint256 position) internal view returns (bool) {
        return _operators[position + 1].unbonding == 0;
    }

    function _isUnbonding(uint256 position) internal view returns (bool) {
        return _operators[position + 1].unbonding != 0;
    }

    function _isLeaving(uint256 position) internal view returns (bool) {
        OperatorGhost storage operator = _operators[position + 1];
        return operator.unbonding != 0 && time >= operator.unbondAt;
    }

    function _isMovingHouse(uint256 position) internal view returns (bool) {
        return _operators[position + 1].nextPayout != address(0);
    }

    function _canMoveHouse(uint256 position) internal view returns (bool) {
        OperatorGhost storage operator = _operators[position + 1];
        return operator.nextPayout != address(0) && time >= operator.payoutAt;
    }

    function _hasEarnings(uint256 position) internal view returns (bool) {
        return _operators[position + 1].earned != _operators[position + 1].withdrawn;
    }
}
