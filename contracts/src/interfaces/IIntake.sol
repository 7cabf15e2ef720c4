// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Intake: what a guardian may stop, and for how long
/// @notice A guardian may stop what brings new money or new operators in, for `MAX_STOP`, and then not again before
/// `STOP_REST` has passed: at most 7 days of any 28. Nothing that lets money out ever asks. The guardian is fixed at
/// deployment and may be nobody (the zero address).
interface IIntake {
    /// @notice Intake stopped.
    /// @param until When it opens again by itself.
    event IntakeStopped(uint40 until);
    /// @notice The guardian opened intake before it would have opened by itself.
    event IntakeResumed();

    /// @notice The caller is not the guardian.
    error NotGuardian(address caller);
    /// @notice Nothing new is taken in before `until`.
    error IntakeClosed(uint40 until);
    /// @notice The guardian used its stop and cannot use it again before `until`.
    error GuardianRests(uint40 until);
    /// @notice Intake is open; there is nothing to resume.
    error IntakeOpen();

    /// @notice Stops intake for `MAX_STOP`. For the guardian.
    /// @dev Reverts with `NotGuardian`, `GuardianRests`.
    function stopIntake() external;

    /// @notice Opens intake again at once. For the guardian. The rest counts from the stop.
    /// @dev Reverts with `NotGuardian`, `IntakeOpen`.
    function resumeIntake() external;

    /// @notice When intake opens by itself; in the past, or 0, when it is open.
    /// @return Unix time.
    function intakeStoppedUntil() external view returns (uint40);

    /// @notice Before this time the guardian cannot stop intake.
    /// @return Unix time.
    function guardianRestsUntil() external view returns (uint40);

    /// @notice Who may stop intake.
    /// @return The address; zero for nobody.
    function GUARDIAN() external view returns (address);

    /// @notice How long a stop lasts.
    /// @return Seconds.
    function MAX_STOP() external view returns (uint40);

    /// @notice How long after the end of a stop the next one may begin.
    /// @return Seconds.
    function STOP_REST() external view returns (uint40);
}
