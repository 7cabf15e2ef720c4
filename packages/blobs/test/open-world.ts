/** Two peers on a fake network, one with a store in memory and one on disk. */
import assert from 'node:assert/strict'
import type { BlobStore, Network, StreamHandler } from '@assay/core'
import { asHash, blobChunkBytes, byteCount, concatBytes, isMarketError } from '@assay/protocol'
import type { BlobRef, BlobRoot, ErrorCode, PrivateKey } from '@assay/protocol'
import { createFakeBlobStore, createFakeClock, createNetworkHub, type NetworkHub } from '@assay/testkit'
import { openTempStore, type TempStore } from './open-temp-store.ts'

export const mebibyte = blobChunkBytes
export const roomy = byteCount(1024 * mebibyte)
/** Around every boundary, and one that does not fit any buffer. */
export const sizes = [0, 1, mebibyte - 1, mebibyte, mebibyte + 1, 40 * mebibyte]

export interface World extends AsyncDisposable {
  readonly hub: NetworkHub
  readonly server: Network
  readonly client: Network
  /** In memory, so that it can be damaged. */
  readonly source: ReturnType<typeof createFakeBlobStore>
  /** On disk. */
  readonly sink: TempStore
  open(): Network
}

export async function openWorld(options: Parameters<typeof openTempStore>[0] = {}): Promise<World> {
  const hub = createNetworkHub(createFakeClock())
  const sink = await openTempStore({ capBytes: roomy, ...options })
  let keys = 0
  const open = (): Network => {
    keys += 1
    return hub.open(asHash<PrivateKey>(`0x${String(keys).padStart(64, '0')}`))
  }
  const [server, client, source] = [open(), open(), createFakeBlobStore()]
  return { hub, server, client, source, sink, open, [Symbol.asyncDispose]: async () => sink[Symbol.asyncDispose]() }
}

/** Hears the first frame out, then says these and ends. */
export const saying =
  (frames: readonly Uint8Array[]): StreamHandler =>
  async (stream, _remote, signal) => {
    await stream.receive(signal)
    for (const frame of frames) await stream.send(frame, signal)
  }

export async function put(store: BlobStore, bytes: Uint8Array): Promise<BlobRef> {
  const source = async function* (): AsyncGenerator<Uint8Array> {
    yield bytes
  }
  return store.put(source(), { maxBytes: roomy }, never)
}

export async function read(store: BlobStore, root: BlobRoot): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const part of store.read(root, {}, never)) parts.push(part)
  return concatBytes(...parts)
}

export async function rejectsWith(code: ErrorCode, promise: Promise<unknown>): Promise<void> {
  await assert.rejects(promise, (error: unknown) => {
    if (isMarketError(error) && error.code === code) return true
    throw new Error(`expected ${code}`, { cause: error })
  })
}

export function assertBytes(actual: Uint8Array, expected: Uint8Array): void {
  assert.equal(actual.length, expected.length)
  assert.ok(Buffer.compare(actual, expected) === 0, 'the bytes differ')
}

/** Bytes that differ from place to place, equal for equal sizes; made once, so not to be written to. */
export function bytesOf(size: number): Uint8Array {
  const known = samples.get(size)
  if (known !== undefined) return known
  const bytes = new Uint8Array(size)
  for (let i = 0; i < size; i++) bytes[i] = (i * 31 + (i >> 8) * 7 + (i >> 16)) & 0xff
  samples.set(size, bytes)
  return bytes
}

const samples = new Map<number, Uint8Array>()

export const never = new AbortController().signal
