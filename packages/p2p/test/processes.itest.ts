/** Nodes in separate processes: found through a shared bootstrap peer, busy, frozen, killed. */
import assert from 'node:assert/strict'
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import type { Network, Peer } from '@assay/core'
import { isMarketError } from '@assay/protocol'
import type { Order, Ready } from './node-process.ts'
import { openMarket } from './open-market.ts'

describe('nodes in processes of their own', { timeout: 120_000 }, () => {
  it('are found, spoken to, and missed when killed', async () => {
    await using market = openMarket()
    const hub = await market.open()
    await using provider = await startProcess(hub)
    const searcher = await market.open({ bootstrap: [...hub.addresses()], listens: false })
    const peer = await findOne(searcher)
    assert.equal(peer.address, provider.ready.address)
    const stream = await searcher.open(peer.publicKey, '/assay/echo/1', deadline())
    await stream.send(Uint8Array.of(1, 2), deadline())
    assert.deepEqual(await stream.receive(deadline()), Uint8Array.of(1, 2))

    const broken = assert.rejects(stream.receive(deadline()), isClosed)
    provider.child.kill('SIGKILL')
    await broken
    await until(() => !searcher.connected().some(({ address }) => address === peer.address))
    await assert.rejects(
      searcher.open(peer.publicKey, '/assay/echo/1', deadline()),
      (error) => isMarketError(error) && error.code === 'peer-unreachable',
    )
    // It is still listed: the DHT is a hint. The search itself must not fail on it.
    for await (const found of searcher.find('assay/1/class/d1', { limit: 5 }, deadline()))
      assert.equal(found.address, peer.address)
  })

  it('may send faster than we read', async () => {
    await using market = openMarket()
    const hub = await market.open()
    await using provider = await startProcess(hub)
    const { publicKey } = await hub.connect(provider.ready.addresses[0] ?? '', deadline())
    const stream = await hub.open(publicKey, '/assay/flood/1', deadline())
    await stream.send(Uint8Array.of(1), deadline())
    for (let i = 0; i < 64; i++) {
      const frame = await stream.receive(deadline())
      assert.deepEqual([frame?.length, frame?.[0], frame?.at(-1)], [1024 * 1024, i, i])
      await setTimeout(10)
    }
    assert.equal(await stream.receive(deadline()), undefined)
  })

  it('stay connected through a busy event loop', async () => {
    await using market = openMarket({ limits: { probeMs: 400, probeStrikes: 10 } })
    const hub = await market.open()
    await using provider = await startProcess(hub)
    await until(() => hub.connected().length === 1)
    const [peer] = hub.connected()
    assert.ok(peer)
    const stream = await hub.open(peer.publicKey, '/assay/echo/1', deadline())
    provider.tell({ kind: 'block', ms: 1200 })
    await stream.send(Uint8Array.of(1), deadline())
    assert.deepEqual(await stream.receive(deadline()), Uint8Array.of(1))
    await stream.end()
    assert.equal(await stream.receive(deadline()), undefined)
  })

  it('are given up when they freeze', async () => {
    await using market = openMarket({ limits: { probeMs: 100 } })
    const hub = await market.open()
    await using provider = await startProcess(hub)
    await until(() => hub.connected().length === 1)
    provider.child.kill('SIGSTOP')
    await until(() => hub.connected().length === 0)
    provider.child.kill('SIGCONT')
    await until(() => hub.connected().length === 1)
  })
})

interface Provider extends AsyncDisposable {
  readonly child: ChildProcess
  readonly ready: Ready
  tell(order: Order): void
}

async function startProcess(bootstrap: Network): Promise<Provider> {
  const child = fork(new URL('node-process.ts', import.meta.url), [...bootstrap.addresses()], { stdio: 'inherit' })
  const [ready] = (await once(child, 'message', { signal: deadline() })) as [Ready]
  return {
    child,
    ready,
    tell: (order) => child.send(order),
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.kill('SIGCONT')
      child.kill('SIGKILL')
      await gone
    },
  }
}

async function findOne(node: Network): Promise<Peer> {
  let found: Peer | undefined
  await until(async () => {
    for await (const peer of node.find('assay/1/class/d1', { limit: 1 }, deadline())) found = peer
    return found !== undefined
  })
  return found ?? assert.fail('nobody was found')
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = deadline()
  while (!(await condition())) await setTimeout(20, undefined, { signal: end })
}

const isClosed = (error: unknown): boolean => isMarketError(error) && error.code === 'stream-closed'
const deadline = (): AbortSignal => AbortSignal.timeout(60_000)
