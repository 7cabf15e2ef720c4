/** Plain HTTP with typed failures. Bodies are bounded, streams may not stall, nothing is retried here. */
import type { Clock } from '@assay/core'
import { decodeError, durationMs, ErrorBody, isMarketError, MarketError } from '@assay/protocol'
import { assertLive, cancelled, unreachable } from './faults.ts'
import { limits } from './limits.ts'
import { within } from './repeat.ts'

/** The part of `fetch` that is used, so that a proxy or a test can stand in. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

export interface HttpDeps {
  readonly fetch: Fetch
  readonly clock: Clock
  /** Without a trailing slash. */
  readonly baseUrl: string
}
export interface HttpCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Begins with `/v1/`. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array<ArrayBuffer> | Blob | ReadableStream<Uint8Array>
}

/**
 * Sends a call and returns its answer once the head is there and says success. Throws the aggregator's own error,
 * `market-unreachable` or `cancelled`.
 */
export async function send(deps: HttpDeps, call: HttpCall, signal: AbortSignal): Promise<Response> {
  assertLive(signal)
  const { method, path, headers, body } = call
  const response = await deps
    .fetch(deps.baseUrl + path, {
      method,
      signal,
      ...(headers && { headers: { ...headers } }),
      ...(body !== undefined && { body }),
      ...(body instanceof ReadableStream && streamedInit),
    })
    .catch((cause: unknown) => {
      throw signal.aborted ? cancelled(signal) : unreachable('no connection', { path }, cause)
    })
  if (response.ok) return response
  throw await readError(deps, response, path)
}

/**
 * For streamed bodies: `duplex` is what the fetch standard asks for. Without the other two Node copies the request first, and the
 * copy keeps every byte that was sent in memory (the standard's HTTP-network-or-cache fetch, step 3, clones unless both hold).
 */
const streamedInit = { duplex: 'half', redirect: 'error', window: null } as const

/** One call with a JSON answer, which `parse` checks. Bounded in time and size. */
export async function sendForJson<T>(
  deps: HttpDeps,
  call: HttpCall,
  parse: (body: unknown) => T,
  signal: AbortSignal,
): Promise<T> {
  const text = await timed(deps, call.path, signal, async (either) =>
    readText(deps, await send(deps, call, either), limits.answerBytes, call.path),
  )
  return parseAnswer(text, parse, call.path)
}

/** One call of whose answer only the success matters. */
export async function sendOnly(deps: HttpDeps, call: HttpCall, signal: AbortSignal): Promise<void> {
  await timed(deps, call.path, signal, async (either) => discard(await send(deps, call, either)))
}

/** Streams a body. Throws `market-unreachable` when it breaks or stays silent for `limits.stallMs`, or `cancelled`. */
export async function* readBody(deps: HttpDeps, response: Response, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader()
  if (reader === undefined) return
  // Ends a read that waits, whatever this `fetch` makes of the signal.
  const leave = (): void => void reader.cancel().catch(() => undefined)
  signal.addEventListener('abort', leave, { once: true })
  try {
    for (;;) {
      const part = await within(reader.read(), limits.stallMs, deps.clock, () => new Error('silent for too long'))
      assertLive(signal)
      if (part.done) return
      yield part.value
    }
  } catch (cause) {
    throw signal.aborted ? cancelled(signal) : unreachable('the stream broke', {}, cause)
  } finally {
    signal.removeEventListener('abort', leave)
    await reader.cancel().catch(() => undefined)
  }
}

async function timed<T>(
  deps: HttpDeps,
  path: string,
  signal: AbortSignal,
  run: (either: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController()
  const done = new AbortController()
  const alarm = deps.clock.sleep(durationMs(limits.requestMs), done.signal).then(
    () => over.abort(),
    () => undefined,
  )
  try {
    return await run(AbortSignal.any([signal, over.signal]))
  } catch (cause) {
    if (signal.aborted) throw cancelled(signal)
    if (over.signal.aborted) throw unreachable('no answer in time', { path, waitedMs: limits.requestMs }, cause)
    throw cause
  } finally {
    done.abort()
    await alarm
  }
}

async function readText(deps: HttpDeps, response: Response, maxBytes: number, path: string): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const part of readBody(deps, response, new AbortController().signal)) {
    bytes += part.length
    if (bytes > maxBytes) throw unreachable('its answer is too large', { path, maxBytes })
    text += decoder.decode(part, { stream: true })
  }
  return text + decoder.decode()
}

function parseAnswer<T>(text: string, parse: (body: unknown) => T, path: string): T {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch (cause) {
    throw unreachable('it answers with something else than JSON; is this an aggregator?', { path }, cause)
  }
  try {
    return parse(body)
  } catch (cause) {
    if (!isMarketError(cause)) throw cause
    // A malformed answer is the aggregator's doing, not the caller's.
    throw new MarketError(cause.code, cause.message, {
      details: { ...cause.details, path },
      blame: 'aggregator',
      cause,
    })
  }
}

async function readError(deps: HttpDeps, response: Response, path: string): Promise<MarketError> {
  const plain = unreachable(`it answers with status ${response.status}`, { path, status: response.status })
  try {
    const body = ErrorBody.safeParse(JSON.parse(await readText(deps, response, limits.errorBytes, path)))
    return body.success ? decodeError(body.data) : plain
  } catch {
    // No body of ours: a proxy's page or a cut connection. The status says enough.
    return plain
  }
}

async function discard(response: Response): Promise<void> {
  await response.body?.cancel().catch(() => undefined)
}
