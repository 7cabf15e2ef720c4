/** The process dies at every call of its log and at every RPC call, before the call or after it; the next life goes on. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { isMarketError } from '@assay/protocol'
import { createMemoryLog, type TransactionLog } from '../src/transaction-log.ts'
import { createTransactor } from '../src/transactor.ts'
import type { TransactorOptions } from '../src/transactor-options.ts'
import { minerOf, openLab, type Lab, type Wire } from './lab.ts'

const never = new AbortController().signal

class Crash extends Error {}

/** One life: its calls are counted, and at the one that is due it ends. The dead neither write nor send. */
function createLife(dueAt: number, when: 'before' | 'after') {
  let calls = 0
  let dead = false
  const die = (): never => {
    dead = true
    throw new Crash('the process is gone')
  }
  const enter = (): boolean => {
    if (dead) die()
    const isDue = ++calls === dueAt
    if (isDue && when === 'before') die()
    return isDue
  }
  const log = (disk: TransactionLog): TransactionLog => {
    const call = <T>(work: () => T): T => {
      const isDue = enter()
      const result = work()
      return isDue ? die() : result
    }
    return {
      find: (key) => call(() => disk.find(key)),
      open: () => call(() => disk.open()),
      intend: (intent) => call(() => disk.intend(intent)),
      sign: (key, transaction) => call(() => disk.sign(key, transaction)),
      finish: (key, state, mined) => call(() => disk.finish(key, state, mined)),
    }
  }
  const wire =
    (inner: Wire): Wire =>
    async (method, params, next) => {
      const isDue = enter()
      try {
        return await inner(method, params, next)
      } finally {
        if (isDue || dead) die()
      }
    }
  return { log, wire, isDead: () => dead }
}

describe('a transactor that dies', () => {
  let lab: Lab
  before(async () => void (lab = await openLab()))
  after(() => lab[Symbol.asyncDispose]())

  /** Lives through the given crashes, then through one life without; returns whether the last crash was reached. */
  async function liveAndDie(
    crashes: readonly { readonly at: number; readonly when: 'before' | 'after'; readonly mine: boolean }[],
    { effects: count, options, last }: { effects: number; options: TransactorOptions; last: 'send' | 'resume' },
  ): Promise<boolean> {
    const { privateKey, account } = await lab.key()
    const disk = createMemoryLog()
    const effects = Array.from({ length: count }, (_, index) => lab.mint(`crash ${index}`))
    let reached = true
    for (const { at, when, mine } of crashes) {
      const life = createLife(at, when)
      const connection = lab.connect(life.wire(minerOf(lab, 3)))
      const transactor = createTransactor(connection, privateKey, life.log(disk), options)
      await Promise.allSettled(effects.map((effect) => transactor.send(effect, never)))
      reached = life.isDead()
      if (mine) await lab.mine()
    }
    const transactor = createTransactor(lab.connect(minerOf(lab, 3)), privateKey, disk, options)
    const intended = effects.filter(({ key }) => disk.find(key) !== undefined)
    if (last === 'resume') await transactor.resume(never)
    else await Promise.all(effects.map((effect) => transactor.send(effect, never)))
    const expected = effects.map((effect) => (last === 'send' || intended.includes(effect) ? 1 : 0))
    const counts = await Promise.all(effects.map((effect) => effect.count()))
    const story = JSON.stringify({ crashes, last })
    assert.deepEqual(counts, expected, story)
    // Every nonce that was used did something that was asked for.
    const used = await lab.client.getTransactionCount({ address: account.address })
    assert.equal(used, expected.filter((times) => times === 1).length, story)
    assert.deepEqual(disk.open(), [], story)
    return reached
  }

  const calm: TransactorOptions = { confirmMs: 20_000, stuckMs: 1e9, rebroadcastMs: 1e9 }

  for (const when of ['before', 'after'] as const) {
    it(`${when} its n-th call, for every n, neither loses nor doubles one of three effects`, async () => {
      let at = 1
      // Every second death is followed by a block; after the call it is the other half of them.
      const isMined = (): boolean => (at % 2 === 0) === (when === 'before')
      while (await liveAndDie([{ at, when, mine: isMined() }], { effects: 3, options: calm, last: 'send' })) at++
      assert.ok(at > 40, `only ${at} calls were seen`)
    })

    it(`${when} its n-th call, for every n, leaves a log that is enough to finish what was intended`, async () => {
      let at = 1
      while (await liveAndDie([{ at, when, mine: at % 2 === 0 }], { effects: 2, options: calm, last: 'resume' })) at++
      assert.ok(at > 25, `only ${at} calls were seen`)
    })

    it(`${when} its n-th call, for every n, while it replaces what is stuck`, async () => {
      const hasty: TransactorOptions = { confirmMs: 20_000, stuckMs: 0, rebroadcastMs: 0, maxReplacements: 4 }
      let at = 1
      while (await liveAndDie([{ at, when, mine: at % 2 === 0 }], { effects: 2, options: hasty, last: 'send' })) at++
      assert.ok(at > 40, `only ${at} calls were seen`)
    })
  }

  it('does everything once as well when it lives on and only its n-th RPC call fails, for every n', async () => {
    let at = 1
    for (let calls = Infinity; at <= calls; at++) {
      const { privateKey } = await lab.key()
      const effects = [lab.mint('cut 1'), lab.mint('cut 2')]
      const miner = minerOf(lab, 3)
      let seen = 0
      const wire: Wire = (method, params, next) =>
        ++seen === at ? Promise.reject(new Error('cut')) : miner(method, params, next)
      const transactor = createTransactor(lab.connect(wire), privateKey, createMemoryLog(), calm)
      const first = await Promise.allSettled(effects.map((effect) => transactor.send(effect, never)))
      for (const result of first)
        if (result.status === 'rejected') assert.equal(codeOf(result.reason), 'rpc-unavailable')
      await Promise.all(effects.map((effect) => transactor.send(effect, never)))
      assert.deepEqual(await Promise.all(effects.map((effect) => effect.count())), [1, 1], `call ${at}`)
      calls = Math.min(calls, seen)
    }
    assert.ok(at > 15, `only ${at} calls were seen`)
  })

  it('again and again, at calls drawn from a seed, still does everything once', async () => {
    let seed = 20_260_101
    const draw = (below: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff
      return (seed >> 8) % below
    }
    for (let round = 0; round < 40; round++) {
      const crashes = Array.from({ length: 1 + draw(6) }, () => ({
        at: 1 + draw(45),
        when: draw(2) === 0 ? ('before' as const) : ('after' as const),
        mine: draw(2) === 0,
      }))
      const options = { ...calm, stuckMs: draw(2) === 0 ? 0 : 1e9, rebroadcastMs: 0, maxInFlight: 1 + draw(4) }
      await liveAndDie(crashes, { effects: 1 + draw(4), options, last: 'send' })
    }
  })
})

const codeOf = (error: unknown): unknown => (isMarketError(error) ? error.code : error)
