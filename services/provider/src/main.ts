/** Runs a provider until it is asked to stop: `node services/provider/src/main.ts`. */
import { once } from 'node:events'
import process from 'node:process'
import { createLogger } from '@assay/node-kit'
import { toMarketError } from '@assay/protocol'
import { loadProviderConfig, openProviderFromConfig } from './open-from-config.ts'

const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort(new Error(`stopped by ${name}`)))

try {
  await using stack = new AsyncDisposableStack()
  const config = await loadProviderConfig(process.env)
  await openProviderFromConfig(config, process.env, stack, stop.signal)
  if (!stop.signal.aborted) await once(stop.signal, 'abort')
} catch (cause) {
  const { code, message, details, next } = toMarketError(cause)
  createLogger({ level: 'error' }).error({ code, message, details, next }, 'provider.failed')
  process.exitCode = 1
}
