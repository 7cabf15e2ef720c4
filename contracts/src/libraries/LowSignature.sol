// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Recovering the signer of a digest
/// @dev The checks of OpenZeppelin's ECDSA library, which costs more for each signature.
library LowSignature {
    /// @dev Half the order of secp256k1: of the two valid s, only the lower one is accepted (EIP-2).
    uint256 private constant HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;

    /// @notice The signer, or the zero address if the signature is none or has the higher s.
    function recover(bytes32 digest, bytes32 r, bytes32 s, uint8 v) internal view returns (address signer) {
        if (uint256(s) > HALF_ORDER) return address(0);
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let input := mload(0x40)
            mstore(input, digest)
            mstore(add(input, 0x20), v)
            mstore(add(input, 0x40), r)
            mstore(add(input, 0x60), s)
            // The precompile returns nothing for a bad signature; then the zero stays.
            mstore(0x00, 0)
            pop(staticcall(gas(), 1, input, 0x80, 0x00, 0x20))
            signer := mload(0x00)
        }
    }
}
