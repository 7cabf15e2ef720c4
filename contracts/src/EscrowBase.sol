// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {Intake} from "./Intake.sol";
import {IEscrow} from "./interfaces/IEscrow.sol";
import {IQuorums} from "./interfaces/IQuorums.sol";
import {IStakes} from "./interfaces/IStakes.sol";
import {IUsdc} from "./interfaces/IUsdc.sol";
import {UsdcPull} from "./libraries/UsdcPull.sol";

/// @title EscrowBase
/// @notice What orders and tabs share: the token, the contracts around, credit, and the EIP-712 domain. See `IEscrow`.
abstract contract EscrowBase is IEscrow, EIP712, ReentrancyGuardTransient, Intake {
    using SafeERC20 for IUsdc;
    using UsdcPull for IUsdc;

    /// @inheritdoc IEscrow
    uint16 public constant MAX_FEE_BPS = 500;

    uint256 internal constant BPS = 10_000;

    /// @inheritdoc IEscrow
    IUsdc public immutable TOKEN;
    /// @inheritdoc IEscrow
    IStakes public immutable STAKES;
    /// @inheritdoc IEscrow
    IQuorums public immutable QUORUMS;

    /// @dev How many quorums there are at least. Ids come in sequence and stay, so a quorum up to this one needs no
    /// question; it shares its slot with the guardian's stop, which every funding reads.
    uint32 private _knownQuorums;
    /// @inheritdoc IEscrow
    mapping(address owner => uint256 amount) public credit;

    constructor(
        IUsdc token,
        IStakes stakes,
        IQuorums quorums,
        address guardian
    ) EIP712("Assay", "1") Intake(guardian) {
        token.requireSixDecimals();
        TOKEN = token;
        STAKES = stakes;
        QUORUMS = quorums;
    }

    /// @inheritdoc IEscrow
    function withdrawCredit(address to) external nonReentrant returns (uint256 amount) {
        amount = credit[msg.sender];
        if (amount == 0) revert NothingToWithdraw();

        credit[msg.sender] = 0;
        emit CreditWithdrawn(msg.sender, to, amount);
        TOKEN.safeTransfer(to, amount);
    }

    /// @inheritdoc IEscrow
    // solhint-disable-next-line func-name-mixedcase
    function DOMAIN_SEPARATOR() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    /// @dev Ids are handed out in sequence: an order naming one to come could be captured by whoever creates it.
    function _requireQuorum(uint32 id) internal {
        if (id <= _knownQuorums) return;
        uint32 count = QUORUMS.quorumCount();
        if (id > count) revert IQuorums.QuorumUnknown(id);
        _knownQuorums = count;
    }

    /// @dev Pays a client, or notes its credit if the token refuses.
    /// The one interaction before an effect: whether credit is due depends on its outcome. The guard covers it, and a
    /// caller who starves the transfer of gas cannot afford the credit's storage write with the 1/64 that is left.
    function _push(address to, uint64 amount) internal returns (bool pushed) {
        pushed = TOKEN.trySafeTransfer(to, amount);
        if (!pushed) credit[to] += amount;
    }
}
