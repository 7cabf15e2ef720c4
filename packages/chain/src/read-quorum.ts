import { asAddress, type Address, type QuorumId, type QuorumMembers } from '@assay/protocol'
import type { PublicClient } from 'viem'
import type { quorumsAbi } from './abi/quorums.ts'

/** Members and threshold of a quorum, ascending by address; `undefined` for one that does not exist. */
export async function readQuorum(
  client: PublicClient,
  quorums: { readonly address: Address; readonly abi: typeof quorumsAbi },
  id: QuorumId,
): Promise<QuorumMembers | undefined> {
  const count = await client.readContract({ ...quorums, functionName: 'quorumCount' })
  if (id < 1 || id > count) return undefined
  const [members, threshold] = await Promise.all([
    client.readContract({ ...quorums, functionName: 'membersOf', args: [id] }),
    client.readContract({ ...quorums, functionName: 'thresholdOf', args: [id] }),
  ])
  return { id, threshold, members: members.map(asAddress).toSorted() }
}
