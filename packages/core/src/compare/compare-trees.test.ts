import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { asHash, createManifest, hashBlob, Tolerance, type ManifestEntry } from '@assay/protocol'
import { compareTrees, type ResultTree } from './compare-trees.ts'
import { limits } from './limits.ts'

const tolerance = Tolerance.parse({
  absolute: '0.01',
  relative: '0',
  outlierPpm: 0,
  outlierFactor: '1',
  files: [
    { files: '*.json', comparator: 'json' },
    { files: '/dev/stdout', comparator: 'csv' },
  ],
})

/** A tree of path → text; a path that ends in `/` is a directory, `''` standard output. */
async function tree(files: Readonly<Record<string, string>>): Promise<ResultTree & { readonly reads: string[] }> {
  const contents = new Map<string, Uint8Array>()
  const reads: string[] = []
  const entries: ManifestEntry[] = []
  for (const [path, text] of Object.entries(files)) {
    const bytes = new TextEncoder().encode(text)
    const { root, size } = await hashBlob(bytes)
    contents.set(root, bytes)
    if (path === '') entries.push({ kind: 'stdout', root, size })
    else if (path.endsWith('/')) entries.push({ kind: 'directory', path: path.slice(0, -1) })
    else entries.push({ kind: 'file', path: path.replace('!', ''), executable: path.endsWith('!'), root, size })
  }
  const made = createManifest(entries)
  assert.ok('manifest' in made)
  const read = async (root: string): Promise<Uint8Array> => {
    reads.push(root)
    return contents.get(root) ?? new Uint8Array(0)
  }
  return { manifest: made.manifest, read, reads }
}

describe('compareTrees', () => {
  it('holds each file to the comparator that the spec gives it', async () => {
    const base = await tree({ '': '1,2\n', 'a.json': '[1]', 'b.txt': '1', 'd/': '' })
    assert.ok((await compareTrees(base, base, tolerance)).equal)
    const near = await tree({ '': '1.001,2\n', 'a.json': '[1.001]', 'b.txt': '1', 'd/': '' })
    const agreed = await compareTrees(base, near, tolerance)
    assert.ok(agreed.equal)
    assert.deepEqual(
      agreed.files.map(({ path, comparator }) => [path, comparator]),
      [
        ['', 'csv'],
        ['a.json', 'json'],
      ],
    )
    const text = await compareTrees(
      base,
      await tree({ '': '1,2\n', 'a.json': '[1]', 'b.txt': '1.001', 'd/': '' }),
      tolerance,
    )
    assert.deepEqual([text.equal, text.files[0]?.comparison.reason], [false, 'bytes'])
  })

  it('wants the same entries of the same kind and executable bit', async () => {
    const base = await tree({ 'a.json': '[1]', d: 'x' })
    for (const other of [
      { 'a.json': '[1]' },
      { 'a.json': '[1]', 'd/': '' },
      { 'a.json': '[1]', 'd!': 'x' },
      { 'a.json': '[1]', d: 'x', e: '' },
      { 'a.json': '[1]', d: 'x', '': 'y' },
    ]) {
      const [there, back] = [await tree(other), await tree(other)]
      const { equal, files } = await compareTrees(base, there, tolerance)
      assert.deepEqual([equal, files[0]?.comparison.reason], [false, 'structure'], JSON.stringify(other))
      assert.equal((await compareTrees(back, base, tolerance)).equal, false)
    }
  })

  it('reads only what differs and has a comparator that looks inside', async () => {
    const one = await tree({ 'same.json': '[1]', 'near.json': '[1]', 'other.txt': 'a' })
    const other = await tree({ 'same.json': '[1]', 'near.json': '[1.001]', 'other.txt': 'b' })
    await compareTrees(one, other, tolerance)
    assert.deepEqual([one.reads.length, other.reads.length], [1, 1])
  })

  it('names the file and place of the worst differences, disagreement first', async () => {
    const one = await tree({ 'a.json': '[1,1]', 'z.json': '[1]' })
    const other = await tree({ 'a.json': '[1.002,1.001]', 'z.json': '[5]' })
    const { differences } = await compareTrees(one, other, tolerance)
    assert.deepEqual(
      differences.map(({ path, place }) => `${path}${place}`),
      ['z.json/0', 'a.json/0', 'a.json/1'],
    )
  })

  it('never reads a file beyond the bound, and never believes a reader that gives other bytes', async () => {
    const root = asHash(`0x${'11'.repeat(32)}`)
    const lying = await tree({ 'a.json': '[1]' })
    const manifest = {
      entries: [{ kind: 'file', path: 'a.json', executable: false, root, size: limits.fileBytes + 1 }],
    }
    const huge = { ...lying, manifest } as unknown as ResultTree
    const { files } = await compareTrees(lying, huge, tolerance)
    assert.deepEqual([files[0]?.comparison.reason, lying.reads.length], ['malformed', 0])
    const swapped = { ...lying, read: async () => new TextEncoder().encode('[2]') }
    await assert.rejects(compareTrees(swapped, await tree({ 'a.json': '[3]' }), tolerance), TypeError)
  })
})
