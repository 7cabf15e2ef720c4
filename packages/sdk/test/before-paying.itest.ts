/** Whatever is wrong before the signature ends in a typed error and costs nothing. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import test from 'node:test'
import { createSigner, openClient, type MapOptions } from '../src/index.ts'
import { basisPoints, MarketError as Fault, usdc, type Quote } from '@assay/protocol'
import { named } from '@assay/testkit'
import { openScene, textInputs } from './fixture/open-scene.ts'
import { balance, fails, filled, task, two } from './fixture/expect.ts'

test('refuses to open with wrong settings, on a wrong chain, or without an aggregator', async () => {
  await using scene = await openScene()
  const { aggregator, world, open } = scene
  const setting = (name: string) => fails('config-invalid', (e) => assert.equal(e.details['setting'], name))
  await assert.rejects(open({ spendingCapUsdc: '0' }), setting('spendingCapUsdc'))
  await assert.rejects(open({ spendingCapUsdc: '1,50' }), setting('spendingCapUsdc'))
  await assert.rejects(open({ privateKey: '0x12' }), setting('privateKey'))
  await assert.rejects(open({ signer: world.client, privateKey: world.client.privateKey }), setting('privateKey'))
  await assert.rejects(open({ aggregator: 'localhost:8090' }), setting('aggregator'))
  await assert.rejects(open({ aggregator: 'ftp://a' }), setting('aggregator'))
  const escrow = named<typeof world.market.escrow>('another escrow')
  await assert.rejects(open({ market: { chainId: 31_337, escrow } }), fails('chain-mismatch'))
  aggregator.bend.market = (info) => ({ ...info, tokenName: 'Fake USD' })
  await assert.rejects(open({ chain: { reader: world.chain.reader } }), fails('chain-mismatch'))
  aggregator.bend.market = (info) => ({ ...info, chainId: 137 })
  await assert.rejects(open(), setting('market'))
  aggregator.bend.market = () => ({ hello: 'world' })
  await assert.rejects(
    open(),
    fails('message-malformed', (e) => assert.equal(e.blame, 'aggregator')),
  )
  const port = await closedPort()
  const signer = createSigner(world.client.privateKey)
  const nobody = openClient({ aggregator: `http://127.0.0.1:${port}`, signer, spendingCapUsdc: '1' })
  await assert.rejects(nobody, fails('market-unreachable'))
})

test('fails with a typed error and without a trace of money, whatever is wrong before the signature', async (t) => {
  await using scene = await openScene({ clientUsdc: 1_000_000n })
  const { aggregator, client, world } = scene
  const chain = { reader: world.chain.reader }
  const rich = await scene.open({ chain, spendingCapUsdc: '100' })
  const quote = (change: (quote: Quote) => object) => () => void (aggregator.bend.quote = change)
  const cases: readonly (readonly [name: string, code: string, options: Partial<MapOptions>, bend?: () => void])[] = [
    ['no inputs', 'spec-invalid', { inputs: [] }],
    ['an image by tag', 'spec-invalid', { image: 'busybox:latest' }],
    ['a bad path', 'spec-invalid', { inputs: textInputs({ '../a': 'x' }) }],
    ['twice the same name', 'spec-invalid', { inputs: [...textInputs({ a: 'x' }), ...textInputs({ a: 'y' })] }],
    ['an unreadable input', 'input-missing', { inputs: [{ name: 'a', files: [{ path: 'a', open: broken }] }] }],
    ['a price that is too low', 'budget-too-small', { maxPricePerShardUsdc: '0.01' }],
    ['a confirmation that is declined', 'cancelled', { confirm: () => false }],
    ['an aborted signal', 'cancelled', { signal: AbortSignal.abort() }],
    ['no provider', 'no-providers', {}, quote((q) => ({ ...q, providers: 0 }))],
    ['a stretched amount', 'terms-mismatch', {}, quote((q) => ({ ...q, maxUsdc: usdc(q.maxUsdc + 1n) }))],
    ['another order id', 'terms-mismatch', {}, quote((q) => ({ ...q, orderId: named('other') }))],
    ['a higher fee', 'terms-mismatch', {}, quote((q) => ({ ...q, terms: { ...q.terms, feeBps: basisPoints(500) } }))],
    ['an expired quote', 'quote-expired', {}, quote((q) => ({ ...q, expiresAtMs: 1 }))],
    ['money locked for a week', 'terms-mismatch', { maxLockMs: 60_000 }],
    ['a malformed quote', 'message-malformed', {}, quote(() => ({}))],
    [
      'a foreign blob',
      'terms-mismatch',
      {},
      quote((q) => ({ ...q, missing: [{ root: named('x'), size: 1 as never }] })),
    ],
    [
      'a refusal of the aggregator',
      'no-quorum',
      {},
      () => {
        aggregator.bend.onQuote = () => {
          throw new Fault('no-quorum', 'two of three')
        }
      },
    ],
  ]
  for (const [name, code, options, bend] of cases) {
    await t.test(name, async () => {
      bend?.()
      await assert.rejects(
        client.map({ ...two, ...options }),
        fails(code, (e) => assert.equal(e.details['orderId'], undefined)),
      )
      delete aggregator.bend.quote
      delete aggregator.bend.onQuote
    })
  }
  await t.test('a wallet that holds too little', async () => {
    const many = textInputs(Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`${i}`, `${i}`])))
    await assert.rejects(rich.map({ ...task, inputs: many }), fails('balance-insufficient'))
  })
  await t.test('more than the cap', async () => {
    const small = await scene.open({ spendingCapUsdc: '0.262599' })
    await assert.rejects(
      small.map(two),
      fails('cap-exceeded', ({ details }) => {
        assert.deepEqual(details, { needUsdc: '0.262600', leftUsdc: '0.262599', capUsdc: '0.262599' })
      }),
    )
    assert.equal(small.spending().takenUsdc, 0n)
  })
  assert.deepEqual(aggregator.submissions, [])
  assert.equal(client.spending().takenUsdc, 0n)
  assert.equal(rich.spending().takenUsdc, 0n)
  assert.equal(await balance(scene), 1_000_000n)
})

test('notices an input that changes between hashing and sending, small or large', async () => {
  for (const size of [10, 2_000_000]) {
    await using scene = await openScene()
    let turn = 0
    const open = (): AsyncIterable<Uint8Array> => filled(size, turn++)
    const changing = { ...task, inputs: [{ name: 'a', files: [{ path: 'a', open }] }] }
    await assert.rejects(
      scene.client.map(changing),
      fails('blob-mismatch', ({ blame }) => assert.equal(blame, 'client')),
    )
    assert.deepEqual(scene.aggregator.submissions, [])
  }
})

test('pays a higher price than posted only up to what the caller allows', async () => {
  await using scene = await openScene()
  scene.aggregator.bend.onQuote = ({ priceUsdc }) => {
    const details = { need: '150000', have: priceUsdc.toString() }
    if (priceUsdc < 150_000n) throw new Fault('budget-too-small', 'every provider asks for more', { details })
  }
  await assert.rejects(scene.client.map(two), fails('budget-too-small'))
  await assert.rejects(scene.client.map({ ...two, maxPricePerShardUsdc: '0.149999' }), fails('budget-too-small'))
  const job = await scene.client.map({ ...two, maxPricePerShardUsdc: '0.2' })
  assert.equal(job.spec.priceUsdc, 150_000n)
})

test('holds the cap over several jobs, in parallel too, and frees what a receipt proves unspent', async () => {
  await using scene = await openScene({ failing: [1], client: { spendingCapUsdc: '0.60' } })
  const { client } = scene
  const jobs = await Promise.allSettled([client.map(two), client.map(two), client.map(two)])
  const open = jobs.flatMap((job) => (job.status === 'fulfilled' ? [job.value] : []))
  assert.equal(open.length, 2)
  const refused = jobs.find((job) => job.status === 'rejected')
  assert.ok(fails('cap-exceeded')(refused?.reason))
  assert.equal(client.spending().takenUsdc, 525_200n)
  const receipts = await Promise.all(open.map((job) => job.receipt()))
  const spent = receipts.reduce((sum, { chargedUsdc }) => sum + chargedUsdc, 0n)
  assert.equal(spent, 262_600n)
  assert.equal(client.spending().takenUsdc, spent)
  assert.equal(scene.aggregator.submissions.length, 2)
})

async function* broken(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(1)
  throw new Error('EIO')
}

/** A port on which nobody listens any more. */
async function closedPort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  assert.ok(address !== null && typeof address === 'object')
  return address.port
}
