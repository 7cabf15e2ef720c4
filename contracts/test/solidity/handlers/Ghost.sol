// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {VerdictStatus} from "../../../src/interfaces/DisputeTypes.sol";
import {OrderStatus, OrderTerms} from "../../../src/interfaces/OrderTypes.sol";
import {vm} from "../Vm.sol";
import {Cast} from "./Cast.sol";
import {HostileUsdc} from "./HostileUsdc.sol";

struct OrderGhost {
    OrderTerms terms;
    bytes32 id;
    address deposit;
    OrderStatus status;
    uint64 remaining;
    uint64 charged;
    uint64 returned;
    uint8 settlements;
    uint8 refunds;
    uint40 fundedAt;
}

struct TabGhost {
    uint64 deposited;
    uint64 spent;
    uint64 exiting;
    uint40 exitAt;
    uint24 generation;
    uint64 paidIn;
    uint64 drawn;
    uint64 exited;
}

struct OperatorGhost {
    address who;
    uint256 key;
    address payout;
    address nextPayout;
    uint40 payoutAt;
    uint64 active;
    uint64 unbonding;
    uint40 unbondAt;
    uint64 stakedIn;
    uint64 tookOut;
    uint64 slashed;
    uint64 earned;
    uint64 withdrawn;
    uint32 holds;
    uint96 claimed;
    uint32 convictions;
}

struct VerdictGhost {
    bytes32 id;
    uint256 accused;
    uint8 outcome;
    VerdictStatus status;
    bool guilty;
    bool opened;
    uint8 round;
    uint40 closesAt;
    uint64 slash;
    uint64 collected;
    uint64 taken;
    uint64 bond;
    uint32 quorumId;
    uint32 benchId;
    address detector;
    address client;
    address appellant;
}

/// @title What should be the case, counted apart from the contracts
/// @notice Every handler predicts whether its call succeeds, makes it, and writes down what must have followed. A wrong
/// prediction is kept as a breach of the invariant that it belongs to; what was written down is compared after each call.
abstract contract Ghost is Cast {
    /// @notice How often each action did what it is for, and how often it was refused, as it had to be.
    mapping(bytes4 action => uint256) public done;
    mapping(bytes4 action => uint256) public refused;
    /// @notice The first breach of each invariant that a handler saw.
    mapping(uint256 invariant => string) public breach;
    /// @notice How many calls there were.
    uint256 public calls;
    uint256 public time = START;

    /// @dev What everybody should hold, as if the token had kept nothing, and what nobody owed the contracts.
    mapping(address account => uint256) public wallet;
    mapping(address holder => uint256) public donated;
    /// @dev What the contracts should owe apart from orders, tabs, earnings and stakes.
    mapping(address owner => uint256) public escrowCredit;
    mapping(address owner => uint256) public disputesCredit;
    uint256 public inFund;
    uint256 public slashesCame;
    uint256 public sharedOut;
    uint256 public feesEarned;

    OrderGhost[] internal _orders;
    TabGhost[AGGREGATORS][CLIENTS] internal _tabs;
    /// @dev By operator number; the first entry is nobody.
    OperatorGhost[] internal _operators;
    VerdictGhost[] internal _verdicts;
    mapping(bytes32 verdictId => uint256 position) internal _verdictAt;
    mapping(uint32 quorumId => mapping(uint256 day => uint64)) internal _takenOn;
    /// @dev The operator numbers of each quorum's members, by quorum number.
    uint256[][] internal _members;
    mapping(uint32 quorumId => uint32) internal _appealOf;

    /// @dev By contract: when intake opens by itself, when it was stopped last.
    mapping(address target => uint40) internal _stoppedUntil;
    mapping(address target => uint40) internal _stoppedAt;
    /// @dev The call from which on the token is honest again, and the one from which on nobody is blacklisted.
    uint256 internal _honestFrom;
    uint256 internal _freeFrom;
    address internal _blacklisted;

    /// @dev Makes the same numbers mean something else in another suite.
    bytes32 private _salt;

    constructor() {
        _operators.push();
        _verdicts.push();
        _members.push();
    }

    function setSalt(bytes32 salt) external {
        _salt = salt;
    }

    /// @dev Around every action: what the issuer did wears off by itself, so that most calls meet an honest token.
    modifier action() {
        ++calls;
        if (_honestFrom != 0 && calls >= _honestFrom) _heal();
        if (_freeFrom != 0 && calls >= _freeFrom) _free();
        _;
    }

    // ── Chance ──────────────────────────────────────────────────────────────────────────────────────────────────────

    function _draw(uint256 x, uint256 lane) internal view returns (uint256) {
        return uint256(keccak256(abi.encode(x, lane, _salt)));
    }

    function _chance(uint256 x, uint256 lane, uint256 oneIn) internal view returns (bool) {
        return _draw(x, lane) % oneIn == 0;
    }

    /// @dev From 1 to `most`, often at an end, and as often small as large.
    function _amount(uint256 x, uint256 most) internal view returns (uint64) {
        if (most <= 1) return 1;
        uint256 kind = _draw(x, 90) % 8;
        if (kind == 0) return 1;
        if (kind == 1) return uint64(most);
        uint256 bound = kind < 4 ? 1 + (most >> (_draw(x, 91) % 24)) : most;
        return uint64(1 + (_draw(x, 92) % (bound > most ? most : bound)));
    }

    /// @dev Mostly the next one that is wanted, if there is one; else any.
    function _seek(
        uint256 x,
        uint256 count,
        function(uint256) internal view returns (bool) wanted
    ) internal view returns (uint256 start) {
        start = _draw(x, 93) % count;
        if (_chance(x, 94, 10)) return start;
        for (uint256 i = 0; i < count; ++i) {
            uint256 candidate = (start + i) % count;
            if (wanted(candidate)) return candidate;
        }
    }

    function _someone(uint256 x) internal view returns (address) {
        return people[_draw(x, 95) % people.length];
    }

    function _someClaimant(uint256 x) internal view returns (address) {
        return _claimants[_draw(x, 95) % _claimants.length];
    }

    // ── Calls ───────────────────────────────────────────────────────────────────────────────────────────────────────

    function _as(address who, address target, bytes memory data) internal returns (bool ok) {
        vm.prank(who);
        (ok, ) = target.call(data);
    }

    /// @dev Notes an outcome. What succeeded but must not breaks `invariant_`; what must succeed but did not is a way
    /// that somebody blocked: the guardian (I23), the token (I22) or nobody knows who (I9).
    function _judge(bool did, bool may, uint256 invariant_, string memory what) internal returns (bool) {
        if (did) ++done[msg.sig];
        else ++refused[msg.sig];
        if (did && !may) _break(invariant_, string.concat("did: ", what));
        if (!did && may) _break(_blocker(), string.concat("could not: ", what));
        return did;
    }

    function _require(bool holds, uint256 invariant_, string memory what) internal {
        if (!holds) _break(invariant_, what);
    }

    function _break(uint256 invariant_, string memory what) private {
        if (bytes(breach[invariant_]).length == 0) breach[invariant_] = what;
    }

    function _blocker() private view returns (uint256) {
        if (_isStopped(address(escrow)) || _isStopped(address(stakes))) return 23;
        return
            usdc.mode() == HostileUsdc.Mode.Honest && !usdc.paused() && _blacklisted == address(0) ? 9 : 22;
    }

    // ── Token ───────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @dev Whether the token moves anything from one to the other.
    function _moves(address from, address to) internal view returns (bool) {
        if (usdc.mode() == HostileUsdc.Mode.ReturnsFalse || usdc.paused()) return false;
        // Its fee goes to the token itself, which it may have blacklisted too.
        bool feeFails = usdc.mode() == HostileUsdc.Mode.KeepsFee && to != address(usdc);
        if (feeFails && usdc.isBlacklisted(address(usdc))) return false;
        return !usdc.isBlacklisted(from) && !usdc.isBlacklisted(to);
    }

    /// @dev Whether the token moves exactly what it was asked to.
    function _movesAll(address from, address to) internal view returns (bool) {
        return _moves(from, to) && usdc.mode() != HostileUsdc.Mode.KeepsFee;
    }

    function _mint(address to, uint256 amount) internal {
        usdc.mint(to, amount);
        wallet[to] += amount;
    }

    function _paid(address from, address to, uint256 amount) internal {
        wallet[from] -= amount;
        wallet[to] += amount;
    }

    /// @dev An ordinary transfer. Returns what arrived.
    function _transfer(address from, address to, uint256 amount) internal returns (uint256 arrived) {
        uint256 before = usdc.balanceOf(to);
        bool moves = _moves(from, to);
        _as(from, address(usdc), abi.encodeCall(usdc.transfer, (to, amount)));
        arrived = usdc.balanceOf(to) - before;
        if (moves) _paid(from, to, amount);
        _require((arrived != 0) == moves || amount < 3, 2, "a transfer went wrong");
    }

    function _heal() internal {
        _honestFrom = 0;
        usdc.setMode(HostileUsdc.Mode.Honest);
        usdc.setPaused(false);
    }

    function _free() internal {
        _freeFrom = 0;
        usdc.setBlacklisted(_blacklisted, false);
        _blacklisted = address(0);
    }

    // ── Shorthands ──────────────────────────────────────────────────────────────────────────────────────────────────

    /// @dev Copied in one place only, because that is much code.
    function _termsOf(OrderGhost storage order) internal view returns (OrderTerms memory) {
        return order.terms;
    }

    function _isStopped(address target) internal view returns (bool) {
        return time < _stoppedUntil[target];
    }

    function _operatorCount() internal view returns (uint256) {
        return _operators.length - 1;
    }

    /// @dev A number from 1 to the count of operators.
    function _someOperator(uint256 x) internal view returns (uint256) {
        return 1 + (_draw(x, 96) % _operatorCount());
    }
}
