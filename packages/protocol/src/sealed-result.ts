/**
 * A shard's result, sealed for the client alone. Plain form, before age encryption (age-encryption.org/v1, X25519):
 *   uint32be header length ‖ header JSON {opening, manifest} ‖ bytes of every file in manifest order
 * Only the client reads it; everybody else handles the sealed bytes by their blob root.
 */
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption'
import { z } from 'zod'
import { concatBytes, encodeCanonicalBytes } from './canonical.ts'
import { createBlobHasher } from './blob.ts'
import { decodeFrame, toJson } from './envelope.ts'
import { MarketError } from './errors.ts'
import { limits } from './limits.ts'
import { decodeManifest, deriveResultRoot, encodeManifest, type Manifest, type ManifestEntry } from './manifest.ts'
import { Opening } from './typed-data.ts'

const Header = z.strictObject({ opening: Opening, manifest: z.string().max(limits.manifestBytes) })

/** In JSON every byte of a manifest takes at most two, and the opening a few hundred. */
const maxHeaderBytes = 2 * limits.manifestBytes + 1024

/** A fresh pair for one job: the client keeps `identity`, the spec carries `recipient`. */
export async function createSealKey(): Promise<{ readonly identity: string; readonly recipient: string }> {
  const identity = await generateX25519Identity()
  return { identity, recipient: await identityToRecipient(identity) }
}

/** Encrypts a result as a stream. `read` yields the bytes of one manifest entry; it is called in manifest order. */
export async function sealResult(
  result: {
    readonly opening: Opening
    readonly manifest: Manifest
    readonly read: (entry: ManifestEntry) => AsyncIterable<Uint8Array>
  },
  recipient: string,
): Promise<AsyncIterable<Uint8Array>> {
  const header = encodeCanonicalBytes(toJson({ opening: result.opening, manifest: encodeManifest(result.manifest) }))
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, header.length)
  async function* plain(): AsyncGenerator<Uint8Array> {
    yield concatBytes(length, header)
    for (const entry of result.manifest.entries) if (entry.kind !== 'directory') yield* result.read(entry)
  }
  const encrypter = new Encrypter()
  encrypter.addRecipient(recipient)
  return iterate(await encrypter.encrypt(toStream(plain())))
}

/** Takes the files of an unsealed result, one at a time and in order. Bytes are verified only once `unsealResult` resolves. */
export type ResultSink = (entry: ManifestEntry, bytes: AsyncIterable<Uint8Array>) => Promise<void>

/**
 * Decrypts and checks a result: every file against the manifest, the manifest against the opening's root.
 * The caller still checks that the opening opens the commit. Throws `result-invalid`.
 */
export async function unsealResult(
  sealed: AsyncIterable<Uint8Array>,
  identity: string,
  sink: ResultSink,
): Promise<{ readonly opening: Opening; readonly manifest: Manifest }> {
  const reader = createReader(await decrypt(sealed, identity))
  const length = await reader.exactly(4)
  const size = new DataView(length.buffer, length.byteOffset).getUint32(0)
  if (size > maxHeaderBytes) throw invalid('its header is too large')
  const header = readHeader(await reader.exactly(size))
  const manifest = decodeManifest(header.manifest)
  if (manifest === undefined) throw invalid('its manifest is not canonical')
  if (deriveResultRoot(manifest) !== header.opening.resultRoot)
    throw invalid('its manifest does not hash to the result root')
  for (const entry of manifest.entries) {
    if (entry.kind === 'directory') {
      await sink(entry, reader.upTo(0))
      continue
    }
    const hasher = createBlobHasher()
    await sink(entry, hashed(reader.upTo(entry.size), hasher.update))
    const { root, size: got } = await hasher.digest()
    if (root !== entry.root || got !== entry.size) throw invalid('a file does not match the manifest')
  }
  if (!(await reader.ended())) throw invalid('bytes follow the last file')
  return { opening: header.opening, manifest }
}

function readHeader(bytes: Uint8Array): z.infer<typeof Header> {
  try {
    return decodeFrame(Header, bytes, 'sealed result')
  } catch (cause) {
    throw invalid('its header is malformed', cause)
  }
}

async function decrypt(sealed: AsyncIterable<Uint8Array>, identity: string): Promise<AsyncIterable<Uint8Array>> {
  const decrypter = new Decrypter()
  decrypter.addIdentity(identity)
  try {
    return iterate(await decrypter.decrypt(toStream(sealed)))
  } catch (cause) {
    throw invalid('it is not sealed to this key', cause)
  }
}

async function* hashed(
  bytes: AsyncIterable<Uint8Array>,
  update: (part: Uint8Array) => Promise<void>,
): AsyncGenerator<Uint8Array> {
  for await (const part of bytes) {
    await update(part)
    yield part
  }
}

interface Reader {
  exactly(size: number): Promise<Uint8Array>
  upTo(size: number): AsyncIterable<Uint8Array>
  ended(): Promise<boolean>
}

/** Cuts a stream of arbitrary pieces at the places the format asks for. */
function createReader(source: AsyncIterable<Uint8Array>): Reader {
  const iterator = source[Symbol.asyncIterator]()
  let rest: Uint8Array = new Uint8Array(0)
  const fill = async (): Promise<boolean> => {
    while (rest.length === 0) {
      const next = await iterator.next().catch((cause: unknown) => {
        throw invalid('it was altered or cut short', cause)
      })
      if (next.done === true) return false
      rest = next.value
    }
    return true
  }
  async function* upTo(size: number): AsyncGenerator<Uint8Array> {
    for (let left = size; left > 0;) {
      if (!(await fill())) throw invalid('it ends too early')
      const part = rest.subarray(0, left)
      rest = rest.subarray(part.length)
      left -= part.length
      yield part
    }
  }
  return {
    upTo,
    ended: async () => !(await fill()),
    async exactly(size) {
      const parts: Uint8Array[] = []
      for await (const part of upTo(size)) parts.push(part)
      return concatBytes(...parts)
    },
  }
}

function toStream(source: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]()
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await iterator.next()
      if (next.done === true) controller.close()
      else controller.enqueue(next.value)
    },
    async cancel() {
      await iterator.return?.()
    },
  })
}

async function* iterate(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader()
  try {
    for (;;) {
      const next = await reader.read()
      if (next.done) return
      yield next.value
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

const invalid = (reason: string, cause?: unknown): MarketError =>
  new MarketError('result-invalid', `the sealed result is invalid: ${reason}`, { details: { reason }, cause })
