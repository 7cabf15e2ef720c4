// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AuditProof, CommitProof, Verdict, VerdictRecord} from "./DisputeTypes.sol";
import {IEscrow} from "./IEscrow.sol";
import {IProofs} from "./IProofs.sol";
import {IQuorums} from "./IQuorums.sol";
import {IStakes} from "./IStakes.sol";
import {OrderTerms} from "./OrderTypes.sol";

/// @title Disputes: the only contract that can slash
/// @notice Two roads lead to a slash.
///
/// **Proofs** are arithmetic: an operator signed two things that cannot both be honest. Anyone proves it, and the most that
/// the order allows is taken at once. Outcomes 3 (a provider committed to two results), 4 (a validator answered one
/// blind audit twice) and 5 (a validator signed two settlements of one order).
///
/// **Verdicts** are judgements by the order's quorum: outcomes 1 (provider fault) and 2 (validator fault). They need the
/// quorum's signatures *and* the accused's own signature from that order, so a quorum judges only those who worked under
/// it. For `APPEAL_WINDOW` anyone may appeal with a bond; the quorum of appeal, larger and fixed when the first one was
/// created, rules within `RULING_WINDOW`, and its ruling can be appealed again, at most `MAX_APPEALS` times. If it does
/// not rule in time, what stood before stands, and the bond goes back. From `closesAt` on anyone carries out what stands.
///
/// Bounds: one fault of one attempt is judged once; a slash is at most `SLASH_MULTIPLE` times what the order could cost;
/// verdicts of one quorum take at most `DAILY_SLASH_CAP` a day, the rest on later days, while the stake is held. A case must be
/// brought within `VERDICT_WINDOW` of the order's `refundAt`, which is before stake that left then can be out.
///
/// Of what is taken, 40 % goes to the detector, 10 % to the client and the rest, with all dust, to a fund that nobody can
/// withdraw: at most half of a slash returns to anyone able to cause the case. Accusations move no money; convictions do.
/// @dev Digests are EIP-712 under the escrow's domain separator:
/// - `Verdict(bytes32 orderId,uint32 shard,uint32 attempt,address accused,uint8 outcome,uint64 slash,address detector,uint32 quorumId,bytes32 evidence)`
/// - `Ruling(bytes32 verdictId,uint8 round,bool guilty,bytes32 evidence)`
/// - `Commit(bytes32 orderId,uint32 shard,uint32 attempt,address provider,bytes32 commitment,bytes32 sealedHash)`
/// - `AuditCommit(bytes32 commitment,uint8 round,address validator,bytes32 auditCommitment)`
/// A commitment is `keccak256(abi.encode(keccak256("assay/commit/1"), chainId, escrow, orderId, shard, attempt, provider,
/// resultRoot, salt))`. The token assumptions are in `IUsdc`.
interface IDisputes is IProofs {
    /// @notice A verdict was recorded.
    /// @param verdictId Its id.
    /// @param orderId The order.
    /// @param accused The operator at fault.
    /// @param verdict What the quorum signed.
    /// @param closesAt When it can be carried out.
    event VerdictSubmitted(
        bytes32 indexed verdictId,
        bytes32 indexed orderId,
        address indexed accused,
        Verdict verdict,
        uint40 closesAt
    );
    /// @notice A verdict or a ruling was appealed.
    /// @param verdictId Its id.
    /// @param appellant Who put the bond down.
    /// @param benchId The quorum that is to rule.
    /// @param round Which appeal, from 1.
    /// @param bond USDC base units.
    /// @param ruleBy Until when.
    event VerdictAppealed(
        bytes32 indexed verdictId,
        address indexed appellant,
        uint32 indexed benchId,
        uint8 round,
        uint64 bond,
        uint40 ruleBy
    );
    /// @notice A quorum of appeal ruled.
    /// @param verdictId Its id.
    /// @param benchId Who ruled.
    /// @param guilty What stands now.
    /// @param closesAt When that can be carried out, unless it is appealed before.
    /// @param evidence Hash of the evidence kept off chain.
    event VerdictRuled(
        bytes32 indexed verdictId,
        uint32 indexed benchId,
        bool guilty,
        uint40 closesAt,
        bytes32 evidence
    );
    /// @notice An appellant's bond went back to its credit, or to the fund.
    /// @param verdictId The verdict.
    /// @param appellant Whose bond.
    /// @param amount USDC base units.
    /// @param returned True if it went back.
    event BondClosed(bytes32 indexed verdictId, address indexed appellant, uint64 amount, bool returned);
    /// @notice Stake was taken and shared out.
    /// @param verdictId For which verdict or proof.
    /// @param accused Whose stake.
    /// @param taken USDC base units.
    /// @param toDetector Part credited to the detector.
    /// @param toClient Part credited to the client.
    /// @param toFund Part that stays in the fund.
    event SlashShared(
        bytes32 indexed verdictId,
        address indexed accused,
        uint64 taken,
        uint64 toDetector,
        uint64 toClient,
        uint64 toFund
    );
    /// @notice A verdict is over.
    /// @param verdictId Its id.
    /// @param accused The operator.
    /// @param guilty Whether it ended in a conviction.
    event VerdictFinalized(bytes32 indexed verdictId, address indexed accused, bool guilty);
    /// @notice A share of a slash was withdrawn.
    /// @param owner Whose credit it was.
    /// @param to The address that received it.
    /// @param amount USDC base units.
    event CreditWithdrawn(address indexed owner, address indexed to, uint256 amount);

    /// @notice The stakes contract does not name this contract as its slasher.
    error NotSlasher(address slasher);
    /// @notice The parts were deployed around different stakes or quorums contracts.
    error WiredApart();
    /// @notice Stake could leave before a case must be brought.
    error StakeLeavesTooSoon(uint256 unbondingDelay, uint256 needed);
    /// @notice Verdicts could never be carried out.
    error ZeroDailyCap();
    /// @notice The outcome does not belong to this function.
    error BadOutcome(uint8 outcome);
    /// @notice A verdict that takes nothing.
    error ZeroSlash();
    /// @notice A verdict that takes more than the order allows.
    error SlashOverCap(uint64 slash, uint64 cap);
    /// @notice The terms do not hash to the verdict's order.
    error WrongOrder(bytes32 got, bytes32 want);
    /// @notice The verdict's quorum is not the one the order's terms name.
    error WrongQuorum(uint32 got, uint32 want);
    /// @notice The order was never funded, and its client never had a tab with its aggregator.
    error OrderUnknown(bytes32 orderId);
    /// @notice The accused is not an operator.
    error NotOperator(address accused);
    /// @notice The accused cannot earn the detector's share.
    error DetectorIsAccused(address accused);
    /// @notice The zero address cannot be the detector.
    error ZeroDetector();
    /// @notice The accused did not sign what the proof says.
    error NotInvolved(address accused);
    /// @notice This accused was judged for this attempt before.
    error VerdictExists(bytes32 verdictId);
    /// @notice No such verdict.
    error VerdictUnknown(bytes32 verdictId);
    /// @notice The verdict is over.
    error VerdictClosed(bytes32 verdictId);
    /// @notice An appeal waits for its ruling.
    error AppealUnderWay(bytes32 verdictId);
    /// @notice No appeal waits for a ruling.
    error NotAppealed(bytes32 verdictId);
    /// @notice There is no quorum to appeal to: the one that judged names none, or there were `MAX_APPEALS` appeals.
    error NoAppeal(bytes32 verdictId, uint8 round);
    /// @notice The quorum's verdicts have taken what they may take today.
    error DailyLimitReached(uint32 quorumId, uint256 opensAt);
    /// @notice Not allowed before `opensAt`.
    error TooEarly(uint256 opensAt);
    /// @notice Not allowed after `closedAt`.
    error TooLate(uint256 closedAt);
    /// @notice Nothing to withdraw.
    error NothingToWithdraw();

    /// @notice Records a provider fault (outcome 1). Anyone may submit it.
    /// @dev Reverts with `BadOutcome`, `ZeroSlash`, `SlashOverCap`, `ZeroDetector`, `DetectorIsAccused`, `WrongOrder`,
    /// `WrongQuorum`, `OrderUnknown`, `TooLate`, `NotOperator`, `NotInvolved`, `VerdictExists`, or an error of
    /// `IQuorums.verify`.
    /// @param verdict What the quorum signed.
    /// @param terms The order's terms.
    /// @param proof The accused's own commit.
    /// @param signatures Quorum signatures over `hashVerdict(verdict)`, as `IQuorums.verify` asks for.
    /// @return verdictId Id for `finalizeVerdict`.
    function submitVerdict(
        Verdict calldata verdict,
        OrderTerms calldata terms,
        CommitProof calldata proof,
        bytes calldata signatures
    ) external returns (bytes32 verdictId);

    /// @notice Records a validator fault (outcome 2). Anyone may submit it.
    /// @dev Reverts as `submitVerdict` does.
    /// @param verdict What the quorum signed.
    /// @param terms The order's terms.
    /// @param proof The accused's own audit commit.
    /// @param signatures Quorum signatures over `hashVerdict(verdict)`, as `IQuorums.verify` asks for.
    /// @return verdictId Id for `finalizeVerdict`.
    function submitValidatorVerdict(
        Verdict calldata verdict,
        OrderTerms calldata terms,
        AuditProof calldata proof,
        bytes calldata signatures
    ) external returns (bytes32 verdictId);

    /// @notice Appeals what stands, with a bond of `bondOf(slash, round)` by allowance. Anyone may, before `closesAt`.
    /// @dev If the ruling turns what stood, the bond goes to the appellant's credit; if it confirms it, to the fund; if
    /// none comes, back. Reverts with `VerdictUnknown`, `VerdictClosed`, `AppealUnderWay`, `TooLate`, `NoAppeal`,
    /// `ShortTransfer`.
    /// @param verdictId The verdict.
    function appeal(bytes32 verdictId) external;

    /// @notice Records the ruling of the quorum of appeal. Anyone may submit it, before `closesAt`.
    /// @dev Reverts with `VerdictUnknown`, `NotAppealed`, `TooLate`, or an error of `IQuorums.verify`.
    /// @param verdictId The verdict.
    /// @param guilty What is to stand.
    /// @param evidence Hash of the evidence kept off chain.
    /// @param signatures Signatures of `benchId` over `hashRuling(verdictId, round, guilty, evidence)`.
    function submitRuling(
        bytes32 verdictId,
        bool guilty,
        bytes32 evidence,
        bytes calldata signatures
    ) external;

    /// @notice Carries out what stands, at or after `closesAt`. Anyone may call. If the day's cap leaves only part of the
    /// slash, that part is taken, and the call is repeated on later days for the rest.
    /// @dev Shares are rounded down; the fund gets the rest. Reverts with `VerdictUnknown`, `VerdictClosed`, `TooEarly`,
    /// `DailyLimitReached`.
    /// @param verdictId The verdict.
    /// @return taken USDC base units slashed by this call.
    function finalizeVerdict(bytes32 verdictId) external returns (uint64 taken);

    /// @notice Pays the caller's shares of slashes to an address of its choice.
    /// @param to Where to.
    /// @return amount USDC base units paid.
    function withdrawCredit(address to) external returns (uint256 amount);

    /// @notice The id under which a fault is recorded.
    /// @param orderId The order.
    /// @param shard The shard; 0 for outcome 5.
    /// @param attempt The attempt; 0 for outcome 5.
    /// @param accused The operator at fault.
    /// @param outcome Which fault.
    /// @return keccak256 of the five.
    function verdictIdOf(
        bytes32 orderId,
        uint32 shard,
        uint32 attempt,
        address accused,
        uint8 outcome
    ) external pure returns (bytes32);

    /// @notice A recorded verdict; all zero if there is none.
    /// @param verdictId Its id.
    /// @return The record.
    function verdictOf(bytes32 verdictId) external view returns (VerdictRecord memory);

    /// @notice The digest that a quorum signs.
    /// @param verdict The verdict.
    /// @return EIP-712 digest.
    function hashVerdict(Verdict calldata verdict) external view returns (bytes32);

    /// @notice The digest that a quorum of appeal signs.
    /// @param verdictId The verdict.
    /// @param round Which appeal, from 1.
    /// @param guilty What is to stand.
    /// @param evidence Hash of the evidence kept off chain.
    /// @return EIP-712 digest.
    function hashRuling(
        bytes32 verdictId,
        uint8 round,
        bool guilty,
        bytes32 evidence
    ) external view returns (bytes32);

    /// @notice The digest that a provider signs for its commit.
    /// @param orderId The order.
    /// @param shard The shard.
    /// @param attempt The attempt.
    /// @param provider The signer.
    /// @param commitment The salted commitment to its result.
    /// @param sealedHash Hash of the sealed output.
    /// @return EIP-712 digest.
    function hashCommit(
        bytes32 orderId,
        uint32 shard,
        uint32 attempt,
        address provider,
        bytes32 commitment,
        bytes32 sealedHash
    ) external view returns (bytes32);

    /// @notice The digest that a validator signs for its blind audit.
    /// @param commitment The provider's commitment under audit.
    /// @param round The audit round.
    /// @param validator The signer.
    /// @param auditCommitment The validator's own salted commitment.
    /// @return EIP-712 digest.
    function hashAuditCommit(
        bytes32 commitment,
        uint8 round,
        address validator,
        bytes32 auditCommitment
    ) external view returns (bytes32);

    /// @notice The commitment that a provider's result root and salt open.
    /// @param orderId The order.
    /// @param shard The shard.
    /// @param attempt The attempt.
    /// @param provider The provider.
    /// @param resultRoot Merkle root of the result.
    /// @param salt The provider's salt.
    /// @return The commitment.
    function commitmentOf(
        bytes32 orderId,
        uint32 shard,
        uint32 attempt,
        address provider,
        bytes32 resultRoot,
        bytes32 salt
    ) external view returns (bytes32);

    /// @notice What an address can withdraw.
    /// @param owner The address.
    /// @return USDC base units.
    function credit(address owner) external view returns (uint256);

    /// @notice Slashed money that belongs to nobody and cannot be withdrawn.
    /// @return USDC base units.
    function fundBalance() external view returns (uint256);

    /// @notice The escrow whose orders are judged and whose EIP-712 domain is used.
    /// @return The contract.
    function ESCROW() external view returns (IEscrow);

    /// @notice Where stake is taken from.
    /// @return The contract.
    function STAKES() external view returns (IStakes);

    /// @notice Whose signatures count.
    /// @return The contract.
    function QUORUMS() external view returns (IQuorums);

    /// @notice The most that one fault in an order may cost: `SLASH_MULTIPLE` times what the order could cost.
    /// @param maxAmount As in the terms.
    /// @return USDC base units.
    function slashCapOf(uint64 maxAmount) external pure returns (uint64);

    /// @notice The bond of an appeal: `APPEAL_BOND_BPS` of the slash, rounded up, doubled for each appeal before.
    /// @param slash What the verdict takes.
    /// @param round How many appeals there were.
    /// @return USDC base units.
    function bondOf(uint64 slash, uint8 round) external pure returns (uint64);

    /// @notice What verdicts of a quorum may still take today.
    /// @param quorumId The quorum.
    /// @return USDC base units.
    function leftToday(uint32 quorumId) external view returns (uint64);

    /// @notice Time in which a verdict or a ruling can be appealed.
    /// @return Seconds.
    function APPEAL_WINDOW() external view returns (uint40);

    /// @notice Time in which a quorum of appeal rules.
    /// @return Seconds.
    function RULING_WINDOW() external view returns (uint40);

    /// @notice Most that verdicts of one quorum take in a day (UTC).
    /// @return USDC base units.
    function DAILY_SLASH_CAP() external view returns (uint64);

    /// @notice How often one verdict can be appealed.
    /// @return Times.
    function MAX_APPEALS() external view returns (uint8);

    /// @notice Bound of a slash, in multiples of the order's `maxAmount`: the safety factor 2 over the lowest audit rate
    /// (1 %) and the least chance that an audit catches (73.4 %) is 272.5, and some room.
    /// @return The factor.
    function SLASH_MULTIPLE() external view returns (uint64);

    /// @notice Bond of the first appeal.
    /// @return Basis points of the slash.
    function APPEAL_BOND_BPS() external view returns (uint16);

    /// @notice Time after an order's `refundAt` in which verdicts on it are still taken.
    /// @return Seconds.
    function VERDICT_WINDOW() external view returns (uint40);

    /// @notice The detector's share.
    /// @return Basis points.
    function DETECTOR_BPS() external view returns (uint16);

    /// @notice The client's share.
    /// @return Basis points.
    function CLIENT_BPS() external view returns (uint16);
}
