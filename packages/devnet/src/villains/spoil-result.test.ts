import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import type { SandboxSuccess } from '@assay/core'
import { createManifest, deriveResultRoot, durationMs, hashBlob } from '@assay/protocol'
import { spoilResult } from './spoil-result.ts'

let dir: string
beforeEach(async () => void (dir = await mkdtemp(join(tmpdir(), 'assay-spoil-'))))
afterEach(async () => rm(dir, { recursive: true }))

async function printed(text: string): Promise<SandboxSuccess> {
  const bytes = new TextEncoder().encode(text)
  const path = join(dir, 'stdout')
  await writeFile(path, bytes)
  const made = createManifest(bytes.length === 0 ? [] : [{ kind: 'stdout', ...(await hashBlob(bytes)) }])
  assert.ok(!('fault' in made))
  const { manifest } = made
  const rest = { durationMs: durationMs(0), stderrTail: '', dispose: async () => undefined }
  return { kind: 'ok', manifest, resultRoot: deriveResultRoot(manifest), files: new Map([['', path]]), ...rest }
}
const content = async (): Promise<string> => readFile(join(dir, 'stdout'), 'utf8')

describe('a spoiled result', () => {
  it('has the size and shape of the true one, other bytes and the root of those', async () => {
    const honest = await printed('12 lines\n3\n')
    const spoiled = await spoilResult(honest, 'a', () => 0)
    assert.match(await content(), /^\d\d [!-~]{5}\n\d\n$/)
    assert.notEqual(spoiled.resultRoot, honest.resultRoot)
    const { root } = await hashBlob(new TextEncoder().encode(await content()))
    assert.ok(spoiled.manifest.entries.some((entry) => entry.kind === 'stdout' && entry.root === root))
  })

  it('keeps what comes before the place from which it is made up', async () => {
    await spoilResult(await printed('12345678'), 'a', (size) => size / 2)
    assert.match(await content(), /^1234/)
    assert.notEqual(await content(), '12345678')
  })

  it('differs from one villain to the next', async () => {
    const roots = new Set<string>()
    for (const seed of ['a', 'b', 'c'])
      roots.add((await spoilResult(await printed('123456789'), seed, () => 0)).resultRoot)
    assert.equal(roots.size, 3)
  })

  it('is the true one when there is nothing to spoil', async () => {
    const honest = await printed('')
    assert.equal((await spoilResult(honest, 'a', () => 0)).resultRoot, honest.resultRoot)
  })

  it('spoils a file of one blank', async () => {
    const honest = await printed('\n')
    assert.notEqual((await spoilResult(honest, 'a', () => 0)).resultRoot, honest.resultRoot)
  })
})
