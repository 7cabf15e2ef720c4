import type { ChainAppeal, ChainFault, ChainMarket, ChainVerdict, DisputeReader, VerdictStatus } from '@assay/core'
import {
  asAddress,
  asHash,
  quorumId,
  unixSeconds,
  usdc,
  type Address,
  type Hash32,
  type QuorumMembers,
  type Seat,
} from '@assay/protocol'
import { getAbiItem, type PublicClient } from 'viem'
import { disputesAbi } from './abi/disputes.ts'
import { quorumsAbi } from './abi/quorums.ts'
import { stakesAbi } from './abi/stakes.ts'
import { callChain } from './chain-error.ts'
import { readQuorum } from './read-quorum.ts'

/** As `VerdictStatus` of the contracts: none, pending, appealed, final. */
const verdictStatuses: readonly VerdictStatus[] = ['none', 'submitted', 'appealed', 'slashed']

/** Reads of `Disputes`, and of the quorums that it hears. */
export function createDisputeReader(client: PublicClient, market: ChainMarket, fromBlock: bigint): DisputeReader {
  const quorums = { address: market.quorums, abi: quorumsAbi } as const
  return {
    verdictRecord: (verdictId, signal) =>
      callChain('reading the verdict', signal, () => readVerdict(client, market, verdictId)),
    faultsOf: (accused, signal) =>
      callChain('searching the faults', signal, () => readFaults(client, market, { accused, fromBlock })),
    appealQuorumOf: (id, signal) =>
      callChain('reading the quorum of appeal', signal, async () => {
        const bench = await client.readContract({ ...quorums, functionName: 'appealOf', args: [id] })
        return bench === 0 ? undefined : quorumId(bench)
      }),
    appealOf: (verdictId, round, signal) =>
      callChain('searching the appeal', signal, async (): Promise<ChainAppeal | undefined> => {
        const event = getAbiItem({ abi: disputesAbi, name: 'VerdictAppealed' })
        const logs = await client.getLogs({ address: market.disputes, event, args: { verdictId }, fromBlock })
        const found = logs.find(({ args }) => args.round === round)
        if (found?.args.benchId === undefined || found.args.appellant === undefined) return undefined
        const bench = await readQuorum(client, quorums, quorumId(found.args.benchId))
        if (bench === undefined) return undefined
        const seats = await readSeats(client, market.stakes, bench, found.blockNumber)
        const { appellant, ruleBy = 0 } = found.args
        return { appellant: asAddress(appellant), bench, seats, ruleBy: unixSeconds(ruleBy) }
      }),
  }
}

/** The record of a fault; `undefined` when there is none. */
export async function readVerdict(
  client: PublicClient,
  market: ChainMarket,
  verdictId: Hash32,
): Promise<ChainVerdict | undefined> {
  const disputes = { address: market.disputes, abi: disputesAbi } as const
  const record = await client.readContract({ ...disputes, functionName: 'verdictOf', args: [verdictId] })
  const status = verdictStatuses[record.status] ?? 'none'
  if (status === 'none') return undefined
  return {
    status: status === 'slashed' && !record.guilty ? 'overturned' : status,
    outcome: record.outcome,
    accused: asAddress(record.accused),
    guilty: record.guilty,
    round: record.round,
    closesAt: unixSeconds(record.closesAt),
    slash: usdc(record.slash),
    collected: usdc(record.collected),
    benchId: quorumId(record.benchId),
  }
}

/** Verdicts and proofs in the order of their blocks. */
async function readFaults(
  client: PublicClient,
  market: ChainMarket,
  { accused, fromBlock }: { readonly accused: Address; readonly fromBlock: bigint },
): Promise<readonly ChainFault[]> {
  const about = { address: market.disputes, args: { accused }, fromBlock } as const
  const [submitted, proven] = await Promise.all([
    client.getLogs({ ...about, event: getAbiItem({ abi: disputesAbi, name: 'VerdictSubmitted' }) }),
    client.getLogs({ ...about, event: getAbiItem({ abi: disputesAbi, name: 'FaultProven' }) }),
  ])
  const logs = [...submitted, ...proven].toSorted(
    (a, b) => Number(a.blockNumber - b.blockNumber) || a.logIndex - b.logIndex,
  )
  const faults = await Promise.all(
    logs.map(async ({ args, blockNumber }): Promise<ChainFault | undefined> => {
      if (args.verdictId === undefined || args.orderId === undefined) return undefined
      const verdictId = asHash<Hash32>(args.verdictId)
      const [record, { timestamp }] = await Promise.all([
        readVerdict(client, market, verdictId),
        client.getBlock({ blockNumber }),
      ])
      if (record === undefined) return undefined
      const { outcome, status, guilty } = record
      const recordedAt = unixSeconds(Number(timestamp))
      return { verdictId, orderId: asHash(args.orderId), outcome, status, guilty, recordedAt }
    }),
  )
  return faults.filter((fault) => fault !== undefined)
}

/** Stake of every member at a block, for whoever draws from them later. */
async function readSeats(
  client: PublicClient,
  stakes: Address,
  { members }: QuorumMembers,
  blockNumber: bigint,
): Promise<readonly Seat[]> {
  return Promise.all(
    members.toSorted().map(async (validator) => {
      const call = {
        address: stakes,
        abi: stakesAbi,
        functionName: 'operator',
        args: [validator],
        blockNumber,
      } as const
      const view = await client.readContract(call)
      return { validator, stake: usdc(view.active + view.unbonding) }
    }),
  )
}
