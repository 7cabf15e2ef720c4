/** What every run of one sandbox shares. */
import type { Clock, SandboxFacts } from '@assay/core'
import type { Quarantine } from './container.ts'
import type { CoreSlots } from './core-slots.ts'
import type { Engine } from './engine.ts'
import type { Staging } from './staging.ts'

export interface RunContext {
  readonly clock: Clock
  readonly engine: Engine
  readonly facts: SandboxFacts
  readonly slots: CoreSlots
  readonly staging: Staging
  readonly quarantine: Quarantine
  /** Names of containers that belong to a call that has not returned. */
  readonly live: Set<string>
  readonly runnerId: string
  readonly stubPath: string
  readonly runtime?: string
}
