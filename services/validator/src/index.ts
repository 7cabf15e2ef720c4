/** The validator service: see `validator.ts`. */
export { ValidatorConfig } from './config.ts'
export type { ValidatorDeps, ValidatorOptions } from './context.ts'
export { validatorLimits } from './limits.ts'
export type { ProtectionRule } from './protection.ts'
export { migrations } from './store/migrations.ts'
export type { ValidatorStore } from './store/records.ts'
export { createSqliteStore } from './store/sqlite-store.ts'
export { openValidator, type ValidatorService, type ValidatorStatus } from './validator.ts'
