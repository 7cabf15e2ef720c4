// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Many views in one call
/// @notice The differential test compares some hundred views after every sequence; asking them one by one would take it
/// longer than the sequence.
contract ManyCalls {
    /// @dev Takes records `address target, uint16 bytes, calldata` one after another, and returns all answers joined; or
    /// reverts with what the first failing call reverted with.
    fallback() external {
        // solhint-disable-next-line no-inline-assembly
        assembly {
            let answers := mload(0x40)
            let end := answers
            for {
                let start := 0
            } lt(start, calldatasize()) {} {
                let target := shr(96, calldataload(start))
                let size := and(shr(80, calldataload(start)), 0xffff)
                start := add(start, 22)
                calldatacopy(end, start, size)
                start := add(start, size)
                let ok := staticcall(gas(), target, end, size, 0, 0)
                returndatacopy(end, 0, returndatasize())
                if iszero(ok) {
                    revert(end, returndatasize())
                }
                end := add(end, returndatasize())
            }
            return(answers, sub(end, answers))
        }
    }
}
