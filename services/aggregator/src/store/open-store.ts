import type { TransactionLog } from '@assay/chain'
import type { Database } from '@assay/node-kit'
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3'
import { createAttemptsStore, type AttemptsStore } from './attempts.ts'
import { createAuditsStore, type AuditsStore } from './audits.ts'
import { createCertificatesStore, type CertificatesStore } from './certificates.ts'
import { createEpochsStore, type EpochsStore } from './epochs.ts'
import { createEventsStore, type EventsStore } from './events.ts'
import { createFaultsStore, type FaultsStore } from './faults.ts'
import { createJobsStore, type JobsStore } from './jobs.ts'
import { createQuotesStore, type QuotesStore } from './quotes.ts'
import { createTransactionLog } from './transactions.ts'
import { createUnmatchedStore, type UnmatchedStore } from './unmatched.ts'
import { createVerdictsStore, type VerdictsStore } from './verdicts.ts'

/** The drizzle handle of a database that has this package's migrations. */
export type StoreDatabase = BetterSQLite3Database

/** Everything the aggregator must not forget. Each call is one durable statement; `transaction` joins several. */
export interface AggregatorStore
  extends
    QuotesStore,
    JobsStore,
    AttemptsStore,
    EpochsStore,
    AuditsStore,
    VerdictsStore,
    FaultsStore,
    EventsStore,
    CertificatesStore,
    UnmatchedStore {
  /** Memory of the hot wallet. */
  readonly transactions: TransactionLog
  /** All or nothing. The function must be synchronous. */
  transaction<T>(work: () => T): T
}

/** The store over a database that was opened with this folder's migrations. */
export function createAggregatorStore({ reader: db }: Database): AggregatorStore {
  return {
    ...createQuotesStore(db),
    ...createJobsStore(db),
    ...createAttemptsStore(db),
    ...createEpochsStore(db),
    ...createAuditsStore(db),
    ...createVerdictsStore(db),
    ...createFaultsStore(db),
    ...createEventsStore(db),
    ...createCertificatesStore(db),
    ...createUnmatchedStore(db),
    transactions: createTransactionLog(db),
    transaction: (work) => db.transaction(work, { behavior: 'immediate' }),
  }
}
