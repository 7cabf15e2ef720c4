import type { Database } from '@assay/node-kit'
import { asAddress, asHash, byteCount, Envelope, SignedCommit, unixMs } from '@assay/protocol'
import { eq, lt } from 'drizzle-orm'
import { read, write } from './codec-schema.ts'
import type { ClaimRow, ValidatorStore } from './records.ts'
import { claims } from './schema.ts'

type ClaimsStore = Pick<ValidatorStore, 'addClaim' | 'claim' | 'claimsOf' | 'claimBySealed' | 'claimedBefore'>

/** What providers said of their own commits. */
export const createClaimsStore = ({ reader, withTransaction }: Database): ClaimsStore => ({
  addClaim: ({ commit, envelope, sealed, ...columns }) =>
    withTransaction((tx) => {
      const row = {
        ...columns,
        commit: write(commit),
        envelope: write(envelope),
        sealedRoot: sealed.root,
        sealedBytes: sealed.size,
      }
      const insert = tx.insert(claims).values(row)
      const set = { retracted: true, envelope: row.envelope }
      if (row.retracted) insert.onConflictDoUpdate({ target: claims.commitment, set }).run()
      else insert.onConflictDoNothing().run()
    }),
  claim(commitment) {
    const row = reader.select().from(claims).where(eq(claims.commitment, commitment)).get()
    return row && toClaim(row)
  },
  claimsOf: (orderId) => reader.select().from(claims).where(eq(claims.orderId, orderId)).all().map(toClaim),
  claimBySealed(root) {
    const row = reader.select().from(claims).where(eq(claims.sealedRoot, root)).get()
    return row && toClaim(row)
  },
  claimedBefore: (instant) =>
    reader
      .selectDistinct({ orderId: claims.orderId })
      .from(claims)
      .where(lt(claims.refundAtMs, instant))
      .all()
      .map(({ orderId }) => asHash(orderId)),
})

const toClaim = (row: typeof claims.$inferSelect): ClaimRow => ({
  commitment: asHash(row.commitment),
  orderId: asHash(row.orderId),
  provider: asAddress(row.provider),
  aggregator: asAddress(row.aggregator),
  commit: read(SignedCommit, row.commit),
  envelope: read(Envelope, row.envelope),
  sealed: { root: asHash(row.sealedRoot), size: byteCount(row.sealedBytes) },
  retracted: row.retracted,
  refundAtMs: unixMs(row.refundAtMs),
})
