// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice A client's prepaid balance for one aggregator, in one storage slot.
/// @param deposited USDC base units paid in, or left over, in this generation.
/// @param spent USDC base units drawn of it.
/// @param exiting What the client asked to have back; it can still be drawn meanwhile.
/// @param exitAt Unix time from which the exit can be finished; 0 if none is under way.
/// @param generation How often its client left it. A voucher counts in its own generation only.
struct Tab {
    uint64 deposited;
    uint64 spent;
    uint64 exiting;
    uint40 exitAt;
    uint24 generation;
}

/// @title Tabs: one payment for any number of jobs
/// @notice A client prepays an aggregator and signs cumulative vouchers: "up to this total, as far as this quorum
/// attests". A settlement draws the tab up to what was verified, never above the voucher's ceiling. The latest voucher
/// replaces all before it, so a thousand jobs cost one signature check and one storage write.
/// @dev Digests are EIP-712 under the escrow's domain:
/// - `TabVoucher(address client,address aggregator,uint32 quorumId,uint16 feeBps,uint24 generation,uint64 ceiling)`
/// - `TabDeposit(address client,address aggregator,uint64 amount,bytes32 salt)`, the nonce of an EIP-3009 payment.
/// The client of a tab is an ordinary account (its vouchers are checked with `ecrecover`); a contract wallet may pay
/// into the tab of such an account.
interface ITabs {
    /// @notice Money was paid into a tab.
    /// @param client Whose tab.
    /// @param aggregator For whom.
    /// @param payer Who paid.
    /// @param amount USDC base units.
    /// @param deposited The tab's deposit afterwards.
    event TabToppedUp(
        address indexed client,
        address indexed aggregator,
        address indexed payer,
        uint64 amount,
        uint64 deposited
    );
    /// @notice A settlement drew a tab. The `BatchSettled` of the same transaction names what was signed.
    /// @param client Whose tab.
    /// @param aggregator For whom.
    /// @param charged USDC base units drawn now.
    /// @param spent Drawn in all in this generation.
    event TabDrawn(address indexed client, address aggregator, uint64 charged, uint64 spent);
    /// @notice A client asked to have money back, or called that off (`amount` 0).
    /// @param client Whose tab.
    /// @param aggregator For whom.
    /// @param amount USDC base units.
    /// @param exitAt When it can be paid out; 0 if called off.
    event TabExitStarted(address indexed client, address indexed aggregator, uint64 amount, uint40 exitAt);
    /// @notice An exit was paid out.
    /// @param client Who is paid.
    /// @param aggregator For whom the tab was.
    /// @param amount USDC base units: what was asked for, or what the draws have left of it.
    /// @param pushed False if the token refused the transfer, so that the amount waits in the client's credit.
    event TabExitFinished(address indexed client, address indexed aggregator, uint64 amount, bool pushed);

    /// @notice Tab records are not strictly ascending at this client.
    error TabsNotSorted(address client);
    /// @notice The tab was drawn to this total, or a higher one, before.
    error TabReplayed(address client, uint64 spent, uint64 spentAfter);
    /// @notice The draw passes the voucher.
    error OverCeiling(address client, uint64 ceiling, uint64 spentAfter);
    /// @notice The draw or the exit passes what is in the tab.
    error TabOverdraw(address client, uint64 have, uint64 want);
    /// @notice The tab cannot hold more in this generation: its deposit would pass 2^64 - 1.
    error TabFull(address client, address aggregator, uint64 deposited);
    /// @notice No exit is under way.
    error NoTabExit(address client, address aggregator);
    /// @notice The zero address cannot have a tab or an order.
    error ZeroClient();

    /// @notice Pays into a client's tab with the caller's allowance. Anyone may, for anyone.
    /// @dev Reverts with `ZeroAmount`, `ZeroClient`, `ZeroAggregator`, `IntakeClosed`, `TabFull`, `ShortTransfer`.
    /// @param client Whose tab.
    /// @param aggregator For whom.
    /// @param amount USDC base units.
    function topUpTab(address client, address aggregator, uint64 amount) external;

    /// @notice Pays into a client's tab with the client's EIP-3009 authorization. Anyone may submit it: its nonce is the
    /// digest of `TabDeposit`, so it cannot be led to another aggregator.
    /// @dev Reverts as `topUpTab` does, or with whatever the token reverts with.
    /// @param client Whose tab, and who pays.
    /// @param aggregator For whom.
    /// @param amount USDC base units.
    /// @param validAfter As signed.
    /// @param validBefore As signed.
    /// @param salt Makes two otherwise equal deposits differ.
    /// @param signature The client's signature, 65 bytes (r, s, v).
    function topUpTabWithAuthorization(
        address client,
        address aggregator,
        uint64 amount,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 salt,
        bytes calldata signature
    ) external;

    /// @notice Asks for some of the caller's tab back; replaces an exit under way, and 0 calls it off.
    /// @dev Reverts with `TabOverdraw`, or with `NoTabExit` if there is none to call off.
    /// @param aggregator For whom the tab is.
    /// @param amount USDC base units.
    function startTabExit(address aggregator, uint64 amount) external;

    /// @notice Pays an exit out to the client, at or after its `exitAt`. Anyone may call. What is
    /// left stays in the tab, which begins a new generation: no voucher signed before counts any more.
    /// @dev Reverts with `NoTabExit`, `TooEarly`.
    /// @param client Whose tab.
    /// @param aggregator For whom.
    function finishTabExit(address client, address aggregator) external;

    /// @notice A tab; all zero if it was never paid into.
    /// @param client Whose.
    /// @param aggregator For whom.
    /// @return The tab.
    function tab(address client, address aggregator) external view returns (Tab memory);

    /// @notice The digest that a client signs for a voucher.
    /// @param client Whose tab.
    /// @param aggregator Who may draw it.
    /// @param quorumId Whose signatures it takes.
    /// @param feeBps Cap of the aggregator's fee, in basis points of what is drawn.
    /// @param generation The tab's generation.
    /// @param ceiling Most that may be drawn in all in this generation, USDC base units.
    /// @return EIP-712 digest.
    function hashVoucher(
        address client,
        address aggregator,
        uint32 quorumId,
        uint16 feeBps,
        uint24 generation,
        uint64 ceiling
    ) external view returns (bytes32);

    /// @notice The nonce of an EIP-3009 payment into a tab.
    /// @param client Whose tab, and who pays.
    /// @param aggregator For whom.
    /// @param amount USDC base units.
    /// @param salt Makes two otherwise equal deposits differ.
    /// @return EIP-712 digest.
    function hashTabDeposit(
        address client,
        address aggregator,
        uint64 amount,
        bytes32 salt
    ) external view returns (bytes32);

    /// @notice How long an exit takes: longer than any job that a voucher can still pay.
    /// @return Seconds.
    function TAB_EXIT_DELAY() external view returns (uint40);
}
