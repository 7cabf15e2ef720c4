/** Frames of the blob protocols that are JSON. The others are raw chunks. */
import { z } from 'zod'
import {
  bytesToHex,
  byteCountSchema,
  concatBytes,
  ErrorBody,
  hashSchema,
  hexToBytes,
  MarketError,
} from '@assay/protocol'
import type { BlobRoot, ChunkList } from '@assay/protocol'
import { splitHashes } from './chunk-list.ts'
import { blobLimits } from './limits.ts'

export const blobProtocol = '/assay/blob/1'
export const blobPutProtocol = '/assay/blob-put/1'

const root = hashSchema<BlobRoot>()
const chunkNumber = z.int().min(0).max(blobLimits.chunks)
/** Joined SHA-256 hashes of all chunks. */
const chunks = z
  .string()
  .max(2 + 64 * blobLimits.chunks)
  .regex(/^0x(?:[0-9a-f]{64})*$/)
const Failure = z.strictObject({ type: z.literal('error'), error: ErrorBody })

/** Asks for a blob from chunk `first` on. */
export const BlobRequest = z.strictObject({ type: z.literal('get'), root, first: chunkNumber })
/** The list of all chunks; the chunks from `first` on follow, a frame each. */
export const BlobReply = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('blob'), size: byteCountSchema, chunks }),
  Failure,
])
export type BlobReply = z.infer<typeof BlobReply>

/** Offers a blob. */
export const PutRequest = z.strictObject({
  type: z.literal('put'),
  root,
  size: byteCountSchema,
  ticket: z.string().max(blobLimits.ticketChars),
})
export type PutRequest = z.infer<typeof PutRequest>
/** `go` asks for the list and the chunks from `first` on; `stored` means that the blob is durable. */
export const PutReply = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('go'), first: chunkNumber }),
  z.strictObject({ type: z.literal('stored') }),
  Failure,
])
export type PutReply = z.infer<typeof PutReply>
/** The list of all chunks of the offered blob. */
export const PutList = z.strictObject({ type: z.literal('list'), chunks })

/** Hashes of a list as they travel. */
export const joinHashes = (list: ChunkList): string => bytesToHex(concatBytes(...list.chunks))

/** The list of a blob of `size`. Throws `message-malformed` when the hashes do not fit it. */
export function parseChunkList(size: number, hashes: string): ChunkList {
  const list = splitHashes(size, hexToBytes(`0x${hashes.slice(2)}`))
  if (list === undefined)
    throw new MarketError('message-malformed', 'the chunk list does not fit the size', { details: { size } })
  return list
}
