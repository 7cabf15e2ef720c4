import type { BlobStore, FrameStream, Network, Peer } from '@assay/core'
import { blobChunkBytes, byteCount, decodeFrame, encodeFrame, MarketError } from '@assay/protocol'
import type { BlobRoot } from '@assay/protocol'
import { blobProtocol, BlobRequest, joinHashes } from './blob-messages.ts'
import { blobLimits } from './limits.ts'
import { rechunk } from './rechunk.ts'
import { refusal, sendFrame, takeFrame, watchSilence, type Watch } from './transfer.ts'

export interface ServeBlobsOptions {
  /** Whether a peer may read a blob. Asked before the store is: a refusal does not tell whether the blob is here. */
  readonly authorize: (peer: Peer, root: BlobRoot) => boolean | Promise<boolean>
}

/** Serves stored blobs to peers. */
export async function serveBlobs(network: Network, store: BlobStore, options: ServeBlobsOptions): Promise<void> {
  let running = 0
  await network.handle(blobProtocol, async (stream, remote, signal) => {
    using watch = watchSilence(signal)
    const request = decodeFrame(BlobRequest, await takeFrame(stream, watch), 'blob request')
    running += 1
    try {
      if (running > blobLimits.transfers) await stream.send(refusal(tooMany()), watch.signal)
      else if (await options.authorize(remote, request.root)) await answer(stream, store, request, watch)
      else await stream.send(refusal(new MarketError('unauthorized', 'the blob is not for this peer')), watch.signal)
    } finally {
      running -= 1
    }
  })
}

async function answer(
  stream: FrameStream,
  store: BlobStore,
  { root, first }: { readonly root: BlobRoot; readonly first: number },
  watch: Watch,
): Promise<void> {
  const list = await store.list(root)
  if (list === undefined || first > list.chunks.length) {
    const error = new MarketError('blob-unknown', 'the blob or chunk is not here', { details: { root, first } })
    return stream.send(refusal(error), watch.signal)
  }
  await sendFrame(stream, encodeFrame({ type: 'blob', size: list.size, chunks: joinHashes(list) }), watch)
  const rest = store.read(root, { offset: byteCount(first * blobChunkBytes) }, watch.signal)
  for await (const chunk of rechunk(rest, blobChunkBytes)) await sendFrame(stream, chunk, watch)
}

const tooMany = (): MarketError => new MarketError('rate-limited', 'too many transfers at once')
