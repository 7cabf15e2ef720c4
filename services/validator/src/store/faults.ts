import type { Database } from '@assay/node-kit'
import { asHash, FaultProof, SignedAuditCommit } from '@assay/protocol'
import { and, eq } from 'drizzle-orm'
import { read, write } from './codec-schema.ts'
import type { ValidatorStore } from './records.ts'
import { faultProofs, seenAudits } from './schema.ts'

type FaultsStore = Pick<ValidatorStore, 'keepAudit' | 'addProof' | 'openProofs' | 'closeProof'>

/** What others signed that may contradict something, and what does. */
export const createFaultsStore = ({ reader, withTransaction }: Database): FaultsStore => ({
  keepAudit: (orderId, audit) =>
    withTransaction((tx) => {
      const { commitment, round, validator } = audit
      const row = { commitment, round, validator, orderId, audit: write(audit) }
      tx.insert(seenAudits).values(row).onConflictDoNothing().run()
      const where = and(
        eq(seenAudits.commitment, commitment),
        eq(seenAudits.round, round),
        eq(seenAudits.validator, validator),
      )
      const held = tx.select().from(seenAudits).where(where).get()
      return held === undefined ? audit : read(SignedAuditCommit, held.audit)
    }),
  addProof: ({ verdictId, proof }, atMs) =>
    withTransaction((tx) => {
      const row = { verdictId, proof: write(proof), state: 'found', atMs }
      return tx.insert(faultProofs).values(row).onConflictDoNothing().run().changes === 1
    }),
  openProofs: () =>
    reader
      .select()
      .from(faultProofs)
      .where(eq(faultProofs.state, 'found'))
      .orderBy(faultProofs.atMs)
      .all()
      .map(({ verdictId, proof }) => ({ verdictId: asHash(verdictId), proof: read(FaultProof, proof) })),
  closeProof: (verdictId, state) =>
    withTransaction((tx) => {
      tx.update(faultProofs).set({ state }).where(eq(faultProofs.verdictId, verdictId)).run()
    }),
})
