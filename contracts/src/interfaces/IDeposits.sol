// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {OrderTerms} from "./OrderTypes.sol";

/// @title Deposit addresses: paying for an order with an ordinary transfer
/// @notice Every order has an address of its own, known before anything is there (CREATE2 with the order id as salt). A
/// client sends USDC to it from any wallet or exchange; then anyone funds the order from it. What is too much, too late
/// or another token goes to the client that the terms name, and to nobody else, however often it happens.
interface IDeposits {
    /// @notice Money at a deposit address went to the order's client.
    /// @param orderId The order.
    /// @param client Who is paid.
    /// @param token Which token.
    /// @param amount Base units of the token.
    event DepositSwept(
        bytes32 indexed orderId,
        address indexed client,
        address indexed token,
        uint256 amount
    );

    /// @notice Less is at the deposit address than the order costs.
    error DepositTooSmall(address account, uint256 have, uint256 want);
    /// @notice The order can still be funded from its deposit address; until `until` only its client may sweep.
    error DepositStillFundable(uint40 until);
    /// @notice Nothing is at the deposit address.
    error NothingToSweep(address account);

    /// @notice Opens an order with what was transferred to its deposit address. Anyone may call. A surplus goes to the
    /// client in the same transaction, or stays to be swept if the token refuses.
    /// @dev Fails like `fundWithAuthorization`, and with `DepositTooSmall`.
    /// @param terms What is agreed.
    /// @return orderId EIP-712 digest of the terms.
    function fundFromDepositAddress(OrderTerms calldata terms) external returns (bytes32 orderId);

    /// @notice Sends everything at an order's deposit address to its client. Anyone may call once the order was funded
    /// or can no longer be; the client may at any time, and so may anyone for a token that is not USDC.
    /// @dev Reverts with `DepositStillFundable`, `NothingToSweep`.
    /// @param terms The order.
    /// @param token Which token.
    /// @return amount Base units of the token.
    function sweepToClient(OrderTerms calldata terms, IERC20 token) external returns (uint256 amount);

    /// @notice The deposit address of an order. Reverts with `ZeroClient` if the terms name no client: nothing sent
    /// there could ever come back.
    /// @param terms The order.
    /// @return The address.
    function depositAddressOf(OrderTerms calldata terms) external view returns (address);

    /// @notice The contract that every deposit address is a clone of.
    /// @return Its address.
    function DEPOSIT_ACCOUNT() external view returns (address);
}
