// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {VerdictStatus} from "../../../src/interfaces/DisputeTypes.sol";
import {OrderTerms} from "../../../src/interfaces/OrderTypes.sol";
import {vm} from "../Vm.sol";
import {OperatorGhost, VerdictGhost} from "./Ghost.sol";
import {Silence} from "./Silence.sol";
import {Case} from "./VerdictHandler.sol";

/// @title Whether silence pays
/// @notice Judges one commit twice, in two futures that differ only in whether its provider opened it.
abstract contract Withholding is Silence {
    /// @dev What a verdict did to the accused.
    struct Outcome {
        bool judged;
        uint64 slash;
        uint40 closesAt;
        uint64 lost;
        uint32 convictions;
    }

    /// @notice Both futures cost the same. What happens here is thrown away, as in `Silence`.
    function requireWithholdingCostsAsMuch(uint256 x) external {
        _heal();
        if (_blacklisted != address(0)) _free();
        if (!_isStopped(address(escrow))) _fundOne(x);
        if (_orders.length == 0) return;
        Case memory case_ = _case(x, x, 1);
        if (!_isJudgeable(case_)) return;
        case_.verdict.evidence = keccak256(abi.encode(case_.opening));
        uint256 now_ = vm.snapshotState();
        Outcome memory opened = _judgeAndEnd(case_);
        require(vm.revertToState(now_), "no way back");
        case_.verdict.evidence = bytes32(0);
        Outcome memory withheld = _judgeAndEnd(case_);
        require(opened.judged && withheld.judged, "a fault cannot be judged");
        require(
            keccak256(abi.encode(opened)) == keccak256(abi.encode(withheld)),
            "silence has another price"
        );
    }

    function _judgeAndEnd(Case memory case_) private returns (Outcome memory outcome) {
        OperatorGhost storage accused = _operators[case_.accused];
        uint64 slashedBefore = stakes.exposure(accused.who).slashed;
        outcome.judged = _as(STRANGER, address(disputes), _providerCall(case_, 1, 99));
        if (!outcome.judged) return outcome;
        _judged(case_, case_.verdict.evidence != 0);
        uint256 position = _verdicts.length - 1;
        VerdictGhost storage ghost = _verdicts[position];
        outcome.slash = disputes.verdictOf(ghost.id).slash;
        outcome.closesAt = disputes.verdictOf(ghost.id).closesAt;
        for (_warp(ghost.closesAt); ghost.status != VerdictStatus.Final; _warp(time + 1 days)) {
            if (_leftToday(ghost.quorumId) != 0) require(_finalize(position), "a verdict did not end");
        }
        outcome.lost = stakes.exposure(accused.who).slashed - slashedBefore;
        outcome.convictions = stakes.exposure(accused.who).convictions;
    }

    function _fundOne(uint256 x) private {
        (OrderTerms memory terms, bool valid) = _newTerms(x, x, x);
        if (!valid) return;
        _mint(terms.client, terms.maxAmount);
        require(_as(terms.client, address(escrow), abi.encodeCall(escrow.fund, (terms))), "cannot fund");
        _fundedFrom(terms.client, _offer(terms));
    }
}
