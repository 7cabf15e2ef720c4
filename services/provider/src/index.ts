/** The provider service: see `provider.ts`. */
export { ProviderConfig } from './config.ts'
export type { ProviderDeps, ProviderOptions } from './context.ts'
export { providerLimits } from './limits.ts'
export { openProvider, type ProviderService, type ProviderStatus } from './provider.ts'
export { migrations } from './store/migrations.ts'
export type { ProviderStore } from './store/records.ts'
export { createSqliteStore } from './store/sqlite-store.ts'
