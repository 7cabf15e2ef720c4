/** A blob from the aggregator over any number of connections, hashed on the way. */
import { createBlobHasher, MarketError, type BlobRef } from '@assay/protocol'
import { assertLive, isTransient, unreachable } from './faults.ts'
import { readBody } from './http.ts'
import { limits } from './limits.ts'
import type { MarketApi } from './market-api.ts'
import { pause } from './repeat.ts'

/**
 * Streams a blob; a broken connection goes on at the byte where it broke. The bytes are vouched for only once the iteration
 * ends: it throws `blob-mismatch` (blame: aggregator) instead when they are not the blob's. Throws `blob-unknown`,
 * `market-unreachable` after `limits.streamTries` tries without a byte, `cancelled`.
 */
export async function* downloadBlob(api: MarketApi, ref: BlobRef, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const hasher = createBlobHasher()
  let offset = 0
  let failures = 0
  while (offset < ref.size) {
    const connection = new AbortController()
    const either = AbortSignal.any([signal, connection.signal])
    try {
      const response = await api.openBlob(ref.root, offset, either)
      // A server may ignore the range and begin at the first byte again.
      let skip = offset > 0 && response.status !== 206 ? offset : 0
      for await (const part of readBody(api.http, response, either)) {
        const fresh = part.subarray(skip)
        skip -= part.length - fresh.length
        if (fresh.length === 0) continue
        failures = 0
        offset += fresh.length
        if (offset > ref.size) throw wrong(ref, 'it is longer than announced')
        await hasher.update(fresh)
        yield fresh
      }
    } catch (error) {
      assertLive(signal)
      if (!isTransient(error)) throw error
    } finally {
      connection.abort()
    }
    if (offset >= ref.size) break
    failures++
    if (failures >= limits.streamTries) throw unreachable('the download brings nothing', { root: ref.root, offset })
    await pause(failures, api.http.clock, signal)
  }
  const { root } = await hasher.digest()
  if (root !== ref.root) throw wrong(ref, 'it hashes to another root')
}

const wrong = (ref: BlobRef, reason: string): MarketError =>
  new MarketError('blob-mismatch', `the aggregator served other bytes than were asked for: ${reason}`, {
    details: { root: ref.root, size: ref.size, reason },
    blame: 'aggregator',
  })
