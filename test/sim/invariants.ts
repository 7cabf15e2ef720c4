/** What must hold after every step of every run, whatever went wrong. */
import assert from 'node:assert/strict'
import { verifyReceipt, verifyVerdict } from '@assay/core'
import { deriveOrderId, type Address, type OrderId, type UsdcBase } from '@assay/protocol'
import type { Cast } from './cast.ts'
import type { ClientJob } from './sim-client.ts'
import { never, stakeUsdc, type World } from './world.ts'

export interface Invariants {
  /** Cheap; after every step. */
  check(): Promise<void>
  /** Once all is over. */
  checkEnd(): Promise<void>
}

export function createInvariants(world: World, cast: Cast, jobs: readonly ClientJob[]): Invariants {
  const verified = new Set<ClientJob>()
  const players = [...cast.providers, ...cast.validators]
  const guilty = players.filter(({ kind }) => punishable.has(kind))
  const innocent = new Set([...cast.providers, ...cast.validators].map(({ name }) => name))
  // Outvoted, or silent about what it committed to: such a validator may be slashed too.
  const odd = cast.validators.filter(({ kind }) => kind === 'wrong' || kind === 'shy')
  for (const { name } of [...guilty, ...odd]) innocent.delete(name)
  return {
    async check() {
      world.chain.assertConserved()
      await checkStakes(world, (name) => innocent.has(name))
      for (const job of jobs) {
        if (job.orderId === undefined || job.terms === undefined) continue
        checkAttempts(world, job.orderId)
        await checkCharge(world, job)
        if (job.receipt !== undefined && !verified.has(job)) {
          verified.add(job)
          checkReceipt(world, job)
        }
      }
    },
    async checkEnd() {
      for (const job of jobs) await checkClosed(world, job)
      for (const job of jobs) checkVerdicts(world, job)
      await checkEarnings(world, jobs)
    },
  }
}

const punishable: ReadonlySet<string> = new Set(['junk', 'lapsing', 'vanishing', 'villain'])

/** For a market without villains. */
export const stakesAreWhole = async (world: World): Promise<void> => checkStakes(world, () => true)

/** Nobody honest is ever slashed, and nobody honest is ever said to be guilty. */
async function checkStakes(
  { peek, providers, validators, records }: World,
  isInnocent: (name: string) => boolean,
): Promise<void> {
  for (const { address, node } of [...providers, ...validators]) {
    if (!isInnocent(node.name)) continue
    const operator = await peek(async (chain) => chain.operator(address, never))
    assert.equal(operator?.stake, stakeUsdc, `${node.name} was slashed`)
    assert.ok(!records.isConvicted(address), `${node.name} was convicted`)
  }
}

const live: ReadonlySet<string> = new Set(['offered', 'leased', 'preparing', 'executing', 'committed', 'auditing'])

function checkAttempts({ records }: World, orderId: OrderId): void {
  const shards = Map.groupBy(records.progressOf(orderId), ({ shard }) => shard)
  for (const [shard, attempts] of shards) {
    const where = `order ${orderId} shard ${shard}`
    const count = (test: (state: string) => boolean): number => attempts.filter(({ state }) => test(state)).length
    assert.ok(count((state) => state === 'accepted') <= 1, `${where} was accepted twice`)
    assert.ok(count((state) => live.has(state)) <= 1, `${where} has two live attempts`)
    assert.equal(new Set(attempts.map(({ provider }) => provider)).size, attempts.length, `${where} repeats a provider`)
    assert.ok(attempts.length <= 5, `${where} was tried too often`)
  }
}

async function checkCharge({ peek }: World, { orderId, terms, view }: ClientJob): Promise<void> {
  if (orderId === undefined || terms === undefined) return
  const order = await peek(async (chain) => chain.order(orderId, never))
  assert.ok(order.remaining <= terms.maxAmount, 'an order holds more than was paid in')
  if (view?.chargedUsdc !== undefined) assert.ok(view.chargedUsdc <= terms.maxAmount, 'charged above the maximum')
}

function checkReceipt({ chain, beacon }: World, { receipt, orderId }: ClientJob): void {
  assert.ok(receipt !== undefined)
  const { chainId, escrow } = chain.reader.market
  const report = verifyReceipt(receipt, { market: { chainId, escrow }, beacon: beacon.info })
  const failed = report.checks.find(({ status }) => status === 'failed')
  assert.ok(report.ok, `receipt of ${orderId} fails: ${failed?.name} ${JSON.stringify(failed?.details)}`)
}

/** Whoever reads a verdict judges it the same again, from its bundle alone. */
function checkVerdicts({ records }: World, { orderId }: ClientJob): void {
  if (orderId === undefined) return
  for (const { id } of records.bundlesOf(orderId)) {
    const bundle = records.bundle(id)
    assert.ok(bundle !== undefined)
    const report = verifyVerdict(bundle)
    const failed = report.checks.find(({ status }) => status === 'failed')
    assert.ok(report.ok, `verdict ${id} fails: ${failed?.name} ${JSON.stringify(failed?.details)}`)
    assert.equal(report.bundleId, id)
  }
}

/** Every job ends: its money is spent as signed, or back. */
async function checkClosed(world: World, job: ClientJob): Promise<void> {
  const { chain, records } = world
  if (job.phase === 'refused') return
  assert.equal(job.phase, 'over', `job ${job.plan.label} did not end: ${JSON.stringify(job.view?.state)}`)
  assert.ok(job.orderId !== undefined && job.terms !== undefined)
  assert.equal(deriveOrderId(chain.reader.market, job.terms), job.orderId)
  const order = await chain.reader.order(job.orderId, never)
  assert.equal(order.remaining, 0n, 'money is left in a closed order')
  assert.notEqual(order.status, 'funded', 'a closed job leaves a funded order')
  if (order.status === 'settled') assert.ok(job.receipt !== undefined, 'a settled job has a receipt')
  const record = records.job(job.orderId)
  assert.equal(record?.state, 'closed')
}

/** What everybody earned is what the receipts say, and no client lost more than that. */
async function checkEarnings(world: World, jobs: readonly ClientJob[]): Promise<void> {
  const { chain, aggregatorActor } = world
  const due = new Map<Address, bigint>()
  const credit = (to: Address, amount: bigint): void => void due.set(to, (due.get(to) ?? 0n) + amount)
  const spent = new Map<Address, bigint>()
  for (const { receipt, plan } of jobs) {
    const bill = receipt && verifyReceipt(receipt).job?.bill
    if (bill === undefined) continue
    for (const { address, amount } of bill.payees) credit(address, amount)
    credit(aggregatorActor.address, bill.feeUsdc)
    spent.set(plan.client.address, (spent.get(plan.client.address) ?? 0n) + bill.chargedUsdc)
  }
  for (const { address, node } of [...world.providers, ...world.validators]) {
    const index = (await chain.reader.operator(address, never))?.index
    const earned: UsdcBase | undefined = index && (await chain.reader.earnings(index, never))
    assert.equal(earned, due.get(address) ?? 0n, `${node.name} earned something else than its receipts say`)
  }
  for (const client of new Set(jobs.map(({ plan }) => plan.client))) {
    const balance = await chain.reader.usdcBalance(client.address, never)
    assert.equal(clientUsdc - balance, spent.get(client.address) ?? 0n, `${client.name} paid something else`)
  }
}

/** What every client owns at the start. */
export const clientUsdc = 1_000_000_000n
