import type { BlobStore, FrameStream, Network } from '@assay/core'
import { decodeFrame, encodeFrame, MarketError } from '@assay/protocol'
import type { BlobRef, ByteCount, PublicKey } from '@assay/protocol'
import { blobProtocol, BlobReply, parseChunkList } from './blob-messages.ts'
import { chunkCount } from './chunk-list.ts'
import type { PartialBlob } from './partial-blob.ts'
import { openCopy } from './receive-blob.ts'
import { abandon, namePeer, peerError, leave, takeFrame, watchSilence, type Watch } from './transfer.ts'

export interface FetchBlobOptions {
  /** Refuses a larger blob before anything is asked for. */
  readonly maxBytes: ByteCount
  /** Pins the blob under this owner in the same step. */
  readonly owner?: string
}

/**
 * Brings a blob from a peer into the store; at once when it is there. Every chunk is checked while it streams, against
 * a list that is checked first. After a cut the next call goes on with the first missing chunk, from any peer.
 * Throws `blob-unknown`, `unauthorized` or `rate-limited` as the peer says, `blob-mismatch` with the peer in the details,
 * `blob-too-large`, `storage-full`, `stream-closed`, and what `Network.open` throws.
 */
// oxlint-disable-next-line eslint/max-params -- who, what and where are three plain things; one call a line reads best
export async function fetchBlob(
  network: Network,
  peer: PublicKey,
  ref: BlobRef,
  store: BlobStore,
  options: FetchBlobOptions,
  signal: AbortSignal,
): Promise<BlobRef> {
  const { maxBytes, ...pinning } = options
  if (ref.size > maxBytes)
    throw new MarketError('blob-too-large', 'the blob is larger than allowed', {
      details: { size: ref.size, maxBytes },
    })
  await using copy = await openCopy(store, ref, pinning, signal)
  if (copy === undefined) return ref
  using watch = watchSilence(signal)
  const stream = await network.open(peer, blobProtocol, watch.signal)
  try {
    await stream.send(encodeFrame({ type: 'get', root: ref.root, first: copy.held }), watch.signal)
    await stream.end()
    const reply = decodeFrame(BlobReply, await takeFrame(stream, watch), 'blob reply')
    if (reply.type === 'error') throw peerError(reply.error, peer)
    await copy.begin(parseChunkList(reply.size, reply.chunks))
    await fillCopy(stream, copy, ref, watch)
    await copy.commit()
  } catch (error) {
    abandon(stream, error)
    throw namePeer(error, peer)
  }
  await leave(stream, signal)
  return ref
}

/** Takes the missing chunks; the next arrives while one is checked and written. */
export async function fillCopy(stream: FrameStream, copy: PartialBlob, ref: BlobRef, watch: Watch): Promise<void> {
  let written: Promise<void> = Promise.resolve()
  try {
    for (let missing = chunkCount(ref.size) - copy.held; missing > 0; missing--) {
      const chunk = await takeFrame(stream, watch)
      await written
      written = copy.append(chunk)
      // Awaited in the next round or below; until then a failure must not count as unhandled.
      written.catch(() => undefined)
    }
  } catch (error) {
    // A chunk that arrived before a cut is kept; a wrong one explains more than the cut that came after it.
    await written
    throw error
  }
  await written
}
