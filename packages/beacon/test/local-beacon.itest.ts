import assert from 'node:assert/strict'
import { it } from 'node:test'
import { beaconRound, durationMs, unixMs, verifyBeaconValue } from '@assay/protocol'
import { beaconCompliance, createFakeClock } from '@assay/testkit'
import { fetchBeaconInfo, openDrandBeacon, openLocalBeacon } from '../src/index.ts'

const never = new AbortController().signal

async function openLocal() {
  const clock = createFakeClock()
  const genesisMs = unixMs(clock.now() - 10_500)
  const local = await openLocalBeacon({ clock }, { seed: 'compliance', genesisMs, periodMs: durationMs(3000) })
  return { clock, local, [Symbol.asyncDispose]: async () => local[Symbol.asyncDispose]() }
}

beaconCompliance('local', async () => {
  const opened = await openLocal()
  return { ...opened, beacon: opened.local }
})

beaconCompliance('drand client over HTTP', async () => {
  const opened = await openLocal()
  const { clock, local } = opened
  return { ...opened, beacon: openDrandBeacon({ clock }, { info: local.info, urls: [local.url] }) }
})

it('tells its parameters, fractions of a second included', async () => {
  const clock = createFakeClock()
  await using local = await openLocalBeacon(
    { clock },
    { seed: 'info', genesisMs: unixMs(1_800_000_000_123), periodMs: durationMs(250) },
  )
  assert.deepEqual(await fetchBeaconInfo({ clock }, local.url, never), local.info)
})

it('never serves a future round, not even to those who ask the server itself', async () => {
  await using opened = await openLocal()
  const { clock, local } = opened
  const next = beaconRound(local.roundAt(clock.now()) + 1)
  assert.equal((await fetch(`${local.url}/public/${next}`)).status, 404)
  await clock.advanceTo(unixMs(local.timeOf(next) - 1))
  assert.equal((await fetch(`${local.url}/public/${next}`)).status, 404)
  await clock.advance(1)
  assert.equal((await fetch(`${local.url}/public/${next}`)).status, 200)
  const latest: unknown = await (await fetch(`${local.url}/public/latest`)).json()
  assert.equal((latest as { round: number }).round, next)
})

it('serves nothing but its chain', async () => {
  await using opened = await openLocal()
  const { origin } = new URL(opened.local.url)
  for (const path of ['/', '/info', '/public/1', `${opened.local.url.slice(origin.length)}/public/0`, '/x/info']) {
    assert.equal((await fetch(`${origin}${path}`)).status, 404, path)
  }
  assert.equal((await fetch(`${opened.local.url}/info`, { method: 'POST' })).status, 405)
})

it('gives the same rounds for the same key after a restart, and frees its port', async () => {
  const secretKey = `0x${'01'.repeat(32)}` as const
  const clock = createFakeClock()
  const options = { secretKey, genesisMs: clock.now(), periodMs: durationMs(1000) }
  const before = await openLocalBeacon({ clock }, options)
  const value = await before.value(beaconRound(1), never)
  const port = Number(new URL(before.url).port)
  await before[Symbol.asyncDispose]()
  await using afterwards = await openLocalBeacon({ clock }, { ...options, port })
  assert.deepEqual(await afterwards.value(beaconRound(1), never), value)
  assert.ok(verifyBeaconValue(before.info, value))
})
