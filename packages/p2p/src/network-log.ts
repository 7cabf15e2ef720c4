/** Where the adapter reports what it does on its own. A pino logger fits. */
export interface NetworkLog {
  debug(fields: object, event: string): void
  info(fields: object, event: string): void
  warn(fields: object, event: string): void
}

/** Says nothing. */
export const silentLog: NetworkLog = { debug: () => undefined, info: () => undefined, warn: () => undefined }
