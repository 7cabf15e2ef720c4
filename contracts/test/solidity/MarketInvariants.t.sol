// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

import {vm} from "./Vm.sol";
import {Market} from "./handlers/Market.sol";

/// @dev What the runner asks a test contract for.
struct FuzzSelector {
    address addr;
    bytes4[] selectors;
}

/// @dev The runner knows only contracts of files that it was given to run, and it has to know this one.
contract MarketHandler is Market {}

/// @title A market, and how often each action is drawn
abstract contract MarketTest {
    MarketHandler internal market;

    function setUp() public {
        // Not `new`: its code would be compiled into each of the contracts below.
        bytes memory code = vm.getCode("MarketInvariants.t.sol:MarketHandler");
        address made;
        assembly ("memory-safe") {
            made := create(0, add(code, 0x20), mload(code))
        }
        market = MarketHandler(made);
        market.setSalt(keccak256(address(this).code));
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(market);
    }

    /// @dev Listed more than once, an action is drawn more often.
    function targetSelectors() public view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(market), _weigh());
    }

    /// @dev How often actions about money, about faults, and everything else are listed.
    function _weights() internal pure virtual returns (uint256 money, uint256 faults);

    function _weigh() private view returns (bytes4[] memory drawn) {
        (uint256 money, uint256 faults) = _weights();
        for (uint256 i = 0; i < money; ++i) drawn = _join(drawn, market.moneyActions());
        for (uint256 i = 0; i < faults; ++i) drawn = _join(drawn, market.faultActions());
        drawn = _join(drawn, market.worldActions());
        drawn = _join(drawn, market.forbiddenActions());
        // What opens the way for most others.
        bytes4[] memory openers = new bytes4[](5);
        openers[0] = market.fund.selector;
        openers[1] = market.settle.selector;
        openers[2] = market.appeal.selector;
        openers[3] = market.passToDeadline.selector;
        openers[4] = market.rule.selector;
        drawn = _join(_join(drawn, openers), openers);
    }

    function _join(bytes4[] memory a, bytes4[] memory b) private pure returns (bytes4[] memory both) {
        both = new bytes4[](a.length + b.length);
        for (uint256 i = 0; i < both.length; ++i) both[i] = i < a.length ? a[i] : b[i - a.length];
    }

    /// @dev Every `oneIn`-th call, not always the same kinds.
    function _isSampled(uint256 oneIn) internal view returns (bool) {
        return uint256(keccak256(abi.encode(market.calls(), market.time()))) % oneIn == 0;
    }

    /// @dev Fails with what a handler saw.
    function _requireNoBreach(uint256 invariant_) internal view {
        string memory what = market.breach(invariant_);
        require(bytes(what).length == 0, what);
    }
}

/// @notice Orders, tabs and everybody's wealth.
abstract contract MoneyTest is MarketTest {
    function _weights() internal pure override returns (uint256 money, uint256 faults) {
        return (3, 1);
    }
}

/// @notice I1 Solvency: "token balance of the contract ≥ Σ escrow + Σ stake + Σ retained + Σ bonds + fund + claimable,
/// after every call". Here each of the three contracts holds exactly what its own records say that it owes, plus
/// what was given to it for nothing.
contract I1SolvencyTest is MoneyTest {
    function invariant_I1_solvency() public view {
        market.requireSolvent();
        _requireNoBreach(1);
    }
}

/// @notice I2 Conservation: "per job, deposits = paid + refunded + slashed-in − slashed-out + fees, exactly, in every terminal
/// state; nothing remains attributable to a terminal job". Here per order and per tab, in every state; charges are
/// exactly what operators and aggregators were credited.
contract I2ConservationTest is MoneyTest {
    function invariant_I2_conservation() public view {
        market.requireConserved();
        _requireNoBreach(2);
    }
}

/// @notice I3 "A shard is paid at most once and refunded at most once; paid + refunded ≤ P". Here an order: on chain it is the
/// unit that is paid. No replay, no second funding, no call back in from the token.
contract I3PaidOnceRefundedOnceTest is MoneyTest {
    function invariant_I3_paidOnceRefundedOnce() public view {
        market.requireOnce();
        _requireNoBreach(3);
    }
}

/// @notice I24 "The fund decreases only through listed uses; no role can move user money to itself". Here there is no use: it
/// never decreases. Everybody, guardian, deployer and issuer included, has exactly what the listed ways gave, and no
/// money is with anybody unknown.
contract I24NobodyTakesTest is MoneyTest {
    function invariant_I24_nobodyTakes() public view {
        market.requireWealth();
        _requireNoBreach(24);
    }
}

/// @notice Stake, verdicts and proofs.
abstract contract FaultTest is MarketTest {
    function _weights() internal pure override returns (uint256 money, uint256 faults) {
        return (1, 3);
    }
}

/// @notice I5 "Total slashed from an account ≤ its stake + retained bond at conviction; no balance underflows; an unrelated
/// account never decreases". Here the stake of every operator is followed to the base unit.
contract I5SlashedWithinStakeTest is FaultTest {
    function invariant_I5_slashedWithinStake() public view {
        market.requireStakes();
        _requireNoBreach(5);
    }
}

/// @notice I6 "Stake cannot leave while any shard, audit or appeal of that account is non-terminal, nor before the unbonding
/// delay". Here while a verdict is not final; and when stake leaves, no order that was funded before it began to leave
/// can bring a case any more.
contract I6StakeStaysTest is FaultTest {
    function invariant_I6_stakeStays() public view {
        market.requireHolds();
        _requireNoBreach(6);
    }
}

/// @notice I12 "An opening is accepted iff it hashes to its commitment under the same domain, chain, contract, attempt and
/// sender". Here the opening in a validator's verdict: half of those shown differ in one part from what was committed.
contract I12OpeningsFitTest is FaultTest {
    function invariant_I12_openingsFit() public view {
        _requireNoBreach(12);
    }
}

/// @notice I16 "Not opening is never better for the withholder than opening anything". On chain: a provider that opens nothing
/// can be judged wherever one that opened could be, and loses the same.
contract I16SilenceDoesNotPayTest is FaultTest {
    function invariant_I16_silenceDoesNotPay() public {
        if (_isSampled(3)) market.requireWithholdingCostsAsMuch(market.calls());
        _requireNoBreach(16);
    }
}

/// @notice I17 "For every conviction: client + detector + panel shares ≤ 50 % of L; shares sum to L; rounding dust goes to the
/// fund". Here there is no panel share: 40 % and 10 %, rounded down.
contract I17SharesSumUpTest is FaultTest {
    function invariant_I17_sharesSumUp() public view {
        market.requireShares();
        _requireNoBreach(17);
    }
}

/// @notice I18 "Without a PROVIDER_FAULT verdict, equivocation or unopened sampled commit, provider stake is unchanged except by
/// listed liveness penalties". Here there are no such penalties, and the same holds for validators: only verdicts that
/// stood to their end, and proofs that prove, take anything.
contract I18NoConvictionNoSlashTest is FaultTest {
    function invariant_I18_noConvictionNoSlash() public view {
        market.requireConvictions();
        _requireNoBreach(18);
    }
}

/// @notice Ways out. Most of these play the rest of the story after a call; the effects of an invariant are not kept.
abstract contract ExitTest is MarketTest {
    function _weights() internal pure override returns (uint256 money, uint256 faults) {
        return (2, 2);
    }
}

/// @notice I9 "From every non-terminal state some permissionless call reaches a terminal state after finite time, with no help
/// from client, provider, validator, aggregator or admin". Here a stranger ends every order and every exit, even while
/// the token is hostile, and every verdict; then each owner takes out what is its own, unbonding stake included, with
/// one call; then the contracts are empty.
contract I9EverythingEndsTest is ExitTest {
    function invariant_I9_everythingEnds() public {
        if (_isSampled(3)) market.endAll();
        _requireNoBreach(9);
    }
}

/// @notice I10 "State only moves along listed edges; terminal states are absorbing". Here orders, tabs, verdicts, operators and
/// quorums are where the calls that succeeded led them.
contract I10ListedEdgesOnlyTest is ExitTest {
    function invariant_I10_listedEdgesOnly() public view {
        market.requireStates();
        _requireNoBreach(10);
    }
}

/// @notice I22 "A failing transfer to one payee cannot block any other account's transition (pull payments)". Here the token
/// refuses one party after another, and all that is not for that very address goes on as in I9.
contract I22NobodyBlocksOthersTest is ExitTest {
    function invariant_I22_nobodyBlocksOthers() public {
        if (_isSampled(3)) market.endAllBut(market.people(market.calls() % market.peopleCount()));
        _requireNoBreach(22);
    }
}

/// @notice I23 "Pause stops new jobs and accepts only; withdrawals, reveals, appeals, refunds keep working; deadlines extend by
/// the pause". Here the guardian stops funding and registration only, for at most 7 days of any 28, and no deadline
/// moves: all of I9 goes on while nothing is let in.
contract I23StopsIntakeOnlyTest is ExitTest {
    function invariant_I23_stopsIntakeOnly() public {
        market.requireIntake();
        if (_isSampled(3)) market.endAllStopped();
        _requireNoBreach(23);
    }
}

/// @notice That all this is about something: one long story in which every action has to come off, and every one that
/// can be refused has to be refused.
contract EveryActionComesOffTest is MarketTest {
    uint256 private constant CALLS = 2000;

    /// hardhat-config: invariant.runs = 1
    /// hardhat-config: invariant.depth = 2000
    function invariant_storyGoesOn() public view {
        require(market.calls() <= CALLS, "more calls than there are");
    }

    function afterInvariant() public view {
        _requireDone(market.moneyActions());
        _requireDone(market.faultActions());
        _requireDone(market.worldActions());
        bytes4[] memory forbidden = market.forbiddenActions();
        for (uint256 i = 0; i < forbidden.length; ++i) {
            require(market.refused(forbidden[i]) != 0, _say("never tried", forbidden[i]));
        }
    }

    function _requireDone(bytes4[] memory actions) private view {
        for (uint256 i = 0; i < actions.length; ++i) {
            require(market.done(actions[i]) != 0, _say("never came off", actions[i]));
        }
    }

    function _say(string memory what, bytes4 action) private pure returns (string memory) {
        return string.concat(what, ": ", Strings.toHexString(uint32(action), 4));
    }

    function _weights() internal pure override returns (uint256 money, uint256 faults) {
        return (1, 1);
    }
}
