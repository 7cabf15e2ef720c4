// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Escrow} from "../../src/Escrow.sol";
import {Quorums} from "../../src/Quorums.sol";
import {Stakes} from "../../src/Stakes.sol";
import {Order, OrderStatus, OrderTerms, SettlementBatch} from "../../src/interfaces/IEscrow.sol";
import {TestUsdc} from "../../src/testing/TestUsdc.sol";
import {vm} from "./Vm.sol";

/// @notice Uses the escrow at random. It knows which calls must succeed and which must not, and reverts if it is wrong.
contract EscrowHandler {
    uint256 private constant SIGNER = 0xa55a;
    uint32 public constant OPERATORS = 9;

    TestUsdc public immutable usdc;
    Escrow public immutable escrow;

    OrderTerms[] private _orders;
    /// @notice What went in and came out, counted apart from the contract.
    uint256 public fundedSum;
    uint256 public refundedSum;
    uint256 public withdrawnSum;
    /// @notice How often each order was closed by a settlement or a full refund.
    mapping(bytes32 id => uint256 times) public closings;
    uint256 public time = 1_000_000;

    constructor() {
        vm.warp(time);
        usdc = new TestUsdc();
        Stakes stakes = new Stakes(usdc, address(this), 14 days, address(0));
        Quorums quorums = new Quorums(stakes, 1);
        escrow = new Escrow(usdc, stakes, quorums, address(0));
        for (uint256 i = 0; i < OPERATORS; ++i) {
            address operator = i == 0 ? vm.addr(SIGNER) : address(uint160(0x1000 + i));
            vm.prank(operator);
            stakes.register(operator, 3, 0);
        }
        address[] memory members = new address[](1);
        members[0] = vm.addr(SIGNER);
        usdc.mint(members[0], 1);
        vm.prank(members[0]);
        usdc.approve(address(stakes), 1);
        vm.prank(members[0]);
        stakes.stake(1);
        quorums.createQuorum(members, 1, 0);
    }

    function fund(uint8 client, uint64 amount, uint24 settleIn, uint24 refundIn, uint16 feeBps) external {
        address payer = clientAt(client);
        if (usdc.isBlacklisted(payer)) return;
        amount = 1 + (amount % 1e15);
        uint40 settleBy = uint40(time + 1 + (settleIn % 3 days));
        OrderTerms memory terms = OrderTerms({
            client: payer,
            aggregator: address(0xa66),
            maxAmount: amount,
            settleBy: settleBy,
            refundAt: settleBy + (refundIn % 3 days),
            quorumId: 1,
            feeBps: feeBps % 501,
            specHash: 0,
            salt: bytes32(_orders.length)
        });
        usdc.mint(payer, amount);
        vm.prank(payer);
        usdc.approve(address(escrow), amount);
        vm.prank(payer);
        escrow.fund(terms);
        _orders.push(terms);
        fundedSum += amount;
    }

    function settle(uint256 pick, uint64 charge, uint32 index, uint64 split) external {
        if (_orders.length == 0) return;
        OrderTerms memory terms = _orders[pick % _orders.length];
        bytes32 id = escrow.orderId(terms);
        charge = uint64(charge % (uint256(terms.maxAmount) + 1));
        uint64 fee = uint64((uint256(charge) * terms.feeBps) / 10_000);
        uint64 first = (charge - fee) == 0 ? 0 : split % (charge - fee);
        index = 1 + (index % (OPERATORS - 1));
        SettlementBatch memory batch = SettlementBatch({
            aggregator: terms.aggregator,
            quorumId: 1,
            orders: abi.encodePacked(id, charge),
            tabs: "",
            payouts: abi.encodePacked(index, first, index + 1, charge - fee - first),
            fee: fee,
            resultsRoot: 0
        });
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(SIGNER, escrow.hashBatch(batch));
        bool may = escrow.order(id).status == OrderStatus.Funded && time < terms.settleBy;
        try escrow.settle(batch, abi.encodePacked(r, s, v)) {
            require(may, "settled out of its window");
            ++closings[id];
        } catch {
            require(!may, "could not settle");
        }
    }

    function refund(uint256 pick) external {
        if (_orders.length == 0) return;
        OrderTerms memory terms = _orders[pick % _orders.length];
        bytes32 id = escrow.orderId(terms);
        Order memory order = escrow.order(id);
        bool may = order.status == OrderStatus.Funded ? time >= terms.refundAt : order.remaining > 0;
        try escrow.refund(terms) {
            require(may, "refunded out of its window");
            if (order.status == OrderStatus.Funded) ++closings[id];
            refundedSum += order.remaining;
        } catch {
            require(!may, "could not refund");
        }
    }

    function blacklist(uint8 client, bool on) external {
        usdc.setBlacklisted(clientAt(client), on);
    }

    function withdrawEarnings(uint32 index) external {
        try escrow.withdrawEarnings(1 + (index % OPERATORS)) returns (uint64 amount) {
            withdrawnSum += amount;
        } catch {}
    }

    function withdrawCredit(uint8 client, bool aggregator) external {
        vm.prank(aggregator ? address(0xa66) : clientAt(client));
        try escrow.withdrawCredit(address(0xdead)) returns (uint256 amount) {
            // Credit of a client was counted when it was refunded.
            if (aggregator) withdrawnSum += amount;
        } catch {}
    }

    function pass(uint24 secondsAhead) external {
        time += secondsAhead % 2 days;
        vm.warp(time);
    }

    function orderCount() external view returns (uint256) {
        return _orders.length;
    }

    function orderIdAt(uint256 position) external view returns (bytes32) {
        return escrow.orderId(_orders[position]);
    }

    function clientAt(uint8 client) public pure returns (address) {
        return address(uint160(0x2000 + (client % 3)));
    }
}

contract EscrowInvariantsTest {
    EscrowHandler private _handler;

    function setUp() public {
        _handler = new EscrowHandler();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    /// @dev What the escrow holds is exactly what it owes: to open orders, remainders, operators and credits.
    function invariant_holdsWhatItOwes() public view {
        Escrow escrow = _handler.escrow();
        uint256 owed;
        for (uint256 i = 0; i < _handler.orderCount(); ++i)
            owed += escrow.order(_handler.orderIdAt(i)).remaining;
        for (uint32 i = 1; i <= _handler.OPERATORS(); ++i) owed += escrow.earningsOf(i);
        for (uint8 i = 0; i < 3; ++i) owed += escrow.credit(_handler.clientAt(i));
        owed += escrow.credit(address(0xa66));
        require(_handler.usdc().balanceOf(address(escrow)) == owed, "holds what it owes");
    }

    /// @dev An order is closed at most once, however it is used.
    function invariant_closesOnce() public view {
        for (uint256 i = 0; i < _handler.orderCount(); ++i) {
            require(_handler.closings(_handler.orderIdAt(i)) <= 1, "closed once");
        }
    }

    /// @dev Money is neither made nor lost: all that was funded is still there, or went out once.
    function invariant_conserves() public view {
        Escrow escrow = _handler.escrow();
        uint256 waiting;
        for (uint8 i = 0; i < 3; ++i) waiting += escrow.credit(_handler.clientAt(i));
        uint256 gone = _handler.refundedSum() - waiting + _handler.withdrawnSum();
        require(_handler.fundedSum() == gone + _handler.usdc().balanceOf(address(escrow)), "conserved");
    }
}
