import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Clock } from '@assay/core'
import { beaconRound, deriveRandomness, durationMs, unixMs, type BeaconInfo } from '@assay/protocol'
import { createFakeClock, type FakeClock } from '@assay/testkit'
import { createBeaconKey, deriveBeaconSecret } from './beacon-key.ts'
import { openDrandBeacon, type DrandBeaconOptions } from './drand-beacon.ts'
import { limits } from './limits.ts'
import { fetchBeaconInfo, type Fetch } from './relay.ts'

const key = createBeaconKey(deriveBeaconSecret('drand-beacon test'))
const info: BeaconInfo = {
  publicKey: key.publicKey,
  genesisMs: Date.UTC(2030, 0, 1),
  periodMs: 3000,
  scheme: 'bls-unchained-g1-rfc9380',
}
const round = beaconRound(7)
const never = new AbortController().signal

describe('openDrandBeacon', () => {
  it('asks the next relay when one is down, and the one that answered first from then on', async () => {
    const net = fakeRelays({ 'http://a/c': () => status(500), 'http://b/c': roundOf })
    const beacon = open(net)
    assert.deepEqual(await beacon.value(round, never), key.sign(round))
    assert.deepEqual(net.asked, [`http://a/c/public/${round}`, `http://b/c/public/${round}`])
    await beacon.value(beaconRound(6), never)
    assert.equal(net.asked.at(-1), 'http://b/c/public/6')
    assert.equal(net.asked.length, 3)
  })

  it('takes no value that does not verify, from whichever relay', async () => {
    const lies: Record<string, (n: number) => Response> = {
      'of another round': (n) => roundOf(n - 1),
      'of another round under this number': (n) => json({ ...bodyOf(n - 1), round: n }),
      'of another key': (n) => json({ ...bodyOf(n), signature: otherKey.sign(beaconRound(n)).signature.slice(2) }),
      'with a false randomness': (n) => json({ ...bodyOf(n), randomness: '00'.repeat(32) }),
      'in upper case, a second spelling': (n) => json({ ...bodyOf(n), signature: bodyOf(n).signature.toUpperCase() }),
      'without signature': (n) => json({ round: n }),
      'that is no object': () => json(null),
    }
    for (const [lie, respond] of Object.entries(lies)) {
      const alone = fakeRelays({ 'http://a/c': respond })
      await assert.rejects(open(alone).value(round, never), { code: 'beacon-invalid' }, lie)
      assert.equal(alone.asked.length, 1, 'asking again would be useless')
      const net = fakeRelays({ 'http://a/c': respond, 'http://b/c': roundOf })
      assert.deepEqual(await open(net).value(round, never), key.sign(round), lie)
    }
  })

  it('does without the randomness field, which it can compute', async () => {
    const net = fakeRelays({ 'http://a/c': (n) => json({ round: n, signature: bodyOf(n).signature }) })
    assert.deepEqual(await open(net).value(round, never), key.sign(round))
  })

  it('keeps asking with growing pauses while a due round is not published', async () => {
    const net = fakeRelays({ 'http://a/c': (n) => (net.asked.length < 5 ? status(404) : roundOf(n)) })
    const start = net.clock.now()
    const value = await net.clock.runUntil(open(net).value(round, never))
    assert.deepEqual(value, key.sign(round))
    assert.deepEqual(
      net.times.map((time) => time - start),
      [0, 250, 750, 1750, 3750],
    )
  })

  it('gives up with beacon-unavailable when its patience ends, naming each relay without its path', async () => {
    const net = fakeRelays({ 'http://a/secret-key': () => status(404), 'http://b/c': () => fail('refused') })
    const wait = open(net, { patienceMs: durationMs(10_000) }).value(round, never)
    wait.catch(() => undefined)
    await assert.rejects(net.clock.runUntil(wait), {
      code: 'beacon-unavailable',
      retryable: true,
      details: { round: 7, relays: 2, answers: 'a: status 404; b: refused' },
    })
    assert.equal(net.clock.waiting(), 0)
  })

  it('names the lie when one relay lies and no other answers', async () => {
    const net = fakeRelays({ 'http://a/c': () => json({}), 'http://b/c': () => status(404) })
    const wait = open(net).value(round, never)
    wait.catch(() => undefined)
    await assert.rejects(net.clock.runUntil(wait), { code: 'beacon-invalid' })
  })

  it('leaves a relay that stays silent', async () => {
    const net = fakeRelays({ 'http://a/c': () => 'silence', 'http://b/c': roundOf })
    const start = net.clock.now()
    assert.deepEqual(await net.clock.runUntil(open(net).value(round, never)), key.sign(round))
    assert.equal(net.clock.now() - start, limits.requestMs)
  })

  it('leaves a relay whose answer does not end', async () => {
    const flood = (): Response => new Response(new ReadableStream({ pull: (to) => to.enqueue(new Uint8Array(1024)) }))
    const net = fakeRelays({ 'http://a/c': flood, 'http://b/c': roundOf })
    assert.deepEqual(await open(net).value(round, never), key.sign(round))
  })

  it('drops a request at once when the caller aborts', async () => {
    const net = fakeRelays({ 'http://a/c': () => 'silence', 'http://b/c': roundOf })
    const abort = new AbortController()
    const reason = new Error('stop')
    const wait = assert.rejects(open(net).value(round, abort.signal), reason)
    await net.clock.advance(1)
    abort.abort(reason)
    await wait
    assert.equal(net.asked.length, 1)
    assert.equal(net.clock.waiting(), 0)
  })

  it('asks once for a round that it has verified', async () => {
    const net = fakeRelays({ 'http://a/c': roundOf })
    const beacon = open(net)
    await beacon.value(round, never)
    await beacon.value(round, never)
    assert.equal(net.asked.length, 1)
  })

  it('notices within a bounded time that the clock was set forward', async () => {
    const net = fakeRelays({ 'http://a/c': roundOf })
    let skip = 0
    const clock: Clock = {
      now: () => unixMs(net.clock.now() + skip),
      sleep: async (ms, signal) => net.clock.sleep(ms, signal),
    }
    const far = beaconRound(1_000_000)
    const wait = openDrandBeacon({ clock, fetch: net.fetch }, { info, urls: ['http://a/c'] }).value(far, never)
    await net.clock.advance(1)
    skip = far * info.periodMs
    await net.clock.advance(limits.maxSleepMs)
    assert.equal((await wait).round, far)
  })

  it('is a bug to ask for round 0 or to give no relay', async () => {
    const net = fakeRelays({ 'http://a/c': roundOf })
    await assert.rejects(open(net).value(beaconRound(0), never), { code: 'internal' })
    assert.throws(() => openDrandBeacon({ clock: net.clock }, { info, urls: [] }), { code: 'internal' })
  })
})

describe('fetchBeaconInfo', () => {
  const chain = {
    public_key: info.publicKey.slice(2),
    period: 3,
    genesis_time: info.genesisMs / 1000,
    schemeID: info.scheme,
  }

  it('reads the parameters of a chain', async () => {
    const net = fakeRelays({ 'http://a/c': () => json(chain) })
    assert.deepEqual(await fetchBeaconInfo(net, 'http://a/c', never), info)
  })

  it('refuses chains of another scheme, and relays that do not answer', async () => {
    const chained = fakeRelays({ 'http://a/c': () => json({ ...chain, schemeID: 'pedersen-bls-chained' }) })
    await assert.rejects(fetchBeaconInfo(chained, 'http://a/c', never), { code: 'beacon-invalid' })
    const down = fakeRelays({ 'http://a/c': () => status(502) })
    await assert.rejects(fetchBeaconInfo(down, 'http://a/c', never), { code: 'beacon-unavailable' })
  })
})

const otherKey = createBeaconKey(deriveBeaconSecret('somebody else'))

interface Net {
  readonly clock: FakeClock
  readonly fetch: Fetch
  readonly asked: string[]
  readonly times: number[]
  readonly urls: readonly string[]
}

/** Relays by address; each answers a round number. The clock stands at round 10. */
function fakeRelays(relays: Record<string, (round: number) => Response | 'silence'>): Net {
  const clock = createFakeClock(info.genesisMs + 9 * info.periodMs)
  const asked: string[] = []
  const times: number[] = []
  const fetch: Fetch = async (url, { signal }) => {
    asked.push(url)
    times.push(clock.now())
    const [, base = '', round = '0'] = /^(.*?)\/(?:public\/)?([^/]*)$/.exec(url) ?? []
    const answer = relays[base]!(Number(round))
    if (answer !== 'silence') return answer
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error))
    })
  }
  return { clock, fetch, asked, times, urls: Object.keys(relays) }
}

const open = (net: Net, options: Partial<DrandBeaconOptions> = {}) =>
  openDrandBeacon(net, { info, urls: net.urls, ...options })

const bodyOf = (n: number) => {
  const value = key.sign(beaconRound(n))
  return { round: n, randomness: deriveRandomness(value).slice(2), signature: value.signature.slice(2) }
}
const roundOf = (n: number): Response => json(bodyOf(n))
const json = (body: unknown): Response => new Response(JSON.stringify(body))
const status = (code: number): Response => new Response('', { status: code })
const fail = (message: string): never => {
  throw new Error(message)
}
