import assert from 'node:assert/strict'
import test from 'node:test'
import { encodeError, isMarketError, MarketError } from '@assay/protocol'
import { createFakeClock } from '@assay/testkit'
import { bodyOf, scriptFetch, silentBody } from '../test/fixture/scripted-fetch.ts'
import { readBody, send, sendForJson, sendOnly, type HttpCall } from './http.ts'
import { limits } from './limits.ts'

const never = new AbortController().signal
const call: HttpCall = { method: 'GET', path: '/v1/market' }
const deps = (reply: Parameters<typeof scriptFetch>[0]) => ({
  ...scriptFetch(reply),
  clock: createFakeClock(),
  baseUrl: 'http://aggregator/prefix',
})
const fails =
  (code: string, check: (error: MarketError) => void = () => undefined) =>
  (error: unknown) => {
    assert.ok(isMarketError(error), String(error))
    assert.equal(error.code, code)
    check(error)
    return true
  }

test('parses an answer and keeps the path of the base address', async () => {
  const http = deps(() => Response.json({ n: 1 }))
  assert.deepEqual(await sendForJson(http, call, (body) => body, never), { n: 1 })
  assert.equal(http.calls[0]?.url, 'http://aggregator/prefix/v1/market')
})

test("throws the aggregator's own error with its details and blame", async () => {
  const body = encodeError(new MarketError('no-quorum', 'two of three', { details: { online: 2 }, blame: 'validator' }))
  const http = deps(() => Response.json(body, { status: 503 }))
  await assert.rejects(
    sendForJson(http, call, (it) => it, never),
    fails('no-quorum', (error) => {
      assert.deepEqual(error.details, { online: 2 })
      assert.equal(error.blame, 'validator')
    }),
  )
})

test('says market-unreachable for refused connections, pages of proxies and answers that are no JSON', async () => {
  const refused = deps(() => {
    throw new TypeError('fetch failed')
  })
  await assert.rejects(sendOnly(refused, call, never), fails('market-unreachable'))
  const proxy = deps(() => new Response('<html>bad gateway</html>', { status: 502 }))
  await assert.rejects(
    sendOnly(proxy, call, never),
    fails('market-unreachable', (e) => assert.equal(e.details['status'], 502)),
  )
  const page = deps(() => new Response('<html>hello</html>'))
  await assert.rejects(
    sendForJson(page, call, (it) => it, never),
    fails('market-unreachable'),
  )
})

test('blames the aggregator for a malformed answer', async () => {
  const http = deps(() => Response.json({}))
  const parse = (): never => {
    throw new MarketError('message-malformed', 'market is malformed at escrow')
  }
  await assert.rejects(
    sendForJson(http, call, parse, never),
    fails('message-malformed', (error) => assert.equal(error.blame, 'aggregator')),
  )
})

test('refuses an endless answer', async () => {
  const part = new Uint8Array(1024 * 1024)
  let sent = 0
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      sent++
      controller.enqueue(part)
    },
  })
  const http = deps(() => new Response(endless))
  await assert.rejects(
    sendForJson(http, call, (it) => it, never),
    fails('market-unreachable'),
  )
  assert.ok(sent <= limits.answerBytes / part.length + 2)
})

test('gives up on an answer that does not come, in the time it allows', async () => {
  const clock = createFakeClock()
  const started = clock.now()
  const http = {
    clock,
    baseUrl: '',
    fetch(_url: string, { signal }: RequestInit): Promise<Response> {
      const { promise, reject } = Promise.withResolvers<Response>()
      signal?.addEventListener('abort', () => reject(new Error('aborted')))
      return promise
    },
  }
  await assert.rejects(clock.runUntil(sendOnly(http, call, never)), fails('market-unreachable'))
  assert.equal(clock.now() - started, limits.requestMs)
})

test("turns the caller's abort into cancelled, before and while waiting", async () => {
  const stop = new AbortController()
  const http = deps(() => {
    stop.abort()
    throw new Error('aborted')
  })
  await assert.rejects(sendOnly(http, call, stop.signal), fails('cancelled'))
  await assert.rejects(send(http, call, stop.signal), fails('cancelled'))
  assert.equal(http.calls.length, 1)
})

test('breaks a stream that stays silent, and one that is cut', async () => {
  const http = deps(() => new Response())
  const silent = drain(readBody(http, new Response(silentBody()), never))
  await assert.rejects(http.clock.runUntil(silent), fails('market-unreachable'))
  const cut = drain(readBody(http, new Response(bodyOf('part', new Error('reset'))), never))
  await assert.rejects(cut, fails('market-unreachable'))
})

async function drain(stream: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const part of stream) assert.ok(part.length > 0)
}
