import type { Conviction } from '@assay/core'
import {
  asAddress,
  asHash,
  signatureSchema,
  unixMs,
  Verdict,
  VerdictBundle,
  verdictOutcomes,
  type Address,
  type Hash32,
  type OrderId,
  type Signature,
} from '@assay/protocol'
import { and, desc, eq, lte, ne, notInArray, sql } from 'drizzle-orm'
import { z } from 'zod'
import { read, write } from './codec-schema.ts'
import type { StoreDatabase } from './open-store.ts'
import type { BundleRow, VerdictRow, VerdictState } from './records.ts'
import { bundles, verdicts } from './schema.ts'

/** Verdicts that slash, on their way to the chain. */
export interface VerdictsStore {
  /** Adds a verdict unless its attempt has one; returns whether it did. */
  addVerdict(verdict: VerdictRow, atMs: number): boolean
  verdictsOf(orderId: OrderId): readonly VerdictRow[]
  /** Those that are due by `nowMs` and not over, what is under way first. */
  openVerdicts(nowMs: number): readonly VerdictRow[]
  /** Whether a provider was convicted here, unless an appeal cleared it. */
  isConvicted(accused: Address): boolean
  /** Standing convictions of a provider by verdicts of this aggregator's jobs. */
  convictionsOf(accused: Address): readonly Conviction[]
  /** A new amount comes with the signatures on it. */
  updateVerdict(key: string, patch: { state: VerdictState; verdict?: Verdict; signatures?: readonly Signature[] }): void
  /** Keeps a bundle under its name. */
  addBundle(row: BundleRow, bundle: VerdictBundle, atMs: number): void
  bundle(id: Hash32): VerdictBundle | undefined
  /** Bundles of a job's verdicts, oldest first: a newer one of the same verdict holds its appeals too. */
  bundlesOf(orderId: OrderId): readonly BundleRow[]
}

export function createVerdictsStore(db: StoreDatabase): VerdictsStore {
  const open = db
    .select()
    .from(verdicts)
    .where(and(notInArray(verdicts.state, [...over]), lte(verdicts.dueAtMs, sql.placeholder('now'))))
    .orderBy(desc(verdicts.state), verdicts.atMs)
    .prepare()
  const convicted = db
    .select({ atMs: verdicts.atMs })
    .from(verdicts)
    .where(
      and(
        eq(verdicts.accused, sql.placeholder('accused')),
        eq(verdicts.outcome, verdictOutcomes.providerFault),
        ne(verdicts.state, 'overturned'),
      ),
    )
    .prepare()
  return {
    addVerdict(row, atMs) {
      const { key, orderId, accused, commitment, state, verdict, signatures, dueAtMs } = row
      const values = {
        key,
        orderId,
        accused,
        commitment,
        state,
        verdict: write(verdict),
        signatures: write(signatures),
        atMs,
        outcome: verdict.outcome,
        dueAtMs,
      }
      return db.insert(verdicts).values(values).onConflictDoNothing().run().changes === 1
    },
    verdictsOf: (orderId) => db.select().from(verdicts).where(eq(verdicts.orderId, orderId)).all().map(toVerdict),
    openVerdicts: (now) => open.all({ now }).map(toVerdict),
    isConvicted: (accused) => convicted.get({ accused }) !== undefined,
    convictionsOf: (accused) =>
      convicted.all({ accused }).map(({ atMs }) => ({ provider: accused, atMs: unixMs(atMs) })),
    updateVerdict(key, patch) {
      const set = {
        state: patch.state,
        ...(patch.verdict && { verdict: write(patch.verdict) }),
        ...(patch.signatures && { signatures: write(patch.signatures) }),
      }
      db.update(verdicts).set(set).where(eq(verdicts.key, key)).run()
    },
    addBundle: (row, bundle, atMs) =>
      void db
        .insert(bundles)
        .values({ ...row, bundle: write(bundle), atMs })
        .onConflictDoNothing()
        .run(),
    bundle(id) {
      const row = db.select().from(bundles).where(eq(bundles.id, id)).get()
      return row && read(VerdictBundle, row.bundle)
    },
    bundlesOf: (orderId) =>
      db
        .select({ id: bundles.id, verdictKey: bundles.verdictKey })
        .from(bundles)
        .where(eq(bundles.orderId, orderId))
        .orderBy(bundles.atMs, bundles.id)
        .all()
        .map(({ id, verdictKey }) => ({ id: asHash(id), verdictKey, orderId })),
  }
}

const verdictStates: readonly VerdictState[] = [
  'collecting',
  'submitted',
  'appealable',
  'slashed',
  'unarmed',
  'overturned',
  'dropped',
]
const over: readonly VerdictState[] = ['slashed', 'unarmed', 'overturned', 'dropped']

const toVerdict = (row: typeof verdicts.$inferSelect): VerdictRow => ({
  key: row.key,
  orderId: asHash(row.orderId),
  accused: asAddress(row.accused),
  commitment: asHash(row.commitment),
  state: verdictStates.find((state) => state === row.state) ?? 'collecting',
  verdict: read(Verdict, row.verdict),
  signatures: read(z.array(signatureSchema), row.signatures),
  dueAtMs: unixMs(row.dueAtMs),
})
