import type { Chain } from './open-chain.ts'
import { asAddress, type Address, type PrivateKey, quorumId, type QuorumId, type UsdcBase } from '@assay/protocol'
import { keccak256, parseEventLogs, toHex } from 'viem'
import { quorumsAbi } from './abi/quorums.ts'
import { stakesAbi } from './abi/stakes.ts'
import { usdcAbi } from './abi/usdc.ts'
import { callChain } from './chain-error.ts'
import { createMemoryLog } from './transaction-log.ts'
import { createTransactor } from './transactor.ts'

export interface StakeRequest {
  readonly roles: { readonly provider?: boolean; readonly validator?: boolean; readonly aggregator?: boolean }
  /** Where earnings go; may be cold. Default: the operator itself. */
  readonly payout?: Address
  /** Stake to reach; nothing is sent when there is as much already. */
  readonly stakeUsdc: UsdcBase
}

/** What an operator does for itself: register, stake, form quorums. Each call looks first and sends only what is missing. */
export interface OperatorAccount {
  readonly address: Address
  ensureStaked(request: StakeRequest, signal: AbortSignal): Promise<void>
  /** `appealsTo` is an existing, larger quorum that hears appeals against this one; none when absent. */
  createQuorum(
    members: readonly Address[],
    threshold: number,
    signal: AbortSignal,
    appealsTo?: QuorumId,
  ): Promise<QuorumId>
}

export function openOperatorAccount(chain: Chain, privateKey: PrivateKey): OperatorAccount {
  const { client, reader } = chain
  const { market } = reader
  const transactor = createTransactor(chain, privateKey, createMemoryLog())
  const address = asAddress(transactor.address)
  const stakes = { address: market.stakes, abi: stakesAbi } as const
  return {
    address,
    async ensureStaked({ roles, payout, stakeUsdc }, signal) {
      const before = await reader.operator(address, signal)
      if (before === undefined) {
        const flags = (roles.provider ? 1 : 0) | (roles.validator ? 2 : 0) | (roles.aggregator ? 4 : 0)
        const args = [payout ?? address, flags, keccak256(toHex('assay'))]
        await transactor.send(
          { ...stakes, key: 'register', what: 'registering the operator', functionName: 'register', args },
          signal,
        )
      }
      const missing = stakeUsdc - ((before?.stake ?? 0n) - (before?.unbonding ?? 0n))
      if (missing <= 0n) return
      // The same amount may be missing again one day: what was asked at another block is another effect.
      const block = await callChain('reading the newest block', signal, () => client.getBlockNumber())
      const approve = { address: market.token, abi: usdcAbi, functionName: 'approve', args: [market.stakes, missing] }
      await transactor.send({ ...approve, key: `approve:${missing}:${block}`, what: 'approving the stake' }, signal)
      await transactor.send(
        { ...stakes, key: `stake:${missing}:${block}`, what: 'staking', functionName: 'stake', args: [missing] },
        signal,
      )
    },
    async createQuorum(members, threshold, signal, appealsTo) {
      const quorums = { address: market.quorums, abi: quorumsAbi } as const
      const args = [members.toSorted(), threshold, appealsTo ?? 0]
      const key = `quorum:${members.toSorted().join()}:${threshold}:${appealsTo ?? 0}`
      const sent = await transactor.send(
        { ...quorums, key, what: 'creating the quorum', functionName: 'createQuorum', args },
        signal,
      )
      const receipt = await callChain('reading the quorum', signal, () =>
        client.getTransactionReceipt({ hash: sent.transactionHash }),
      )
      const [event] = parseEventLogs({ abi: quorumsAbi, eventName: 'QuorumCreated', logs: receipt.logs })
      return quorumId(event!.args.id)
    },
  }
}
