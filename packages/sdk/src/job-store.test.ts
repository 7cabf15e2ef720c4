import assert from 'node:assert/strict'
import test from 'node:test'
import { isMarketError, unixMs, unixSeconds, type OrderId, type Signature } from '@assay/protocol'
import { createEvidenceCast, named } from '@assay/testkit'
import { createMemoryJobStore, encodeStoredJob, parseStoredJob, type StoredJob } from './job-store.ts'

const cast = createEvidenceCast()
const signature = cast.client.signNow(named('payment'))
const job: StoredJob = {
  v: 1,
  orderId: cast.orderId,
  aggregator: 'http://127.0.0.1:8090',
  market: cast.market,
  spec: cast.spec,
  request: {
    quoteId: named('quote'),
    terms: cast.terms,
    authorization: { validAfter: unixSeconds(0), validBefore: unixSeconds(9), signature },
  },
  savedAtMs: unixMs(5),
}
const signal = new AbortController().signal

test('reads back exactly what it wrote', () => {
  assert.deepEqual(parseStoredJob(encodeStoredJob(job)), job)
})

test('keeps no key: neither the operator key nor the one that opens results', () => {
  assert.doesNotMatch(encodeStoredJob(job), /SECRET-KEY/i)
  assert.ok(!encodeStoredJob(job).includes(cast.client.privateKey.slice(2)))
})

test('refuses a record that was altered or cut', () => {
  const malformed = (error: unknown): boolean => isMarketError(error) && error.code === 'message-malformed'
  const text = encodeStoredJob(job)
  const other = { ...job, orderId: named<OrderId>('other') }
  const torn = { ...job, request: { ...job.request, authorization: { signature: '0x' as Signature } } }
  for (const bad of [text.slice(0, 100), '[]', 'null', '{}', encodeStoredJob(other), JSON.stringify(torn, bigints)]) {
    assert.throws(() => parseStoredJob(bad), malformed, bad.slice(0, 40))
  }
})

test('finds jobs in memory, oldest first', async () => {
  const store = createMemoryJobStore()
  const older = { ...job, orderId: named<OrderId>('older'), savedAtMs: unixMs(1) }
  await store.save(job, signal)
  await store.save(older, signal)
  assert.deepEqual(
    (await store.list(signal)).map(({ savedAtMs }) => savedAtMs),
    [1, 5],
  )
  assert.equal(await store.load(job.orderId, signal), job)
  assert.equal(await store.load(named('unknown'), signal), undefined)
})

function bigints(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}
