// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEscrow, Order, OrderStatus, OrderTerms} from "../../src/interfaces/IEscrow.sol";
import {IQuorums} from "../../src/interfaces/IQuorums.sol";
import {BatchCodec} from "../../src/libraries/BatchCodec.sol";
import {MemberCode} from "../../src/libraries/MemberCode.sol";
import {OrderLib, OrderWord} from "../../src/libraries/OrderLib.sol";
import {vm} from "./Vm.sol";

contract CodecHarness {
    using BatchCodec for bytes;
    using OrderLib for OrderWord;

    function orderAt(
        bytes calldata orders,
        uint256 position
    ) external pure returns (bytes32, uint256, uint256) {
        (bytes32 id, uint256 charged) = orders.orderAt(position);
        return (id, charged, orders.orderCount());
    }

    function payoutAt(
        bytes calldata payouts,
        uint256 position
    ) external pure returns (uint256, uint256, uint256) {
        (uint256 index, uint256 amount) = payouts.payoutAt(position);
        return (index, amount, payouts.payoutCount());
    }

    function signatureAt(
        bytes calldata sigs,
        uint256 position
    ) external pure returns (bytes32, bytes32, uint8, uint256) {
        (bytes32 r, bytes32 s, uint8 v) = sigs.signatureAt(position);
        return (r, s, v, sigs.signatureCount());
    }

    function fundedThenClosed(
        OrderTerms calldata terms,
        OrderStatus status,
        uint64 remaining
    ) external pure returns (Order memory funded, Order memory closed) {
        OrderWord word = OrderLib.funded(terms);
        return (word.unpack(), word.closed(status, remaining).unpack());
    }

    function find(bytes calldata data, address member, uint256 from) external pure returns (uint256) {
        return MemberCode.find(data, member, from);
    }
}

contract CodecsTest {
    CodecHarness private _codec;

    function setUp() public {
        _codec = new CodecHarness();
    }

    /// @dev The junk around the record must not leak in.
    function testFuzzReadsOrders(bytes32[3] memory ids, uint64[3] memory charged) public view {
        bytes memory orders = abi.encodePacked(ids[0], charged[0], ids[1], charged[1], ids[2], charged[2]);
        for (uint256 i = 0; i < 3; ++i) {
            (bytes32 id, uint256 amount, uint256 count) = _codec.orderAt(orders, i);
            require(id == ids[i] && amount == charged[i] && count == 3, "order");
        }
    }

    function testFuzzReadsPayouts(uint32[3] memory indices, uint64[3] memory amounts) public view {
        bytes memory payouts = abi.encodePacked(
            indices[0],
            amounts[0],
            indices[1],
            amounts[1],
            indices[2],
            amounts[2]
        );
        for (uint256 i = 0; i < 3; ++i) {
            (uint256 index, uint256 amount, uint256 count) = _codec.payoutAt(payouts, i);
            require(index == indices[i] && amount == amounts[i] && count == 3, "payout");
        }
    }

    function testFuzzReadsSignatures(
        bytes32[2] memory r,
        bytes32[2] memory s,
        uint8[2] memory v
    ) public view {
        bytes memory signatures = abi.encodePacked(r[0], s[0], v[0], r[1], s[1], v[1]);
        for (uint256 i = 0; i < 2; ++i) {
            (bytes32 gotR, bytes32 gotS, uint8 gotV, uint256 count) = _codec.signatureAt(signatures, i);
            require(gotR == r[i] && gotS == s[i] && gotV == v[i] && count == 2, "signature");
        }
    }

    function testFuzzRefusesTornOrders(bytes memory orders) public {
        vm.assume(orders.length % 40 != 0);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.BadLength.selector, orders.length, 40));
        _codec.orderAt(orders, 0);
    }

    function testFuzzKeepsOrderFieldsApart(
        OrderTerms memory terms,
        uint64 remaining,
        bool settled
    ) public view {
        OrderStatus status = settled ? OrderStatus.Settled : OrderStatus.Refunded;
        (Order memory funded, Order memory closed) = _codec.fundedThenClosed(terms, status, remaining);
        require(funded.remaining == terms.maxAmount && funded.status == OrderStatus.Funded, "funded");
        require(closed.remaining == remaining && closed.status == status, "closed");
        _requireTerms(funded, terms);
        _requireTerms(closed, terms);
    }

    function testFuzzFindsCreateAddresses(address creator, uint32 id) public pure {
        vm.assume(id != 0);
        _requireCreate(creator, id);
    }

    function testFindsCreateAddressesAtEveryLength() public pure {
        uint32[11] memory edges = [
            uint32(1),
            0x7f,
            0x80,
            0xff,
            0x100,
            0xffff,
            0x10000,
            0xffffff,
            0x1000000,
            0x80000000,
            0xffffffff
        ];
        for (uint256 i = 0; i < edges.length; ++i) _requireCreate(address(uint160(0xa55a) << 140), edges[i]);
    }

    function testFuzzFindsMembersLikeALinearSearch(
        uint8[6] memory gaps,
        uint8 wanted,
        uint8 from
    ) public view {
        uint256 start = from % 7;
        bytes memory data = abi.encodePacked(uint256(3));
        uint256 expected;
        uint160 member;
        for (uint256 i = 0; i < gaps.length; ++i) {
            member += 1 + (gaps[i] % 5);
            data = abi.encodePacked(data, uint256(member));
            if (i >= start && member == wanted % 32) expected = i + 1;
        }
        require(_codec.find(data, address(uint160(wanted % 32)), start) == expected, "found");
    }

    function _requireCreate(address creator, uint32 id) private pure {
        address expected = vm.computeCreateAddress(creator, id);
        require(MemberCode.accountOf(IQuorums(creator), id) == expected, "create address");
    }

    function _requireTerms(Order memory order, OrderTerms memory terms) private pure {
        require(order.settleBy == terms.settleBy, "settleBy");
        require(order.refundAt == terms.refundAt, "refundAt");
        require(order.quorumId == terms.quorumId, "quorumId");
        require(order.feeBps == terms.feeBps, "feeBps");
    }
}
