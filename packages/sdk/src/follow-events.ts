/** A job's events over any number of connections: each event once, in order, until the job is closed. */
import { JobEvent, MarketError, parseMessage, type OrderId, type UnixMs } from '@assay/protocol'
import { createParser } from 'eventsource-parser'
import { assertLive, isTransient, unreachable } from './faults.ts'
import { readBody } from './http.ts'
import { limits } from './limits.ts'
import type { MarketApi } from './market-api.ts'
import { pause } from './repeat.ts'

/**
 * Follows a job from the event after `afterSeq` to `job.closed`. A broken or silent connection is opened again after the
 * last event seen; `limits.streamTries` in a row without a byte end it with `market-unreachable`. Throws `job-unknown`,
 * `message-malformed`, `cancelled`.
 */
export async function* followEvents(
  api: MarketApi,
  orderId: OrderId,
  afterSeq: number,
  signal: AbortSignal,
): AsyncGenerator<JobEvent> {
  const { clock } = api.http
  let last = afterSeq
  let failures = 0
  for (;;) {
    const connection: Connection = { bytes: 0, openedAt: undefined }
    try {
      for await (const event of readConnection(api, { orderId, last }, connection, signal)) {
        if (event.seq <= last) continue
        last = event.seq
        yield event
        if (event.type === 'job.closed') return
      }
      // A stream that was asked for more than there is: the job is over and everything was seen before.
      if (connection.bytes === 0 && (await api.job(orderId, signal)).state === 'closed') return
    } catch (error) {
      assertLive(signal)
      if (!isTransient(error)) throw error
    }
    if (isAlive(connection, clock.now())) failures = 0
    failures++
    if (failures >= limits.streamTries) throw unreachable('its event stream brings nothing', { orderId, after: last })
    await pause(failures, clock, signal)
  }
}

interface Connection {
  bytes: number
  /** When its head came. */
  openedAt: UnixMs | undefined
}

/** Whether a connection that has ended was one at all: it brought something, or stayed open for a while. */
const isAlive = ({ bytes, openedAt }: Connection, now: UnixMs): boolean =>
  bytes > 0 || (openedAt !== undefined && now - openedAt >= limits.aliveMs)

/** Events of one connection; counts its bytes, comments included. Leaving the iteration closes it. */
async function* readConnection(
  api: MarketApi,
  from: { readonly orderId: OrderId; readonly last: number },
  connection: Connection,
  signal: AbortSignal,
): AsyncGenerator<JobEvent> {
  const leave = new AbortController()
  const either = AbortSignal.any([signal, leave.signal])
  try {
    const response = await api.openEvents(from.orderId, from.last, either)
    connection.openedAt = api.http.clock.now()
    const decode = createEventDecoder()
    for await (const part of readBody(api.http, response, either)) {
      connection.bytes += part.length
      yield* decode(part)
    }
  } finally {
    leave.abort()
  }
}

/** Bytes of one connection to events. Throws `message-malformed`. */
function createEventDecoder(): (part: Uint8Array) => readonly JobEvent[] {
  const decoder = new TextDecoder()
  let complete: JobEvent[] = []
  const parser = createParser({
    onEvent: ({ data }) => complete.push(parseEvent(data)),
    onError: (error) => {
      // Fields of newer servers are skipped, as the standard wants; only an endless event is refused.
      if (error.type === 'max-buffer-size-exceeded') throw malformed('an event is too long')
    },
    maxBufferSize: limits.eventBytes,
  })
  return (part) => {
    parser.feed(decoder.decode(part, { stream: true }))
    const ready = complete
    complete = []
    return ready
  }
}

function parseEvent(data: string): JobEvent {
  try {
    return parseMessage(JobEvent, JSON.parse(data), 'job event')
  } catch (cause) {
    throw malformed('an event is not what the API promises', cause)
  }
}

const malformed = (reason: string, cause?: unknown): MarketError =>
  new MarketError('message-malformed', `the aggregator's event stream is malformed: ${reason}`, {
    details: { what: 'job event', reason },
    blame: 'aggregator',
    cause,
  })
