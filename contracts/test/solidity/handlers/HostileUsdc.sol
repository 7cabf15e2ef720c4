// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {TestUsdc} from "../../../src/testing/TestUsdc.sol";

/// @title A token whose issuer turned against its users, in a way that can be chosen
/// @notice Pausing and blacklisting come from `TestUsdc`; they combine with every mode.
contract HostileUsdc is TestUsdc {
    /// @dev Honest; keeps part of what arrives; moves nothing and answers false; calls back in the middle.
    enum Mode {
        Honest,
        KeepsFee,
        ReturnsFalse,
        Reenters
    }

    Mode public mode;
    /// @notice Whether a guarded function let a call back in.
    bool public cameIn;

    /// @dev What an account lost to fees; negative for this contract, which got them.
    mapping(address account => int256) private _lost;
    /// @dev Whom to call back when this contract, or an account that it controls, moves money.
    mapping(address mover => address target) private _targets;
    mapping(address target => bytes[] calls) private _calls;

    /// @notice What an account holds, and what it would hold if there had never been a fee.
    function holdings(address account) external view returns (uint256 held, uint256 unspoilt) {
        held = balanceOf(account);
        unspoilt = uint256(int256(held) + _lost[account]);
    }

    /// @notice What it keeps of a transfer in mode `KeepsFee`.
    function feeOf(uint256 value) public pure returns (uint256) {
        return value == 0 ? 0 : 1 + value / 50;
    }

    function setMode(Mode wanted) external {
        mode = wanted;
    }

    /// @notice From now on, in mode `Reenters`, a transfer that `mover` asks for calls `target` back.
    function setTarget(address mover, address target) external {
        _targets[mover] = target;
    }

    /// @notice What to call back. Every one of these functions has to be guarded.
    function setCalls(address target, bytes[] calldata calls) external {
        delete _calls[target];
        for (uint256 i = 0; i < calls.length; ++i) _calls[target].push(calls[i]);
    }

    function _move(address from, address to, uint256 value) internal override {
        if (mode == Mode.ReturnsFalse) {
            // Ends the whole call, also of functions that are to return nothing.
            assembly ("memory-safe") {
                mstore(0, 0)
                return(0, 0x20)
            }
        }
        super._move(from, to, value);
        if (mode == Mode.KeepsFee && value != 0 && to != address(this)) {
            uint256 fee = feeOf(value);
            super._move(to, address(this), fee);
            _lost[to] += int256(fee);
            _lost[address(this)] -= int256(fee);
        }
        if (mode == Mode.Reenters) _callBack(_targets[msg.sender]);
    }

    function _callBack(address target) private {
        if (target == address(0)) return;
        bytes[] storage calls = _calls[target];
        for (uint256 i = 0; i < calls.length; ++i) {
            (bool ok, bytes memory answer) = target.call(calls[i]);
            if (ok || bytes4(answer) != ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector) {
                cameIn = true;
            }
        }
    }
}
