/** The whole life of a job against an aggregator that speaks real HTTP, checks real signatures and sometimes misbehaves. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import test from 'node:test'
import { setImmediate } from 'node:timers/promises'
import {
  createSigner,
  collectFiles,
  createMemoryJobStore,
  isMarketError,
  openClient,
  openReceipt,
  type JobEvent,
  type MapOptions,
  type MapProgress,
  type MarketError,
} from '../src/index.ts'
import { basisPoints, MarketError as Fault, ppm, unixMs, usdc, type JobEvidence, type Quote } from '@assay/protocol'
import { createTestActor, named } from '@assay/testkit'
import { systemClock } from '../src/system-clock.ts'
import { anyImage, hastyClock, openScene, textInputs, type Scene } from './fixture/open-scene.ts'

const task = { image: anyImage, command: ['wc', '-c', '{}'] }
const two = { ...task, inputs: textInputs({ a: 'hello', b: 'hello world' }) }

/** Checks code and details of a failure; `orderId` in the details would mean that something was signed. */
const fails =
  (code: string, check: (error: MarketError) => void = () => undefined) =>
  (error: unknown) => {
    assert.ok(isMarketError(error), String(error))
    assert.equal(error.code, code, error.message)
    check(error)
    return true
  }
const collect = async <T>(source: AsyncIterable<T>): Promise<T[]> => {
  const items: T[] = []
  for await (const item of source) items.push(item)
  return items
}
const uploads = ({ aggregator }: Scene): number => aggregator.requests.filter((line) => line.startsWith('PUT')).length
const balance = ({ world }: Scene): Promise<bigint> =>
  world.chain.reader.usdcBalance(world.client.address, new AbortController().signal)

test('runs a job from inputs to a receipt that the client can check alone', async () => {
  await using scene = await openScene()
  const progress: MapProgress['stage'][] = []
  const job = await scene.client.map({ ...two, onProgress: ({ stage }) => progress.push(stage) })
  assert.deepEqual([...new Set(progress)], ['hashing', 'quoted', 'uploading', 'funding', 'submitted'])

  const events = await collect(job.events())
  assert.deepEqual(
    events.map(({ seq }) => seq),
    events.map((_, i) => i + 1),
  )
  assert.equal(events.at(-1)?.type, 'job.closed')
  const results = await collect(job.results())
  assert.deepEqual(
    results.map(({ name }) => name),
    ['a', 'b'],
  )
  const { files, stdout } = await collectFiles(results[1]!)
  assert.equal(Buffer.from(files.get('size.txt')!).toString(), '11')
  assert.equal(stdout, '11 b\n')

  const receipt = await job.receipt()
  assert.deepEqual([receipt.accepted, receipt.audited, receipt.convicted], [2, 2, []])
  assert.equal(receipt.receipt.openings.length, 2)
  assert.deepEqual(openReceipt(receipt.encode()).receipt, receipt.receipt)
  assert.equal(await balance(scene), 100_000_000n - receipt.chargedUsdc)
})

test('uploads each distinct blob once, and nothing that the aggregator has', async () => {
  await using scene = await openScene()
  const inputs = textInputs({ a: 'same', b: 'same', c: 'other' })
  await scene.client.map({ ...task, inputs })
  assert.equal(uploads(scene), 2)
  await scene.client.map({ ...task, inputs })
  assert.equal(uploads(scene), 2)
})

test('runs a single command without inputs', async () => {
  await using scene = await openScene()
  const job = await scene.client.run({ ...task, command: ['date'] })
  assert.deepEqual(job.shardNames, ['result'])
  assert.equal((await job.receipt()).accepted, 1)
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

test('sends an upload again that was cut', async () => {
  await using scene = await openScene()
  scene.aggregator.bend.tornUploads = 2
  const job = await scene.client.map({
    ...task,
    inputs: [{ name: 'a', files: [{ path: 'a', open: () => filled(3_000_000, 1) }] }],
  })
  assert.equal(uploads(scene), 3)
  assert.equal((await job.receipt()).accepted, 1)
})

test('asks for a new quote when an upload outlives the first one, and does not upload twice', async () => {
  let shift = 0
  const clock = { ...hastyClock, now: () => unixMs(systemClock.now() + shift) }
  await using scene = await openScene({ shiftMs: () => shift, client: { clock } })
  let confirmed = 0
  let reads = 0
  const file = {
    path: 'a',
    async *open() {
      reads++
      yield* filled(600_000, 7)
      if (reads === 1) return
      // The upload is under way, and while it is, its quote ends.
      while (uploads(scene) === 0) await setImmediate()
      shift = 11 * 60_000
    },
  }
  const confirm = (): boolean => {
    confirmed++
    return true
  }
  const job = await scene.client.map({ ...task, inputs: [{ name: 'a', files: [file] }], confirm })
  assert.equal(scene.aggregator.requests.filter((line) => line === 'POST /v1/quotes').length, 2)
  assert.equal(uploads(scene), 1)
  assert.equal(confirmed, 1)
  assert.equal(scene.client.spending().takenUsdc, job.terms.maxAmount)
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

test('submits again when the answer is lost, and pays once', async () => {
  await using scene = await openScene()
  scene.aggregator.bend.tornSubmissions = 2
  const job = await scene.client.map(two)
  assert.equal(scene.aggregator.submissions.length, 3)
  assert.equal(new Set(scene.aggregator.submissions.map(({ authorization }) => authorization?.signature)).size, 1)
  const { chargedUsdc } = await job.receipt()
  assert.equal(await balance(scene), 100_000_000n - chargedUsdc)
})

test('finds a job again after a crash between signing and submitting, and sends the same signature', async () => {
  const store = createMemoryJobStore()
  await using scene = await openScene({ client: { store } })
  const broken = await scene.open({
    fetch: async (url, init) => {
      if (init.method === 'POST' && url.endsWith('/v1/jobs')) throw new TypeError('the process died here')
      return fetch(url, init)
    },
  })
  const orderId = await broken.map(two).then(
    () => assert.fail('the submission cannot have worked'),
    (error: unknown) => {
      assert.ok(fails('market-unreachable')(error) && isMarketError(error))
      return error.details['orderId']
    },
  )
  const [record] = await store.list(new AbortController().signal)
  assert.equal(record?.orderId, orderId)
  assert.equal(broken.spending().takenUsdc, record?.request.terms.maxAmount)
  const job = await scene.client.job(record!.orderId)
  assert.deepEqual(scene.aggregator.submissions, [record!.request])
  assert.equal((await job.receipt()).accepted, 2)
  // Found once more, it is not submitted once more.
  await scene.client.job(record!.orderId)
  assert.equal(scene.aggregator.submissions.length, 1)
})

test('finds a job on a machine that has nothing but the key, and opens its results', async () => {
  await using scene = await openScene()
  const { id } = await scene.client.map(two)
  await (await scene.client.job(id)).receipt()
  const elsewhere = await scene.open()
  const job = await elsewhere.job(id)
  const [first] = await collect(job.results())
  assert.equal((await collectFiles(first!)).stdout, '5 a\n')
  assert.equal((await job.receipt()).accepted, 2)
  const stranger = await scene.open({ signer: createTestActor('stranger') })
  await assert.rejects(stranger.job(id), fails('unauthorized'))
  await assert.rejects(elsewhere.job(named('unknown')), fails('job-unknown'))
})

test('resumes events over many cuts, each event once', async () => {
  await using scene = await openScene()
  scene.aggregator.bend.cutEventsAfter = 2
  const job = await scene.client.map(two)
  const events = await collect(job.events())
  assert.deepEqual(
    events.map(({ seq }) => seq),
    events.map((_, i) => i + 1),
  )
  assert.equal(events.at(-1)?.type, 'job.closed')
  const resumes = scene.aggregator.resumes
  assert.deepEqual(resumes, [undefined, ...resumes.slice(1).map((_, i) => String(2 * (i + 1)))])
  assert.deepEqual((await collect(job.events({ fromSeq: 5 })))[0]?.seq, 6)
})

test('follows a running job, and stops when the caller does', async () => {
  const gate = Promise.withResolvers<void>()
  await using scene = await openScene()
  scene.aggregator.bend.before = (step) => (step === 'run' ? gate.promise : Promise.resolve())
  const job = await scene.client.map(two)
  const stop = new AbortController()
  const seen: JobEvent['type'][] = []
  const following = (async () => {
    for await (const { type } of job.events({ signal: stop.signal })) {
      seen.push(type)
      if (type === 'job.running') stop.abort()
    }
  })()
  await assert.rejects(following, fails('cancelled'))
  assert.deepEqual(seen, ['job.funded', 'job.running'])
  gate.resolve()
  assert.equal((await job.receipt()).accepted, 2)
})

test('cancels with a signed request that nobody else can send', async () => {
  const gate = Promise.withResolvers<void>()
  await using scene = await openScene()
  scene.aggregator.bend.before = () => gate.promise
  const job = await scene.client.map(two)
  await job.cancel()
  assert.equal((await scene.client.jobs()).length, 1)
  gate.resolve()
  await job.receipt()
  await assert.rejects(job.cancel(), fails('job-state'))
})

test('yields each result while the job still runs', async () => {
  const gate = Promise.withResolvers<void>()
  await using scene = await openScene()
  scene.aggregator.bend.before = (step) => (step === 'settle' ? gate.promise : Promise.resolve())
  const job = await scene.client.map(two)
  const names: string[] = []
  for await (const { name } of job.results()) {
    names.push(name)
    // The job can end only now: the results came before.
    if (names.length === 2) gate.resolve()
  }
  assert.deepEqual(names, ['a', 'b'])
})

test('refuses tampered results, and reads through cut connections', async (t) => {
  await using scene = await openScene({ execute: () => ({ files: { big: 'x'.repeat(300_000) }, stdout: '' }) })
  const job = await scene.client.map(two)
  await collect(job.events())
  const { bend } = scene.aggregator
  await t.test('cut after every 100 kB', async () => {
    bend.cutBlobAt = 100_000
    const result = await job.result(0)
    assert.equal((await collectFiles(result)).files.get('big')?.length, 300_000)
    bend.ignoreRange = true
    bend.cutBlobAt = 200_000
    await assert.rejects(collectFiles(result, { signal: AbortSignal.timeout(20) }), fails('cancelled'))
    delete bend.cutBlobAt
    delete bend.ignoreRange
  })
  await t.test('altered by the aggregator', async () => {
    bend.blob = (bytes) =>
      Buffer.concat([bytes.subarray(0, 1000), Buffer.from([bytes[1000]! ^ 1]), bytes.subarray(1001)])
    await assert.rejects(
      collectFiles(await job.result(0)),
      fails('blob-mismatch', (e) => assert.equal(e.blame, 'aggregator')),
    )
    await assert.rejects(job.receipt(), fails('blob-mismatch'))
    delete bend.blob
  })
  await t.test('another job under this id', async () => {
    bend.view = (view) => ({ ...view, terms: { ...view.terms, salt: named('other') } })
    await assert.rejects(
      job.state(),
      fails('message-malformed', (e) => assert.equal(e.blame, 'aggregator')),
    )
    delete bend.view
  })
})

test('refuses a result that does not open its commit, and blames the provider', async () => {
  await using scene = await openScene()
  scene.aggregator.bend.lie = (opening) => ({ ...opening, resultRoot: named('junk') })
  const job = await scene.client.map(two)
  await collect(job.events())
  await assert.rejects(
    collectFiles(await job.result(1)),
    fails('result-invalid', (e) => assert.equal(e.blame, 'provider')),
  )
})

test('refuses receipts that do not hold, and those that the chain does not know', async (t) => {
  await using scene = await openScene()
  const chain = { reader: scene.world.chain.reader }
  const client = await scene.open({ chain })
  const [job, other] = [await client.map(two), await client.map(two)]
  const foreign = (await other.receipt()).receipt
  const { bend } = scene.aggregator
  const cases: readonly (readonly [string, NonNullable<typeof bend.receipt>])[] = [
    ['of another job', () => foreign],
    [
      'without its signatures',
      (r) => ({ ...r, settlement: { ...r.settlement, signatures: r.settlement.signatures.slice(1) } }),
    ],
    ['with another charge', (r) => ({ ...r, settlement: { ...r.settlement, fee: usdc(r.settlement.fee + 1n) } })],
    ['without an audit', (r) => ({ ...r, evidence: { ...r.evidence, audits: r.evidence.audits.slice(1) } })],
    ['with a lower audit rate', (r) => ({ ...r, evidence: lowered(r.evidence) })],
    [
      'with another quorum',
      (r) => ({ ...r, evidence: { ...r.evidence, quorum: { ...r.evidence.quorum, threshold: 2 } } }),
    ],
    [
      'with other operators',
      (r) => ({
        ...r,
        evidence: {
          ...r.evidence,
          operators: r.evidence.operators.map((o) => ({ ...o, index: (7 - o.index) as typeof o.index })),
        },
      }),
    ],
    ['with another transaction', (r) => ({ ...r, proof: { ...r.proof!, transactionHash: named('other') } })],
  ]
  for (const [name, bent] of cases) {
    await t.test(name, async () => {
      bend.receipt = bent
      await assert.rejects(job.receipt(), fails('receipt-invalid'))
      assert.equal(client.spending().takenUsdc, job.terms.maxAmount + other.terms.maxAmount)
    })
  }
  delete bend.receipt
  assert.equal((await job.receipt()).report.checks[0]?.status, 'passed')
})

test('explains a shard that failed, and proves the others', async () => {
  await using scene = await openScene({ failing: [0] })
  const job = await scene.client.map(two)
  const receipt = await job.receipt()
  assert.deepEqual([receipt.accepted, receipt.shards], [1, 2])
  const { shards, outcome } = await job.explain()
  assert.equal(outcome, 'partial')
  assert.deepEqual(
    shards.map(({ name, money }) => [name, money]),
    [
      ['a', 'refunded'],
      ['b', 'paid'],
    ],
  )
  const [failed] = shards[0]!.attempts
  assert.deepEqual([failed?.code, failed?.stage, failed?.blame], ['attempt-exit-nonzero', 'execute', 'client'])
  await assert.rejects(job.result(0), fails('job-incomplete'))
})

test('says job-incomplete when nothing was settled', async () => {
  await using scene = await openScene({ failing: [0, 1] })
  const job = await scene.client.map(two)
  await assert.rejects(
    job.receipt(),
    fails('job-incomplete', (e) => assert.equal(e.details['outcome'], 'refunded')),
  )
})

test('takes the money back on chain once refundAt has come, without the aggregator', async () => {
  let shift = 0
  const gate = Promise.withResolvers<void>()
  await using scene = await openScene({ shiftMs: () => shift })
  scene.aggregator.bend.before = () => gate.promise
  const { chain, client: actor } = scene.world
  const client = await scene.open({ chain: { reader: chain.reader, writer: chain.writer(actor.address) } })
  const job = await client.map(two)
  await assert.rejects(scene.client.refund(job.id), fails('config-invalid'))
  await assert.rejects(
    client.refund(job.id),
    fails('transaction-reverted', (e) => assert.equal(e.details['reason'], 'TooEarly')),
  )
  assert.equal(client.spending().takenUsdc, job.terms.maxAmount)
  shift = 3 * 3600 * 1000
  await client.refund(job.id)
  assert.equal(await balance(scene), 100_000_000n)
  assert.equal(client.spending().takenUsdc, 0n)
  scene.aggregator.bend.lie = (opening) => opening
  gate.resolve()
})

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

test('ends everything when the client is disposed', async () => {
  const gate = Promise.withResolvers<void>()
  await using scene = await openScene()
  scene.aggregator.bend.before = () => gate.promise
  const client = await scene.open()
  const job = await client.map(two)
  const waiting = assert.rejects(job.receipt(), fails('cancelled'))
  await client[Symbol.asyncDispose]()
  await waiting
  await assert.rejects(client.map(two), fails('cancelled'))
  gate.resolve()
})

/** The same evidence with leaves that were audited less. */
function lowered(evidence: JobEvidence): JobEvidence {
  const leavesOf = ({ leaves }: JobEvidence['epochs'][number]) =>
    leaves.map((leaf) => ({ ...leaf, ratePpm: ppm(10_000) }))
  return { ...evidence, epochs: evidence.epochs.map((epoch) => ({ ...epoch, leaves: leavesOf(epoch) })) }
}

async function* filled(size: number, value: number): AsyncGenerator<Uint8Array> {
  for (let left = size; left > 0; left -= 100_000) yield new Uint8Array(Math.min(left, 100_000)).fill(value)
}

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
