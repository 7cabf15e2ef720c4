/**
 * Takes chance and thread pools out of the platform, so that one seed gives one run: random bytes come from the seed, and
 * hashes, key agreements and file reads finish at once instead of whenever a worker thread is done.
 */
import { createHash, createPrivateKey, createPublicKey, diffieHellman, hkdfSync } from 'node:crypto'
import fs, { readFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { Readable } from 'node:stream'
import { createSeededRng } from '@assay/testkit'

/** In force until disposed; not for two simulations at once. */
export function openDeterministicPlatform(seed: string): Disposable {
  const stack = new DisposableStack()
  const rng = createSeededRng(seed).fork('platform')
  replace(stack, crypto, 'getRandomValues', <T extends ArrayBufferView<ArrayBuffer> | null>(array: T): T => {
    if (array !== null) viewOf(array).set(rng.bytes(array.byteLength))
    return array
  })
  replace(stack, crypto.subtle, 'digest', async (_algorithm: unknown, data: BufferSource) =>
    copyOf(createHash('sha256').update(viewOf(data)).digest()),
  )
  replace(stack, crypto.subtle, 'importKey', importKey)
  replace(stack, crypto.subtle, 'deriveBits', deriveBits)
  replace(stack, fs, 'createReadStream', (path: string) => Readable.from([readFileSync(path)]))
  syncBuiltinESMExports()
  stack.defer(syncBuiltinESMExports)
  return stack
}

/** A key as the two algorithms in use need it: HKDF input, or X25519 private (PKCS #8) or public (raw). */
interface PlainKey {
  readonly format: string
  readonly bytes: Uint8Array
}
type Algorithm =
  | { readonly name: 'HKDF'; readonly hash: string; readonly salt: Uint8Array; readonly info: Uint8Array }
  | { readonly name: 'X25519'; readonly public: PlainKey }

const importKey = async (format: string, data: BufferSource): Promise<PlainKey> => ({
  format,
  bytes: viewOf(data).slice(),
})

async function deriveBits(algorithm: Algorithm, key: PlainKey, bits: number): Promise<ArrayBuffer> {
  if (algorithm.name === 'HKDF') return hkdfSync('sha256', key.bytes, algorithm.salt, algorithm.info, bits / 8)
  const privateKey = createPrivateKey({ key: Buffer.from(key.bytes), format: 'der', type: 'pkcs8' })
  const spki = Buffer.concat([spkiPrefix, algorithm.public.bytes])
  const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' })
  return copyOf(diffieHellman({ privateKey, publicKey }))
}

/** RFC 8410: what frames a raw X25519 public key. */
const spkiPrefix = Buffer.from('302a300506032b656e032100', 'hex')

const viewOf = (data: BufferSource): Uint8Array =>
  ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data)

const copyOf = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer

function replace(stack: DisposableStack, owner: object, name: string, value: unknown): void {
  const before = Object.getOwnPropertyDescriptor(owner, name)
  Object.defineProperty(owner, name, { value, configurable: true, writable: true })
  stack.defer(() => {
    if (before === undefined) Reflect.deleteProperty(owner, name)
    else Object.defineProperty(owner, name, before)
  })
}
