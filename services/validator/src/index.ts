/** The validator service: see `validator.ts`. */
export type { ValidatorDeps, ValidatorOptions } from './context.ts'
export { validatorLimits } from './limits.ts'
export { migrations } from './store/migrations.ts'
export type { ValidatorStore } from './store/records.ts'
export { createSqliteStore } from './store/sqlite-store.ts'
export { openValidator, type ValidatorService, type ValidatorStatus } from './validator.ts'
