/** One small honest job, broken once at every step: it still ends right, and nobody loses a unit. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ErrorCode } from '@assay/protocol'
import { createFailNth } from './fail-nth.ts'
import { clientUsdc, stakesAreWhole } from './invariants.ts'
import type { ClientJob } from './sim-client.ts'
import { openSmallMarket, type SmallMarket } from './small-market.ts'
import { never } from './world.ts'

const ports: readonly { readonly name: string; readonly code: ErrorCode; readonly late: boolean }[] = [
  { name: 'chain', code: 'rpc-unavailable', late: false },
  { name: 'wallet', code: 'rpc-unavailable', late: false },
  { name: 'wallet', code: 'transaction-unconfirmed', late: true },
  { name: 'network', code: 'stream-closed', late: false },
  { name: 'blobs', code: 'internal', late: false },
  { name: 'blobs', code: 'internal', late: true },
]

describe('a small honest job', () => {
  for (const { name, code, late } of ports) {
    it(`is settled in full whichever call to its ${name} fails${late ? ' after taking effect' : ''}`, async (t) => {
      const failing = createFailNth(code)
      await using market = await openSmallMarket(`fail-${name}`, (port, of) => (port === name ? failing.wrap(of) : of))
      let calls = 0
      do {
        calls += 1
        const job = await market.runJob(() => failing.arm(calls, late))
        await checkSettled(market, job, `call ${calls}`)
      } while (failing.fired)
      t.diagnostic(`${calls - 1} calls`)
      assert.ok(calls > 2, `only ${calls} calls were made at all`)
    })
  }

  it('is settled in full whichever write of its aggregator is the last before a crash', async () => {
    await using market = await openSmallMarket('crash', (_name, port) => port)
    const { aggregator } = market.world
    const starts = (): number => aggregator.starts
    for (let writes = 1, before = -1; before !== starts(); writes++) {
      before = starts()
      const job = await market.runJob(() => aggregator.crashAtCall(writes, (name) => isWrite.test(name)))
      await checkSettled(market, job, `write ${writes}`)
      if (before === starts()) assert.ok(writes > 20, `only ${writes} writes were made at all`)
    }
  })
})

const isWrite = /^(save|create|add|update|join|leave|transaction|fund|settle|refund|pin|put)/

async function checkSettled({ world }: SmallMarket, job: ClientJob, where: string): Promise<void> {
  const { chain } = world
  assert.equal(job.outcome, 'settled', `${where}: ${job.phase} ${job.outcome} ${job.refusal}`)
  assert.equal(job.view?.accepted, 1, where)
  assert.ok(job.receipt !== undefined, where)
  assert.equal((await chain.reader.order(job.orderId!, never)).remaining, 0n, where)
  const balance = await chain.reader.usdcBalance(job.plan.client.address, never)
  assert.equal(clientUsdc - balance, job.view.chargedUsdc, where)
  await stakesAreWhole(world)
  chain.assertConserved()
}
