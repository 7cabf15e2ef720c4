// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

import {DepositAccount} from "../../src/DepositAccount.sol";
import {IEscrow, Order, OrderStatus, OrderTerms} from "../../src/interfaces/IEscrow.sol";
import {IQuorums} from "../../src/interfaces/IQuorums.sol";
import {Tab} from "../../src/interfaces/ITabs.sol";
import {BatchCodec, TabRecord} from "../../src/libraries/BatchCodec.sol";
import {DepositLib} from "../../src/libraries/DepositLib.sol";
import {LowSignature} from "../../src/libraries/LowSignature.sol";
import {MemberCode} from "../../src/libraries/MemberCode.sol";
import {OrderLib, OrderWord} from "../../src/libraries/OrderLib.sol";
import {TabLib, TabWord} from "../../src/libraries/TabLib.sol";
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

    function tabAt(bytes calldata tabs, uint256 position) external pure returns (TabRecord memory, uint256) {
        return (tabs.tabAt(position), tabs.tabCount());
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

    function openDeposit(address implementation, bytes32 id) external returns (address) {
        return address(DepositLib.open(implementation, id));
    }

    function depositAddressOf(address implementation, bytes32 id) external view returns (address) {
        return DepositLib.addressOf(implementation, id);
    }

    function find(bytes calldata data, address member, uint256 from) external pure returns (uint256) {
        return MemberCode.find(data, member, from);
    }
}

contract CodecsTest {
    using TabLib for TabWord;

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

    /// @dev Junk before and behind, in every byte.
    function testFuzzReadsTabs(TabRecord[3] memory given) public view {
        bytes memory tabs = abi.encodePacked(_packTab(given[0]), _packTab(given[1]), _packTab(given[2]));
        for (uint256 i = 0; i < 3; ++i) {
            (TabRecord memory got, uint256 count) = _codec.tabAt(tabs, i);
            require(count == 3 && keccak256(abi.encode(got)) == keccak256(abi.encode(given[i])), "tab");
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

    function testFuzzRecoversSigners(uint256 key, bytes32 digest) public view {
        key = 1 + (key % (2 ** 250));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        require(LowSignature.recover(digest, r, s, v) == vm.addr(key), "signer");
    }

    /// @dev Also what is no signature, or has the higher s, or an odd v.
    function testFuzzRecoversLikeOpenZeppelin(bytes32 digest, bytes32 r, bytes32 s, uint8 v) public view {
        if (v % 4 != 0) v = 27 + (v % 2);
        (address expected, , ) = ECDSA.tryRecover(digest, v, r, s);
        require(LowSignature.recover(digest, r, s, v) == expected, "same");
        bytes32 low = s >> 1;
        (expected, , ) = ECDSA.tryRecover(digest, v, r, low);
        require(LowSignature.recover(digest, r, low, v) == expected, "same, low s");
    }

    function testFuzzRefusesTornOrders(bytes memory orders) public {
        vm.assume(orders.length % 40 != 0);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.BadLength.selector, orders.length, 40));
        _codec.orderAt(orders, 0);
    }

    function testFuzzRefusesTornTabs(bytes memory tabs) public {
        vm.assume(tabs.length % 103 != 0);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.BadLength.selector, tabs.length, 103));
        _codec.tabAt(tabs, 0);
    }

    function testFuzzUnpacksTabs(Tab memory tab) public pure {
        TabWord word = _word(tab);
        _requireTab(word, tab);
        require(word.deposited() == tab.deposited && word.spent() == tab.spent, "amounts");
        require(word.exiting() == tab.exiting && word.exitAt() == tab.exitAt, "exit");
        require(word.generation() == tab.generation, "generation");
    }

    function testFuzzChangesOneTabFieldOnly(Tab memory tab, uint64 amount, uint40 time) public pure {
        TabWord word = _word(tab);
        _requireTab(
            word.withDeposited(amount),
            Tab(amount, tab.spent, tab.exiting, tab.exitAt, tab.generation)
        );
        _requireTab(
            word.withSpent(amount),
            Tab(tab.deposited, amount, tab.exiting, tab.exitAt, tab.generation)
        );
        _requireTab(word.withExit(amount, time), Tab(tab.deposited, tab.spent, amount, time, tab.generation));
    }

    function testFuzzBeginsTheNextGeneration(Tab memory tab, uint64 rest) public pure {
        unchecked {
            _requireTab(_word(tab).next(rest), Tab(rest, 0, 0, 0, tab.generation + 1));
        }
    }

    function testBeginsTheFirstGenerationAfterTheLast() public pure {
        _requireTab(_word(Tab(1, 1, 0, 0, type(uint24).max)).next(3), Tab(3, 0, 0, 0, 0));
    }

    function testFuzzKnowsWhatIsInATab(Tab memory tab) public pure {
        if (tab.spent > tab.deposited) (tab.spent, tab.deposited) = (tab.deposited, tab.spent);
        require(_word(tab).available() == tab.deposited - tab.spent, "available");
    }

    function testFuzzHashesVouchers(
        address[2] memory parties,
        uint32 quorumId,
        uint16 feeBps,
        uint24 generation,
        uint64 ceiling
    ) public pure {
        bytes memory kind =
            "TabVoucher(address client,address aggregator,uint32 quorumId,uint16 feeBps,uint24 generation,uint64 ceiling)";
        bytes32 want = keccak256(
            abi.encode(keccak256(kind), parties[0], parties[1], quorumId, feeBps, generation, ceiling)
        );
        bytes32 got = TabLib.hashVoucher(parties[0], parties[1], quorumId, feeBps, generation, ceiling);
        require(got == want, "voucher");
    }

    function testFuzzHashesDeposits(
        address client,
        address aggregator,
        uint64 amount,
        bytes32 salt
    ) public pure {
        bytes memory kind = "TabDeposit(address client,address aggregator,uint64 amount,bytes32 salt)";
        bytes32 want = keccak256(abi.encode(keccak256(kind), client, aggregator, amount, salt));
        require(TabLib.hashDeposit(client, aggregator, amount, salt) == want, "deposit");
    }

    function testFuzzFindsDepositAddresses(address implementation, bytes32 id) public view {
        require(
            _codec.depositAddressOf(implementation, id) == _create2(implementation, id),
            "deposit address"
        );
    }

    function testFuzzPutsDepositAccountsThereOnce(bytes32 id) public {
        address implementation = address(new DepositAccount());
        address expected = _create2(implementation, id);
        require(expected.code.length == 0, "nothing yet");
        require(_codec.openDeposit(implementation, id) == expected, "created");
        require(expected.code.length == 45, "clone");
        require(_codec.openDeposit(implementation, id) == expected, "found again");
        require(DepositAccount(expected).ESCROW() == address(this), "obeys whoever made the first");
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

    function _packTab(TabRecord memory tab) private pure returns (bytes memory) {
        return abi.encodePacked(tab.client, tab.ceiling, tab.spentAfter, tab.feeBps, tab.r, tab.s, tab.v);
    }

    /// @dev The word as its doc comment draws it, by arithmetic instead of shifts.
    function _word(Tab memory tab) private pure returns (TabWord) {
        return
            TabWord.wrap(
                uint256(tab.deposited) +
                    uint256(tab.spent) * 2 ** 64 +
                    uint256(tab.exiting) * 2 ** 128 +
                    uint256(tab.exitAt) * 2 ** 192 +
                    uint256(tab.generation) * 2 ** 232
            );
    }

    function _requireTab(TabWord word, Tab memory want) private pure {
        require(TabWord.unwrap(word) == TabWord.unwrap(_word(want)), "word");
        require(keccak256(abi.encode(word.unpack())) == keccak256(abi.encode(want)), "fields");
    }

    function _create2(address implementation, bytes32 id) private view returns (address) {
        bytes memory code = abi.encodePacked(
            hex"3d602d80600a3d3981f3363d3d373d3d3d363d73",
            implementation,
            hex"5af43d82803e903d91602b57fd5bf3"
        );
        bytes32 digest = keccak256(abi.encodePacked(hex"ff", address(_codec), id, keccak256(code)));
        return address(uint160(uint256(digest)));
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
