import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Network, StreamHandler } from '@assay/core'
import { asHash, isMarketError, type Address, type PrivateKey } from '@assay/protocol'
import { createFakeClock, type FakeClock } from './fake-clock.ts'
import { createNetworkHub, type NetworkHub } from './fake-network.ts'
import { networkCompliance } from './network-compliance.ts'

let keys = 0
const nextKey = (): PrivateKey => {
  keys += 1
  return asHash<PrivateKey>(`0x${keys.toString(16).padStart(64, '0')}`)
}

networkCompliance('fake', async () => {
  const hub = createNetworkHub(createFakeClock())
  const nodes: Network[] = []
  return {
    async open(options = {}) {
      const node = hub.open(nextKey(), options)
      nodes.push(node)
      return node
    },
    async [Symbol.asyncDispose]() {
      for (const node of nodes) await node[Symbol.asyncDispose]()
      assert.equal(hub.openStreams(), 0)
    },
  }
})

describe('the faults of a fake network', () => {
  it('delays frames by the clock, in order', async () => {
    const { hub, clock, client, server } = await market()
    hub.intercept(({ index }) => ({ kind: 'deliver', delayMs: index === 0 ? 500 : 0 }))
    const stream = await client.open(server.self.publicKey, '/assay/echo/1', never)
    for (const size of [1, 2]) await stream.send(new Uint8Array(size), never)
    let heard = 0
    const first = stream.receive(never).then((frame) => {
      heard += 1
      return frame
    })
    await clock.advance(999)
    assert.equal(heard, 0)
    await clock.advance(1)
    assert.equal((await first)?.length, 1)
    assert.equal((await stream.receive(never))?.length, 2)
  })

  it('cuts a stream at a chosen frame', async () => {
    const { hub, client, server } = await market()
    hub.intercept(({ index, to }) =>
      index === 1 && to === server.self.address ? { kind: 'cut' } : { kind: 'deliver', delayMs: 0 },
    )
    const stream = await client.open(server.self.publicKey, '/assay/echo/1', never)
    await stream.send(new Uint8Array(1), never)
    assert.equal((await stream.receive(never))?.length, 1)
    const answer = stream.receive(never)
    await stream.send(new Uint8Array(2), never).catch(isClosed)
    await assert.rejects(answer, isClosed)
    assert.equal(hub.openStreams(), 0)
  })

  it('keeps partitioned nodes apart until they heal', async () => {
    const { hub, client, server } = await market()
    const stream = await client.open(server.self.publicKey, '/assay/echo/1', never)
    hub.partition(client.self.address, server.self.address)
    await assert.rejects(stream.receive(never), isClosed)
    assert.deepEqual(client.connected(), [])
    await assert.rejects(client.open(server.self.publicKey, '/assay/echo/1', never))
    hub.heal()
    assert.deepEqual(client.connected(), [server.self])
  })

  it('lists a closed node until its record expires', async () => {
    const { clock, client, server, open } = await market()
    const third = open([...server.addresses()])
    await third.announce(['assay/1/class/d1'], never)
    await third[Symbol.asyncDispose]()
    assert.deepEqual(await names(client), [third.self.address])
    await clock.advance(15 * 60_000)
    assert.deepEqual(await names(client), [])
  })
})

interface Market {
  readonly hub: NetworkHub
  readonly clock: FakeClock
  readonly server: Network
  readonly client: Network
  readonly open: (bootstrap: readonly string[]) => Network
}

/** A server that echoes and a client that knows it. */
async function market(): Promise<Market> {
  const clock = createFakeClock()
  const hub = createNetworkHub(clock)
  const open = (bootstrap: readonly string[]): Network => hub.open(nextKey(), { bootstrap })
  const server = open([])
  await server.handle('/assay/echo/1', echo)
  return { hub, clock, server, client: open([...server.addresses()]), open }
}

const echo: StreamHandler = async (stream, _remote, signal) => {
  for (let frame = await stream.receive(signal); frame !== undefined; frame = await stream.receive(signal))
    await stream.send(frame, signal)
}

async function names(node: Network): Promise<readonly Address[]> {
  const found: Address[] = []
  for await (const { address } of node.find('assay/1/class/d1', { limit: 5 }, never)) found.push(address)
  return found
}

const isClosed = (error: unknown): boolean => isMarketError(error) && error.code === 'stream-closed'
const never = new AbortController().signal
