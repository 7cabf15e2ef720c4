// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title How a slash is shared out
/// @dev At most half goes to anyone who could have caused the case; the rest stays in a fund that nobody can withdraw.
library SlashLib {
    /// @notice Share of who found the fault, in basis points.
    uint16 internal constant DETECTOR_BPS = 4_000;
    /// @notice Share of the order's client, in basis points.
    uint16 internal constant CLIENT_BPS = 1_000;

    uint256 private constant BPS = 10_000;

    /// @notice The three parts of `amount`. Shares are rounded down, the dust is the fund's.
    function split(uint64 amount) internal pure returns (uint64 toDetector, uint64 toClient, uint64 toFund) {
        toDetector = _shareDown(amount, DETECTOR_BPS);
        toClient = _shareDown(amount, CLIENT_BPS);
        toFund = amount - toDetector - toClient;
    }

    function _shareDown(uint64 amount, uint16 bps) private pure returns (uint64) {
        return uint64((uint256(amount) * bps) / BPS);
    }
}
