import assert from 'node:assert/strict'
import test from 'node:test'
import { hashBlob, isMarketError, limits as wire, MarketError } from '@assay/protocol'
import { hashInputs } from './hash-inputs.ts'
import { inputsFromBlobs, type InputFile, type ShardInput } from './shard-input.ts'

const never = new AbortController().signal
const text = (path: string, content: string): InputFile => ({ path, open: () => new Blob([content]) })
const shard = (name: string, ...files: InputFile[]): ShardInput => ({ name, files })
const hash = (inputs: Iterable<ShardInput> | AsyncIterable<ShardInput>, shared: readonly InputFile[] = []) =>
  hashInputs(inputs, shared, () => undefined, never)
const fails = (code: string) => (error: unknown) => isMarketError(error) && error.code === code

test('addresses every file, keeps the order of shards, and lists each blob once', async () => {
  const { shards, files, shared } = await hash(
    [shard('b', text('x', 'same')), shard('a', text('y', 'same'), text('z', 'other'))],
    [text('model', 'shared')],
  )
  const same = await hashBlob(new TextEncoder().encode('same'))
  assert.deepEqual(
    shards.map(({ name, subject }) => [name, subject]),
    [
      ['b', '/in/x'],
      ['a', '/in'],
    ],
  )
  assert.deepEqual(shards[0]?.inputs, [{ path: 'x', root: same.root, size: same.size, executable: false }])
  assert.equal(shared.length, 1)
  assert.equal(files.size, 3)
})

test('gives a shard without files, or with its own subject, what fits it', async () => {
  const { shards } = await hash([shard('none'), { ...shard('own', text('x', '1')), subject: 'seed-7', args: ['-q'] }])
  assert.equal(shards[0]?.subject, '/in')
  assert.equal(shards[1]?.subject, 'seed-7')
  assert.deepEqual(shards[1]?.args, ['-q'])
})

test('takes sources of every kind', async () => {
  const bytes = new TextEncoder().encode('hello')
  const sources: InputFile['open'][] = [
    () => new Blob(['hello']),
    () => new Blob(['hello']).stream(),
    async function* () {
      yield bytes.subarray(0, 2)
      yield bytes.subarray(2)
    },
  ]
  const { files } = await hash(sources.map((open, i) => shard(`${i}`, { path: 'x', open })))
  assert.equal(files.size, 1)
  const { shards } = await hash(
    inputsFromBlobs([new File(['hello'], 'f.txt'), { name: 'g.txt', blob: new Blob(['hello']) }]),
  )
  assert.deepEqual(
    shards.map(({ name, subject }) => [name, subject]),
    [
      ['f.txt', '/in/f.txt'],
      ['g.txt', '/in/g.txt'],
    ],
  )
})

test('refuses a job without shards, and stops reading a source that has too many', async () => {
  await assert.rejects(hash([]), fails('spec-invalid'))
  let given = 0
  function* endless(): Generator<ShardInput> {
    for (;;) yield shard(`${given++}`)
  }
  await assert.rejects(hash(endless()), fails('spec-invalid'))
  assert.ok(given < wire.shardsPerJob + 20)
})

test('names the input that cannot be read', async () => {
  const broken: InputFile = {
    path: 'gone.txt',
    async *open() {
      yield new Uint8Array(1)
      throw new Error('EIO')
    },
  }
  await assert.rejects(hash([shard('a', broken)]), (error) => {
    assert.ok(isMarketError(error))
    assert.deepEqual([error.code, error.details['path']], ['input-missing', 'gone.txt'])
    return true
  })
})

test('turns a failing source into input-missing, but lets its own typed error through', async () => {
  async function* failing(error: Error): AsyncGenerator<ShardInput> {
    yield shard('a')
    throw error
  }
  await assert.rejects(hash(failing(new Error('EACCES'))), fails('input-missing'))
  await assert.rejects(hash(failing(new MarketError('spec-invalid', 'bad name'))), fails('spec-invalid'))
})

test('stops when the caller gives up', async () => {
  const stop = new AbortController()
  const slow: InputFile = {
    path: 'x',
    async *open() {
      stop.abort()
      yield new Uint8Array(1)
    },
  }
  await assert.rejects(
    hashInputs([shard('a', slow)], [], () => undefined, stop.signal),
    fails('cancelled'),
  )
})
