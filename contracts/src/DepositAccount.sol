// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @title DepositAccount: what stands at an order's deposit address
/// @notice It holds what was transferred to the address and gives it out when the escrow says so, as often as needed:
/// late and repeated transfers are never stuck. Every deposit address is a minimal clone of one such contract.
contract DepositAccount {
    using SafeERC20 for IERC20;

    /// @notice The caller is not the escrow.
    error NotEscrow(address caller);

    /// @notice The only caller: whoever created the contract that the clones point to.
    address public immutable ESCROW = msg.sender;

    /// @notice Sends some of what is here.
    /// @param token Which token.
    /// @param to Where to.
    /// @param amount Base units of the token.
    function flush(IERC20 token, address to, uint256 amount) external {
        if (msg.sender != ESCROW) revert NotEscrow(msg.sender);
        token.safeTransfer(to, amount);
    }
}
