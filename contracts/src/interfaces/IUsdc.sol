// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {IERC3009, IERC3009Cancel} from "@openzeppelin/contracts/interfaces/draft-IERC3009.sol";

/// @title The part of USDC (FiatTokenV2_2) that Assay uses
/// @notice ERC-20 with 6 decimals, EIP-2612 permits and EIP-3009 authorizations, the latter also with a `bytes`
/// signature, which may be an ERC-1271 signature of a contract wallet.
/// @dev What every Assay contract assumes about the token:
/// - transfers move exactly the amount asked for. It is checked on every pull, because the issuer can upgrade the token;
/// - a transfer may revert at any time for any one account (blacklist) or for all (pause). A push to a party therefore
///   either falls back to a balance that the party withdraws later, or is retried by calling the function again;
/// - `receiveWithAuthorization` can be submitted by its payee only, so nobody can run ahead of the escrow with it.
interface IUsdc is IERC20Metadata, IERC20Permit, IERC3009, IERC3009Cancel {
    /// @notice Moves `value` from `from` to `to`, by signature. Anyone may submit it.
    /// @param from Payer and signer.
    /// @param to Payee.
    /// @param value Base units of the token.
    /// @param validAfter The authorization is valid strictly after this unix time.
    /// @param validBefore The authorization is valid strictly before this unix time.
    /// @param nonce Chosen by the signer, usable once.
    /// @param signature 65 bytes (r, s, v), or whatever the contract at `from` accepts under ERC-1271.
    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external;

    /// @notice As `transferWithAuthorization`, but only the payee `to` may submit it.
    /// @param from Payer and signer.
    /// @param to Payee and caller.
    /// @param value Base units of the token.
    /// @param validAfter The authorization is valid strictly after this unix time.
    /// @param validBefore The authorization is valid strictly before this unix time.
    /// @param nonce Chosen by the signer, usable once.
    /// @param signature 65 bytes (r, s, v), or whatever the contract at `from` accepts under ERC-1271.
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external;

    /// @notice The version in the token's EIP-712 domain; "2" for native USDC.
    /// @return The version string.
    function version() external view returns (string memory);
}
