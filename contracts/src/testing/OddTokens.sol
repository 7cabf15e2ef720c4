// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TestUsdc} from "./TestUsdc.sol";

/// @title A token with too many decimals for uint64 amounts
contract WideUsdc is TestUsdc {
    function decimals() public pure override returns (uint8) {
        return 18;
    }
}

/// @title A token that keeps part of every transfer, as an upgrade of the real one could
contract FeeUsdc is TestUsdc {
    uint256 private _fee;

    /// @notice Sets the base units kept of every transfer from now on.
    function setFee(uint256 fee) external {
        _fee = fee;
    }

    function _move(address from, address to, uint256 value) internal override {
        super._move(from, to, value);
        if (_fee != 0) super._move(to, address(this), _fee);
    }
}

/// @title A token that calls somebody back in the middle of every transfer
contract ReenteringUsdc is TestUsdc {
    address private _target;
    bytes private _call;

    /// @notice Sets what is called during transfers; a failing call is passed on.
    function setHook(address target, bytes calldata call) external {
        _target = target;
        _call = call;
    }

    function _move(address from, address to, uint256 value) internal override {
        super._move(from, to, value);
        if (_target == address(0)) return;
        (bool ok, bytes memory answer) = _target.call(_call);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(answer, 0x20), mload(answer))
            }
        }
    }
}

/// @title A token that says no without reverting
/// @notice Transfers from or to a refused account move nothing and return false; an authorization, which returns nothing,
/// is used up and moves nothing. Refusing the zero address refuses everybody.
contract FalseUsdc is TestUsdc {
    mapping(address account => bool) private _refused;

    /// @notice Refuses or accepts an account; the zero address stands for all.
    function setRefused(address account, bool on) external {
        _refused[account] = on;
    }

    function transfer(address to, uint256 value) external override returns (bool) {
        _move(msg.sender, to, value);
        return !_refuses(msg.sender, to);
    }

    function transferFrom(address from, address to, uint256 value) external override returns (bool) {
        _move(from, to, value);
        return !_refuses(from, to);
    }

    function _move(address from, address to, uint256 value) internal override {
        if (!_refuses(from, to)) super._move(from, to, value);
    }

    function _refuses(address from, address to) private view returns (bool) {
        return _refused[address(0)] || _refused[from] || _refused[to];
    }
}
