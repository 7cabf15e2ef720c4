// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {DepositAccount} from "../DepositAccount.sol";

/// @title Deposit addresses: CREATE2 clones with the order id as salt
library DepositLib {
    /// @notice The address of an order's deposit account, whether it is there or not.
    function addressOf(address implementation, bytes32 orderId) internal view returns (address) {
        return Clones.predictDeterministicAddress(implementation, orderId, address(this));
    }

    /// @notice The deposit account of an order; created if it is not there.
    function open(address implementation, bytes32 orderId) internal returns (DepositAccount) {
        address account = addressOf(implementation, orderId);
        if (account.code.length == 0) Clones.cloneDeterministic(implementation, orderId);
        return DepositAccount(account);
    }
}
