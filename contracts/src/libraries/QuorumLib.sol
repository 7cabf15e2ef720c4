// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IQuorums} from "../interfaces/IQuorums.sol";
import {BatchCodec} from "./BatchCodec.sol";
import {LowSignature} from "./LowSignature.sol";
import {MemberCode} from "./MemberCode.sol";

/// @title Checking a quorum's signatures, without calling the quorums contract
library QuorumLib {
    using BatchCodec for bytes;
    using MemberCode for bytes;

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
        unchecked {
            for (uint256 i = 0; i < count; ++i) {
                (bytes32 r, bytes32 s, uint8 v) = signatures.signatureAt(i);
                address signer = LowSignature.recover(digest, r, s, v);
                if (signer <= previous) {
                    if (signer == address(0)) revert IQuorums.BadQuorumSignature(i);
                    revert IQuorums.SignersNotSorted(signer);
                }
                previous = signer;
                // Both lists ascend, so one pass over the members serves all signatures.
                next = data.find(signer, next);
                if (next == 0) revert IQuorums.NotMember(id, signer);
            }
        }
    }
}
