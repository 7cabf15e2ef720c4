import assert from 'node:assert/strict'
import test from 'node:test'
import { byteCount, encodeError, hashBlob, isMarketError, MarketError } from '@assay/protocol'
import { createSeededRng } from '@assay/testkit'
import fc from 'fast-check'
import { createQuickClock } from '../test/fixture/quick-clock.ts'
import { bodyOf, scriptFetch, type Call } from '../test/fixture/scripted-fetch.ts'
import { downloadBlob } from './download-blob.ts'
import { limits } from './limits.ts'
import { createMarketApi } from './market-api.ts'

const bytes = createSeededRng('blob').bytes(10_000)
const ref = await hashBlob(bytes)
const never = new AbortController().signal

async function download(reply: (call: Call, n: number) => Response, wanted = ref): Promise<Buffer> {
  const clock = createQuickClock()
  const { fetch } = scriptFetch(reply)
  const api = createMarketApi({ baseUrl: 'http://a', fetch, clock })
  const run = async (): Promise<Buffer> => {
    const parts: Uint8Array[] = []
    for await (const part of downloadBlob(api, wanted, never)) parts.push(part)
    return Buffer.concat(parts)
  }
  return run()
}
const offsetOf = ({ headers }: Call): number => Number(/^bytes=(\d+)-$/.exec(headers.get('range') ?? '')?.[1] ?? 0)
const rejects = (run: Promise<unknown>, code: string, blame?: string): Promise<void> =>
  assert.rejects(run, (error) => {
    assert.ok(isMarketError(error), String(error))
    assert.equal(error.code, code)
    if (blame !== undefined) assert.equal(error.blame, blame)
    return true
  })

test('gives the bytes of the blob', async () => {
  assert.deepEqual(await download(() => new Response(bodyOf(bytes))), Buffer.from(bytes))
})

test('goes on where connections break, whether or not the server knows ranges', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 4000 }), { maxLength: 8 }),
      fc.boolean(),
      async (cuts, ranges) => {
        const got = await download((call, n) => {
          const offset = ranges ? offsetOf(call) : 0
          const end = cuts[n] === undefined ? bytes.length : offsetOf(call) + cuts[n]
          const part = bytes.subarray(offset, end)
          const body = end < bytes.length ? bodyOf(part, new Error('reset')) : bodyOf(part)
          return new Response(body, { status: offset > 0 ? 206 : 200 })
        })
        assert.deepEqual(got, Buffer.from(bytes))
      },
    ),
    { numRuns: 25 },
  )
})

test('refuses other bytes, more bytes and another order of bytes, and blames the aggregator', async () => {
  const flipped = Uint8Array.from(bytes)
  flipped[5000]! ^= 1
  await rejects(
    download(() => new Response(bodyOf(flipped))),
    'blob-mismatch',
    'aggregator',
  )
  await rejects(
    download(() => new Response(bodyOf(bytes, 'x'))),
    'blob-mismatch',
    'aggregator',
  )
  await rejects(
    download(() => new Response(bodyOf(bytes.subarray(5000), bytes.subarray(0, 5000)))),
    'blob-mismatch',
  )
  const shorter = { ...ref, size: byteCount(ref.size - 1) }
  await rejects(
    download(() => new Response(bodyOf(bytes)), shorter),
    'blob-mismatch',
    'aggregator',
  )
})

test('gives up when nothing comes any more', async () => {
  let tries = 0
  const run = download(() => {
    tries++
    return new Response(bodyOf(new Error('reset')))
  })
  await rejects(run, 'market-unreachable')
  assert.equal(tries, limits.streamTries)
})

test('does not repeat what the aggregator refuses', async () => {
  const body = encodeError(new MarketError('blob-unknown', 'no such blob'))
  await rejects(
    download(() => Response.json(body, { status: 404 })),
    'blob-unknown',
  )
})
