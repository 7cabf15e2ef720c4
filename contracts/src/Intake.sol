// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IIntake} from "./interfaces/IIntake.sol";

/// @title Intake
/// @notice See `IIntake`. The base of the two contracts that take something in.
/// @dev Its 80 bits leave room in their slot: the first variable of the contract above shares it, and is read with it.
abstract contract Intake is IIntake {
    /// @inheritdoc IIntake
    uint40 public constant MAX_STOP = 7 days;
    /// @inheritdoc IIntake
    uint40 public constant STOP_REST = 21 days;

    /// @inheritdoc IIntake
    address public immutable GUARDIAN;

    /// @inheritdoc IIntake
    uint40 public intakeStoppedUntil;
    /// @inheritdoc IIntake
    uint40 public guardianRestsUntil;

    constructor(address guardian) {
        GUARDIAN = guardian;
    }

    modifier onlyGuardian() {
        if (msg.sender != GUARDIAN) revert NotGuardian(msg.sender);
        _;
    }

    /// @inheritdoc IIntake
    function stopIntake() external onlyGuardian {
        if (block.timestamp < guardianRestsUntil) revert GuardianRests(guardianRestsUntil);

        uint40 until = uint40(block.timestamp) + MAX_STOP;
        intakeStoppedUntil = until;
        guardianRestsUntil = until + STOP_REST;
        emit IntakeStopped(until);
    }

    /// @inheritdoc IIntake
    function resumeIntake() external onlyGuardian {
        if (block.timestamp >= intakeStoppedUntil) revert IntakeOpen();

        intakeStoppedUntil = uint40(block.timestamp);
        emit IntakeResumed();
    }

    function _requireIntake() internal view {
        if (block.timestamp < intakeStoppedUntil) revert IntakeClosed(intakeStoppedUntil);
    }
}
