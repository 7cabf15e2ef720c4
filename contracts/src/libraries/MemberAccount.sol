// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice An account whose code is data: the head, then the members, 32 bytes each.
/// @dev The first byte, a leading zero of the head, is the STOP instruction: calling the account does nothing.
contract MemberAccount {
    constructor(bytes memory data) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            return(add(data, 0x20), mload(data))
        }
    }
}
