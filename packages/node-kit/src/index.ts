/** What services share at the edge: configuration, keys, logs, time, and a database with an outbox. */
export { writeFileAtomic, type AtomicWriteOptions } from './atomic-file.ts'
export { systemClock } from './clock.ts'
export { loadConfig, type ConfigSources, type ConfigTree } from './config.ts'
export {
  openDatabase,
  type Database,
  type DatabaseOptions,
  type Reader,
  type Settled,
  type Transaction,
} from './database.ts'
export {
  openDispatcher,
  type Dispatcher,
  type DispatcherDeps,
  type DispatcherOptions,
  type Effect,
  type EffectHandler,
} from './dispatcher.ts'
export { deriveHomeDirs, type HomeDirs } from './home-dirs.ts'
export { createKeystore, openKeystore, type CreateKeystoreOptions } from './keystore.ts'
export { loadOperatorKey, type OperatorKeySources } from './load-operator-key.ts'
export {
  createLogger,
  silentLogger,
  type EventName,
  type LogFields,
  type Logger,
  type LoggerOptions,
  type LogLevel,
} from './logger.ts'
export type { Migration } from './migrations.ts'
export { openOperator, type Operator } from './operator.ts'
export {
  countPendingEffects,
  enqueueEffect,
  findEffect,
  listStuckEffects,
  outbox,
  outboxMigration,
  type EffectRequest,
  type EffectStatus,
} from './outbox.ts'
export { createPrivateKey, parsePrivateKey } from './private-key.ts'
export { systemRng } from './rng.ts'
export { listSettings, type Setting } from './settings.ts'
export { usdcColumn } from './usdc-column.ts'
export { proveFault } from './prove-fault.ts'
