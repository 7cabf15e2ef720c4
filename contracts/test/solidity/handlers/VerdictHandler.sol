// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AuditProof, CommitProof, Verdict, VerdictStatus} from "../../../src/interfaces/DisputeTypes.sol";
import {OrderStatus, OrderTerms} from "../../../src/interfaces/OrderTypes.sol";
import {OperatorGhost, OrderGhost, TabGhost, VerdictGhost} from "./Ghost.sol";
import {OperatorHandler} from "./OperatorHandler.sol";

/// @dev What opens a commitment, and where it counts; its encoding is what a commitment hashes.
struct Opening {
    bytes32 tag;
    uint256 chainId;
    address escrow;
    bytes32 orderId;
    uint32 shard;
    uint32 attempt;
    address provider;
    bytes32 resultRoot;
    bytes32 salt;
}

/// @dev A fault to be judged.
struct Case {
    OrderTerms terms;
    Verdict verdict;
    Opening opening;
    uint256 accused;
    bool known;
}

/// @title Quorums that judge providers and validators
abstract contract VerdictHandler is OperatorHandler {
    /// @dev A provider that opened something wrong, or nothing: the verdict is the same.
    function judgeProvider(uint256 x, uint256 slash) external action {
        if (_orders.length == 0) return;
        Case memory case_ = _case(x, slash, 1);
        bool opened = _chance(x, 1, 2);
        case_.verdict.evidence = opened ? keccak256(abi.encode(case_.opening)) : bytes32(0);
        bytes memory call = _providerCall(case_, WRONG_KEY, 99);
        bool did = _as(STRANGER, address(disputes), call);
        if (_judge(did, _isJudgeable(case_), 10, "submitVerdict")) _judged(case_, opened);
        else if (!opened) _require(!_isJudgeable(case_), 16, "who opened nothing was not judged");
    }

    /// @dev A case that would be judged, with one thing wrong.
    function judgeProviderBadly(uint256 x, uint256 slash) external action {
        if (_orders.length == 0) return;
        Case memory case_ = _case(x, slash, 1);
        uint256 fault = _draw(x, 2) % 11;
        Verdict memory verdict = case_.verdict;
        if (fault == 0) verdict.outcome = 2;
        else if (fault == 1) verdict.slash = case_.terms.maxAmount * SLASH_MULTIPLE + 1;
        else if (fault == 2) verdict.slash = 0;
        else if (fault == 3) verdict.detector = verdict.accused;
        else if (fault == 4) verdict.detector = address(0);
        else if (fault == 5) case_.terms.quorumId = verdict.quorumId = verdict.quorumId == 6 ? LADDER : 6;
        else if (fault == 6) verdict.quorumId = verdict.quorumId == 6 ? LADDER : 6;
        uint256 other = case_.accused % _operatorCount();
        uint256 key = fault == 7 ? WRONG_KEY : _operators[other + 1].key;
        bool did = _as(STRANGER, address(disputes), _providerCall(case_, key, fault));
        _judge(did, false, fault == 5 || fault == 6 ? 24 : 18, "judged without a case");
    }

    /// @dev A validator whose audit commit is opened down to the provider's result. Half of the openings do not fit.
    function judgeValidator(uint256 x, uint256 slash) external action {
        if (_orders.length == 0) return;
        Case memory case_ = _case(x, slash, 2);
        Opening memory shown = _copy(case_.opening);
        uint8 round = uint8(_draw(x, 3) % 4);
        AuditProof memory proof;
        proof.round = round;
        bool fits = _chance(x, 4, 2);
        if (!fits) {
            // One or the other side: what was committed to, or what is shown.
            if (_chance(x, 5, 2)) _alter(case_.opening, proof, _draw(x, 6) % 9);
            else _alter(shown, proof, 4 + (_draw(x, 6) % 6));
        }
        proof.auditCommitment = keccak256(abi.encode("audit", x));
        bytes32 signed = disputes.hashAuditCommit(
            keccak256(abi.encode(case_.opening)),
            round,
            case_.verdict.accused,
            proof.auditCommitment
        );
        proof.signature = _sign(_operators[case_.accused].key, signed);
        (proof.provider, proof.resultRoot, proof.salt) = (shown.provider, shown.resultRoot, shown.salt);
        (case_.verdict.shard, case_.verdict.attempt) = (shown.shard, shown.attempt);
        bytes memory signatures = _quorumOf(case_, case_.terms.quorumId);
        bytes memory call = abi.encodeCall(
            disputes.submitValidatorVerdict,
            (case_.verdict, case_.terms, proof, signatures)
        );
        bool judgeable = _isJudgeable(case_);
        bool did = _as(STRANGER, address(disputes), call);
        _require(!did || fits, 12, "an opening was accepted that does not fit");
        _require(did || !fits || !judgeable, 12, "an opening was refused that fits");
        if (_judge(did, fits && judgeable, 12, "submitValidatorVerdict")) _judged(case_, false);
    }

    // ── Cases ───────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @dev A case about some order, or about a job on some tab, against a provider (1) or a validator (2).
    function _case(uint256 x, uint256 slash, uint8 outcome) internal view returns (Case memory case_) {
        if (_chance(x, 10, 4)) case_.terms = _tabJob(x);
        else case_.terms = _termsOf(_orders[_seek(x, _orders.length, _isTriable)]);
        bytes32 id = _idOf(case_.terms);
        case_.known = escrow.order(id).status != OrderStatus.None || _everHadTab(case_.terms);
        case_.accused =
            outcome == 1 ? VALIDATORS + 1 + (_draw(x, 11) % PROVIDERS) : 1 + (_draw(x, 11) % VALIDATORS);
        OperatorGhost storage accused = _operators[case_.accused];
        uint256 most = uint256(case_.terms.maxAmount) * SLASH_MULTIPLE;
        // Mostly around what there is to take.
        uint256 there = 2 * (uint256(accused.active) + accused.unbonding) + 1;
        if (most > there && !_chance(slash, 12, 8)) most = there;
        case_.verdict = Verdict({
            orderId: id,
            shard: uint32(_draw(x, 13) % 3),
            attempt: uint32(_draw(x, 14) % 3),
            accused: accused.who,
            outcome: outcome,
            slash: _amount(slash, most),
            detector: _someClaimant(x),
            quorumId: case_.terms.quorumId,
            evidence: bytes32(x)
        });
        case_.opening = Opening({
            tag: keccak256("assay/commit/1"),
            chainId: block.chainid,
            escrow: address(escrow),
            orderId: id,
            shard: case_.verdict.shard,
            attempt: case_.verdict.attempt,
            provider: outcome == 1 ? accused.who : _operators[VALIDATORS + 1].who,
            resultRoot: keccak256(abi.encode("result", x)),
            salt: keccak256(abi.encode("salt", x))
        });
    }

    /// @dev Terms that name a job on a tab: they were never funded.
    function _tabJob(uint256 x) private view returns (OrderTerms memory terms) {
        (uint256 client, uint256 aggregator) = _someTab(x);
        terms.client = clients[client];
        terms.aggregator = aggregators[aggregator];
        terms.maxAmount = _amount(_draw(x, 22), 50e6);
        terms.settleBy = uint40(time + 1 days);
        terms.refundAt = uint40(time + 2 days);
        terms.quorumId = _someQuorum(x);
        terms.salt = bytes32(x);
    }

    /// @dev Fault 7 signs the commit as nobody, 8 as somebody else, 9 for another attempt; 10 lacks quorum signatures.
    function _providerCall(
        Case memory case_,
        uint256 otherKey,
        uint256 fault
    ) internal view returns (bytes memory) {
        Verdict memory verdict = case_.verdict;
        CommitProof memory proof;
        proof.commitment = keccak256(abi.encode(case_.opening));
        proof.sealedHash = verdict.evidence;
        bytes32 signed = disputes.hashCommit(
            verdict.orderId,
            verdict.shard,
            fault == 9 ? verdict.attempt + 1 : verdict.attempt,
            verdict.accused,
            proof.commitment,
            proof.sealedHash
        );
        bool strange = fault == 7 || fault == 8;
        // The token has no key.
        if (otherKey == 0) otherKey = WRONG_KEY;
        proof.signature = _sign(strange ? otherKey : _operators[case_.accused].key, signed);
        bytes memory signatures = _quorumOf(case_, verdict.quorumId);
        if (fault == 10) signatures = _sign(WRONG_KEY, disputes.hashVerdict(verdict));
        return abi.encodeCall(disputes.submitVerdict, (verdict, case_.terms, proof, signatures));
    }

    /// @dev Orders of no quorum cannot be judged, whoever signs.
    function _quorumOf(Case memory case_, uint32 quorumId) private view returns (bytes memory) {
        return _quorumSigns(quorumId == 0 ? LADDER : quorumId, disputes.hashVerdict(case_.verdict));
    }

    function _isJudgeable(Case memory case_) internal view returns (bool) {
        Verdict memory verdict = case_.verdict;
        if (!case_.known || verdict.quorumId == 0 || verdict.detector == verdict.accused) return false;
        if (time > uint256(case_.terms.refundAt) + VERDICT_WINDOW) return false;
        return _verdictAt[_verdictIdOf(verdict)] == 0;
    }

    function _everHadTab(OrderTerms memory terms) internal view returns (bool) {
        for (uint256 i = 0; i < CLIENTS * AGGREGATORS; ++i) {
            if (clients[i / AGGREGATORS] != terms.client) continue;
            if (aggregators[i % AGGREGATORS] != terms.aggregator) continue;
            TabGhost storage tab = _tabAt(i);
            return tab.deposited != 0 || tab.generation != 0;
        }
        return false;
    }

    // ── Ghost ───────────────────────────────────────────────────────────────────────────────────────────────────────

    function _judged(Case memory case_, bool opened) internal {
        Verdict memory verdict = case_.verdict;
        VerdictGhost storage ghost = _newVerdict(case_, verdict.slash);
        ghost.status = VerdictStatus.Pending;
        ghost.closesAt = uint40(time) + APPEAL_WINDOW;
        ghost.opened = opened;
        ghost.benchId = verdict.quorumId;
        OperatorGhost storage accused = _operators[case_.accused];
        ++accused.holds;
        accused.claimed += verdict.slash;
    }

    function _newVerdict(Case memory case_, uint64 slash) internal returns (VerdictGhost storage ghost) {
        Verdict memory verdict = case_.verdict;
        bytes32 id = _verdictIdOf(verdict);
        _verdictAt[id] = _verdicts.length;
        ghost = _verdicts.push();
        ghost.id = id;
        ghost.accused = case_.accused;
        ghost.outcome = verdict.outcome;
        ghost.guilty = true;
        ghost.slash = slash;
        ghost.quorumId = verdict.quorumId;
        ghost.detector = verdict.detector;
        ghost.client = case_.terms.client;
    }

    function _verdictIdOf(Verdict memory verdict) internal pure returns (bytes32) {
        return
            keccak256(
                abi.encode(verdict.orderId, verdict.shard, verdict.attempt, verdict.accused, verdict.outcome)
            );
    }

    // ── Openings ────────────────────────────────────────────────────────────────────────────────────────────────────

    function _copy(Opening memory opening) private pure returns (Opening memory) {
        return abi.decode(abi.encode(opening), (Opening));
    }

    /// @dev Domain, chain, contract, order, root, salt, sender, attempt, shard, round.
    function _alter(Opening memory opening, AuditProof memory proof, uint256 part) private pure {
        if (part == 0) opening.tag = keccak256("assay/commit/2");
        else if (part == 1) ++opening.chainId;
        else if (part == 2) opening.escrow = STRANGER;
        else if (part == 3) opening.orderId = ~opening.orderId;
        else if (part == 4) opening.resultRoot = ~opening.resultRoot;
        else if (part == 5) opening.salt = ~opening.salt;
        else if (part == 6) opening.provider = STRANGER;
        else if (part == 7) ++opening.attempt;
        else if (part == 8) ++opening.shard;
        else ++proof.round;
    }

    function _isTriable(uint256 position) internal view returns (bool) {
        OrderGhost storage order = _orders[position];
        if (order.status == OrderStatus.None || order.terms.quorumId == 0) return false;
        return time <= uint256(order.terms.refundAt) + VERDICT_WINDOW;
    }
}
