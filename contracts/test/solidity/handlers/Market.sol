// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Withholding} from "./Withholding.sol";

/// @title The whole market, used at random by everybody at once
abstract contract Market is Withholding {
    /// @notice What anybody does about orders and tabs.
    function moneyActions() public pure returns (bytes4[] memory list) {
        list = new bytes4[](15);
        list[0] = this.fund.selector;
        list[1] = this.fundByAuthorization.selector;
        list[2] = this.fundMany.selector;
        list[3] = this.payDeposit.selector;
        list[4] = this.payDepositMore.selector;
        list[5] = this.fundFromDeposit.selector;
        list[6] = this.sweep.selector;
        list[7] = this.refund.selector;
        list[8] = this.withdrawCredit.selector;
        list[9] = this.topUpTab.selector;
        list[10] = this.topUpTabByAuthorization.selector;
        list[11] = this.startTabExit.selector;
        list[12] = this.finishTabExit.selector;
        list[13] = this.settle.selector;
        list[14] = this.acceptByClient.selector;
    }

    /// @notice What anybody does about stake and faults.
    function faultActions() public pure returns (bytes4[] memory list) {
        list = new bytes4[](20);
        list[0] = this.register.selector;
        list[1] = this.createQuorum.selector;
        list[2] = this.stake.selector;
        list[3] = this.stakeByAuthorization.selector;
        list[4] = this.requestUnbond.selector;
        list[5] = this.cancelUnbond.selector;
        list[6] = this.finishUnbond.selector;
        list[7] = this.requestPayoutChange.selector;
        list[8] = this.cancelPayoutChange.selector;
        list[9] = this.finishPayoutChange.selector;
        list[10] = this.withdrawEarnings.selector;
        list[11] = this.judgeProvider.selector;
        list[12] = this.judgeValidator.selector;
        list[13] = this.appeal.selector;
        list[14] = this.rule.selector;
        list[15] = this.finalize.selector;
        list[16] = this.withdrawShare.selector;
        list[17] = this.proveEquivocation.selector;
        list[18] = this.proveConflictingAudits.selector;
        list[19] = this.proveConflictingBatches.selector;
    }

    /// @notice What the issuer, the guardian, givers and time do.
    function worldActions() public pure returns (bytes4[] memory list) {
        list = new bytes4[](8);
        list[0] = this.turnHostile.selector;
        list[1] = this.turnHonest.selector;
        list[2] = this.blacklist.selector;
        list[3] = this.stopIntake.selector;
        list[4] = this.resumeIntake.selector;
        list[5] = this.donate.selector;
        list[6] = this.pass.selector;
        list[7] = this.passToDeadline.selector;
    }

    /// @notice What nobody may do: these are refused, always.
    function forbiddenActions() public pure returns (bytes4[] memory list) {
        list = new bytes4[](9);
        list[0] = this.fundAgain.selector;
        list[1] = this.settleUnsigned.selector;
        list[2] = this.settleOrdersBadly.selector;
        list[3] = this.settleLate.selector;
        list[4] = this.settleTabsBadly.selector;
        list[5] = this.settleAgain.selector;
        list[6] = this.judgeProviderBadly.selector;
        list[7] = this.ruleBadly.selector;
        list[8] = this.trespass.selector;
    }
}
