// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// @title A contract wallet for tests: one key signs for it, and it calls what that key tells it to
contract TestWallet is IERC1271 {
    address public immutable KEY;

    constructor(address key) {
        KEY = key;
    }

    /// @notice Calls a contract as this wallet.
    function execute(address target, bytes calldata data) external returns (bytes memory) {
        require(msg.sender == KEY, "TestWallet: not the key");
        (bool ok, bytes memory answer) = target.call(data);
        require(ok, "TestWallet: call failed");
        return answer;
    }

    /// @inheritdoc IERC1271
    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        (address signer, , ) = ECDSA.tryRecoverCalldata(digest, signature);
        return signer == KEY ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }
}
