// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IUsdc} from "../interfaces/IUsdc.sol";

/// @title Taking USDC in, and believing only the balance
/// @notice The issuer can upgrade the token, so every pull compares the balance before and after.
library UsdcPull {
    using SafeERC20 for IUsdc;

    /// @notice The token moved another amount than it was asked to.
    error ShortTransfer(uint256 got, uint256 want);
    /// @notice The token does not have 6 decimals.
    error WrongToken(address token, uint8 decimals);

    /// @notice Reverts unless the token has 6 decimals, so that uint64 amounts cannot run over.
    function requireSixDecimals(IUsdc token) internal view {
        uint8 decimals = token.decimals();
        if (decimals != 6) revert WrongToken(address(token), decimals);
    }

    /// @notice Pulls by allowance.
    function pull(IUsdc token, address from, uint64 amount) internal {
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(from, address(this), amount);
        requireGain(token, before, amount);
    }

    /// @notice Pulls by an EIP-3009 authorization that only this contract can use.
    function pullWithAuthorization(
        IUsdc token,
        address from,
        uint64 amount,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) internal {
        uint256 before = token.balanceOf(address(this));
        token.receiveWithAuthorization(
            from,
            address(this),
            amount,
            validAfter,
            validBefore,
            nonce,
            signature
        );
        requireGain(token, before, amount);
    }

    /// @notice Reverts unless this contract has `want` more than before.
    function requireGain(IUsdc token, uint256 before, uint64 want) internal view {
        uint256 afterwards = token.balanceOf(address(this));
        uint256 got = afterwards > before ? afterwards - before : 0;
        if (got != want) revert ShortTransfer(got, want);
    }
}
