/** What a container prints, hostile or not, becoming staged files: no engine, only a temporary folder. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { encodeManifest, hashBlob } from '@assay/protocol'
import { pack, type Header } from 'tar-stream'
import { collectOutput, type Collected } from '../src/collect-output.ts'
import type { OutputChunk } from '../src/demultiplex.ts'
import { limits } from '../src/limits.ts'

const marker = Buffer.from('MARKER-0123456789')
const success = 'report 0 0 0 0 9 9 9 9\n'

describe('output of a container', () => {
  let directory = ''
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'assay-output-'))
  })
  afterEach(async () => rm(directory, { recursive: true }))

  const collect = async (
    pieces: readonly (Buffer | string)[],
    parts: object = {},
  ): Promise<Collected & { log: string }> => {
    const log: Buffer[] = []
    const collected = await collectOutput(stdout(pieces), {
      marker,
      captureStdout: true,
      stdoutBytes: 1000,
      outputBytes: 5000,
      directory,
      onReport: () => undefined,
      onLog: (bytes) => log.push(bytes),
      ...parts,
    })
    return { ...collected, log: Buffer.concat(log).toString() }
  }

  it('keeps files under numbers, readable by this user only', async () => {
    const archive = await tar([
      [{ name: './', type: 'directory' }, ''],
      [{ name: './b/', type: 'directory' }, ''],
      [{ name: './b/c', mode: 0o755 }, 'run'],
      [{ name: './a', mode: 0o644 }, ''],
    ])
    const { tree, fault } = await collect(['printed', marker, success, archive])
    assert.equal(fault, undefined)
    const roots = await Promise.all(
      ['printed', '', 'run'].map(async (text) => (await hashBlob(Buffer.from(text))).root),
    )
    assert.ok(tree)
    assert.equal(
      encodeManifest(tree.manifest),
      `assay-manifest/1\no 7 ${roots[0]}\nf 644 0 ${roots[1]} a\nd b\nf 755 3 ${roots[2]} b/c\n`,
    )
    assert.deepEqual((await readdir(directory)).toSorted(), ['1', '2', 'stdout'])
    assert.equal(await readFile(tree.files.get('b/c') ?? '', 'utf8'), 'run')
    assert.equal((await stat(tree.files.get('b/c') ?? '')).mode & 0o777, 0o600)
  })

  it('is the same however the bytes are cut', async () => {
    const all = Buffer.concat([
      Buffer.from('MARKER-printed'),
      marker,
      Buffer.from(success),
      await tar([[{ name: './a' }, 'x'.repeat(700)]]),
    ])
    const whole = await collect([all])
    for (const size of [1, 7, 511, 512, 513]) {
      await rm(directory, { recursive: true })
      directory = await mkdtemp(join(tmpdir(), 'assay-output-'))
      const cut = await collect(
        Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.subarray(i * size, (i + 1) * size)),
      )
      assert.deepEqual(cut.tree?.manifest, whole.tree?.manifest)
    }
  })

  it('logs standard output that is not captured, and standard error', async () => {
    const { tree, log } = await collect(['printed', marker, success, await tar([])], { captureStdout: false })
    assert.deepEqual(tree?.manifest.entries, [])
    assert.equal(log, 'printed')
  })

  it('reads no archive after a failure', async () => {
    const { report, tree, fault } = await collect(['x', marker, 'report 3 0 0 0 9 9 9 9\n'])
    assert.deepEqual([report?.exitCode, tree, fault], [3, undefined, undefined])
  })

  it('notices a supervisor that died before its report or after it', async () => {
    assert.equal((await collect(['x', marker, 'lost 137\n'])).lost, 137)
    await rm(join(directory, 'stdout'))
    const { lost, tree } = await collect([marker, success, await tar([]), marker, 'lost 1\n'])
    assert.equal(lost, 1)
    assert.ok(tree)
  })

  it('has nothing to say of a stream that ends before the report', async () => {
    const { report, lost, fault, tree } = await collect(['printed'])
    assert.deepEqual([report, lost, fault, tree], [undefined, undefined, undefined, undefined])
  })

  const file = (name: string, bytes = ''): Promise<Buffer> => tar([[{ name }, bytes]])
  const refused: readonly (readonly [string, () => Promise<readonly (Buffer | string)[]>, string])[] = [
    ['more standard output than allowed', async () => ['x'.repeat(1001)], 'output-limit'],
    ['a report that is too long', async () => [marker, 'x'.repeat(limits.reportBytes + 1)], 'output-invalid'],
    ['a malformed report', async () => [marker, 'report 0\n'], 'output-invalid'],
    ['no archive', async () => [marker, success], 'output-invalid'],
    ['half an archive', async () => [marker, success, (await file('./a', 'x')).subarray(0, 700)], 'output-invalid'],
    ['bytes that are no archive', async () => [marker, success, 'x'.repeat(2000)], 'output-invalid'],
    [
      'endless bytes after the archive',
      async () => [marker, success, await tar([]), 'x'.repeat(limits.trailerBytes + 1)],
      'output-invalid',
    ],
    ['a path above /out', async () => [marker, success, await file('../a')], 'output-invalid'],
    [
      'a path above /out in the middle',
      async () => [
        marker,
        success,
        await tar([
          [{ name: 'a/', type: 'directory' }, ''],
          [{ name: 'a/..', type: 'directory' }, ''],
          [{ name: 'a/../b' }, ''],
        ]),
      ],
      'output-invalid',
    ],
    ['an absolute path', async () => [marker, success, await file('/a')], 'output-invalid'],
    ['a file that is /out itself', async () => [marker, success, await file('./', 'x')], 'output-invalid'],
    ['a file without its folder', async () => [marker, success, await file('./a/b')], 'output-invalid'],
    [
      'a file below a file',
      async () => [
        marker,
        success,
        await tar([
          [{ name: 'a' }, ''],
          [{ name: 'a/b' }, ''],
        ]),
      ],
      'output-invalid',
    ],
    [
      'a name twice',
      async () => [
        marker,
        success,
        await tar([
          [{ name: 'a' }, ''],
          [{ name: './a' }, ''],
        ]),
      ],
      'output-invalid',
    ],
    ['a control character', async () => [marker, success, await file('a\nb')], 'output-invalid'],
    ['a decomposed name', async () => [marker, success, await file('e\u0301')], 'output-invalid'],
    [
      'a symbolic link',
      async () => [marker, success, await tar([[{ name: 'a', type: 'symlink', linkname: '/etc' }, '']])],
      'output-invalid',
    ],
    [
      'a hard link',
      async () => [marker, success, await tar([[{ name: 'a', type: 'link', linkname: 'b' }, '']])],
      'output-invalid',
    ],
    [
      'a device',
      async () => [marker, success, await tar([[{ name: 'a', type: 'character-device' }, '']])],
      'output-invalid',
    ],
    ['a named pipe', async () => [marker, success, await tar([[{ name: 'a', type: 'fifo' }, '']])], 'output-invalid'],
    [
      'files larger than allowed together',
      async () => [
        marker,
        success,
        await tar([
          [{ name: 'a' }, 'x'.repeat(2501)],
          [{ name: 'b' }, 'x'.repeat(2500)],
        ]),
      ],
      'output-limit',
    ],
    [
      'a size that only claims to be large',
      async () => [marker, success, (await tar([[{ name: 'a', size: 2 ** 30 }, '']])).subarray(0, 512)],
      'output-limit',
    ],
  ]
  for (const [name, pieces, failure] of refused) {
    it(`refuses ${name}`, async () => {
      const { fault, tree } = await collect(await pieces())
      assert.equal(fault?.failure, failure)
      assert.equal(tree, undefined)
    })
  }

  it('refuses more standard error than allowed', async () => {
    async function* flood(): AsyncGenerator<OutputChunk> {
      for (;;) yield { stream: 'stderr', bytes: Buffer.alloc(1024 * 1024) }
    }
    const options = {
      marker,
      captureStdout: true,
      stdoutBytes: 0,
      outputBytes: 0,
      directory,
      onReport: () => undefined,
      onLog: () => undefined,
    }
    assert.equal((await collectOutput(flood(), options)).fault?.failure, 'output-limit')
  })
})

async function* stdout(pieces: readonly (Buffer | string)[]): AsyncGenerator<OutputChunk> {
  for (const bytes of pieces) yield { stream: 'stdout', bytes: Buffer.from(bytes) }
}

/** An archive by an independent writer. */
async function tar(entries: readonly (readonly [Partial<Header> & Pick<Header, 'name'>, string])[]): Promise<Buffer> {
  const archive = pack()
  let partial = false
  for (const [head, bytes] of entries) {
    // A size of its own: the bytes never come, so the archive never ends.
    if (head.size !== undefined) partial = true
    if (head.size === undefined) archive.entry({ ...head }, bytes)
    else archive.entry({ ...head })
  }
  archive.finalize()
  const pieces: Buffer[] = []
  for await (const piece of archive) {
    pieces.push(piece as Buffer)
    if (partial) break
  }
  return Buffer.concat(pieces)
}
