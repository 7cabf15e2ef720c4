/** Regression tests for library defaults that would break a market, and for peers that do not play by the rules. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { lpStream } from '@libp2p/utils'
import { multiaddr } from '@multiformats/multiaddr'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import type { Libp2p } from '@libp2p/interface'
import type { Network, Peer, StreamHandler } from '@assay/core'
import { isMarketError, limits } from '@assay/protocol'
import { networkLimits, type NetworkLimits, type NetworkLog } from '../src/index.ts'
import { createNode, type Node, type SecureChannel } from '../src/libp2p-node.ts'
import { toLibp2pKey } from '../src/identity.ts'
import { createKey, openMarket } from './open-market.ts'

const echo = '/assay/echo/1'
const key = 'assay/1/class/d1'

describe('discovery', { timeout: 120_000 }, () => {
  it('crosses seven nodes that share only a bootstrap peer', async () => {
    await using market = openMarket()
    const hub = await market.open()
    const bootstrap = [...hub.addresses()]
    const others = await Promise.all(Array.from({ length: 4 }, async () => market.open({ bootstrap })))
    const provider = await market.open({ bootstrap })
    await provider.announce([key], deadline())
    const searcher = await market.open({ bootstrap, dhtMode: 'client', listens: false })
    assert.deepEqual(await findUntil(searcher, (peers) => peers.length === 1), [provider.self])
    for (const node of others) assert.deepEqual(await findUntil(node, (peers) => peers.length === 1), [provider.self])
  })

  it('keeps a record while its provider lives and drops it soon after', async () => {
    await using market = openMarket({ limits: { recordValidityMs: 3000, recordRenewMs: 2400, recordSweepMs: 200 } })
    const hub = await market.open()
    const bootstrap = [...hub.addresses()]
    const [provider, searcher] = [await market.open({ bootstrap }), await market.open({ bootstrap, listens: false })]
    await provider.announce([key], deadline())
    await findUntil(searcher, (peers) => peers.length === 1)
    const end = performance.now() + 4000
    while (performance.now() < end) {
      assert.deepEqual(await collect(searcher), [provider.self])
      await setTimeout(100)
    }
    await provider[Symbol.asyncDispose]()
    await findUntil(searcher, (peers) => peers.length === 0)
  })

  it('survives the restart of a bootstrap peer: records are published again', async () => {
    let published = 0
    const note = (_fields: object, event: string): void => {
      if (event === 'key.published') published += 1
    }
    await using market = openMarket({ limits: { retryFirstMs: 50, retryLongestMs: 200 } })
    const privateKey = createKey()
    const [hub, other] = [await market.open({ privateKey }), await market.open()]
    const [address = ''] = hub.addresses()
    const log: NetworkLog = { debug: () => undefined, info: note, warn: note }
    const provider = await market.open({ bootstrap: [address, ...other.addresses()], log })
    await until(() => provider.connected().length === 2)
    await provider.announce([key], deadline())
    await until(() => published > 0)
    await hub[Symbol.asyncDispose]()
    await until(() => provider.connected().length === 1)
    const before = published
    const again = await market.open({ privateKey, listen: [address.replace(/\/p2p\/.*/, '')] })
    await until(() => published > before)
    assert.deepEqual(await findUntil(again, (peers) => peers.length === 1), [provider.self])
  })

  it('starts without the bootstrap peer and says so in its log', async () => {
    const events: string[] = []
    const note = (_fields: object, event: string): void => void events.push(event)
    const log: NetworkLog = { debug: () => undefined, info: note, warn: note }
    await using market = openMarket({ limits: { retryFirstMs: 50, retryLongestMs: 100, provideMs: 300 } })
    const gone = await market.open()
    const bootstrap = [...gone.addresses()]
    await gone[Symbol.asyncDispose]()
    const node = await market.open({ bootstrap, log })
    await node.announce([key], deadline())
    await until(() => events.includes('bootstrap.unreachable') && events.includes('keys.pending'))
    assert.deepEqual(await collect(node), [])
  })
})

describe('connections', { timeout: 120_000 }, () => {
  it('come in many at once from one host', async () => {
    await using market = openMarket()
    const hub = await market.open()
    await hub.handle(echo, echoAll)
    const clients = await Promise.all(Array.from({ length: 16 }, async () => market.open({ listens: false })))
    const [address = ''] = hub.addresses()
    await Promise.all(clients.map(async (client) => client.connect(address, deadline())))
    await until(() => hub.connected().length === 16)
  })

  it('need an address that is free', async () => {
    await using market = openMarket()
    const [address = ''] = (await market.open()).addresses()
    const listen = [address.replace(/\/p2p\/.*/, '')]
    await assert.rejects(market.open({ listen }), (error) => hasCode(error, 'config-invalid'))
    await assert.rejects(market.open({ bootstrap: ['nowhere'] }), (error) => hasCode(error, 'config-invalid'))
  })

  it('use tls, or noise with a peer that has nothing else', async () => {
    const nodeOf = async (secureChannels: readonly SecureChannel[]): Promise<Node> => {
      const node = await createNode({
        privateKey: createKey(),
        listen: ['/ip4/127.0.0.1/tcp/0'],
        advertise: [],
        dhtMode: 'server',
        privateNetwork: true,
        secureChannels,
        kBucketSize: 8,
        bounds: networkLimits,
      })
      await node.start()
      return node
    }
    const [first, second, noiseOnly] = await Promise.all([
      nodeOf(['tls', 'noise']),
      nodeOf(['tls', 'noise']),
      nodeOf(['noise']),
    ])
    try {
      assert.match((await first.dial(second.getMultiaddrs())).encryption ?? '', /tls/)
      assert.match((await first.dial(noiseOnly.getMultiaddrs())).encryption ?? '', /noise/)
      assert.match((await noiseOnly.dial(second.getMultiaddrs())).encryption ?? '', /noise/)
    } finally {
      await Promise.all([first, second, noiseOnly].map(async (node) => node.stop()))
    }
  })

  it('are refused to peers whose key is not an operator key', async () => {
    await using market = openMarket()
    const hub = await market.open()
    await hub.handle(echo, echoAll)
    const stranger = await createLibp2p(plain)
    try {
      await assert.rejects(async () => {
        const connection = await stranger.dial(multiaddr(hub.addresses()[0]))
        await connection.newStream(echo)
      })
      assert.deepEqual(hub.connected(), [])
    } finally {
      await stranger.stop()
    }
  })
})

describe('streams', { timeout: 120_000 }, () => {
  it('carry the same bytes as length-prefixed streams of libp2p', async () => {
    await using rogue = await openRogue(echoAll)
    const stream = lpStream(await rogue.dial())
    await stream.write(new Uint8Array(300).fill(5))
    assert.deepEqual(Uint8Array.from((await stream.read()).subarray()), new Uint8Array(300).fill(5))
  })

  it('are reset when a frame is too large', async () => {
    const { promise: failure, resolve } = Promise.withResolvers<unknown>()
    await using rogue = await openRogue(async (stream, _remote, signal) => {
      await stream.receive(signal).catch(resolve)
    })
    const stream = lpStream(await rogue.dial())
    await Promise.allSettled([stream.write(new Uint8Array(limits.frameBytes + 1))])
    assert.ok(hasCode(await failure, 'message-too-large'))
    await assert.rejects(stream.read({ signal: deadline() }))
  })

  it('do not end cleanly within a frame', async () => {
    const { promise: failure, resolve } = Promise.withResolvers<unknown>()
    await using rogue = await openRogue(async (stream, _remote, signal) => {
      await stream.receive(signal).catch(resolve)
    })
    const stream = await rogue.dial()
    stream.send(Uint8Array.of(10, 1, 2, 3))
    await stream.close()
    assert.ok(hasCode(await failure, 'stream-closed'))
  })

  it('are reset when the dialler stays silent', async () => {
    await using rogue = await openRogue(echoAll, { firstFrameMs: 100 })
    const stream = await rogue.dial()
    await until(() => stream.status === 'reset')
  })

  it('are reset when their handler takes too long', async () => {
    await using rogue = await openRogue(async () => Promise.withResolvers<void>().promise, { handlerMs: 100 })
    const stream = await rogue.dial()
    await until(() => stream.status === 'reset')
  })

  it('are limited for each peer', async () => {
    await using market = openMarket({ limits: { inboundStreamsPerPeer: 2 } })
    const [server, client] = [await market.open(), await market.open()]
    await server.handle(echo, echoAll)
    await server.handle('/assay/other/1', echoAll)
    await client.connect(server.addresses()[0] ?? '', deadline())
    const streams = [
      await client.open(server.self.publicKey, echo, deadline()),
      await client.open(server.self.publicKey, '/assay/other/1', deadline()),
    ]
    for (const stream of streams) assert.deepEqual(await ask(stream), Uint8Array.of(1))
    const third = await client.open(server.self.publicKey, echo, deadline())
    await assert.rejects(ask(third), (error) => hasCode(error, 'stream-closed'))
    await streams[0]?.end()
    assert.equal(await streams[0]?.receive(deadline()), undefined)
    await until(async () => {
      const next = await client.open(server.self.publicKey, echo, deadline())
      return ask(next).then(
        () => true,
        () => false,
      )
    })
  })

  it('whose dialler never ends them are taken back after the handler has returned', async () => {
    await using rogue = await openRogue(
      async (stream, _remote, signal) => {
        await stream.receive(signal)
      },
      { lingerMs: 100 },
    )
    const stream = await rogue.dial()
    stream.send(Uint8Array.of(1, 1))
    await until(() => stream.status === 'reset')
  })

  it('hold a burst that arrives before the handler does', async () => {
    const { promise: sizes, resolve } = Promise.withResolvers<readonly number[]>()
    await using rogue = await openRogue(async (stream, _remote, signal) => {
      const heard: number[] = []
      for (let frame = await stream.receive(signal); frame !== undefined; frame = await stream.receive(signal))
        heard.push(frame.length)
      resolve(heard)
    })
    const stream = lpStream(await rogue.dial())
    const sent = [limits.frameBytes, limits.frameBytes, limits.frameBytes]
    for (const size of sent) await stream.write(new Uint8Array(size), { signal: deadline() })
    await stream.unwrap().close({ signal: deadline() })
    assert.deepEqual(await sizes, sent)
  })
})

const plain = {
  transports: [tcp()],
  connectionEncrypters: [noise()],
  streamMuxers: [yamux()],
  connectionMonitor: { enabled: false },
}

interface Rogue extends AsyncDisposable {
  /** A raw stream to the handler. */
  dial(): ReturnType<Libp2p['dialProtocol']>
}

/** An operator with a libp2p of its own, and a server of ours that it can bother. */
async function openRogue(handler: StreamHandler, bounds: Partial<NetworkLimits> = {}): Promise<Rogue> {
  const market = openMarket({ limits: bounds })
  const server = await market.open()
  await server.handle(echo, handler)
  const rogue = await createLibp2p({ ...plain, privateKey: toLibp2pKey(createKey()) })
  return {
    dial: async () => rogue.dialProtocol(multiaddr(server.addresses()[0]), echo),
    async [Symbol.asyncDispose]() {
      await rogue.stop()
      await market[Symbol.asyncDispose]()
    },
  }
}

const echoAll: StreamHandler = async (stream, _remote, signal) => {
  for (let frame = await stream.receive(signal); frame !== undefined; frame = await stream.receive(signal))
    await stream.send(frame, signal)
}

async function ask(stream: Awaited<ReturnType<Network['open']>>): Promise<Uint8Array | undefined> {
  await stream.send(Uint8Array.of(1), deadline())
  return stream.receive(deadline())
}

async function collect(node: Network): Promise<readonly Peer[]> {
  const found: Peer[] = []
  for await (const peer of node.find(key, { limit: 10 }, deadline())) found.push(peer)
  return found
}

async function findUntil(node: Network, wanted: (peers: readonly Peer[]) => boolean): Promise<readonly Peer[]> {
  let found: readonly Peer[] = []
  await until(async () => {
    found = await collect(node)
    return wanted(found)
  })
  return found
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = deadline()
  while (!(await condition())) await setTimeout(20, undefined, { signal: end })
}

const hasCode = (error: unknown, code: string): boolean => isMarketError(error) && error.code === code
const deadline = (): AbortSignal => AbortSignal.timeout(60_000)
