/** Runs a validator until it is asked to stop: `node services/validator/src/main.ts`. */
import { once } from 'node:events'
import process from 'node:process'
import { createLogger } from '@assay/node-kit'
import { toMarketError } from '@assay/protocol'
import { loadValidatorConfig, openValidatorFromConfig } from './open-from-config.ts'

const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort(new Error(`stopped by ${name}`)))

try {
  await using stack = new AsyncDisposableStack()
  const config = await loadValidatorConfig(process.env)
  await openValidatorFromConfig(config, process.env, stack, stop.signal)
  if (!stop.signal.aborted) await once(stop.signal, 'abort')
} catch (cause) {
  const { code, message, details, next } = toMarketError(cause)
  createLogger({ level: 'error' }).error({ code, message, details, next }, 'validator.failed')
  process.exitCode = 1
}
