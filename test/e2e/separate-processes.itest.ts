/** The whole market as separate processes: outputs, money, crashes, and the exit when everybody is gone. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { createMemoryLog, openWallet } from '@assay/chain'
import { deriveOrderId, type JobEvent, type UsdcBase } from '@assay/protocol'
import type { Client, Job } from '@assay/sdk'
import { inputsFromFolder, saveOutputs } from '@assay/sdk/node'
import { openMarketProcesses, type MarketProcesses } from './market-processes.ts'
import { loadTestImage } from './test-image.ts'

const run = promisify(execFile)
const signal = new AbortController().signal

let market: MarketProcesses
let client: Client
let image: string
let dir: string

before(
  async () => {
    dir = await mkdtemp(join(tmpdir(), 'assay-e2e-test-'))
    image = await loadTestImage(signal)
    market = await openMarketProcesses('separate processes', { providers: 3, validators: 5 })
    client = await market.openClient('100')
  },
  { timeout: 240_000 },
)
after(
  async () => {
    await client?.[Symbol.asyncDispose]()
    await market?.[Symbol.asyncDispose]()
    await rm(dir, { recursive: true, force: true })
  },
  { timeout: 60_000 },
)

async function writeInputs(name: string, shards: number): Promise<string> {
  const folder = join(dir, name)
  await mkdir(folder)
  for (let shard = 0; shard < shards; shard++) {
    const lines = Array.from({ length: 40 + shard }, (_, line) => `${name} ${shard} ${(line * 7919) % 1000}`)
    await writeFile(join(folder, `part-${shard}.txt`), `${lines.join('\n')}\n`)
  }
  return folder
}

const command = ['sh', '-c', 'sort -r {} > /out/sorted.txt; wc -l < {}']

/** USDC of everybody who is paid by orders, so that nothing can appear or vanish. */
async function balances(): Promise<{ readonly client: UsdcBase; readonly earned: bigint }> {
  const { reader } = await market.market.connect(signal)
  let earned = 0n
  for (let index = 1; index <= 12; index++) earned += await reader.earnings(index as never, signal)
  return { client: await reader.usdcBalance(market.client.address, signal), earned }
}

test('outputs equal a run by hand, and USDC moves exactly as the receipt says', async () => {
  const input = await writeInputs('plain', 5)
  const before = await balances()
  const job = await client.map({ image, command, inputs: inputsFromFolder(input) })
  const saved = await saveOutputs(job, join(dir, 'plain-out'))
  const receipt = await job.receipt()
  assert.deepEqual(saved.missing, [])
  for (const name of saved.saved) {
    const byHand = await runByHand(join(input, name), name)
    assert.equal(await readFile(join(dir, 'plain-out', name, 'sorted.txt'), 'utf8'), byHand.sorted)
    assert.equal(await readFile(join(dir, 'plain-out', `${name}.stdout`), 'utf8'), byHand.stdout)
  }
  const afterwards = await balances()
  assert.equal(before.client - afterwards.client, receipt.chargedUsdc)
  const paid = receipt.receipt.settlement.payouts.reduce((sum, payout) => sum + payout.amount, 0n)
  assert.equal(afterwards.earned - before.earned, paid)
  assert.equal(receipt.chargedUsdc, paid + receipt.receipt.settlement.fee)
})

/** The same container, started by `docker run` on the same files. */
async function runByHand(path: string, name: string): Promise<{ readonly sorted: string; readonly stdout: string }> {
  const out = await mkdtemp(join(dir, 'by-hand-'))
  await run('chmod', ['0777', out])
  const words = command.map((word) => word.replaceAll('{}', `/in/${name}`))
  const binds = ['-v', `${path}:/in/${name}:ro`, '-v', `${out}:/out`]
  const { stdout } = await run('docker', ['run', '--rm', '--network', 'none', ...binds, image, ...words])
  return { sorted: await readFile(join(out, 'sorted.txt'), 'utf8'), stdout }
}

const transitions: readonly JobEvent['type'][] = [
  'job.funded',
  'attempt.leased',
  'attempt.executing',
  'attempt.committed',
  'epoch.closed',
  'epoch.seeded',
  'audit.started',
  'shard.verified',
  'job.settling',
  'job.settled',
]

for (const type of transitions)
  test(`an aggregator killed at ${type} goes on after its restart: results and money come out right`, async () => {
    const input = await writeInputs(`kill-${type}`, 3)
    const before = await balances()
    const job = await client.map({ image, command, inputs: inputsFromFolder(input) })
    await killAt(job, type)
    const saved = await saveOutputs(job, join(dir, `out-${type}`))
    assert.equal(saved.saved.length, 3)
    const receipt = await job.receipt()
    const afterwards = await balances()
    assert.equal(receipt.accepted, 3)
    assert.equal(before.client - afterwards.client, receipt.chargedUsdc)
    const paid = receipt.receipt.settlement.payouts.reduce((sum, payout) => sum + payout.amount, 0n)
    assert.equal(afterwards.earned - before.earned, paid, 'every shard and audit is paid once')
  })

/** SIGKILLs the aggregator when the event arrives and starts it again. */
async function killAt(job: Job, type: JobEvent['type']): Promise<void> {
  const stop = new AbortController()
  for await (const event of job.events({ signal: stop.signal })) {
    if (event.type !== type) continue
    await market.restartAggregator()
    return
  }
  assert.fail(`the job never came to ${type}`)
}

test('with every service dead, anyone refunds the client after refundAt', async () => {
  const input = await writeInputs('dead', 2)
  await market.untilReady()
  const { client: before } = await balances()
  const job = await client.map({ image, command: ['sh', '-c', 'sleep 20'], inputs: inputsFromFolder(input) })
  for await (const event of job.events()) if (event.type === 'job.running') break
  await market.killServices()
  const chain = await market.market.connect(signal)
  const orderId = deriveOrderId(chain.reader.market, job.terms)
  assert.equal((await chain.reader.order(orderId, signal)).status, 'funded')
  await market.market.passTime(Number(job.terms.refundAt) - Number(await chain.reader.now(signal)) + 1)
  // Anyone: here a key that has no part in the job.
  const stranger = openWallet(chain, market.providers[0]!.privateKey, createMemoryLog())
  await stranger.refund(job.terms, signal)
  assert.equal((await chain.reader.order(orderId, signal)).status, 'refunded')
  assert.equal((await balances()).client, before)
})
