import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { limits } from './limits.ts'
import {
  createManifest,
  decodeManifest,
  deriveResultRoot,
  encodeManifest,
  pathFault,
  type Manifest,
  type ManifestEntry,
} from './manifest.ts'
import { merkleLeaf } from './merkle.ts'
import { asHash, byteCount, type BlobRoot } from './units.ts'

const root = asHash<BlobRoot>(`0x${'ab'.repeat(32)}`)
const file = (path: string, size = 1): ManifestEntry => ({
  kind: 'file',
  path,
  executable: false,
  size: byteCount(size),
  root,
})
const directory = (path: string): ManifestEntry => ({ kind: 'directory', path })
const stdout = (size = 3): ManifestEntry => ({ kind: 'stdout', size: byteCount(size), root })

function made(entries: readonly ManifestEntry[]): Manifest {
  const result = createManifest(entries)
  assert.ok('manifest' in result, 'fault' in result ? `${result.fault} ${result.path}` : '')
  return result.manifest
}
const faultOf = (entries: readonly ManifestEntry[]): string => {
  const result = createManifest(entries)
  return 'fault' in result ? result.fault : 'none'
}

const path = fc.stringMatching(/^[a-c é]{1,3}(\/[a-c.-]{1,3}){0,2}$/).filter((text) => pathFault(text) === undefined)
const entry: fc.Arbitrary<ManifestEntry> = fc.oneof(
  path.map(directory),
  fc
    .tuple(path, fc.boolean(), fc.maxSafeNat(), fc.stringMatching(/^[0-9a-f]{64}$/))
    .map(([at, executable, size, hex]) => ({ ...file(at, size), executable, root: asHash<BlobRoot>(`0x${hex}`) })),
)
const entries = fc
  .uniqueArray(entry, { selector: (one) => (one.kind === 'stdout' ? '' : one.path), maxLength: 12 })
  .filter((list) => faultOf(list) === 'none')
  .chain((list) => fc.boolean().map((captured) => (captured ? [stdout(), ...list] : list)))

describe('a manifest', () => {
  it('is the same text and root for the same tree in any order', () => {
    fc.assert(
      fc.property(entries, fc.nat(), (tree, turn) => {
        const at = turn % (tree.length + 1)
        const other = [...tree.slice(at), ...tree.slice(0, at)].toReversed()
        assert.equal(encodeManifest(made(other)), encodeManifest(made(tree)))
        assert.equal(deriveResultRoot(made(other)), deriveResultRoot(made(tree)))
      }),
    )
  })

  it('reads back from its text, and only from that text', () => {
    fc.assert(
      fc.property(entries, fc.nat(), fc.integer({ min: 32, max: 126 }), (tree, at, code) => {
        const manifest = made(tree)
        const text = encodeManifest(manifest)
        assert.deepEqual(decodeManifest(text), manifest)
        const position = at % text.length
        const changed = text.slice(0, position) + String.fromCharCode(code) + text.slice(position + 1)
        const read = decodeManifest(changed)
        if (read !== undefined) assert.equal(encodeManifest(read), changed)
        for (const other of [`${text}\n`, text.slice(0, -1), ` ${text}`, text.toUpperCase()])
          assert.equal(decodeManifest(other), undefined)
      }),
    )
  })

  it('has another root for every other tree', () => {
    fc.assert(
      fc.property(entries, entries, (one, other) => {
        const same = encodeManifest(made(one)) === encodeManifest(made(other))
        assert.equal(deriveResultRoot(made(one)) === deriveResultRoot(made(other)), same)
      }),
    )
  })

  it('sorts by the UTF-8 bytes of the path, standard output first', () => {
    // U+FF5E sorts before U+1F600 in UTF-8 and after it in UTF-16.
    const text = encodeManifest(
      made([file('\u{1f600}'), file('\uff5e'), file('a/b'), file('a-b'), directory('a'), stdout()]),
    )
    assert.deepEqual(
      text.split('\n').map((line) => line.split(' ').at(-1)),
      ['assay-manifest/1', root, 'a', 'a-b', 'a/b', '\uff5e', '\u{1f600}', ''],
    )
  })

  it('hashes to the header alone when the tree is empty', () => {
    assert.equal(deriveResultRoot(made([])), merkleLeaf(new TextEncoder().encode('assay-manifest/1\n')))
  })

  it('refuses hostile paths', () => {
    const hostile = [
      '',
      '/',
      '/etc/passwd',
      'a/',
      'a//b',
      '.',
      '..',
      './a',
      'a/.',
      '../a',
      'a/../b',
      'a/..',
      'a\nb',
      'a\0b',
      'a\u001bb',
      'a\u007fb',
      'a\rb',
      '\ud800',
      'a\udc00',
      'e\u0301',
      '\u212b',
    ]
    for (const bad of hostile) {
      assert.equal(pathFault(bad), 'path-invalid', JSON.stringify(bad))
      assert.equal(faultOf([file(bad)]), 'path-invalid')
      assert.equal(faultOf([directory(bad)]), 'path-invalid')
    }
  })

  it('keeps paths within bytes and depth', () => {
    assert.equal(pathFault('a'.repeat(limits.pathBytes)), undefined)
    assert.equal(pathFault('a'.repeat(limits.pathBytes + 1)), 'path-too-long')
    assert.equal(pathFault('é'.repeat(limits.pathBytes / 2 + 1)), 'path-too-long')
    assert.equal(pathFault(Array(limits.pathDepth).fill('a').join('/')), undefined)
    assert.equal(
      pathFault(
        Array(limits.pathDepth + 1)
          .fill('a')
          .join('/'),
      ),
      'path-too-long',
    )
  })

  it('refuses what lies below a file', () => {
    assert.equal(faultOf([file('a'), file('a/b')]), 'path-invalid')
    assert.equal(faultOf([file('a'), file('a-b'), directory('a/b/c')]), 'path-invalid')
    assert.equal(faultOf([directory('a'), file('a/b'), file('a-b')]), 'none')
  })

  it('refuses twins, bad sizes and too many entries', () => {
    assert.equal(faultOf([file('a'), directory('a')]), 'path-duplicate')
    assert.equal(faultOf([stdout(), stdout()]), 'path-duplicate')
    for (const size of [-1, 0.5, Number.MAX_SAFE_INTEGER + 1, NaN])
      assert.equal(faultOf([file('a', size)]), 'size-invalid')
    const long = (i: number): string => `${i}/${'é'.repeat(500)}`
    const wide = Array.from({ length: 17_000 }, (_, i) => directory(long(i)))
    assert.equal(faultOf(wide), 'too-large')
    assert.equal(faultOf(wide.slice(0, 16_600)), 'none')
    const many = Array.from({ length: limits.manifestEntries + 1 }, () => directory('a'))
    assert.equal(faultOf(many), 'too-many-entries')
  })

  it('refuses text that no tree would write', () => {
    const line = `f 644 1 ${root} a`
    const texts = [
      '',
      'assay-manifest/1',
      'assay-manifest/2\n',
      `assay-manifest/1\n${line}`,
      `assay-manifest/1\n${line}\n${line}\n`,
      `assay-manifest/1\nd b\nd a\n`,
      `assay-manifest/1\nf 644 01 ${root} a\n`,
      `assay-manifest/1\nf 600 1 ${root} a\n`,
      `assay-manifest/1\nf 644 1 ${root.toUpperCase()} a\n`,
      `assay-manifest/1\nl a\n`,
      `assay-manifest/1\nd ../a\n`,
      `assay-manifest/1\n${' '.repeat(limits.manifestBytes)}`,
    ]
    for (const text of texts) assert.equal(decodeManifest(text), undefined, text.slice(0, 60))
    assert.ok(decodeManifest(`assay-manifest/1\n${line}\n`))
  })
})
