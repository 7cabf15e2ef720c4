import type { BlobStore, FrameStream, Network, Peer } from '@assay/core'
import { decodeFrame, encodeFrame, MarketError, type BlobRef } from '@assay/protocol'
import { blobPutProtocol, parseChunkList, PutList, PutRequest } from './blob-messages.ts'
import { chunkCount } from './chunk-list.ts'
import { fillCopy } from './fetch-blob.ts'
import { blobLimits } from './limits.ts'
import { openCopy } from './receive-blob.ts'
import { refusal, sendFrame, takeFrame, watchSilence, type Watch } from './transfer.ts'

export interface ServePushesOptions {
  /** Whether a peer may store this blob here; size and ticket are its own claim. */
  readonly authorize: (peer: Peer, ref: BlobRef, ticket: string) => boolean | Promise<boolean>
  /** Under whom an accepted blob is pinned in the same step. Without it, it can be evicted at once. */
  readonly owner?: (peer: Peer, ref: BlobRef, ticket: string) => string
}

/** Takes blobs that peers push, checked chunk by chunk, and acknowledges each once it is durable. */
export async function servePushes(network: Network, store: BlobStore, options: ServePushesOptions): Promise<void> {
  let running = 0
  await network.handle(blobPutProtocol, async (stream, remote, signal) => {
    using watch = watchSilence(signal)
    const offer = decodeFrame(PutRequest, await takeFrame(stream, watch), 'blob put request')
    running += 1
    try {
      const refused = running > blobLimits.transfers ? tooMany() : await judge(options, remote, offer)
      if (refused !== undefined) await stream.send(refusal(refused), watch.signal)
      else await receive(stream, store, { ...offer, owner: options.owner?.(remote, offer, offer.ticket) }, watch)
    } finally {
      running -= 1
    }
  })
}

/** Why an offer is not taken. */
async function judge(options: ServePushesOptions, peer: Peer, offer: PutRequest): Promise<MarketError | undefined> {
  const { root, size, ticket } = offer
  if (chunkCount(size) > blobLimits.chunks)
    return new MarketError('blob-too-large', 'no blob is this large', { details: { size } })
  if (await options.authorize(peer, { root, size }, ticket)) return undefined
  return new MarketError('unauthorized', 'the blob is not expected')
}

interface Accepted extends BlobRef {
  readonly owner: string | undefined
}

async function receive(stream: FrameStream, store: BlobStore, accepted: Accepted, watch: Watch): Promise<void> {
  try {
    await take(stream, store, accepted, watch)
    await stream.send(encodeFrame({ type: 'stored' }), watch.signal)
  } catch (error) {
    // The cause matters more than whether the peer, still sending, can be told.
    await stream.send(refusal(error), watch.signal).catch(() => undefined)
    throw error
  }
}

async function take(
  stream: FrameStream,
  store: BlobStore,
  { root, size, owner }: Accepted,
  watch: Watch,
): Promise<void> {
  const ref: BlobRef = { root, size }
  await using copy = await openCopy(store, ref, owner === undefined ? {} : { owner }, watch.signal)
  if (copy === undefined) return
  await sendFrame(stream, encodeFrame({ type: 'go', first: copy.held }), watch)
  const { chunks } = decodeFrame(PutList, await takeFrame(stream, watch), 'blob list')
  await copy.begin(parseChunkList(size, chunks))
  await fillCopy(stream, copy, ref, watch)
  await copy.commit()
}

const tooMany = (): MarketError => new MarketError('rate-limited', 'too many transfers at once')
