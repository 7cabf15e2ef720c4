import assert from 'node:assert/strict'
import test from 'node:test'
import { setImmediate } from 'node:timers/promises'
import {
  asHash,
  isMarketError,
  type AttemptView,
  type JobSpec,
  type Opening,
  type SignedCommit,
  unixMs,
} from '@assay/protocol'
import { createEvidenceCast, named } from '@assay/testkit'
import { runShard, type FakeOutput } from '../test/fixture/fake-run.ts'
import { createFakeWorld } from '../test/fixture/fake-world.ts'
import { bodyOf, scriptFetch } from '../test/fixture/scripted-fetch.ts'
import { collectFiles } from './collect-files.ts'
import { createMarketApi } from './market-api.ts'
import { deriveSealKey } from './seal-key.ts'
import { createShardOutput, type ShardOutput } from './shard-output.ts'
import { systemClock } from './system-clock.ts'

const world = createFakeWorld(systemClock)
const cast = createEvidenceCast()
const { identity, recipient } = await deriveSealKey(cast.spec, world.client)
const spec: JobSpec = { ...cast.spec, sealTo: recipient }
const job = { orderId: cast.orderId, spec }
const output: FakeOutput = {
  files: { 'a.txt': 'first', 'dir/b.bin': 'x'.repeat(100_000), 'z.txt': 'last' },
  directories: ['dir'],
  executables: ['z.txt'],
  stdout: 'printed\n',
}
const run = await runShard(world, job, { shard: 0, attempt: 1, output })
const { commit, sealed } = run

/** A result as the aggregator shows it, with what it serves. */
function show(
  bytes: Uint8Array = run.bytes,
  over: Partial<AttemptView> = {},
): { readonly result: ShardOutput; readonly opened: Opening[] } {
  const view: AttemptView = {
    shard: 0,
    attempt: 1,
    provider: commit.provider,
    state: 'accepted',
    commit,
    sealed,
    atMs: unixMs(1),
    ...over,
  }
  const { fetch } = scriptFetch(() => new Response(bodyOf(...slices(bytes, 20_000))))
  const api = createMarketApi({ baseUrl: 'http://a', fetch, clock: systemClock })
  const opened: Opening[] = []
  const onOpened = (_: ShardOutput, opening: Opening): void => void opened.push(opening)
  const deps = { api, market: world.market, orderId: job.orderId, identity: async () => identity, onOpened }
  return { result: createShardOutput(deps, 'shard', view), opened }
}
const slices = (bytes: Uint8Array, size: number): Uint8Array[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size))
const fails = (code: string, blame: string) => (error: unknown) => {
  assert.ok(isMarketError(error), String(error))
  assert.deepEqual([error.code, error.blame], [code, blame])
  return true
}
const ignore = async (): Promise<void> => undefined

test('streams every entry, verified, and tells the opening', async () => {
  const { result, opened } = show()
  const { files, stdout } = await collectFiles(result)
  assert.deepEqual([...files.keys()], ['a.txt', 'dir/b.bin', 'z.txt'])
  assert.equal(Buffer.from(files.get('dir/b.bin')!).toString(), 'x'.repeat(100_000))
  assert.equal(stdout, 'printed\n')
  assert.deepEqual(opened, [run.opening])
})

test('skips what is left unread, in both forms of reading', async () => {
  const { manifest } = await show().result.read(ignore)
  assert.equal(manifest.entries.length, 5)
  const seen: string[] = []
  for await (const { entry, bytes } of show().result.entries()) {
    seen.push(entry.kind === 'stdout' ? 'stdout' : entry.path)
    if (entry.kind === 'file' && entry.path === 'dir/b.bin') for await (const part of bytes) if (part.length > 0) break
  }
  assert.deepEqual(seen, ['stdout', 'a.txt', 'dir', 'dir/b.bin', 'z.txt'])
})

test('stops the download when the reader leaves', async () => {
  const { result, opened } = show()
  for await (const { entry } of result.entries()) if (entry.kind === 'file') break
  await setImmediate()
  assert.deepEqual(opened, [])
})

test('blames the aggregator for bytes that are not the committed ones, wherever they differ', async () => {
  for (const at of [0, 30, 200, 30_000, run.bytes.length - 1]) {
    const tampered = Uint8Array.from(run.bytes)
    tampered[at]! ^= 1
    const { result, opened } = show(tampered)
    await assert.rejects(result.read(ignore), fails('blob-mismatch', 'aggregator'))
    assert.deepEqual(opened, [])
  }
})

test('blames the provider when exactly the committed bytes do not unseal', async () => {
  const stranger = await deriveSealKey({ ...spec, command: ['other'] }, world.client)
  const foreign = await runShard(
    world,
    { ...job, spec: { ...spec, sealTo: stranger.recipient } },
    { shard: 0, attempt: 1, output },
  )
  const { result } = show(foreign.bytes, { commit: foreign.commit, sealed: foreign.sealed })
  await assert.rejects(result.read(ignore), fails('result-invalid', 'provider'))
})

test('blames the provider for an opening that does not open its commit', async () => {
  const liar = await runShard(world, job, {
    shard: 0,
    attempt: 1,
    output,
    lie: (opening) => ({ ...opening, resultRoot: named('junk') }),
  })
  const { result, opened } = show(liar.bytes, { commit: liar.commit, sealed: liar.sealed })
  await assert.rejects(result.read(ignore), fails('result-invalid', 'provider'))
  await assert.rejects(drain(result), fails('result-invalid', 'provider'))
  assert.deepEqual(opened, [])
})

test('refuses an account of the attempt that does not hold, before downloading', () => {
  const signature = world.client.signNow(named('other'))
  const bad: Partial<AttemptView>[] = [
    { commit: undefined },
    { sealed: undefined },
    { shard: 1 },
    { attempt: 2 },
    { provider: world.providers[1]!.address },
    { commit: { ...commit, orderId: named('other') } },
    { commit: { ...commit, commitment: named('other') } },
    { commit: { ...commit, signature } },
    { sealed: { ...sealed, root: asHash(named<SignedCommit['sealedHash']>('other')) } },
  ]
  for (const over of bad) assert.throws(() => show(run.bytes, over), fails('result-invalid', 'aggregator'))
})

test("lets the reader's own error through as it is", async () => {
  const full = new Error('disk full')
  const failing = show().result.read(async (entry) => {
    if (entry.kind === 'file') throw full
  })
  await assert.rejects(failing, full)
})

test('says cancelled when the caller gives up while reading', async () => {
  const stop = new AbortController()
  const reading = show().result.read(async () => stop.abort(), stop.signal)
  await assert.rejects(reading, fails('cancelled', 'client'))
})

test('refuses to collect more than the bound', async () => {
  await assert.rejects(collectFiles(show().result, { maxBytes: 1000 }), fails('blob-too-large', 'client'))
})

async function drain(result: ShardOutput): Promise<void> {
  for await (const { bytes } of result.entries()) for await (const part of bytes) assert.ok(part.length > 0)
}
