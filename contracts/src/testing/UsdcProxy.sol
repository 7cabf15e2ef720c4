// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title A proxy in front of a TestUsdc, so that gas is measured as on the real token
/// @notice Native USDC sits behind a proxy that reads its admin and its implementation from storage on every call. So
/// does this one; it upgrades nothing.
contract UsdcProxy {
    /// @dev Far from the slots of the implementation, as in the real proxy.
    bytes32 private constant IMPLEMENTATION = keccak256("assay.test.proxy.implementation");
    bytes32 private constant ADMIN = keccak256("assay.test.proxy.admin");

    constructor(address implementation) {
        bytes32 implementationSlot = IMPLEMENTATION;
        bytes32 adminSlot = ADMIN;
        assembly ("memory-safe") {
            sstore(implementationSlot, implementation)
            sstore(adminSlot, address())
        }
    }

    fallback() external {
        bytes32 implementationSlot = IMPLEMENTATION;
        bytes32 adminSlot = ADMIN;
        assembly {
            if eq(sload(adminSlot), caller()) {
                revert(0, 0)
            }
            calldatacopy(0, 0, calldatasize())
            let ok := delegatecall(gas(), sload(implementationSlot), 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            switch ok
            case 0 {
                revert(0, returndatasize())
            }
            default {
                return(0, returndatasize())
            }
        }
    }
}
