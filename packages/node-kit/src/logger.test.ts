import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createFakeClock } from '@assay/testkit'
import { createLogger, silentLogger, type EventName, type LoggerOptions } from './logger.ts'

function record(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = []
  const clock = createFakeClock(Date.UTC(2030, 0, 2))
  const log = createLogger(
    { level: 'debug', destination: { write: (line) => void lines.push(line) }, ...options },
    { clock },
  )
  return { lines, log }
}

describe('createLogger', () => {
  it('writes one JSON line an event, with level, time and fields', () => {
    const { lines, log } = record({ fields: { service: 'provider' } })
    log.child({ shard: 4 }).info({ verdict: 'accepted', amount: 12n }, 'shard.verified')
    assert.equal(lines.length, 1)
    assert.deepEqual(JSON.parse(lines[0]!), {
      level: 'info',
      time: '2030-01-02T00:00:00.000Z',
      service: 'provider',
      shard: 4,
      verdict: 'accepted',
      amount: '12',
      event: 'shard.verified',
    })
  })

  it('says nothing below its level', () => {
    const { lines, log } = record({ level: 'warn' })
    log.debug({}, 'peer.seen')
    log.info({}, 'peer.seen')
    log.warn({}, 'peer.lost')
    log.error({}, 'peer.lost')
    assert.deepEqual(
      lines.map((line) => (JSON.parse(line) as { level: string }).level),
      ['warn', 'error'],
    )
  })

  it('lets no key, wallet URI, preimage or passphrase into a line, by fields, children, errors or event', () => {
    const key = `0x${'7f3a'.repeat(16)}`
    const uri = 'nostr+walletconnect://7f3a7f3a?secret=7f3a7f3a'
    const { lines, log } = record({ secrets: [key], fields: { operatorKey: key } })
    log.child({ wallet: { uri } }).info({ a: { b: [{ privateKey: key, preimage: '7f3a7f3a' }] } }, 'key.loaded')
    log.error(
      { error: new Error(`cannot open with ${key}`, { cause: new Error(uri) }), passphrase: '7f3a7f3a' },
      'key.refused',
    )
    log.debug({ root: key }, `password=${'7f3a'.repeat(16)}.read` as EventName)
    assert.equal(lines.length, 3)
    for (const line of lines) assert.ok(!line.includes('7f3a7f3a'), line)
  })

  it('survives fields that cannot be read', () => {
    const { lines, log } = record()
    log.info(
      {
        get broken(): string {
          throw new Error('no')
        },
      },
      'peer.seen',
    )
    log.info(
      {
        nested: {
          get broken(): string {
            throw new Error('no')
          },
        },
      },
      'peer.seen',
    )
    assert.equal(lines.length, 2)
  })
})

it('silentLogger takes everything', () => {
  silentLogger.child({ a: 1 }).error({ b: 2 }, 'peer.lost')
})
