// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IQuorums} from "../interfaces/IQuorums.sol";
import {BatchCodec} from "./BatchCodec.sol";
import {MemberCode} from "./MemberCode.sol";

/// @title Checking a quorum's signatures, without calling the quorums contract
library QuorumLib {
    using BatchCodec for bytes;
    using MemberCode for bytes;

    /// @dev Half the order of secp256k1: of the two valid s, only the lower one is accepted (EIP-2).
    uint256 private constant HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;

    /// @notice Reverts with `QuorumUnknown` unless the quorum exists.
    function requireExists(IQuorums quorums, uint32 id) internal view {
        if (MemberCode.accountOf(quorums, id).code.length == 0) revert IQuorums.QuorumUnknown(id);
    }

    /// @notice See `IQuorums.verify`.
    function requireSigned(
        IQuorums quorums,
        uint32 id,
        bytes32 digest,
        bytes calldata signatures
    ) internal view {
        bytes memory data = MemberCode.read(quorums, id);
        uint256 count = signatures.signatureCount();
        if (count < data.thresholdOf()) revert IQuorums.QuorumNotMet(count, data.thresholdOf());

        address previous;
        uint256 next;
        for (uint256 i = 0; i < count; ++i) {
            address signer = _recover(digest, signatures, i);
            if (signer <= previous) revert IQuorums.SignersNotSorted(signer);
            previous = signer;
            // Both lists ascend, so one pass over the members serves all signatures.
            next = data.find(signer, next);
            if (next == 0) revert IQuorums.NotMember(id, signer);
        }
    }

    /// @dev The checks of OpenZeppelin's ECDSA library, which costs more for each signature.
    function _recover(
        bytes32 digest,
        bytes calldata signatures,
        uint256 position
    ) private pure returns (address signer) {
        (bytes32 r, bytes32 s, uint8 v) = signatures.signatureAt(position);
        if (uint256(s) <= HALF_ORDER) signer = ecrecover(digest, v, r, s);
        if (signer == address(0)) revert IQuorums.BadQuorumSignature(position);
    }
}
