// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EscrowBase} from "./EscrowBase.sol";
import {ITabs, Tab} from "./interfaces/ITabs.sol";
import {IUsdc} from "./interfaces/IUsdc.sol";
import {BatchCodec, TabRecord} from "./libraries/BatchCodec.sol";
import {LowSignature} from "./libraries/LowSignature.sol";
import {TabLib, TabWord} from "./libraries/TabLib.sol";
import {UsdcPull} from "./libraries/UsdcPull.sol";

/// @title Tabs
/// @notice See `ITabs`.
abstract contract Tabs is EscrowBase {
    using BatchCodec for bytes;
    using TabLib for TabWord;
    using UsdcPull for IUsdc;

    /// @inheritdoc ITabs
    uint40 public constant TAB_EXIT_DELAY = 7 days;

    /// @dev A struct, so that a tab is found once and written through a pointer.
    struct Slot {
        TabWord word;
    }

    mapping(address client => mapping(address aggregator => Slot slot)) private _tabs;

    /// @inheritdoc ITabs
    function topUpTab(address client, address aggregator, uint64 amount) external nonReentrant {
        _topUp(client, aggregator, amount, msg.sender);
        TOKEN.pull(msg.sender, amount);
    }

    /// @inheritdoc ITabs
    function topUpTabWithAuthorization(
        address client,
        address aggregator,
        uint64 amount,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 salt,
        bytes calldata signature
    ) external nonReentrant {
        _topUp(client, aggregator, amount, client);
        bytes32 nonce = hashTabDeposit(client, aggregator, amount, salt);
        TOKEN.pullWithAuthorization(client, amount, validAfter, validBefore, nonce, signature);
    }

    /// @inheritdoc ITabs
    function startTabExit(address aggregator, uint64 amount) external {
        Slot storage slot = _tabs[msg.sender][aggregator];
        TabWord word = slot.word;
        uint64 available = word.available();
        if (amount > available) revert TabOverdraw(msg.sender, available, amount);
        if (amount == 0 && word.exitAt() == 0) revert NoTabExit(msg.sender, aggregator);

        uint40 exitAt = amount == 0 ? 0 : uint40(block.timestamp) + TAB_EXIT_DELAY;
        slot.word = word.withExit(amount, exitAt);
        emit TabExitStarted(msg.sender, aggregator, amount, exitAt);
    }

    /// @inheritdoc ITabs
    function finishTabExit(address client, address aggregator) external nonReentrant {
        Slot storage slot = _tabs[client][aggregator];
        TabWord word = slot.word;
        if (word.exitAt() == 0) revert NoTabExit(client, aggregator);
        if (block.timestamp < word.exitAt()) revert TooEarly(word.exitAt());

        uint64 available = word.available();
        uint64 amount = word.exiting() < available ? word.exiting() : available;
        slot.word = word.next(available - amount);
        emit TabExitFinished(client, aggregator, amount, _push(client, amount));
    }

    /// @inheritdoc ITabs
    function tab(address client, address aggregator) external view returns (Tab memory) {
        return _tabs[client][aggregator].word.unpack();
    }

    /// @inheritdoc ITabs
    function hashVoucher(
        address client,
        address aggregator,
        uint32 quorumId,
        uint16 feeBps,
        uint24 generation,
        uint64 ceiling
    ) public view returns (bytes32) {
        return
            _hashTypedDataV4(TabLib.hashVoucher(client, aggregator, quorumId, feeBps, generation, ceiling));
    }

    /// @inheritdoc ITabs
    function hashTabDeposit(
        address client,
        address aggregator,
        uint64 amount,
        bytes32 salt
    ) public view returns (bytes32) {
        return _hashTypedDataV4(TabLib.hashDeposit(client, aggregator, amount, salt));
    }

    /// @dev Notes a payment into a tab; the caller pulls the money, or everything reverts.
    function _topUp(address client, address aggregator, uint64 amount, address payer) private {
        _requireIntake();
        if (amount == 0) revert ZeroAmount();
        if (client == address(0)) revert ZeroClient();
        if (aggregator == address(0)) revert ZeroAggregator();

        Slot storage slot = _tabs[client][aggregator];
        TabWord word = slot.word;
        uint256 total = uint256(word.deposited()) + amount;
        if (total > type(uint64).max) revert TabFull(client, aggregator, word.deposited());
        uint64 deposited = uint64(total);
        slot.word = word.withDeposited(deposited);
        emit TabToppedUp(client, aggregator, payer, amount, deposited);
    }

    /// @dev Draws every tab of a batch. Returns the sum, and the most that the fee can be.
    function _drawAll(
        bytes calldata tabs,
        address aggregator,
        uint32 quorumId
    ) internal returns (uint256 charged, uint256 feeCap) {
        uint256 count = tabs.tabCount();
        address previous;
        // Sums of uint64 in uint256.
        unchecked {
            for (uint256 i = 0; i < count; ++i) {
                TabRecord memory record = tabs.tabAt(i);
                if (record.client <= previous) revert TabsNotSorted(record.client);
                previous = record.client;
                uint256 drawn = _draw(record, aggregator, quorumId);
                charged += drawn;
                feeCap += (drawn * record.feeBps) / BPS;
            }
        }
    }

    /// @dev Draws one tab as far as its record says. Returns what that is.
    function _draw(
        TabRecord memory record,
        address aggregator,
        uint32 quorumId
    ) private returns (uint64 drawn) {
        Slot storage slot = _tabs[record.client][aggregator];
        TabWord word = slot.word;
        bytes32 digest = _hashTypedDataV4(
            TabLib.hashVoucher(
                record.client,
                aggregator,
                quorumId,
                record.feeBps,
                word.generation(),
                record.ceiling
            )
        );
        if (LowSignature.recover(digest, record.r, record.s, record.v) != record.client) {
            revert BadSignature(record.client);
        }
        if (record.feeBps > MAX_FEE_BPS) revert FeeBpsOverCap(record.feeBps, MAX_FEE_BPS);
        uint64 spent = word.spent();
        uint64 spentAfter = record.spentAfter;
        if (spentAfter <= spent) revert TabReplayed(record.client, spent, spentAfter);
        if (spentAfter > record.ceiling) revert OverCeiling(record.client, record.ceiling, spentAfter);
        if (spentAfter > word.deposited()) revert TabOverdraw(record.client, word.deposited(), spentAfter);

        slot.word = word.withSpent(spentAfter);
        drawn = spentAfter - spent;
        emit TabDrawn(record.client, aggregator, drawn, spentAfter);
    }
}
