import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import type { Hex } from 'viem'
import {
  followEvents,
  type ChainCursor,
  type EventSource,
  type FollowOptions,
  type FollowStep,
} from '../src/follow-events.ts'
import type { MarketEvent } from '../src/market-events.ts'
import { until, type Wire } from './lab.ts'
import { hashOf, nameOf, openMarketLab, type MarketLab } from './open-market-lab.ts'

const never = new AbortController().signal
const pass: Wire = (_method, _params, next) => next()
const quick = { pauseMs: 1 }

/** What a caller keeps: events and cursor, changed together. */
interface Book {
  events: readonly MarketEvent[]
  cursor: ChainCursor | undefined
  rollbacks: number
  steps: number
}
const emptyBook = (): Book => ({ events: [], cursor: undefined, rollbacks: 0, steps: 0 })

function write(book: Book, step: FollowStep): void {
  if (step.kind === 'rollback') {
    book.rollbacks++
    book.events = book.events.filter(({ block }) => block <= step.cursor.block)
  } else book.events = [...book.events, ...step.events]
  book.cursor = step.cursor
  book.steps++
}

/** Follows until the book is as wanted. */
async function follow(
  book: Book,
  source: EventSource,
  options: FollowOptions,
  isDone: (book: Book) => boolean | Promise<boolean>,
): Promise<Book> {
  const at = book.cursor === undefined ? options : { ...options, cursor: book.cursor }
  for await (const step of followEvents(source, at, never)) {
    write(book, step)
    if (await isDone(book)) break
  }
  return book
}

const reached =
  (block: number) =>
  ({ cursor }: Book): boolean =>
    (cursor?.block ?? 0) >= block
const namesIn = ({ events }: Book): readonly (Hex | undefined)[] =>
  events.map(nameOf).filter((name) => name !== undefined)

describe('following the events of a market on a real chain', () => {
  let lab: MarketLab
  let snapshot: unknown
  before(async () => void (lab = await openMarketLab()))
  beforeEach(async () => {
    if (snapshot !== undefined) await lab.rpc('evm_revert', snapshot)
    snapshot = await lab.rpc('evm_snapshot')
  })
  after(() => lab[Symbol.asyncDispose]())

  const head = async (): Promise<number> => Number(await lab.client.getBlockNumber())
  /** Blocks with none, one or more events; returns all names in their order. */
  async function emitMany(prefix: string, blocks: number): Promise<readonly Hex[]> {
    const all: string[] = []
    for (let block = 0; block < blocks; block++) {
      const names = Array.from({ length: block % 3 }, (_, index) => `${prefix} ${block}.${index}`)
      await lab.emit(...names)
      all.push(...names)
    }
    return all.map(hashOf)
  }

  it('gives every event once, in order, decoded, for any width of search', async () => {
    const names = await emitMany('a', 12)
    const end = await head()
    for (const range of [1, 2, 5, 1000]) {
      const book = await follow(emptyBook(), lab.source(pass), { ...quick, range }, reached(end))
      assert.deepEqual(namesIn(book), names)
      assert.equal(book.events[0]?.block, lab.fromBlock + 4)
      const first = book.events.find(({ eventName }) => eventName === 'OperatorRegistered')
      assert.ok(first?.contract === 'stakes' && first.eventName === 'OperatorRegistered')
      assert.deepEqual([first.args.index, first.args.roles], [1, 1])
      const places = book.events.map(({ block, logIndex }) => block * 1000 + logIndex)
      assert.deepEqual(
        places,
        [...new Set(places)].toSorted((a, b) => a - b),
      )
      assert.deepEqual(book.cursor, { block: end, hash: (await lab.client.getBlock()).hash, final: end })
    }
  })

  it('goes on from the cursor after any step, without losing or repeating an event', async () => {
    const names = await emitMany('b', 9)
    const end = await head()
    for (let stop = 1; ; stop++) {
      const book = await follow(emptyBook(), lab.source(pass), { range: 2 }, ({ steps }) => steps === stop)
      if (reached(end)(book)) break
      await follow(book, lab.source(pass), { range: 3 }, reached(end))
      assert.deepEqual(namesIn(book), names)
    }
  })

  it('waits until blocks are final', async () => {
    const names = await emitMany('c', 6)
    const end = await head()
    const finality = { confirmations: 4 }
    const book = await follow(emptyBook(), lab.source(pass), { finality }, reached(end - 4))
    assert.equal(book.cursor?.block, end - 4)
    assert.ok(namesIn(book).length < names.length)
    const rest = follow(book, lab.source(pass), { finality }, reached(end))
    await lab.mine(4)
    assert.deepEqual(namesIn(await rest), names)
  })

  it('counts confirmations where the node does not know the tag', async () => {
    const answers = [
      () => Promise.reject(Object.assign(new Error('unknown block tag'), { code: -32602 })),
      () => Promise.reject(Object.assign(new Error('finalized block not found'), { code: -32000 })),
      () => Promise.resolve(null),
    ]
    for (const [index, answer] of answers.entries()) {
      const wire: Wire = (method, params, next) =>
        method === 'eth_getBlockByNumber' && params[0] === 'finalized' ? answer() : next()
      await lab.emit(`deep ${index}`)
      const at = await head()
      await lab.mine(512)
      await lab.emit(`shallow ${index}`)
      const book = await follow(emptyBook(), lab.source(wire), { ...quick, range: 1000 }, reached(at + 1))
      assert.ok(namesIn(book).includes(hashOf(`deep ${index}`)))
      assert.ok(!namesIn(book).includes(hashOf(`shallow ${index}`)))
      assert.equal(book.cursor?.block, at + 1)
    }
  })

  it('halves the range as often as the node refuses it, and finds everything', async () => {
    const names = await emitMany('d', 20)
    const end = await head()
    for (const limit of [1, 3, 7]) {
      const widths: number[] = []
      const wire: Wire = (method, params, next) => {
        if (method !== 'eth_getLogs') return next()
        const { fromBlock, toBlock } = params[0] as { fromBlock: string; toBlock: string }
        widths.push(Number(toBlock) - Number(fromBlock) + 1)
        if (widths.at(-1)! <= limit) return next()
        return Promise.reject(Object.assign(new Error(`range exceeds limit of ${limit}`), { code: -32602 }))
      }
      const book = await follow(emptyBook(), lab.source(wire), { ...quick, range: 1000 }, reached(end))
      assert.deepEqual(namesIn(book), names)
      assert.ok(widths.some((width) => width > limit) && widths.some((width) => width <= limit))
    }
  })

  it('loses nothing when any one call fails, or every seventh', async () => {
    const names = await emitMany('e', 8)
    const end = await head()
    let seen = Infinity
    for (let at = 1; at <= seen; at++) {
      let calls = 0
      const wire: Wire = (_method, _params, next) => (++calls === at ? Promise.reject(new Error('cut')) : next())
      const book = await follow(emptyBook(), lab.source(wire), { ...quick, range: 3 }, reached(end))
      assert.deepEqual(namesIn(book), names, `call ${at}`)
      seen = Math.min(seen, calls)
    }
    assert.ok(seen > 10)
    let calls = 0
    const flaky: Wire = (_method, _params, next) => (++calls % 7 === 0 ? Promise.reject(new Error('cut')) : next())
    const book = await follow(emptyBook(), lab.source(flaky, flaky), { ...quick, range: 3 }, reached(end))
    assert.deepEqual(namesIn(book), names)
  })

  it('leaves a dead node for the next one, and says when none answers', async () => {
    const names = await emitMany('f', 5)
    const end = await head()
    const dead: Wire = () => Promise.reject(new Error('away'))
    const book = await follow(emptyBook(), lab.source(dead, pass), quick, reached(end))
    assert.deepEqual(namesIn(book), names)
    const nobody = follow(emptyBook(), lab.source(dead, dead), { ...quick, failures: 5 }, () => true)
    await assert.rejects(nobody, { code: 'rpc-unavailable' })
  })

  it('does not believe a node that hangs behind or answers with something else', async () => {
    const names = await emitMany('g', 8)
    const end = await head()
    // It knows the last blocks from hearsay only: no headers, and their events are silently missing.
    const behind: Wire = async (method, params, next) => {
      if (method === 'eth_getBlockByNumber' && Number(params[0]) > end - 3) return null
      const answer = await next()
      if (method !== 'eth_getLogs') return answer
      return (answer as { blockNumber: string }[]).filter(({ blockNumber }) => Number(blockNumber) <= end - 3)
    }
    const book = await follow(emptyBook(), lab.source(behind, pass), quick, reached(end))
    assert.deepEqual(namesIn(book), names)
    for (const spoil of [
      (logs: object[]) => [...logs, ...logs],
      (logs: object[]) => logs.map((log) => ({ ...log, blockNumber: '0x1' })),
      (logs: object[]) => logs.map((log) => ({ ...log, address: lab.token })),
      (logs: object[]) => logs.map((log) => ({ ...log, removed: true })),
    ]) {
      const liar: Wire = async (method, _params, next) => {
        const answer = await next()
        return method === 'eth_getLogs' ? spoil(answer as object[]) : answer
      }
      const told = await follow(emptyBook(), lab.source(liar, pass), quick, reached(end))
      assert.deepEqual(namesIn(told), names)
      const alone = follow(emptyBook(), lab.source(liar), { ...quick, failures: 3 }, () => true)
      await assert.rejects(alone, { code: 'rpc-unavailable' })
    }
  })

  it('stops at an event that nobody knows, and at a cursor of another chain', async () => {
    await emitMany('h', 3)
    const strange: Wire = async (method, _params, next) => {
      const answer = await next()
      if (method !== 'eth_getLogs') return answer
      return (answer as { topics: string[] }[]).map((log) => ({ ...log, topics: [hashOf('Strange()')] }))
    }
    await assert.rejects(
      follow(emptyBook(), lab.source(strange), quick, () => true),
      { code: 'chain-mismatch' },
    )
    const block = await head()
    const book = { ...emptyBook(), cursor: { block, hash: hashOf('elsewhere'), final: block } }
    for (const mode of ['final', 'latest'] as const)
      await assert.rejects(
        follow(book, lab.source(pass), { ...quick, mode }, () => true),
        { code: 'chain-mismatch' },
      )
  })

  it('ends with the reason of its signal', async () => {
    const controller = new AbortController()
    const steps = followEvents(lab.source(pass), quick, controller.signal)
    await steps.next()
    const waiting = steps.next()
    const reason = new Error('enough')
    controller.abort(reason)
    await assert.rejects(waiting, reason)
  })

  describe('with the newest blocks', () => {
    const latest = { ...quick, mode: 'latest', finality: { confirmations: 6 }, range: 4 } as const

    it('gives them as they come', async () => {
      const names = await emitMany('i', 9)
      const book = await follow(emptyBook(), lab.source(pass), latest, reached(await head()))
      assert.deepEqual(namesIn(book), names)
      assert.equal(book.cursor?.final, (await head()) - 6)
      assert.equal(book.rollbacks, 0)
    })

    it('rolls back to where a reorganisation began, however deep, and follows the new blocks', async () => {
      for (const depth of [1, 2, 4]) {
        const before = await emitMany(`j ${depth}`, 8)
        const fork = await head()
        const inner = await lab.rpc('evm_snapshot')
        for (let block = 0; block < depth; block++) await lab.emit(`orphan ${depth} ${block}`)
        const book = emptyBook()
        let kept: readonly Hex[] = []
        let back: number | undefined
        const isDone = async ({ cursor, rollbacks }: Book): Promise<boolean> => {
          if (rollbacks === 1) back ??= cursor?.block
          if (rollbacks === 0 && cursor!.block === fork + depth) {
            await lab.rpc('evm_revert', inner)
            for (let block = 0; block <= depth; block++) {
              await lab.emit(`kept ${depth} ${block}`)
              kept = [...kept, hashOf(`kept ${depth} ${block}`)]
            }
          }
          return rollbacks > 0 && cursor!.block === fork + depth + 1
        }
        await follow(book, lab.source(pass), latest, isDone)
        assert.equal(back, fork)
        assert.equal(book.rollbacks, 1)
        assert.deepEqual(namesIn(book).slice(-before.length - kept.length), [...before, ...kept])
      }
    })

    it('rolls back to what was final when the reorganisation happened while nobody looked', async () => {
      await emitMany('k', 8)
      const fork = await head()
      const inner = await lab.rpc('evm_snapshot')
      await lab.emit('orphan', 'orphan too')
      const book = await follow(emptyBook(), lab.source(pass), latest, reached(fork + 1))
      assert.ok(namesIn(book).includes(hashOf('orphan')))
      const { final } = book.cursor!
      assert.equal(final, fork + 1 - 6)
      await lab.rpc('evm_revert', inner)
      // Longer than all that could be taken back: the old block is not only replaced but the new one is final.
      await lab.emit('kept')
      await lab.mine(9)
      let back: number | undefined
      await follow(book, lab.source(pass), latest, ({ cursor, rollbacks }) => {
        if (rollbacks === 1) back ??= cursor!.block
        return cursor!.block === fork + 10
      })
      assert.equal(back, final)
      assert.equal(book.rollbacks, 1)
      const truth = await follow(emptyBook(), lab.source(pass), latest, reached(fork + 10))
      assert.deepEqual(book.events, truth.events)
      assert.deepEqual(book.cursor, truth.cursor)
    })

    it('survives reorganisations drawn from a seed, with restarts in between', async () => {
      let seed = 7
      const draw = (below: number): number => {
        seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff
        return (seed >> 8) % below
      }
      const book = emptyBook()
      let made = 0
      for (let round = 0; round < 12; round++) {
        const inner = await lab.rpc('evm_snapshot')
        const blocks = 1 + draw(5)
        for (let block = 0; block < blocks; block++)
          await lab.emit(...Array.from({ length: draw(3) }, () => `name ${made++}`))
        const stop = (await head()) - draw(2)
        if ((book.cursor?.block ?? 0) < stop) await follow(book, lab.source(pass), latest, reached(stop))
        if (draw(2) === 0) {
          await lab.rpc('evm_revert', inner)
          for (let block = 0; block < 6; block++) await lab.emit(`after ${made++}`)
        }
      }
      await lab.emit('end')
      const end = await head()
      const isEnd = async ({ cursor }: Book): Promise<boolean> =>
        cursor?.block === end && cursor.hash === (await lab.client.getBlock()).hash
      await follow(book, lab.source(pass), latest, isEnd)
      const truth = await follow(
        emptyBook(),
        lab.source(pass),
        { ...quick, finality: { confirmations: 0 } },
        reached(end),
      )
      assert.deepEqual(book.events, truth.events)
      assert.ok(book.rollbacks > 1)
    })
  })

  it('goes on with what another node has while its own stands still', async () => {
    await emitMany('l', 3)
    const end = await head()
    const frozen: Wire = (method, params, next) => {
      if (method !== 'eth_getBlockByNumber') return next()
      const asked = params[0] === 'finalized' || params[0] === 'latest' ? [`0x${end.toString(16)}`, false] : params
      return Number(asked[0]) > end ? Promise.resolve(null) : lab.rpc(method, ...asked)
    }
    const book = emptyBook()
    const following = follow(book, lab.source(frozen, pass), quick, reached(end + 1))
    await until(() => (book.cursor?.block ?? 0) === end)
    await lab.emit('news')
    assert.ok(namesIn(await following).includes(hashOf('news')))
  })
})
