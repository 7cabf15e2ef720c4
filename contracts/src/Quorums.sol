// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IQuorums} from "./interfaces/IQuorums.sol";
import {IStakes, OperatorView} from "./interfaces/IStakes.sol";
import {MemberCode} from "./libraries/MemberCode.sol";
import {QuorumLib} from "./libraries/QuorumLib.sol";

/// @title Quorums
/// @notice See `IQuorums`.
contract Quorums is IQuorums {
    using MemberCode for bytes;

    /// @inheritdoc IQuorums
    uint256 public constant MAX_MEMBERS = 64;

    uint8 private constant VALIDATOR = 2;

    /// @inheritdoc IQuorums
    IStakes public immutable STAKES;
    /// @inheritdoc IQuorums
    uint64 public immutable MIN_STAKE;

    /// @inheritdoc IQuorums
    uint32 public quorumCount;

    constructor(IStakes stakes, uint64 minStake) {
        STAKES = stakes;
        MIN_STAKE = minStake;
    }

    /// @inheritdoc IQuorums
    function createQuorum(
        address[] calldata members,
        uint8 threshold,
        uint32 appealQuorumId
    ) external returns (uint32 id) {
        if (members.length > MAX_MEMBERS) revert TooManyMembers(members.length, MAX_MEMBERS);
        if (threshold > members.length || uint256(threshold) * 2 <= members.length) {
            revert BadThreshold(threshold, members.length);
        }
        if (appealQuorumId != 0) _requireLarger(appealQuorumId, members.length);
        address previous;
        for (uint256 i = 0; i < members.length; ++i) {
            if (members[i] <= previous) revert MembersNotSorted(members[i]);
            previous = members[i];
            OperatorView memory member = STAKES.operator(members[i]);
            if (!_isStakedValidator(member)) {
                revert NotStakedValidator(members[i], member.roles, member.active, MIN_STAKE);
            }
        }

        id = ++quorumCount;
        // Readers find the members by this address; it cannot be another one on a chain with the usual CREATE rule.
        assert(MemberCode.write(threshold, appealQuorumId, members) == MemberCode.accountOf(this, id));
        emit QuorumCreated(id, threshold, members, appealQuorumId);
    }

    /// @inheritdoc IQuorums
    function verify(uint32 id, bytes32 digest, bytes calldata signatures) external view {
        QuorumLib.requireSigned(this, id, digest, signatures);
    }

    /// @inheritdoc IQuorums
    function membersOf(uint32 id) public view returns (address[] memory members) {
        bytes memory data = MemberCode.read(this, id);
        members = new address[](data.countOf());
        for (uint256 i = 0; i < members.length; ++i) members[i] = data.memberAt(i);
    }

    /// @inheritdoc IQuorums
    function thresholdOf(uint32 id) external view returns (uint8) {
        return uint8(MemberCode.read(this, id).thresholdOf());
    }

    /// @inheritdoc IQuorums
    function appealOf(uint32 id) external view returns (uint32) {
        return MemberCode.read(this, id).appealOf();
    }

    /// @inheritdoc IQuorums
    function isMember(uint32 id, address account) external view returns (bool) {
        address[] memory members = membersOf(id);
        for (uint256 i = 0; i < members.length; ++i) {
            if (members[i] == account) return true;
        }
        return false;
    }

    /// @inheritdoc IQuorums
    function stakedMembers(uint32 id) external view returns (uint256 count) {
        address[] memory members = membersOf(id);
        for (uint256 i = 0; i < members.length; ++i) {
            if (_isStakedValidator(STAKES.operator(members[i]))) ++count;
        }
    }

    function _requireLarger(uint32 appealQuorumId, uint256 members) private view {
        uint256 count = MemberCode.read(this, appealQuorumId).countOf();
        if (count <= members) revert AppealNotLarger(appealQuorumId, count, members + 1);
    }

    function _isStakedValidator(OperatorView memory member) private view returns (bool) {
        return member.roles & VALIDATOR != 0 && member.active >= MIN_STAKE;
    }
}
