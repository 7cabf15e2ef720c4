import type { BlobStore, FrameStream, Network } from '@assay/core'
import { blobChunkBytes, byteCount, decodeFrame, encodeFrame, MarketError } from '@assay/protocol'
import type { BlobRef, ChunkList, PublicKey } from '@assay/protocol'
import { blobPutProtocol, joinHashes, PutReply } from './blob-messages.ts'
import { rechunk } from './rechunk.ts'
import { abandon, leave, peerError, sendFrame, takeFrame, watchSilence, type Watch } from './transfer.ts'

/**
 * Sends a stored blob to a peer that expects it; `ticket` tells the peer why. Returns when the peer has it durably; at
 * once when it had it. After a cut the next call goes on with the first chunk that the peer lacks.
 * Throws `blob-unknown` when it is not in the store, `unauthorized`, `blob-mismatch`, `storage-full` or `rate-limited` as the peer
 * says, `stream-closed`, and what `Network.open` throws.
 */
// oxlint-disable-next-line eslint/max-params -- who, what and where are three plain things; one call a line reads best
export async function pushBlob(
  network: Network,
  peer: PublicKey,
  ref: BlobRef,
  ticket: string,
  store: BlobStore,
  signal: AbortSignal,
): Promise<void> {
  const list = await store.list(ref.root)
  if (list === undefined)
    throw new MarketError('blob-unknown', 'the blob is not in the store', { details: { root: ref.root } })
  using watch = watchSilence(signal)
  const stream = await network.open(peer, blobPutProtocol, watch.signal)
  try {
    await sendFrame(stream, encodeFrame({ type: 'put', root: ref.root, size: list.size, ticket }), watch)
    const reply = await takeReply(stream, peer, watch)
    if (reply.type === 'go') await sendRest({ stream, store, peer }, ref, { list, first: reply.first }, watch)
    await stream.end()
  } catch (error) {
    abandon(stream, error)
    throw error
  }
  await leave(stream, signal)
}

interface Sending {
  readonly stream: FrameStream
  readonly store: BlobStore
  readonly peer: PublicKey
}

/** Sends the list and the chunks from `first` on, unless the peer says no meanwhile, and waits for its word. */
async function sendRest(
  { stream, store, peer }: Sending,
  ref: BlobRef,
  { list, first }: { readonly list: ChunkList; readonly first: number },
  watch: Watch,
): Promise<void> {
  let answered = false
  const verdict = takeReply(stream, peer, watch).finally(() => (answered = true))
  verdict.catch(() => undefined)
  try {
    await sendFrame(stream, encodeFrame({ type: 'list', chunks: joinHashes(list) }), watch)
    const rest = store.read(ref.root, { offset: byteCount(first * blobChunkBytes) }, watch.signal)
    for await (const chunk of rechunk(rest, blobChunkBytes)) {
      if (answered) break
      await sendFrame(stream, chunk, watch)
    }
  } catch (error) {
    // What the peer said before it cut the stream explains more than the cut.
    await verdict
    throw error
  }
  const last = await verdict
  if (last.type !== 'stored') throw new MarketError('message-malformed', 'the peer asked for the blob twice')
}

async function takeReply(
  stream: FrameStream,
  peer: PublicKey,
  watch: Watch,
): Promise<Exclude<PutReply, { type: 'error' }>> {
  const reply = decodeFrame(PutReply, await takeFrame(stream, watch), 'blob put reply')
  if (reply.type === 'error') throw peerError(reply.error, peer)
  return reply
}
