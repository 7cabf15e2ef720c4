// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// @title A contract wallet that does harm when it is asked for a signature
contract HostileWallet is IERC1271 {
    /// @notice What it does.
    enum Harm {
        BurnsAllGas,
        AnswersHugely,
        RevertsHugely,
        SaysYes
    }

    Harm public immutable HARM;
    /// @notice Bytes of its answers.
    uint256 public immutable HUGE;

    constructor(Harm harm, uint256 huge) {
        HARM = harm;
        HUGE = huge;
    }

    /// @notice As if it were asked for a signature: for tokens that call somebody.
    function annoy() external view {
        _harm();
    }

    /// @inheritdoc IERC1271
    function isValidSignature(bytes32, bytes calldata) external view returns (bytes4) {
        _harm();
        return IERC1271.isValidSignature.selector;
    }

    function _harm() private view {
        if (HARM == Harm.BurnsAllGas) {
            while (true) {}
        }
        if (HARM == Harm.SaysYes) return;
        bool reverts = HARM == Harm.RevertsHugely;
        uint256 size = HUGE;
        // solhint-disable-next-line no-inline-assembly
        assembly {
            if reverts {
                revert(0x80, size)
            }
            return(0x80, size)
        }
    }
}
