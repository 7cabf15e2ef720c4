// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IQuorums} from "../interfaces/IQuorums.sol";
import {MemberAccount} from "./MemberAccount.sol";

/// @title A quorum's head (threshold, appeal quorum) and members, kept as the code of an account
/// @notice The members of quorum `n` are the code of the `n`-th account that the quorums contract creates, so its
/// address follows from `n`, and reading it costs one cold access however many members there are.
library MemberCode {
    uint256 private constant WORD = 32;
    /// @dev The head: threshold in the lowest 8 bits, the appeal quorum in the 32 above. Its first byte stays zero.
    uint256 private constant APPEAL = 8;

    /// @notice The account that holds a quorum.
    /// @dev The CREATE rule: the last 20 bytes of keccak256(rlp([creator, nonce])); a contract's first nonce is 1.
    function accountOf(IQuorums quorums, uint32 id) internal pure returns (address) {
        bytes32 digest;
        if (id < 0x80) digest = keccak256(abi.encodePacked(uint16(0xd694), quorums, uint8(id)));
        else if (id < 0x100)
            digest = keccak256(abi.encodePacked(uint16(0xd794), quorums, uint16(0x8100 | id)));
        else if (id < 0x10000)
            digest = keccak256(abi.encodePacked(uint16(0xd894), quorums, uint24(0x820000 | id)));
        else if (id < 0x1000000)
            digest = keccak256(abi.encodePacked(uint16(0xd994), quorums, uint32(0x83000000 | id)));
        else digest = keccak256(abi.encodePacked(uint16(0xda94), quorums, uint8(0x84), id));
        return address(uint160(uint256(digest)));
    }

    /// @notice Creates the account of the next quorum.
    function write(uint8 threshold, uint32 appealId, address[] calldata members) internal returns (address) {
        bytes memory data = abi.encodePacked((uint256(appealId) << APPEAL) | threshold, members);
        return address(new MemberAccount(data));
    }

    /// @notice What the account of a quorum holds. Reverts with `QuorumUnknown` if there is none.
    function read(IQuorums quorums, uint32 id) internal view returns (bytes memory data) {
        // No contract creates anything with nonce 0, so quorum 0 cannot exist.
        data = accountOf(quorums, id).code;
        if (data.length == 0) revert IQuorums.QuorumUnknown(id);
    }

    /// @notice The signatures needed.
    function thresholdOf(bytes memory data) internal pure returns (uint256) {
        return uint8(_word(data, 0));
    }

    /// @notice The quorum that hears appeals; 0 for none.
    function appealOf(bytes memory data) internal pure returns (uint32) {
        return uint32(_word(data, 0) >> APPEAL);
    }

    /// @notice How many members there are.
    function countOf(bytes memory data) internal pure returns (uint256) {
        return data.length / WORD - 1;
    }

    /// @notice The member at a position below the count.
    function memberAt(bytes memory data, uint256 position) internal pure returns (address) {
        return address(uint160(_word(data, position + 1)));
    }

    /// @notice Looks for a member from a position on, in ascending order.
    /// @return next The position after it, or 0 if it is not there.
    function find(bytes memory data, address member, uint256 from) internal pure returns (uint256 next) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let members := add(data, 0x40)
            let end := add(add(data, 0x20), mload(data))
            let wanted := shr(96, shl(96, member))
            for {
                let cursor := add(members, shl(5, from))
            } lt(cursor, end) {
                cursor := add(cursor, 0x20)
            } {
                let candidate := mload(cursor)
                if lt(candidate, wanted) {
                    continue
                }
                if eq(candidate, wanted) {
                    next := add(shr(5, sub(cursor, members)), 1)
                }
                break
            }
        }
    }

    function _word(bytes memory data, uint256 position) private pure returns (uint256 word) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            word := mload(add(add(data, 0x20), shl(5, position)))
        }
    }
}
