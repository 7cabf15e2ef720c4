/** An aggregator that drops commits it leased, and what becomes of their providers and their client. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { FrameStream, Network } from '@assay/core'
import { encodeFrame, protocols } from '@assay/protocol'
import { openSmallMarket } from './small-market.ts'
import type { WrapPort } from './world.ts'

/** A network on which no commit is ever heard while `deaf` says so. */
const dropCommits = (deaf: () => boolean): WrapPort => {
  const wrap = <T extends object>(name: string, port: T): T =>
    name === 'network' ? (deafened(port as unknown as Network, deaf) as unknown as T) : port
  return wrap
}
const deafened = (network: Network, deaf: () => boolean): Network =>
  new Proxy(network, {
    get(target, key, receiver) {
      if (key !== 'open') return Reflect.get(target, key, receiver) as unknown
      const open: Network['open'] = async (peer, protocol, signal) => {
        const stream = await target.open(peer, protocol, signal)
        return protocol === protocols.work ? withoutCommits(stream, deaf) : stream
      }
      return open
    },
  })
const withoutCommits = (stream: FrameStream, deaf: () => boolean): FrameStream => ({
  send: async (frame, signal) => stream.send(frame, signal),
  end: async () => stream.end(),
  abort: (reason) => stream.abort(reason),
  async receive(signal) {
    const frame = await stream.receive(signal)
    const hears = frame === undefined || !deaf() || !new TextDecoder().decode(frame).includes('"committed"')
    return hears ? frame : encodeFrame({ type: 'failed', error: gone })
  },
})

const gone = { code: 'provider-gone', message: 'says the aggregator', blame: 'provider', details: {} }

describe('an aggregator that drops every commit', () => {
  for (const seed of ['censor-1', 'censor-2', 'censor-3'])
    it(`cannot settle without them, and pays once it takes them back (${seed})`, async () => {
      await using market = await openSmallMarket(
        seed,
        dropCommits(() => true),
      )
      const { world } = market
      const job = await market.runJob(() => undefined)
      assert.equal(job.outcome, 'settled', world.logLines.slice(-40).join('\n'))
      assert.ok(world.logLines.some((line) => line.includes('settlement.censored')))
      const accepted = job.view!.attempts.filter(({ state }) => state === 'accepted')
      assert.equal(accepted.length, 1, 'one of those who worked is paid')
      assert.equal(accepted[0]!.ratePpm, 1_000_000, 'after an audit')
    })
})
