import { serveBlobs, servePushes } from '@assay/blobs'
import { hash32Schema } from '@assay/protocol'
import type { Context } from './context.ts'

/**
 * Inputs go to staked nodes of the market; sealed results come from providers with a live lease for them. Nobody else
 * reads or writes here.
 */
export async function serveMarketBlobs({ blobs, directory, network, store }: Context): Promise<void> {
  await serveBlobs(network, blobs, { authorize: (peer) => directory.node(peer.address) !== undefined })
  const attemptOf = (ticket: string) => {
    const lease = hash32Schema.safeParse(ticket)
    return lease.success ? store.byLease(lease.data) : undefined
  }
  await servePushes(network, blobs, {
    // Pinned from its first byte: nothing may evict a result before its commit arrives.
    owner: (_peer, _ref, ticket) => attemptOf(ticket)?.orderId ?? ticket,
    authorize(peer, ref, ticket) {
      const attempt = attemptOf(ticket)
      if (attempt === undefined || attempt.provider !== peer.address || attempt.state === 'expired') return false
      const job = store.job(attempt.orderId)
      // age adds 16 bytes to each 64 KiB and a header; the result brings its manifest.
      return job !== undefined && ref.size <= job.spec.outputBytes * 1.01 + sealOverheadBytes
    },
  })
}

const sealOverheadBytes = 17 * 1024 * 1024
