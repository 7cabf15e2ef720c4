/** From inputs to a running job, over broken lines, expired quotes and crashes. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { collectFiles, createMemoryJobStore, isMarketError, openReceipt, type MapProgress } from '../src/index.ts'
import { deriveDepositAddress, unixMs } from '@assay/protocol'
import { createTestActor, named } from '@assay/testkit'
import { systemClock } from '../src/system-clock.ts'
import { hastyClock, openScene, textInputs } from './fixture/open-scene.ts'
import { balance, collect, fails, filled, task, two, uploads } from './fixture/expect.ts'

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
  const elsewhere = { ...record!.request.terms, aggregator: createTestActor('elsewhere').address }
  await store.save({ ...record!, request: { ...record!.request, terms: elsewhere } }, new AbortController().signal)
  await assert.rejects(scene.client.job(record!.orderId), fails('job-unknown'))
  await store.save(record!, new AbortController().signal)
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

test('is paid by an ordinary transfer to the deposit address that it computed itself', async () => {
  await using scene = await openScene()
  const { chain, market, client: actor } = scene.world
  const before = await balance(scene)
  let told: Extract<MapProgress, { stage: 'awaiting-transfer' }> | undefined
  const job = await scene.client.map({
    ...two,
    payBy: 'transfer',
    onProgress: (progress) => {
      if (progress.stage !== 'awaiting-transfer') return
      told = progress
      // Somebody else's money, and a little too much of it.
      chain.mint(progress.depositAddress, progress.amountUsdc + 5n)
    },
  })
  assert.equal(told?.depositAddress, deriveDepositAddress(market, job.id))
  assert.deepEqual([told.chainId, told.token, told.amountUsdc], [market.chainId, market.token, job.terms.maxAmount])
  assert.equal(scene.aggregator.submissions.at(-1)?.authorization, undefined)
  const receipt = await job.receipt()
  assert.equal(receipt.accepted, 2)
  assert.equal(job.terms.client, actor.address)
  assert.equal(await balance(scene), before + 5n + receipt.returnedUsdc)
})

test('gives up when no transfer arrives, and what arrives later comes back', async () => {
  await using scene = await openScene({ quoteMs: 4_000 })
  const { chain, client: actor } = scene.world
  const client = await scene.open({ chain: { reader: chain.reader, writer: chain.writer(actor.address) } })
  const before = await balance(scene)
  let told: Extract<MapProgress, { stage: 'awaiting-transfer' }> | undefined
  const refused = client.map({
    ...two,
    payBy: 'transfer',
    onProgress: (progress) => void (progress.stage === 'awaiting-transfer' && (told = progress)),
  })
  await assert.rejects(refused, fails('order-not-funded'))
  assert.ok(told)
  chain.mint(told.depositAddress, told.amountUsdc)
  await client.refund(told.orderId)
  assert.equal(await balance(scene), before + told.amountUsdc)
})
