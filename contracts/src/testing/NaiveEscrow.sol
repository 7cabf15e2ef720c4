// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @title NaiveEscrow: what one writes first, as a baseline for the gas benchmark only
/// @notice One struct per job, money in by allowance, one transfer out per job, a result hash on the way, and no
/// verification at all: the client's word releases.
contract NaiveEscrow {
    using SafeERC20 for IERC20;

    struct Job {
        address client;
        address provider;
        uint256 amount;
        uint256 deadline;
        bytes32 resultHash;
        bool paid;
    }

    IERC20 public immutable TOKEN;
    uint256 public jobCount;
    mapping(uint256 id => Job job) public jobs;

    event JobCreated(uint256 indexed id, address indexed client, address indexed provider, uint256 amount);
    event ResultSubmitted(uint256 indexed id, bytes32 resultHash);
    event JobPaid(uint256 indexed id, address indexed provider, uint256 amount);

    error NotAllowed(address caller);
    error AlreadyPaid(uint256 id);

    constructor(IERC20 token) {
        TOKEN = token;
    }

    /// @notice Takes the price of a job.
    function create(address provider, uint256 amount, uint256 deadline) external returns (uint256 id) {
        id = ++jobCount;
        jobs[id] = Job(msg.sender, provider, amount, deadline, 0, false);
        emit JobCreated(id, msg.sender, provider, amount);
        TOKEN.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @notice Notes a result.
    function submit(uint256 id, bytes32 resultHash) external {
        if (msg.sender != jobs[id].provider) revert NotAllowed(msg.sender);
        jobs[id].resultHash = resultHash;
        emit ResultSubmitted(id, resultHash);
    }

    /// @notice Pays the provider.
    function release(uint256 id) external {
        Job storage job = jobs[id];
        if (msg.sender != job.client) revert NotAllowed(msg.sender);
        if (job.paid) revert AlreadyPaid(id);
        job.paid = true;
        emit JobPaid(id, job.provider, job.amount);
        TOKEN.safeTransfer(job.provider, job.amount);
    }
}
