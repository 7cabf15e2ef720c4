import type { Database } from '@assay/node-kit'
import { asHash, BeaconValue, MarketError, Opening, unixMs } from '@assay/protocol'
import { and, eq } from 'drizzle-orm'
import { Addresses, read, write } from './codec-schema.ts'
import type { AuditRow, ValidatorStore } from './records.ts'
import { audits } from './schema.ts'

/** Own results of audited commits. */
export const createAuditsStore = ({
  reader,
  withTransaction,
}: Database): Pick<ValidatorStore, 'addAudit' | 'auditsOf' | 'markAttested'> => ({
  addAudit: ({ beacon, excluded, opening, ...columns }) =>
    withTransaction((tx) => {
      const row = { ...columns, beacon: write(beacon), excluded: write(excluded), opening: write(opening) }
      if (tx.insert(audits).values(row).onConflictDoNothing().run().changes === 1) return
      const { commitment, round } = columns
      throw new MarketError('state-conflict', 'the seat has a result already', {
        blame: 'validator',
        details: { commitment, round },
      })
    }),
  auditsOf: (commitment) => reader.select().from(audits).where(eq(audits.commitment, commitment)).all().map(toAudit),
  markAttested: ({ commitment, round }) =>
    withTransaction((tx) => {
      const where = and(eq(audits.commitment, commitment), eq(audits.round, round))
      tx.update(audits).set({ attested: true }).where(where).run()
    }),
})

const toAudit = (row: typeof audits.$inferSelect): AuditRow => ({
  commitment: asHash(row.commitment),
  round: row.round,
  orderId: asHash(row.orderId),
  proposal: asHash(row.proposal),
  beacon: read(BeaconValue, row.beacon),
  excluded: read(Addresses, row.excluded),
  opening: read(Opening, row.opening),
  attested: row.attested,
  atMs: unixMs(row.atMs),
})
