import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { CapabilityKey, Network } from '@assay/core'
import { asHash, isMarketError, type PrivateKey } from '@assay/protocol'
import { createFakeClock, createNetworkHub, type FakeClock, type NetworkHub } from '@assay/testkit'
import { networkLimits } from './limits.ts'
import { silentLog } from './network-log.ts'
import { createKeyTeller, parseKeys, tellKeysProtocol, type KeyTeller } from './tell-keys.ts'

const frame = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('keys told by a peer', () => {
  it('are one a line, none in an empty frame', () => {
    assert.deepEqual(parseKeys(frame('assay/1/class/d1\nassay/1/image/x'), networkLimits), [
      'assay/1/class/d1',
      'assay/1/image/x',
    ])
    assert.deepEqual(parseKeys(frame(''), networkLimits), [])
  })

  it('are refused when malformed, too long or too many', () => {
    const many = Array.from({ length: networkLimits.announcedKeys + 1 }, (_, i) => `assay/1/x/${i}`).join('\n')
    for (const text of ['x', 'assay/1/a\n', '\n', many, `assay/1/${'x'.repeat(300)}`, 'x'.repeat(100_000)])
      assert.throws(
        () => parseKeys(frame(text), networkLimits),
        (error) => isMarketError(error) && error.code === 'message-malformed',
      )
  })
})

describe('telling keys', () => {
  it('makes the teller a holder at the peer, until the set is replaced or the peer forgotten', async () => {
    const { alice, bob } = await openPair()
    assert.equal(await alice.teller.tell([bob.node.self], () => ['assay/1/a', 'assay/1/b']), 1)
    assert.deepEqual(bob.teller.holders('assay/1/a'), [alice.node.self])
    assert.deepEqual(bob.teller.holders('assay/1/c'), [])
    await alice.teller.tell([bob.node.self], () => ['assay/1/c'])
    assert.deepEqual(bob.teller.holders('assay/1/a'), [])
    assert.deepEqual(bob.teller.holders('assay/1/c'), [alice.node.self])
    bob.teller.forget(alice.node.self.address)
    assert.deepEqual(bob.teller.holders('assay/1/c'), [])
  })

  it('never lets an older set overtake a newer one', async () => {
    const { hub, clock, alice, bob } = await openPair()
    let delayMs = 1000
    hub.intercept(() => {
      delayMs -= 200
      return { kind: 'deliver', delayMs: Math.max(0, delayMs) }
    })
    let keys: readonly CapabilityKey[] = ['assay/1/old']
    const told = [alice.teller.tell([bob.node.self], () => keys)]
    keys = ['assay/1/new']
    told.push(alice.teller.tell([bob.node.self], () => keys))
    assert.deepEqual(await clock.runUntil(Promise.all(told)), [1, 1])
    assert.deepEqual(bob.teller.holders('assay/1/old'), [])
    assert.deepEqual(bob.teller.holders('assay/1/new'), [alice.node.self])
  })

  it('is tried again after a cut, and given up when the peer does not speak the protocol', async () => {
    const { hub, clock, alice, bob } = await openPair()
    let cuts = 2
    hub.intercept(() => {
      cuts -= 1
      return cuts >= 0 ? { kind: 'cut' } : { kind: 'deliver', delayMs: 0 }
    })
    assert.equal(await clock.runUntil(alice.teller.tell([bob.node.self], () => ['assay/1/a'])), 1)
    const silent = hub.open(keyNumber(3))
    await alice.node.connect(silent.addresses()[0] ?? '', never)
    const before = clock.now()
    assert.equal(await alice.teller.tell([silent.self], () => ['assay/1/a']), 0)
    assert.equal(clock.now(), before)
  })
})

interface Side {
  readonly node: Network
  readonly teller: KeyTeller
}

async function openPair(): Promise<{ hub: NetworkHub; clock: FakeClock; alice: Side; bob: Side }> {
  const clock = createFakeClock()
  const hub = createNetworkHub(clock)
  const open = async (n: number): Promise<Side> => {
    const node = hub.open(keyNumber(n))
    const teller = createKeyTeller({
      open: async (peer, protocol, signal) => node.open(peer, protocol, signal),
      isConnected: (peer) => node.connected().some(({ address }) => address === peer.address),
      clock,
      log: silentLog,
      bounds: networkLimits,
      closing: never,
    })
    await node.handle(tellKeysProtocol, async (stream, remote, signal) => teller.hear(stream, remote, signal))
    return { node, teller }
  }
  const [alice, bob] = [await open(1), await open(2)]
  await alice.node.connect(bob.node.addresses()[0] ?? '', never)
  return { hub, clock, alice, bob }
}

const keyNumber = (n: number): PrivateKey => asHash<PrivateKey>(`0x${String(n).padStart(64, '0')}`)
const never = new AbortController().signal
