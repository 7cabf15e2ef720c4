/** What every `Network` must do. Run on the fake and on libp2p alike. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import type { CapabilityKey, FrameStream, Network, Peer, StreamHandler } from '@assay/core'
import { deriveAddress, isMarketError, limits, type ErrorCode } from '@assay/protocol'

/** Nodes that can reach each other. Disposing it closes every node that it opened. */
export interface NetworkHarness extends AsyncDisposable {
  /** A node with a key of its own; it listens unless told not to. */
  open(options?: { readonly listens?: boolean; readonly bootstrap?: readonly string[] }): Promise<Network>
}

const echo = '/assay/echo/1'
const key: CapabilityKey = 'assay/1/image/sha256:1f2e'
const mebibyte = 1024 * 1024

/** Declares the suite under `name`; `open` gives an empty network. */
export function networkCompliance(name: string, open: () => Promise<NetworkHarness>): void {
  describe(`network compliance: ${name}`, { timeout: 180_000 }, () => {
    identitySuite(open)
    frameSuite(open)
    endingSuite(open)
    cancelSuite(open)
    discoverySuite(open)
  })
}

type Open = () => Promise<NetworkHarness>

function identitySuite(open: Open): void {
  it('proves to both sides who the other is', async () => {
    await using net = await open()
    const [server, client] = [await net.open(), await net.open()]
    const { promise: seen, resolve } = Promise.withResolvers<Peer>()
    await server.handle(echo, async (_stream, remote) => resolve(remote))
    const peer = await client.connect(first(server), deadline())
    const stream = await client.open(peer.publicKey, echo, deadline())
    await stream.end()
    assert.deepEqual(peer, server.self)
    assert.deepEqual(await seen, client.self)
    assert.equal(client.self.address, deriveAddress(client.self.publicKey))
    await until(() => server.connected().length === 1)
    assert.deepEqual([client.connected(), server.connected()], [[server.self], [client.self]])
  })

  it('opens streams back to a peer that listens nowhere', async () => {
    await using net = await open()
    const [server, client] = [await net.open(), await net.open({ listens: false })]
    await client.handle(echo, echoAll)
    await client.connect(first(server), deadline())
    assert.deepEqual(client.addresses(), [])
    await until(() => server.connected().length === 1)
    const stream = await server.open(client.self.publicKey, echo, deadline())
    assertBytes(await ask(stream, bytesOf(3)), bytesOf(3))
  })

  it('says when a peer cannot be reached and when it does not speak a protocol', async () => {
    await using net = await open()
    const [server, client, gone] = [await net.open(), await net.open(), await net.open()]
    const [address] = gone.addresses()
    await gone[Symbol.asyncDispose]()
    await rejectsWith('peer-unreachable', client.connect(address ?? '', deadline()))
    await rejectsWith('peer-unreachable', client.connect('not an address', deadline()))
    await client.connect(first(server), deadline())
    await rejectsWith('protocol-unsupported', client.open(server.self.publicKey, echo, deadline()))
    await rejectsWith('peer-unreachable', client.open(gone.self.publicKey, echo, deadline()))
    await rejectsWith('peer-unreachable', client.open(client.self.publicKey, echo, deadline()))
  })

  it('serves a protocol once', async () => {
    await using net = await open()
    const server = await net.open()
    await server.handle(echo, echoAll)
    await rejectsWith('internal', server.handle(echo, echoAll))
  })
}

function frameSuite(open: Open): void {
  it('carries frames of every size in order, up to the largest', async () => {
    await using net = await open()
    const [, , stream] = await pair(net, echoAll)
    for (const size of [0, 1, 127, 128, mebibyte, 4 * mebibyte - 1, 4 * mebibyte, 4 * mebibyte + 1, limits.frameBytes])
      assertBytes(await ask(stream, bytesOf(size)), bytesOf(size))
  })

  it('refuses to send a larger frame and goes on with the stream', async () => {
    await using net = await open()
    const [, , stream] = await pair(net, echoAll)
    await rejectsWith('message-too-large', stream.send(new Uint8Array(limits.frameBytes + 1), deadline()))
    assertBytes(await ask(stream, bytesOf(5)), bytesOf(5))
  })

  it('takes a frame as it was when it was sent', async () => {
    await using net = await open()
    const [, , stream] = await pair(net, echoAll)
    const frame = bytesOf(mebibyte)
    await stream.send(frame, deadline())
    frame.fill(0)
    assertBytes(await stream.receive(deadline()), bytesOf(mebibyte))
  })

  it('keeps many streams apart, in both directions', async () => {
    await using net = await open()
    const [server, client] = [await net.open(), await net.open()]
    await Promise.all([server.handle(echo, echoAll), client.handle(echo, echoAll)])
    await client.connect(first(server), deadline())
    await until(() => server.connected().length === 1)
    const talks = Array.from({ length: 20 }, async (_, i) => {
      const [from, to] = i % 2 === 0 ? [server, client] : [client, server]
      const stream = await from.open(to.self.publicKey, echo, deadline())
      for (let size = i; size < i + 5; size++) assertBytes(await ask(stream, bytesOf(size)), bytesOf(size))
      await stream.end()
      assert.equal(await stream.receive(deadline()), undefined)
    })
    await Promise.all(talks)
  })

  it('makes a sender wait for a reader that does not read, and loses nothing', async () => {
    await using net = await open()
    const { promise: gate, resolve: openGate } = Promise.withResolvers<undefined>()
    const { promise: sizes, resolve: done } = Promise.withResolvers<readonly number[]>()
    const [, , stream] = await pair(net, async (served) => {
      await gate
      done(await sizesOf(served))
    })
    const sent: number[] = []
    const patience = AbortSignal.timeout(500)
    await assert.rejects(async () => {
      for (let i = 0; i < 64; i++) {
        await stream.send(new Uint8Array(mebibyte + i), patience)
        sent.push(mebibyte + i)
      }
    })
    openGate(undefined)
    await stream.end()
    const heard = await sizes
    assert.deepEqual(heard.slice(0, sent.length), sent)
    assert.ok(heard.length <= sent.length + 1)
  })
}

function endingSuite(open: Open): void {
  it('lets the other side send after ours has ended', async () => {
    await using net = await open()
    const [, , stream] = await pair(net, async (served, _remote, signal) => {
      while ((await served.receive(signal)) !== undefined);
      for (const size of [1, 2, 3]) await served.send(bytesOf(size), signal)
    })
    await stream.send(bytesOf(9), deadline())
    await stream.end()
    assert.deepEqual(await sizesOf(stream), [1, 2, 3])
    assert.equal(await stream.receive(deadline()), undefined)
    await stream.end()
    await rejectsWith('stream-closed', stream.send(bytesOf(1), deadline()))
  })

  it('lets us send after the other side has ended', async () => {
    await using net = await open()
    const { promise: heard, resolve } = Promise.withResolvers<readonly number[]>()
    const [, , stream] = await pair(net, async (served) => {
      await served.end()
      resolve(await sizesOf(served))
    })
    await stream.send(bytesOf(1), deadline())
    assert.equal(await stream.receive(deadline()), undefined)
    await stream.send(bytesOf(2), deadline())
    await stream.end()
    assert.deepEqual(await heard, [1, 2])
  })

  it('gives an answer and its end to a reader that comes late', async () => {
    await using net = await open()
    const [, , stream] = await pair(net, async (served, _remote, signal) => {
      await served.receive(signal)
      await served.send(bytesOf(7), signal)
    })
    await stream.send(bytesOf(1), deadline())
    await stream.end()
    // Time for the answer and the end to arrive before anybody listens; on a slow machine the test is only weaker.
    await setTimeout(50)
    assert.deepEqual(await sizesOf(stream), [7])
  })

  it('tells both sides when either gives up', async () => {
    await using net = await open()
    const { promise: failure, resolve } = Promise.withResolvers<unknown>()
    const [, , stream] = await pair(net, async (...call) => echoAll(...call).catch(resolve))
    await ask(stream, bytesOf(1))
    stream.abort(new Error('changed my mind'))
    assert.ok(hasCode(await failure, 'stream-closed'))
    await rejectsWith('stream-closed', stream.receive(deadline()))
    await rejectsWith('stream-closed', stream.send(bytesOf(1), deadline()))
  })

  it('resets the stream of a handler that throws, after what it sent, and serves the next', async () => {
    await using net = await open()
    let calls = 0
    const [server, client, stream] = await pair(net, async (served, remote, signal) => {
      calls += 1
      if (calls > 1) return echoAll(served, remote, signal)
      await served.receive(signal)
      await served.send(bytesOf(4), signal)
      throw new Error('broken on purpose')
    })
    assertBytes(await ask(stream, bytesOf(1)), bytesOf(4))
    await rejectsWith('stream-closed', stream.receive(deadline()))
    const next = await client.open(server.self.publicKey, echo, deadline())
    assertBytes(await ask(next, bytesOf(2)), bytesOf(2))
  })

  it('never takes a node that closes for a clean end', async () => {
    await using net = await open()
    const [server, client, stream] = await pair(net, echoAll)
    await ask(stream, bytesOf(1))
    await server[Symbol.asyncDispose]()
    await rejectsWith('stream-closed', stream.receive(deadline()))
    await until(() => client.connected().length === 0)
    await rejectsWith('peer-unreachable', client.open(server.self.publicKey, echo, deadline()))
  })

  it('aborts the signal of a handler when its node closes', async () => {
    await using net = await open()
    const { promise: started, resolve: start } = Promise.withResolvers<AbortSignal>()
    const [server] = await pair(net, async (stream, _remote, signal) => {
      start(signal)
      await stream.receive(signal)
    })
    const signal = await started
    await server[Symbol.asyncDispose]()
    assert.ok(signal.aborted)
  })
}

function cancelSuite(open: Open): void {
  it('stops waiting for a frame when told to, and keeps the stream', async () => {
    await using net = await open()
    const [, , stream] = await pair(net, echoAll)
    const abort = new AbortController()
    const reason = new Error('no longer needed')
    const wait = assert.rejects(stream.receive(abort.signal), reason)
    abort.abort(reason)
    await wait
    assertBytes(await ask(stream, bytesOf(3)), bytesOf(3))
  })

  it('does nothing for a caller that has aborted already', async () => {
    await using net = await open()
    const [server, client, stream] = await pair(net, echoAll)
    const reason = new Error('too late')
    const gone = AbortSignal.abort(reason)
    await assert.rejects(stream.send(bytesOf(1), gone), reason)
    await assert.rejects(stream.receive(gone), reason)
    await assert.rejects(client.open(server.self.publicKey, echo, gone), reason)
    await assert.rejects(client.connect(first(server), gone), reason)
    await assert.rejects(client.announce([key], gone), reason)
    await assert.rejects(collect(client.find(key, { limit: 1 }, gone)), reason)
    assertBytes(await ask(stream, bytesOf(2)), bytesOf(2))
  })
}

function discoverySuite(open: Open): void {
  it('finds a provider through a bootstrap peer that both know, announced right after the start', async () => {
    await using net = await open()
    const bootstrap = [...(await net.open()).addresses()]
    const provider = await net.open({ bootstrap })
    await provider.announce([key], deadline())
    const searcher = await net.open({ bootstrap })
    const found = await findUntil(searcher, (peers) => peers.length > 0)
    assert.deepEqual(found, [provider.self])
    await provider.handle(echo, echoAll)
    const stream = await searcher.open(provider.self.publicKey, echo, deadline())
    assertBytes(await ask(stream, bytesOf(1)), bytesOf(1))
  })

  it('finds a provider that only dials out, over its own connection, and forgets it when that ends', async () => {
    await using net = await open()
    const hub = await net.open()
    const provider = await net.open({ listens: false, bootstrap: [...hub.addresses()] })
    await provider.announce([key], deadline())
    assert.deepEqual(await findUntil(hub, (peers) => peers.length > 0), [provider.self])
    await provider[Symbol.asyncDispose]()
    assert.deepEqual(await findUntil(hub, (peers) => peers.length === 0), [])
  })

  it('replaces what was announced before', async () => {
    await using net = await open()
    const hub = await net.open()
    const provider = await net.open({ listens: false, bootstrap: [...hub.addresses()] })
    await provider.announce([key], deadline())
    await findUntil(hub, (peers) => peers.length > 0)
    await provider.announce(['assay/1/class/d1'], deadline())
    await findUntil(hub, (peers) => peers.length === 0)
    assert.deepEqual(await findUntil(hub, (peers) => peers.length > 0, 'assay/1/class/d1'), [provider.self])
  })

  it('lists each provider once, never the searcher, and no more than asked for', async () => {
    await using net = await open()
    const hub = await net.open()
    const bootstrap = [...hub.addresses()]
    const providers = [
      await net.open({ bootstrap }),
      await net.open({ bootstrap }),
      await net.open({ listens: false, bootstrap }),
    ]
    for (const node of [hub, ...providers]) await node.announce([key], deadline())
    const names = (peers: readonly Peer[]): readonly string[] => peers.map(({ address }) => address).toSorted()
    const found = await findUntil(hub, (peers) => peers.length === 3)
    assert.deepEqual(names(found), names(providers.map(({ self }) => self)))
    assert.equal((await collect(hub.find(key, { limit: 2 }, deadline()))).length, 2)
    assert.equal((await collect(hub.find(key, { limit: 0 }, deadline()))).length, 0)
  })

  it('finds nobody without an error', async () => {
    await using net = await open()
    const alone = await net.open()
    assert.deepEqual(await collect(alone.find(key, { limit: 5 }, deadline())), [])
    const other = await net.open({ bootstrap: [...alone.addresses()] })
    await until(() => other.connected().length === 1)
    assert.deepEqual(await collect(other.find(key, { limit: 5 }, deadline())), [])
  })
}

/** A server with the handler, a client, and a stream between them. */
async function pair(net: NetworkHarness, handler: StreamHandler): Promise<[Network, Network, FrameStream]> {
  const [server, client] = [await net.open(), await net.open()]
  await server.handle(echo, handler)
  const peer = await client.connect(first(server), deadline())
  return [server, client, await client.open(peer.publicKey, echo, deadline())]
}

const echoAll: StreamHandler = async (stream, _remote, signal) => {
  for (let frame = await stream.receive(signal); frame !== undefined; frame = await stream.receive(signal))
    await stream.send(frame, signal)
}

/** Sends and receives at the same time: a large frame does not fit the buffers. */
async function ask(stream: FrameStream, frame: Uint8Array): Promise<Uint8Array | undefined> {
  const [answer] = await Promise.all([stream.receive(deadline()), stream.send(frame, deadline())])
  return answer
}

async function sizesOf(stream: FrameStream): Promise<readonly number[]> {
  const sizes: number[] = []
  for (let frame = await stream.receive(deadline()); frame !== undefined; frame = await stream.receive(deadline()))
    sizes.push(frame.length)
  return sizes
}

async function collect(peers: AsyncIterable<Peer>): Promise<readonly Peer[]> {
  const found: Peer[] = []
  for await (const peer of peers) found.push(peer)
  return found
}

/** Searches again until the answer is as wanted: a DHT needs a moment to learn. */
async function findUntil(
  node: Network,
  wanted: (peers: readonly Peer[]) => boolean,
  under: CapabilityKey = key,
): Promise<readonly Peer[]> {
  let found: readonly Peer[] = []
  await until(async () => {
    found = await collect(node.find(under, { limit: 10 }, deadline()))
    return wanted(found)
  })
  return found
}

/** Looks until the condition holds; the generous bound only ends a broken run. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = deadline()
  while (!(await condition())) await setTimeout(20, undefined, { signal: end })
}

async function rejectsWith(code: ErrorCode, promise: Promise<unknown>): Promise<void> {
  await assert.rejects(promise, (error: unknown) => hasCode(error, code))
}

const hasCode = (error: unknown, code: ErrorCode): boolean => {
  if (isMarketError(error) && error.code === code) return true
  throw new Error(`expected ${code}`, { cause: error })
}

const first = (node: Network): string => node.addresses()[0] ?? assert.fail('the node listens nowhere')

const deadline = (): AbortSignal => AbortSignal.timeout(60_000)

/** Bytes that differ from place to place, equal for equal sizes. */
function bytesOf(size: number): Uint8Array {
  const bytes = new Uint8Array(size)
  for (let i = 0; i < size; i++) bytes[i] = (i * 31 + (i >> 8) + size) & 0xff
  return bytes
}

/** As `deepEqual`, fast enough for the largest frame. */
function assertBytes(actual: Uint8Array | undefined, expected: Uint8Array): void {
  assert.equal(actual?.length, expected.length)
  assert.ok(actual !== undefined && Buffer.compare(actual, expected) === 0, `${expected.length} bytes differ`)
}
