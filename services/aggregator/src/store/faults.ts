import { asHash, FaultProof, MemberSettlement, type Address, type Hash32, type OrderId } from '@assay/protocol'
import { and, eq } from 'drizzle-orm'
import { read, write } from './codec-schema.ts'
import type { StoreDatabase } from './open-store.ts'
import { faultProofs, signedSettlements } from './schema.ts'

/** found → proven on chain, by whomever; late when the chain takes it no more. */
export type ProofState = 'found' | 'proven' | 'late'
export interface ProofRow {
  readonly verdictId: Hash32
  readonly proof: FaultProof
}

/** What operators signed that may contradict something, and what does. */
export interface FaultsStore {
  /** Keeps a proof unless its fault is known; returns whether it is new. */
  addProof(row: ProofRow, atMs: number): boolean
  /** Those that are not on chain yet, oldest first. */
  openProofs(): readonly ProofRow[]
  closeProof(verdictId: Hash32, state: Exclude<ProofState, 'found'>): void
  /** Keeps the first settlement of an order that a member signed, and gives the one that is kept. */
  keepSettlement(orderId: OrderId, validator: Address, settlement: MemberSettlement): MemberSettlement
}

export function createFaultsStore(db: StoreDatabase): FaultsStore {
  const open = db
    .select()
    .from(faultProofs)
    .where(eq(faultProofs.state, 'found' satisfies ProofState))
    .orderBy(faultProofs.atMs)
    .prepare()
  return {
    addProof({ verdictId, proof }, atMs) {
      const values = { verdictId, proof: write(proof), state: 'found' satisfies ProofState, atMs }
      return db.insert(faultProofs).values(values).onConflictDoNothing().run().changes === 1
    },
    openProofs: () =>
      open.all().map(({ verdictId, proof }) => ({ verdictId: asHash(verdictId), proof: read(FaultProof, proof) })),
    closeProof: (verdictId, state) =>
      void db.update(faultProofs).set({ state }).where(eq(faultProofs.verdictId, verdictId)).run(),
    keepSettlement(orderId, validator, settlement) {
      const values = { orderId, validator, settlement: write(settlement) }
      db.insert(signedSettlements).values(values).onConflictDoNothing().run()
      const where = and(eq(signedSettlements.orderId, orderId), eq(signedSettlements.validator, validator))
      const row = db.select().from(signedSettlements).where(where).get()
      return row === undefined ? settlement : read(MemberSettlement, row.settlement)
    },
  }
}
