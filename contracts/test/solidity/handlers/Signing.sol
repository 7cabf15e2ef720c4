// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OrderTerms} from "../../../src/interfaces/OrderTypes.sol";
import {vm} from "../Vm.sol";
import {Ghost} from "./Ghost.sol";

/// @title Everybody's signatures
abstract contract Signing is Ghost {
    function _sign(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    /// @dev An EIP-3009 authorization that anybody may submit, from START on and for ever.
    function _authorize(
        uint256 key,
        address from,
        address to,
        uint64 amount,
        bytes32 nonce
    ) internal view returns (bytes memory) {
        bytes32 structHash = keccak256(
            abi.encode(
                usdc.RECEIVE_WITH_AUTHORIZATION_TYPEHASH(),
                from,
                to,
                uint256(amount),
                uint256(0),
                type(uint256).max,
                nonce
            )
        );
        return _sign(key, keccak256(abi.encodePacked(hex"1901", usdc.DOMAIN_SEPARATOR(), structHash)));
    }

    /// @dev The signatures of `count` members of a quorum, ascending.
    function _signAs(
        uint32 quorumId,
        bytes32 digest,
        uint256 count
    ) internal view returns (bytes memory all) {
        uint256[] storage members = _members[quorumId];
        for (uint256 i = 0; i < count; ++i) {
            all = abi.encodePacked(all, _sign(_operators[members[i]].key, digest));
        }
    }

    function _threshold(uint32 quorumId) internal view returns (uint256) {
        return _members[quorumId].length / 2 + 1;
    }

    /// @dev As many as are needed, starting with the lowest address.
    function _quorumSigns(uint32 quorumId, bytes32 digest) internal view returns (bytes memory) {
        return _signAs(quorumId, digest, _threshold(quorumId));
    }

    /// @dev Some quorum, mostly small, so that there is less to sign.
    function _someQuorum(uint256 x) internal view returns (uint32) {
        uint256 kind = _draw(x, 97) % 8;
        if (kind < 4) return LADDER;
        if (kind == 4) return uint32(1 + (_draw(x, 98) % LADDER));
        return uint32(LADDER + 1 + (_draw(x, 98) % (_members.length - 1 - LADDER)));
    }

    function _idOf(OrderTerms memory terms) internal view returns (bytes32) {
        return escrow.orderId(terms);
    }
}
