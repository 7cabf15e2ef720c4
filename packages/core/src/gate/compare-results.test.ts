import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createManifest, deriveResultRoot, durationMs, hashBlob, type ManifestEntry } from '@assay/protocol'
import { compareResults, explainFailure, type GateRun } from './compare-results.ts'
import { gateConditions } from './gate-conditions.ts'
import { limits } from './limits.ts'

/** Text by path; `''` is standard output, a path with a closing slash a directory, one with `!` executable. */
type Tree = Readonly<Record<string, string>>

async function runOf(tree: Tree, number: number): Promise<GateRun & { readonly opened: string[] }> {
  const entries: ManifestEntry[] = []
  const bytes = new Map<string, Uint8Array>()
  for (const [key, text] of Object.entries(tree)) {
    const path = key.replace(/[!/]$/, '')
    const content = new TextEncoder().encode(text)
    const { root, size } = await hashBlob(content)
    bytes.set(path, content)
    if (key === '') entries.push({ kind: 'stdout', size, root })
    else if (key.endsWith('/')) entries.push({ kind: 'directory', path })
    else entries.push({ kind: 'file', path, executable: key.endsWith('!'), size, root })
  }
  const made = createManifest(entries)
  assert.ok('manifest' in made)
  const opened: string[] = []
  return {
    conditions: gateConditions(number, 1, 4),
    manifest: made.manifest,
    opened,
    async *open(path) {
      opened.push(path)
      yield bytes.get(path) ?? assert.fail(`no file ${path}`)
    },
  }
}
const compare = async (a: Tree, b: Tree) => compareResults(await runOf(a, 0), await runOf(b, 1))
const brief = async (a: Tree, b: Tree) =>
  (await compare(a, b)).differences.map(({ path, kind, cause }) => `${kind} ${path || '-'} ${cause}`)

describe('compareResults', () => {
  it('finds differences exactly when the result roots differ, and opens only files that differ', async () => {
    const tree = fc.dictionary(fc.constantFrom('', 'a', 'b!', 'c/', 'd'), fc.constantFrom('x', 'y\n', 'z'))
    await fc.assert(
      fc.asyncProperty(tree, tree, async (a, b) => {
        const [first, second] = [await runOf(a, 0), await runOf(b, 1)]
        const { differences } = await compareResults(first, second)
        const same = deriveResultRoot(first.manifest) === deriveResultRoot(second.manifest)
        assert.equal(differences.length === 0, same)
        const named = new Set(differences.map(({ path }) => path))
        assert.ok([...first.opened, ...second.opened].every((path) => named.has(path)))
      }),
    )
  })

  it('says what kind of difference it is', async () => {
    assert.deepEqual(await brief({ '': 'one' }, {}), ['content - unknown'])
    assert.deepEqual(await brief({ a: 'x' }, { 'a!': 'x' }), ['mode a unknown'])
    assert.deepEqual(await brief({ a: 'x' }, { 'a/': '' }), ['type a unknown'])
    assert.deepEqual(await brief({ a: 'x', b: '' }, { a: 'x' }), ['missing b file-set'])
    assert.deepEqual(await brief({}, { a: 'x', b: 'y' }), ['extra a file-set', 'extra b file-set'])
    assert.deepEqual(await brief({ a: '1763741109' }, { 'a!': '1763741111' }), ['mode a unknown', 'content a time'])
  })

  it('tells once that a directory is not there, however much is in it', async () => {
    assert.deepEqual(await brief({ 'd/': '', 'd/e/': '', 'd/e/f': 'x', 'd-1': 'x' }, { 'd-1': 'x' }), [
      'missing d file-set',
    ])
  })

  it('explains files that have another name in each run by their names', async () => {
    assert.deepEqual(await brief({ 'log-1763741109.txt': 'x' }, { 'log-1763741111.txt': 'x' }), [
      'missing log-1763741109.txt time',
      'extra log-1763741111.txt time',
    ])
    assert.deepEqual(await brief({ apple: 'x' }, { pear: 'x' }), ['missing apple file-set', 'extra pear file-set'])
  })

  it('stops at its bound and counts the rest', async () => {
    const tree = (text: string): Tree =>
      Object.fromEntries(Array.from({ length: limits.differences + 8 }, (_, i) => [`f${i}`, text]))
    const { differences, omitted } = await compare(tree('x'), tree('y'))
    assert.equal(differences.length, limits.differences)
    assert.equal(omitted, 8)
  })
})

describe('explainFailure', () => {
  const failure = {
    kind: 'failed',
    failure: 'exit-nonzero',
    blame: 'client',
    exitCode: 1,
    detail: 'the job ended with status 1',
    durationMs: durationMs(5),
  } as const

  const pair = { first: gateConditions(0, 1, 4), second: gateConditions(1, 1, 4) }
  const explain = (stderrTail: string) => explainFailure({ ...failure, stderrTail }, pair)

  it('keeps what standard error said, and blames the condition that it complains about', () => {
    const { cause, detail } = explain('locale.Error: unsupported locale setting\n')
    assert.equal(cause, 'locale')
    assert.equal(detail, 'exit-nonzero: the job ended with status 1\nlocale.Error: unsupported locale setting')
    assert.equal(explain(`no licence for ${pair.second.hostname}`).cause, 'host-name')
    assert.equal(explain('bad zone EST5EDT').cause, 'time-zone')
    assert.deepEqual(explain(''), {
      path: '',
      kind: 'failure',
      cause: 'unknown',
      count: 1,
      detail: 'exit-nonzero: the job ended with status 1',
    })
  })
})
