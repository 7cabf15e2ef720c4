// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Disputes} from "../../../src/Disputes.sol";
import {Escrow} from "../../../src/Escrow.sol";
import {Quorums} from "../../../src/Quorums.sol";
import {Stakes} from "../../../src/Stakes.sol";
import {TestWallet} from "../../../src/testing/TestWallet.sol";
import {vm} from "../Vm.sol";
import {HostileUsdc} from "./HostileUsdc.sol";

/// @title Who takes part, and the contracts between them
/// @notice Everybody whose money could move is listed in `people`, so that what is missing somewhere must be found
/// elsewhere. The token is a party as well: it is the second aggregator and an operator, so it has calls of its own to
/// make when it calls back.
abstract contract Cast {
    uint40 internal constant UNBONDING_DELAY = 14 days;
    uint40 internal constant APPEAL_WINDOW = 2 days;
    uint40 internal constant RULING_WINDOW = 2 days;
    /// @dev Below what most operators have at stake, so that collecting takes several days.
    uint64 internal constant DAILY_SLASH_CAP = 150e6;
    uint40 internal constant START = 1_800_000_000;

    uint256 internal constant CLIENTS = 4;
    /// @dev The client that is a contract wallet; it can have no vouchers.
    uint256 internal constant WALLET = 3;
    uint256 internal constant AGGREGATORS = 2;
    uint256 internal constant VALIDATORS = 5;
    uint256 internal constant PROVIDERS = 3;
    /// @dev Operators that register on the way, if at all.
    uint256 internal constant LATECOMERS = 3;
    /// @dev Quorums 1 to 5 have 5 to 1 members; each but the first appeals to the one before. The sixth has no appeal.
    uint32 internal constant LADDER = 5;

    address internal constant GUARDIAN = address(0x6a7d);
    address internal constant STRANGER = address(0x57a9);
    /// @dev Where withdrawals go that do not go to their owner.
    address internal constant SAFE = address(0x5afe);
    uint256 internal constant WRONG_KEY = 0xbad;

    HostileUsdc public immutable usdc;
    Stakes public immutable stakes;
    Quorums public immutable quorums;
    Escrow public immutable escrow;
    Disputes public immutable disputes;

    /// @dev Everybody; then those who can come by credit in Escrow, and in Disputes.
    address[] public people;
    address[] internal _creditors;
    address[] internal _claimants;
    address[] public clients;
    address[] public aggregators;
    /// @dev The validators' operator numbers are 1 to 5, in the order of their addresses.
    uint256[] internal _validatorKeys;

    constructor() {
        vm.warp(START);
        usdc = new HostileUsdc();
        stakes = new Stakes(usdc, vm.computeCreateAddress(address(this), 5), UNBONDING_DELAY, GUARDIAN);
        quorums = new Quorums(stakes, 1);
        escrow = new Escrow(usdc, stakes, quorums, GUARDIAN);
        disputes = new Disputes(escrow, APPEAL_WINDOW, RULING_WINDOW, DAILY_SLASH_CAP);
        usdc.setTarget(address(escrow), address(escrow));
        usdc.setTarget(address(stakes), address(stakes));
        usdc.setTarget(address(disputes), address(disputes));
        _hire();
    }

    function clientKey(uint256 client) internal pure returns (uint256) {
        return 0xc1 + client;
    }

    function providerKey(uint256 provider) internal pure returns (uint256) {
        return 0x9101 + provider;
    }

    function peopleCount() external view returns (uint256) {
        return people.length;
    }

    function _hire() private {
        for (uint256 i = 0; i < CLIENTS; ++i) {
            address key = vm.addr(clientKey(i));
            clients.push(i == WALLET ? address(new TestWallet(key)) : key);
            _enlist(clients[i]);
            _creditors.push(clients[i]);
            _claimants.push(clients[i]);
        }
        aggregators.push(address(0xa66));
        aggregators.push(address(usdc));
        for (uint256 i = 0; i < AGGREGATORS; ++i) {
            _enlist(aggregators[i]);
            _creditors.push(aggregators[i]);
        }
        _claimants.push(STRANGER);
        _claimants.push(aggregators[1]);
        _enlist(GUARDIAN);
        _enlist(STRANGER);
        _enlist(SAFE);
        _enlist(address(this));
        for (uint256 i = 0; i < VALIDATORS; ++i) _validatorKeys.push(0x7a1 + i);
        for (uint256 i = 1; i < VALIDATORS; ++i) {
            for (uint256 j = i; j > 0 && vm.addr(_validatorKeys[j - 1]) > vm.addr(_validatorKeys[j]); --j) {
                (_validatorKeys[j - 1], _validatorKeys[j]) = (_validatorKeys[j], _validatorKeys[j - 1]);
            }
        }
    }

    /// @dev Adds a party, who lets all three contracts take what they ask for.
    function _enlist(address account) internal {
        people.push(account);
        address[3] memory spenders = [address(escrow), address(stakes), address(disputes)];
        for (uint256 i = 0; i < spenders.length; ++i) {
            vm.prank(account);
            usdc.approve(spenders[i], type(uint256).max / 2);
        }
    }
}
