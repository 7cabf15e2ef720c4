import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Clock } from '@assay/core'
import { durationMs, MarketError, unixMs } from '@assay/protocol'
import { createFakeClock } from '@assay/testkit'
import { openDatabase, type Database } from './database.ts'
import { openDispatcher, type DispatcherOptions, type EffectHandler } from './dispatcher.ts'
import { limits } from './limits.ts'
import { silentLogger, type Logger } from './logger.ts'
import { openClaims } from './outbox-claims.ts'
import { countPendingEffects, enqueueEffect, findEffect, listStuckEffects, outboxMigration } from './outbox.ts'

interface Scene extends AsyncDisposable {
  readonly db: Database
  readonly clock: Clock & Pick<ReturnType<typeof createFakeClock>, 'advance' | 'runUntil' | 'waiting'>
  readonly events: string[]
  add(key: string, kind?: string, notBefore?: number): void
  dispatch(handler: EffectHandler, options?: Partial<DispatcherOptions>): AsyncDisposable & { retryStuck(): number }
  /** Sets the wall clock forward without waking anybody. */
  jump(ms: number): void
  /** Lets everything happen that needs no time. */
  settle(): Promise<void>
}

function openScene(): Scene {
  const db = openDatabase(':memory:', { migrations: [outboxMigration] })
  const manual = createFakeClock()
  let skipped = 0
  const clock = { ...manual, now: () => unixMs(manual.now() + skipped) }
  const events: string[] = []
  const log: Logger = {
    ...silentLogger,
    info: (_fields, event) => void events.push(event),
    warn: (_fields, event) => void events.push(event),
    error: (_fields, event) => void events.push(event),
  }
  return {
    db,
    clock,
    events,
    add: (key, kind = 'pay', notBefore) =>
      void db.withTransaction((tx) =>
        enqueueEffect(tx, {
          key,
          kind,
          payload: { key },
          ...(notBefore === undefined ? {} : { notBefore: unixMs(notBefore) }),
        }),
      ),
    dispatch: (handler, options) =>
      openDispatcher({ db, clock, log }, { owner: 'me', handlers: { pay: handler }, ...options }),
    jump: (ms) => void (skipped += ms),
    settle: async () => clock.advance(0),
    [Symbol.asyncDispose]: async () => db[Symbol.asyncDispose](),
  }
}

const states = (scene: Scene, ...keys: string[]): (string | undefined)[] =>
  keys.map((key) => findEffect(scene.db.reader, key)?.state)

describe('openDispatcher', () => {
  it('performs what waits when it opens and what is added later, in order, once', async () => {
    await using scene = openScene()
    const performed: unknown[] = []
    scene.add('a')
    scene.add('b')
    await using _dispatcher = scene.dispatch(async (effect) => void performed.push(effect))
    await scene.settle()
    scene.add('c')
    await scene.settle()
    await scene.clock.advance(10 * limits.outboxLeaseMs)
    assert.deepEqual(
      performed,
      ['a', 'b', 'c'].map((key) => ({ key, payload: { key }, attempt: 1 })),
    )
    assert.deepEqual(states(scene, 'a', 'b', 'c'), ['done', 'done', 'done'])
  })

  it('leaves kinds alone that it has no handler for', async () => {
    await using scene = openScene()
    scene.add('other', 'refund')
    scene.add('constructor', 'constructor')
    await using _dispatcher = scene.dispatch(async () => assert.fail('not mine'))
    await scene.clock.advance(limits.outboxIdleMs)
    assert.deepEqual(states(scene, 'other', 'constructor'), ['pending', 'pending'])
  })

  it('waits until an effect is due', async () => {
    await using scene = openScene()
    const performed: number[] = []
    const due = scene.clock.now() + 5000
    scene.add('later', 'pay', due)
    await using _dispatcher = scene.dispatch(async () => void performed.push(scene.clock.now()))
    await scene.clock.advance(20_000)
    assert.deepEqual(performed, [due])
  })

  it('tries again after growing pauses up to the cap, then keeps the row as stuck and reports it', async () => {
    await using scene = openScene()
    const times: number[] = []
    const start = scene.clock.now()
    scene.add('bad')
    await using dispatcher = scene.dispatch(async () => {
      times.push(scene.clock.now() - start)
      throw new MarketError('rpc-unavailable', 'no answer; password=hunter2')
    })
    await scene.clock.advance(3 * 60 * 60 * 1000)
    assert.equal(times.length, limits.outboxAttempts)
    assert.deepEqual(times.slice(0, 4), [0, 1000, 3000, 7000])
    assert.equal(times.at(-1)! - times.at(-2)!, limits.outboxRetryMaxMs)
    const [stuck] = listStuckEffects(scene.db.reader)
    assert.equal(stuck?.lastError, 'rpc-unavailable: no answer; password=[redacted]')
    assert.equal(scene.events.filter((event) => event === 'effect.stuck').length, 1)
    assert.equal(dispatcher.retryStuck(), 1)
    await scene.settle()
    assert.equal(times.length, limits.outboxAttempts + 1)
  })

  it('tries stuck rows again when it is opened again', async () => {
    await using scene = openScene()
    scene.add('bad')
    {
      await using _failing = scene.dispatch(async () => Promise.reject(new Error('no')), { attempts: 1 })
      await scene.settle()
    }
    assert.deepEqual(states(scene, 'bad'), ['stuck'])
    await using _working = scene.dispatch(async () => undefined)
    await scene.settle()
    assert.deepEqual(states(scene, 'bad'), ['done'])
  })

  it('does not let one bad effect hold up the others', async () => {
    await using scene = openScene()
    for (const key of ['bad', 'a', 'b']) scene.add(key)
    await using _dispatcher = scene.dispatch(
      async ({ key }) => (key === 'bad' ? Promise.reject(new Error('no')) : undefined),
      { concurrency: 1 },
    )
    await scene.settle()
    assert.deepEqual(states(scene, 'bad', 'a', 'b'), ['pending', 'done', 'done'])
  })

  it('has no more effects under way than it may', async () => {
    await using scene = openScene()
    let now = 0
    let most = 0
    const gates = new Map<string, () => void>()
    for (let i = 0; i < 20; i += 1) scene.add(`e${i}`)
    await using _dispatcher = scene.dispatch(
      async ({ key }) => {
        now += 1
        most = Math.max(most, now)
        const { promise, resolve } = Promise.withResolvers<void>()
        gates.set(key, resolve)
        await promise
        now -= 1
      },
      { concurrency: 3 },
    )
    for (let left = 20; left > 0; left -= 1) {
      await scene.settle()
      const [key, open] = [...gates][0]!
      gates.delete(key)
      open()
    }
    await scene.settle()
    assert.equal(most, 3)
    assert.equal(countPendingEffects(scene.db.reader), 0)
  })

  it('keeps its lease while a handler works for long', async () => {
    await using scene = openScene()
    const { promise, resolve } = Promise.withResolvers<void>()
    let calls = 0
    scene.add('slow')
    await using _one = scene.dispatch(async () => {
      calls += 1
      await promise
    })
    await using _two = scene.dispatch(async () => assert.fail('the first one still holds it'), { owner: 'other' })
    await scene.clock.advance(10 * limits.outboxLeaseMs)
    resolve()
    await scene.settle()
    assert.equal(calls, 1)
    assert.deepEqual(states(scene, 'slow'), ['done'])
  })

  it('takes a row over when its owner is gone: another name after the lease, the same name at once', async () => {
    await using scene = openScene()
    scene.add('a')
    const dead = openClaims(scene, { owner: 'dead', kinds: ['pay'], leaseMs: limits.outboxLeaseMs })
    assert.equal(dead.claim(1, []).length, 1)
    const performed: string[] = []
    await using _heir = scene.dispatch(async ({ attempt }) => void performed.push(`heir ${attempt}`))
    await scene.clock.advance(limits.outboxLeaseMs - 1)
    assert.equal(performed.length, 0)
    await scene.clock.advance(1)
    assert.deepEqual(performed, ['heir 2'])

    await using again = openScene()
    again.add('b')
    openClaims(again, { owner: 'me', kinds: ['pay'], leaseMs: limits.outboxLeaseMs }).claim(1, [])
    await using _again = again.dispatch(async ({ key }) => void performed.push(key))
    await again.settle()
    assert.equal(performed.at(-1), 'b')
  })

  it('neither ends nor fails a row that another owner has taken meanwhile, and aborts its handler', async () => {
    await using scene = openScene()
    const claims = (owner: string) => openClaims(scene, { owner, kinds: ['pay'], leaseMs: 1000 })
    scene.add('a')
    const [late] = claims('late').claim(1, [])
    await scene.clock.advance(1001)
    const [present] = claims('present').claim(1, [])
    assert.equal(claims('late').finish(late!), false)
    assert.equal(claims('late').fail(late!, undefined, 'x'), false)
    assert.equal(claims('late').renew(late!), false)
    assert.equal(claims('late').release(late!), false)
    assert.equal(claims('present').finish(present!), true)

    let reason: unknown
    scene.add('b')
    await using _dispatcher = scene.dispatch(async (_effect, signal) => {
      await new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => resolve())
      })
      reason = signal.reason
    })
    await scene.settle()
    scene.db.withTransaction((tx) => tx.run("UPDATE outbox SET owner = 'thief', claims = claims + 1 WHERE key = 'b'"))
    await scene.clock.advance(limits.outboxLeaseMs / 3)
    assert.match(String(reason), /lease/)
    assert.deepEqual(states(scene, 'b'), ['pending'])
    assert.ok(scene.events.includes('effect.superseded'))
  })

  it('tells a claim from an earlier one of the same owner, and from one that was given up', async () => {
    await using scene = openScene()
    const claims = openClaims(scene, { owner: 'me', kinds: ['pay'], leaseMs: 1000 })
    scene.add('a')
    const [first] = claims.claim(1, [])
    await scene.clock.advance(1001)
    const [second] = claims.claim(1, [])
    assert.equal(claims.finish(first!), false)
    assert.equal(claims.releaseOwn(), 1)
    assert.equal(claims.finish(second!), false)
    assert.deepEqual(states(scene, 'a'), ['pending'])
  })

  it('is not confused when its own lease seems over because the clock jumped', async () => {
    await using scene = openScene()
    let calls = 0
    const { promise, resolve } = Promise.withResolvers<void>()
    scene.add('a')
    await using _dispatcher = scene.dispatch(async () => {
      calls += 1
      await promise
    })
    await scene.settle()
    scene.jump(100 * limits.outboxLeaseMs)
    scene.add('b')
    await scene.settle()
    resolve()
    await scene.settle()
    assert.equal(calls, 2)
    assert.deepEqual(states(scene, 'a', 'b'), ['done', 'done'])
  })

  it('closes by aborting its handlers and gives their rows back untried', async () => {
    await using scene = openScene()
    scene.add('a')
    {
      await using _dispatcher = scene.dispatch(async (_effect, signal) => scene.clock.sleep(durationMs(1e9), signal))
      await scene.settle()
    }
    const row = scene.db.reader.all('SELECT state, attempts, owner, lease_until FROM outbox')
    assert.deepEqual(row, [{ state: 'pending', attempts: 0, owner: null, lease_until: null }])
    assert.equal(scene.clock.waiting(), 0)
    scene.add('b')
    await scene.clock.advance(limits.outboxIdleMs)
    assert.deepEqual(states(scene, 'b'), ['pending'])
  })

  it('does not wait for ever for a handler that ignores its signal', async () => {
    await using scene = openScene()
    scene.add('a')
    const dispatcher = scene.dispatch(async () => Promise.withResolvers<void>().promise)
    await scene.settle()
    await scene.clock.runUntil((async () => dispatcher[Symbol.asyncDispose]())())
    assert.ok(scene.events.includes('outbox.abandoned'))
  })

  it('gives up a row whose handler ends the process every time', async () => {
    await using scene = openScene()
    scene.add('poison')
    for (let life = 0; life < 3; life += 1) {
      const claims = openClaims(scene, { owner: 'me', kinds: ['pay'], leaseMs: 1 })
      claims.releaseOwn()
      assert.equal(claims.claim(1, []).length, 1)
    }
    await using _dispatcher = scene.dispatch(async () => assert.fail('not a fourth time'), { attempts: 3 })
    await scene.settle()
    assert.deepEqual(states(scene, 'poison'), ['stuck'])
  })

  it('forgets done rows after their time, not before', async () => {
    await using scene = openScene()
    scene.add('a')
    await using _dispatcher = scene.dispatch(async () => undefined)
    await scene.settle()
    scene.jump(limits.outboxKeepMs - 2 * limits.outboxIdleMs)
    await scene.clock.advance(limits.outboxIdleMs)
    assert.deepEqual(states(scene, 'a'), ['done'])
    scene.jump(limits.outboxPruneMs)
    await scene.clock.advance(limits.outboxIdleMs)
    assert.deepEqual(states(scene, 'a'), [undefined])
  })

  it('comes to rest when there is nothing to do', async () => {
    await using scene = openScene()
    await using _dispatcher = scene.dispatch(async () => undefined)
    scene.add('a')
    await scene.settle()
    let commits = 0
    using _listening = scene.db.onCommit(() => (commits += 1))
    await scene.clock.advance(limits.outboxIdleMs * 3)
    assert.equal(commits, 0)
  })
})
