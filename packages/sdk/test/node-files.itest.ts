/** Inputs from a real disk and results onto it. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import test from 'node:test'
import { isMarketError, keccakText, type OrderId } from '@assay/protocol'
import { createMemoryJobStore, openReceipt, type ShardInput, type ShardOutput } from '../src/index.ts'
import {
  createFileJobStore,
  inputsFromFiles,
  inputsFromFolder,
  readReceipt,
  saveOutputs,
  sharedFrom,
  writeReceipt,
} from '../src/node.ts'
import { readSource } from '../src/shard-input.ts'
import { anyImage, openScene, textInputs } from './fixture/open-scene.ts'

const task = { image: anyImage, command: ['wc', '-c', '{}'] }
const signal = new AbortController().signal
const fails =
  (code: string, details: Readonly<Record<string, unknown>> = {}) =>
  (error: unknown) => {
    assert.ok(isMarketError(error), String(error))
    assert.equal(error.code, code, error.message)
    for (const [key, value] of Object.entries(details)) assert.equal(error.details[key], value)
    return true
  }

async function withFolder(run: (dir: string) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'assay-sdk-'))
  try {
    await run(dir)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}
/** Writes files by relative path. */
async function plant(dir: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(dir, path, '..'), { recursive: true })
    await writeFile(join(dir, path), text)
  }
}
/** Every file and folder below `dir`, with the contents of files. */
async function listTree(dir: string): Promise<Record<string, string>> {
  const tree: Record<string, string> = {}
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    tree[relative(dir, path)] = entry.isDirectory() ? '<folder>' : await readFile(path, 'utf8')
  }
  return tree
}
async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of source) items.push(item)
  return items
}
const names = async (source: AsyncIterable<ShardInput>) =>
  (await collect(source)).map(({ name, files }) => [name, files.map(({ path }) => path)])

test('makes a shard of every top-level entry, sorted, folders as trees, hidden ones left out', async () => {
  await withFolder(async (dir) => {
    await plant(dir, { 'b.txt': 'b', 'a/z/deep.txt': 'd', 'a/.env': 'e', 'Z.txt': 'z', '.DS_Store': 'junk' })
    await chmod(join(dir, 'b.txt'), 0o755)
    await mkdir(join(dir, 'empty'))
    const shards = [
      ['Z.txt', ['Z.txt']],
      ['a', ['.env', 'z/deep.txt']],
      ['b.txt', ['b.txt']],
      ['empty', []],
    ]
    assert.deepEqual(await names(inputsFromFolder(dir)), shards)
    assert.deepEqual(await names(inputsFromFolder(dir, { hidden: true })), [['.DS_Store', ['.DS_Store']], ...shards])
    const [b] = await collect(inputsFromFiles([join(dir, 'b.txt')]))
    assert.equal(b?.files[0]?.executable, true)
    assert.equal(Buffer.concat(await collect(readSource(b.files[0].open()))).toString(), 'b')
    assert.deepEqual(await names(inputsFromFiles([join(dir, 'b.txt'), join(dir, 'a')])), [
      ['b.txt', ['b.txt']],
      ['a', ['.env', 'z/deep.txt']],
    ])
    const shared = async (path: string) => (await collect(sharedFrom(join(dir, path)))).map((file) => file.path)
    assert.deepEqual(await shared('a'), ['a/.env', 'a/z/deep.txt'])
    assert.deepEqual(await shared('b.txt'), ['b.txt'])
  })
})

test('refuses links, sockets and devices wherever they are, and what is not there', async () => {
  await withFolder(async (dir) => {
    const refused = async (path: string, reason: string): Promise<void> => {
      await assert.rejects(collect(inputsFromFolder(dir)), fails('input-missing', { path: join(dir, path), reason }))
    }
    await plant(dir, { 'tree/file': 'x', secret: 's' })
    await symlink(join(dir, 'secret'), join(dir, 'tree', 'link'))
    await refused('tree/link', 'symbolic-link')
    await rm(join(dir, 'tree', 'link'))
    await symlink('tree', join(dir, 'link'))
    await refused('link', 'symbolic-link')
    await rm(join(dir, 'link'))
    execFileSync('mkfifo', [join(dir, 'pipe')])
    await refused('pipe', 'not-a-file')
    await assert.rejects(collect(inputsFromFolder(join(dir, 'none'))), fails('input-missing', { reason: 'ENOENT' }))
    await assert.rejects(collect(inputsFromFiles([join(dir, 'none')])), fails('input-missing', { reason: 'ENOENT' }))
  })
})

test('does not follow a file that became a link after it was listed', async () => {
  await withFolder(async (dir) => {
    await plant(dir, { 'in/a': 'public', secret: 'secret' })
    const [shard] = await collect(inputsFromFolder(join(dir, 'in')))
    await rm(join(dir, 'in', 'a'))
    await symlink(join(dir, 'secret'), join(dir, 'in', 'a'))
    await assert.rejects(collect(readSource(shard!.files[0]!.open())), fails('input-missing', { reason: 'ELOOP' }))
  })
})

test('refuses names that another machine would write differently', async () => {
  await withFolder(async (dir) => {
    for (const name of ['cafe\u0301.txt', 'line\nbreak']) {
      await plant(dir, { [`tree/${name}`]: 'x' })
      await assert.rejects(collect(inputsFromFolder(dir)), fails('spec-invalid', { problem: 'path-invalid' }))
      await rm(join(dir, 'tree'), { recursive: true })
    }
  })
})

test('saves exactly the trees and the printed text, with modes, and leaves nothing else', async () => {
  await using scene = await openScene({
    execute: (_spec, shard) =>
      shard === 0
        ? {
            files: { 'bin/run': '#!', 'text.txt': 'hello' },
            directories: ['bin', 'void'],
            executables: ['bin/run'],
            stdout: 'printed',
          }
        : { files: {}, stdout: '' },
  })
  await withFolder(async (dir) => {
    const out = join(dir, 'outputs')
    const job = await scene.client.map({ ...task, inputs: textInputs({ a: '1', 'nested/b': '2' }) })
    const saved: string[] = []
    const { bytes, missing } = await saveOutputs(job, out, { onSaved: ({ name }) => saved.push(name) })
    assert.deepEqual([saved, missing, bytes], [['a', 'nested/b'], [], 14])
    assert.deepEqual(await listTree(out), {
      a: '<folder>',
      'a/bin': '<folder>',
      'a/bin/run': '#!',
      'a/text.txt': 'hello',
      'a/void': '<folder>',
      'a.stdout': 'printed',
      nested: '<folder>',
      'nested/b': '<folder>',
    })
    assert.equal((await stat(join(out, 'a/bin/run'))).mode & 0o777, 0o755)
    assert.equal((await stat(join(out, 'a/text.txt'))).mode & 0o777, 0o644)

    await assert.rejects(saveOutputs(job, out), fails('config-invalid', { reason: 'it exists already' }))
    await plant(out, { 'a/stale.txt': 'old', 'nested/b.stdout': 'old' })
    await saveOutputs(job, out, { replace: true })
    const tree = await listTree(out)
    assert.equal(tree['a/stale.txt'], undefined)
    assert.equal(tree['nested/b.stdout'], undefined)
    assert.equal(Object.keys(tree).length, 8)
  })
})

test('puts in place what the receipt proves, not what was accepted on the way', async () => {
  const gate = Promise.withResolvers<void>()
  await using scene = await openScene({
    cheat: (shard) => (shard === 0 ? { files: { bogus: 'x' }, stdout: 'bogus' } : undefined),
  })
  scene.aggregator.bend.before = (step) => (step === 'overturn' ? gate.promise : Promise.resolve())
  await withFolder(async (dir) => {
    const job = await scene.client.map({ ...task, inputs: textInputs({ a: '1', b: '22' }) })
    const staged: unknown[] = []
    const onStaged = ({ name, attempt }: ShardOutput): void => {
      staged.push([name, attempt])
      assert.ok(!existsSync(join(dir, name)), 'nothing has its name before the receipt')
      gate.resolve()
    }
    const { bytes } = await saveOutputs(job, dir, { onStaged })
    assert.deepEqual(staged[0], ['a', 1])
    assert.deepEqual(await listTree(dir), {
      a: '<folder>',
      'a/size.txt': '1',
      'a.stdout': '1 a\n',
      b: '<folder>',
      'b/size.txt': '2',
      'b.stdout': '2 b\n',
    })
    assert.equal(bytes, 10)
  })
})

test('saves nothing without a receipt that holds', async () => {
  await using scene = await openScene()
  scene.aggregator.bend.receipt = (r) => ({ ...r, evidence: { ...r.evidence, audits: r.evidence.audits.slice(1) } })
  await withFolder(async (dir) => {
    const job = await scene.client.map({ ...task, inputs: textInputs({ a: '1', b: '2' }) })
    await assert.rejects(saveOutputs(job, dir), fails('receipt-invalid'))
    assert.deepEqual(await listTree(dir), {})
  })
})

test('leaves nothing behind when a result turns out to be wrong', async () => {
  await using scene = await openScene()
  scene.aggregator.bend.blob = (bytes) => Buffer.concat([bytes.subarray(0, -1), Buffer.from([bytes.at(-1)! ^ 1])])
  await withFolder(async (dir) => {
    const job = await scene.client.map({ ...task, inputs: textInputs({ a: '1' }) })
    await assert.rejects(saveOutputs(job, dir), fails('blob-mismatch'))
    assert.deepEqual(await listTree(dir), {})
  })
})

test('refuses a tree that this disk cannot hold', async () => {
  await using scene = await openScene({
    execute: () => ({ files: { a: '1', [`b/${'x'.repeat(300)}`]: '2' }, stdout: '' }),
  })
  await withFolder(async (dir) => {
    const job = await scene.client.map({ ...task, inputs: textInputs({ a: '1' }) })
    await assert.rejects(saveOutputs(job, dir), fails('config-invalid', { reason: 'ENAMETOOLONG' }))
    assert.deepEqual(await listTree(dir), {})
  })
})

test('never writes outside the folder, whatever lies in it', async () => {
  await using scene = await openScene()
  await withFolder(async (dir) => {
    await mkdir(join(dir, 'out'))
    await mkdir(join(dir, 'elsewhere'))
    await symlink(join(dir, 'elsewhere'), join(dir, 'out', 'nested'))
    const job = await scene.client.map({ ...task, inputs: textInputs({ 'nested/a': '1' }) })
    await assert.rejects(saveOutputs(job, join(dir, 'out')), fails('config-invalid'))
    assert.deepEqual(await readdir(join(dir, 'elsewhere')), [])
  })
})

test('refuses names that would share a place, before anything is downloaded', async () => {
  await using scene = await openScene()
  await withFolder(async (dir) => {
    for (const inputs of [textInputs({ a: '1', 'a.stdout': '2' }), textInputs({ a: '1', 'a/b': '2' })]) {
      const job = await scene.client.map({ ...task, inputs })
      await assert.rejects(saveOutputs(job, dir), fails('config-invalid'))
    }
    assert.ok(!scene.aggregator.requests.some((line) => line.startsWith('GET /v1/blobs/')))
  })
})

test('saves what there is of a partial job, and says so', async () => {
  await using scene = await openScene({ failing: [0] })
  await withFolder(async (dir) => {
    const job = await scene.client.map({ ...task, inputs: textInputs({ a: '1', b: '2' }) })
    await assert.rejects(saveOutputs(job, dir), fails('job-incomplete', { missing: 'a', saved: 1 }))
    assert.deepEqual(Object.keys(await listTree(dir)).toSorted(), ['b', 'b.stdout', 'b/size.txt'])
    const { missing } = await saveOutputs(job, dir, { replace: true, allowPartial: true })
    assert.deepEqual(missing, ['a'])
  })
})

test('saves nothing of a job that was not settled, and says so', async () => {
  await using scene = await openScene({ failing: [0] })
  await withFolder(async (dir) => {
    const job = await scene.client.map({ ...task, inputs: textInputs({ a: '1' }) })
    await assert.rejects(saveOutputs(job, dir), fails('job-incomplete'))
    assert.deepEqual(await saveOutputs(job, dir, { allowPartial: true }), { saved: [], missing: ['a'], bytes: 0 })
  })
})

test('does not save what the aggregator shows instead of what was paid for', async () => {
  await using scene = await openScene()
  await withFolder(async (dir) => {
    const job = await scene.client.map({ ...task, inputs: textInputs({ a: '1' }) })
    scene.aggregator.bend.view = (view) => ({ ...view, attempts: [] })
    await assert.rejects(saveOutputs(job, dir), fails('job-incomplete'))
    assert.deepEqual(await listTree(dir), {})
  })
})

test('writes receipts that can be judged again', async () => {
  await using scene = await openScene()
  await withFolder(async (dir) => {
    const job = await scene.client.map({ ...task, inputs: textInputs({ a: '1' }) })
    const receipt = await job.receipt()
    const path = join(dir, 'receipt.json')
    await writeReceipt(receipt, path)
    assert.deepEqual((await readReceipt(path)).receipt, receipt.receipt)
    const text = await readFile(path, 'utf8')
    await writeFile(path, text.replace(`"charged":"${receipt.chargedUsdc}"`, '"charged":"1"'))
    await assert.rejects(readReceipt(path), fails('receipt-invalid'))
    await assert.rejects(readReceipt(join(dir, 'none')), fails('input-missing'))
    await assert.rejects(writeReceipt(receipt, join(dir, 'none', 'x')), fails('config-invalid'))
    assert.throws(() => openReceipt(text.slice(5)), fails('message-malformed'))
  })
})

test('keeps signed jobs in files that only their owner can read', async () => {
  await using scene = await openScene()
  await withFolder(async (dir) => {
    const store = createFileJobStore(join(dir, 'jobs'))
    assert.deepEqual(await store.list(signal), [])
    const client = await scene.open({ store })
    const job = await client.map({ ...task, inputs: textInputs({ a: '1' }) })
    const path = join(dir, 'jobs', `${job.id}.json`)
    assert.equal((await stat(path)).mode & 0o777, 0o600)
    assert.equal((await stat(join(dir, 'jobs'))).mode & 0o777, 0o700)
    const memory = createMemoryJobStore()
    const stored = await store.load(job.id, signal)
    await memory.save(stored!, signal)
    assert.deepEqual(await store.list(signal), await memory.list(signal))
    assert.equal(await store.load(keccakText('unknown') as OrderId, signal), undefined)

    const again = await scene.open({ store: createFileJobStore(join(dir, 'jobs')) })
    assert.equal((await (await again.job(job.id)).receipt()).accepted, 1)
    await writeFile(path, '{"v":1')
    await assert.rejects(store.load(job.id, signal), fails('message-malformed'))
    await writeFile(join(dir, 'file'), '')
    await assert.rejects(createFileJobStore(join(dir, 'file')).save(stored!, signal), fails('config-invalid'))
  })
})
