/** Structured log, the shape of pino: fields first, then the event name as `noun.past-tense`. */
export interface Log {
  debug(fields: object, event: string): void
  info(fields: object, event: string): void
  warn(fields: object, event: string): void
  error(fields: object, event: string): void
}
