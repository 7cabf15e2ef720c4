// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStakes} from "./IStakes.sol";

/// @title Quorums: append-only sets of validators with a threshold
/// @notice Anyone may create a quorum of staked validators. It never changes afterwards, so nobody can swap the
/// validators under an order that names it. Who names a quorum judges its members: `stakedMembers` tells how many still
/// have the stake that membership asks for.
/// @dev The threshold must be a majority, so that two signed statements of one quorum share a signer. Membership needs no
/// consent, so no contract may hold a member liable on a quorum's word alone. Contracts read quorums through
/// `QuorumLib`, which needs no call; `verify` is the same check for everybody else.
interface IQuorums {
    /// @notice A quorum exists from now on, for ever.
    /// @param id Its number, from 1.
    /// @param threshold Signatures needed.
    /// @param members Ascending by address.
    /// @param appealQuorumId The quorum that hears appeals against its verdicts; 0 for none.
    event QuorumCreated(uint32 indexed id, uint8 threshold, address[] members, uint32 appealQuorumId);

    /// @notice Not a majority of the members, or more than all of them.
    error BadThreshold(uint256 threshold, uint256 members);
    /// @notice Too many members.
    error TooManyMembers(uint256 members, uint256 cap);
    /// @notice Member addresses are not strictly ascending at this one.
    error MembersNotSorted(address member);
    /// @notice The address is no validator, or has less active stake than membership asks for.
    error NotStakedValidator(address member, uint8 roles, uint64 active, uint64 needed);
    /// @notice The appeal quorum does not have more members than this one.
    error AppealNotLarger(uint32 appealQuorumId, uint256 members, uint256 needed);
    /// @notice No such quorum.
    error QuorumUnknown(uint32 id);
    /// @notice Signatures that are not a multiple of 65 bytes.
    error BadSignaturesLength(uint256 bytesGiven);
    /// @notice Fewer signatures than the threshold.
    error QuorumNotMet(uint256 have, uint256 need);
    /// @notice The signature at this position recovers to nobody: malformed, high s, or v other than 27 and 28.
    error BadQuorumSignature(uint256 position);
    /// @notice Signers are not strictly ascending by address at this one, or it signed twice.
    error SignersNotSorted(address signer);
    /// @notice A signer that is not a member; also what a signature of something else looks like.
    error NotMember(uint32 id, address signer);

    /// @notice Creates a quorum. Anyone may; members must be registered validators with at least `MIN_STAKE` active.
    /// @param members Strictly ascending by address, 1 to `MAX_MEMBERS`.
    /// @dev The quorum of appeal is fixed here, so that whoever works under a quorum knows the whole ladder and nobody
    /// picks the judges of an appeal afterwards. Being larger at each step, the ladder ends.
    /// @param threshold Signatures needed, more than half of the members.
    /// @param appealQuorumId An existing quorum with more members, which hears appeals; 0 for none.
    /// @return id Its number, from 1.
    function createQuorum(
        address[] calldata members,
        uint8 threshold,
        uint32 appealQuorumId
    ) external returns (uint32 id);

    /// @notice Reverts unless enough members signed a digest.
    /// @dev Every signature given must be good, also those beyond the threshold.
    /// @param id The quorum.
    /// @param digest What was signed.
    /// @param signatures 65 bytes each (r, s, v), concatenated, strictly ascending by signer address, low s.
    function verify(uint32 id, bytes32 digest, bytes calldata signatures) external view;

    /// @notice The members, ascending.
    /// @param id The quorum.
    /// @return Their operator addresses.
    function membersOf(uint32 id) external view returns (address[] memory);

    /// @notice The signatures needed.
    /// @param id The quorum.
    /// @return How many.
    function thresholdOf(uint32 id) external view returns (uint8);

    /// @notice The quorum that hears appeals against verdicts of this one.
    /// @param id The quorum.
    /// @return Its number; 0 for none.
    function appealOf(uint32 id) external view returns (uint32);

    /// @notice Whether an address is a member.
    /// @param id The quorum.
    /// @param account The address.
    /// @return True if so.
    function isMember(uint32 id, address account) external view returns (bool);

    /// @notice How many members still are validators with at least `MIN_STAKE` active stake. Below the threshold, a
    /// client had better name another quorum.
    /// @param id The quorum.
    /// @return How many.
    function stakedMembers(uint32 id) external view returns (uint256);

    /// @notice How many quorums there are; their numbers are 1 to this.
    /// @return The count.
    function quorumCount() external view returns (uint32);

    /// @notice Where validators are registered and staked.
    /// @return The contract.
    function STAKES() external view returns (IStakes);

    /// @notice Active stake that a member needs when the quorum is created.
    /// @return USDC base units.
    function MIN_STAKE() external view returns (uint64);

    /// @notice Most members that a quorum may have.
    /// @return The cap.
    function MAX_MEMBERS() external view returns (uint256);
}
