import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Encrypter } from 'age-encryption'
import fc from 'fast-check'
import { named } from '../test/actor.ts'
import { hashBlob } from './blob.ts'
import { concatBytes, encodeCanonicalBytes } from './canonical.ts'
import { isMarketError } from './errors.ts'
import { createManifest, deriveResultRoot, encodeManifest, type Manifest, type ManifestEntry } from './manifest.ts'
import { createSealKey, sealResult, unsealResult } from './sealed-result.ts'
import type { ResultRoot, Salt } from './units.ts'
import type { Opening } from './typed-data.ts'

type Files = Readonly<Record<string, Uint8Array>>
const seal = await createSealKey()
const text = (value: string): Uint8Array => new TextEncoder().encode(value)

/** A tree: path → bytes; `''` is standard output, `dir/` an empty directory. */
async function treeOf(files: Files): Promise<{ readonly manifest: Manifest; readonly opening: Opening }> {
  const entries = await Promise.all(
    Object.entries(files).map(async ([path, bytes]): Promise<ManifestEntry> => {
      if (path.endsWith('/')) return { kind: 'directory', path: path.slice(0, -1) }
      const blob = await hashBlob(bytes)
      return path === '' ? { kind: 'stdout', ...blob } : { kind: 'file', path, executable: path.endsWith('x'), ...blob }
    }),
  )
  const made = createManifest(entries)
  assert.ok('manifest' in made)
  return {
    manifest: made.manifest,
    opening: { resultRoot: deriveResultRoot(made.manifest), salt: named<Salt>('salt') },
  }
}

const pathOf = (entry: ManifestEntry): string => (entry.kind === 'stdout' ? '' : entry.path)
async function* pieces(bytes: Uint8Array, size = 1000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size)
}
async function collect(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const part of source) parts.push(part)
  return concatBytes(...parts)
}
async function sealed(files: Files, recipient = seal.recipient): Promise<Uint8Array> {
  const tree = await treeOf(files)
  return collect(await sealResult({ ...tree, read: (entry) => pieces(files[pathOf(entry)]!) }, recipient))
}
async function unsealed(bytes: Uint8Array, options: { readonly identity?: string; readonly size?: number } = {}) {
  const files: Record<string, Uint8Array> = {}
  const result = await unsealResult(
    pieces(bytes, options.size),
    options.identity ?? seal.identity,
    async (entry, source) => {
      const key = entry.kind === 'directory' ? `${entry.path}/` : pathOf(entry)
      files[key] = await collect(source)
    },
  )
  return { ...result, files }
}
const invalid = (error: unknown): boolean => isMarketError(error) && error.code === 'result-invalid'
/** Sealed bytes of any plain text, as a hostile provider could write them. */
async function forge(...parts: readonly Uint8Array[]): Promise<Uint8Array> {
  const encrypter = new Encrypter()
  encrypter.addRecipient(seal.recipient)
  return encrypter.encrypt(concatBytes(...parts))
}
const header = (value: Parameters<typeof encodeCanonicalBytes>[0], claimed?: number): Uint8Array => {
  const bytes = encodeCanonicalBytes(value)
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, claimed ?? bytes.length)
  return concatBytes(length, bytes)
}

const files: Files = {
  '': text('printed'),
  'a/b.txt': text('hello'),
  empty: new Uint8Array(0),
  'run.x': text('#!'),
  'void/': new Uint8Array(0),
}

describe('a sealed result', () => {
  it('comes back file by file, with its opening, to the holder of the key', async () => {
    const tree = await treeOf(files)
    const { files: got, opening, manifest } = await unsealed(await sealed(files))
    assert.deepEqual(got, { ...files })
    assert.deepEqual(opening, tree.opening)
    assert.equal(encodeManifest(manifest), encodeManifest(tree.manifest))
  })

  it('does so for any tree, however the bytes are cut', async () => {
    const tree = fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), fc.uint8Array({ maxLength: 3000 }), {
      maxKeys: 4,
      noNullPrototype: true,
    })
    await fc.assert(
      fc.asyncProperty(tree, fc.integer({ min: 1, max: 70_000 }), async (some, size) => {
        assert.deepEqual((await unsealed(await sealed(some), { size })).files, some)
      }),
      { numRuns: 20 },
    )
  })

  it('spans age chunks and blob chunks', async () => {
    const big = { big: Uint8Array.from({ length: 1_200_000 }, (_, i) => i % 251) }
    assert.deepEqual((await unsealed(await sealed(big), { size: 65_536 })).files, big)
  })

  it('opens for nobody else', async () => {
    const { identity } = await createSealKey()
    await assert.rejects(unsealed(await sealed(files), { identity }), invalid)
  })

  it('is refused when any byte of it changes, is missing, or is added', async () => {
    const bytes = await sealed({ a: text('x') })
    for (let at = 0; at < bytes.length; at++) {
      const changed = Uint8Array.from(bytes)
      changed[at]! ^= 1
      await assert.rejects(unsealed(changed), invalid, `byte ${at}`)
    }
    for (const cut of [0, 1, 100, bytes.length - 1])
      await assert.rejects(unsealed(bytes.slice(0, cut)), invalid, `cut ${cut}`)
    await assert.rejects(unsealed(concatBytes(bytes, Uint8Array.of(0))), invalid)
  })

  it('is refused when its provider wrote it wrongly', async () => {
    const { manifest, opening } = await treeOf({ a: text('hello') })
    const good = { opening, manifest: encodeManifest(manifest) }
    const cases: readonly (readonly [string, Uint8Array])[] = [
      ['other bytes in a file', await forge(header(good), text('hallo'))],
      ['a file too short', await forge(header(good), text('hell'))],
      ['bytes after the last file', await forge(header(good), text('hello!'))],
      [
        'a root of another tree',
        await forge(header({ ...good, opening: { ...opening, resultRoot: named<ResultRoot>('x') } }), text('hello')),
      ],
      [
        'a manifest out of order',
        await forge(header({ ...good, manifest: 'assay-manifest/1\nd b\nd a\n' }), text('hello')),
      ],
      ['a huge header', await forge(header(good, 0xffff_ffff), text('hello'))],
      ['a header that ends early', await forge(header(good, 5000), text('hello'))],
      ['nothing', await forge(new Uint8Array(0))],
      ['a header with more in it', await forge(header({ ...good, more: 1 }))],
      ['a header that is no object', await forge(header('text'))],
      ['a header that is no JSON', await forge(Uint8Array.of(0, 0, 0, 1), text('{'))],
    ]
    for (const [what, bytes] of cases) await assert.rejects(unsealed(bytes), invalid, what)
  })
})
