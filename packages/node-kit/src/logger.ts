/** Few, structured JSON lines. Everything passes the redactor before pino sees it. */
import type { Clock } from '@assay/core'
import { pino, type DestinationStream } from 'pino'
import { systemClock } from './clock.ts'
import { createRedactor, type Redactor } from './redact.ts'

/** `noun.past-tense`, e.g. `shard.verified`: what happened, in lower case. */
export type EventName = `${Lowercase<string>}.${Lowercase<string>}`
/** Facts of an event. Never peer-supplied text above `debug`. */
export type LogFields = Readonly<Record<string, unknown>>
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

/** error: a person must act; warn: might soon; info: a job changed state; debug: the rest. */
export interface Logger {
  debug(fields: LogFields, event: EventName): void
  info(fields: LogFields, event: EventName): void
  warn(fields: LogFields, event: EventName): void
  error(fields: LogFields, event: EventName): void
  /** A logger whose lines all carry `fields`. */
  child(fields: LogFields): Logger
}

export interface LoggerOptions {
  readonly level: LogLevel
  /** In every line: the service's name, for one. */
  readonly fields?: LogFields
  /** Texts that must never appear in any line: the operator's private key, wallet URIs. */
  readonly secrets?: readonly string[]
  /** Where lines go. Default: standard output, written at once, so that the last line before a crash is not lost. */
  readonly destination?: DestinationStream
}

/** A JSON logger. Keys, wallet URIs, preimages and passphrases are dropped at any depth (see `redact.ts`). */
export function createLogger(options: LoggerOptions, deps: { readonly clock?: Clock } = {}): Logger {
  const clock = deps.clock ?? systemClock
  const redact = createRedactor(options.secrets)
  const sink = pino(
    {
      level: options.level,
      base: null,
      messageKey: 'event',
      timestamp: () => `,"time":"${new Date(clock.now()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    options.destination ?? pino.destination({ dest: 1, sync: true }),
  )
  return wrap(sink, redact, readable(redact(options.fields ?? {})))
}

/** Says nothing: for tests. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLogger,
}

type Sink = Pick<ReturnType<typeof pino>, 'debug' | 'info' | 'warn' | 'error' | 'isLevelEnabled'>

/** The redactor gives an object for an object, and a text when it could not be read. */
const readable = (clean: unknown): object => (typeof clean === 'object' && clean !== null ? clean : { fields: clean })

function wrap(sink: Sink, redact: Redactor, base: object): Logger {
  const write = (level: 'debug' | 'info' | 'warn' | 'error', fields: LogFields, event: EventName): void => {
    if (sink.isLevelEnabled(level)) sink[level]({ ...base, ...readable(redact(fields)) }, String(redact(event)))
  }
  return {
    debug: (fields, event) => write('debug', fields, event),
    info: (fields, event) => write('info', fields, event),
    warn: (fields, event) => write('warn', fields, event),
    error: (fields, event) => write('error', fields, event),
    child: (fields) => wrap(sink, redact, { ...base, ...readable(redact(fields)) }),
  }
}
