import type { Database } from '@assay/node-kit'
import { asHash, beaconRound, Envelope, EpochLeaf, SignedCommit, unixMs } from '@assay/protocol'
import { and, eq } from 'drizzle-orm'
import { z } from 'zod'
import { read, write } from './codec-schema.ts'
import type { HeldCommit, ValidatorStore } from './records.ts'
import { commits, proposals } from './schema.ts'

/** Acknowledged epochs and the commits in them. */
export const createEpochsStore = ({
  reader,
  withTransaction,
}: Database): Pick<ValidatorStore, 'addProposal' | 'proposal' | 'epochsOf' | 'commitOf' | 'commitsOf'> => ({
  addProposal: ({ digest, proposal, leaves, seenRound, refundAtMs }) =>
    withTransaction((tx) => {
      const row = { digest, proposal: write(proposal), leaves: write(leaves), seenRound, refundAtMs }
      if (tx.insert(proposals).values(row).onConflictDoNothing().run().changes === 0) return
      for (const { commit } of leaves) {
        const { commitment, orderId, shard, attempt } = commit
        tx.insert(commits)
          .values({ commitment, proposal: digest, orderId, shard, attempt, commit: write(commit) })
          .run()
      }
    }),
  proposal(digest) {
    const row = reader.select().from(proposals).where(eq(proposals.digest, digest)).get()
    return (
      row && {
        digest,
        proposal: read(Envelope, row.proposal),
        leaves: read(z.array(EpochLeaf), row.leaves),
        seenRound: beaconRound(row.seenRound),
        refundAtMs: unixMs(row.refundAtMs),
      }
    )
  },
  epochsOf: (commitment) => reader.select().from(commits).where(eq(commits.commitment, commitment)).all().map(toHeld),
  commitOf({ orderId, shard, attempt }) {
    const where = and(eq(commits.orderId, orderId), eq(commits.shard, shard), eq(commits.attempt, attempt))
    const row = reader.select().from(commits).where(where).get()
    return row && toHeld(row)
  },
  commitsOf: (orderId) =>
    reader
      .selectDistinct({ commitment: commits.commitment })
      .from(commits)
      .where(eq(commits.orderId, orderId))
      .all()
      .map(({ commitment }) => asHash(commitment)),
})

const toHeld = (row: typeof commits.$inferSelect): HeldCommit => ({
  proposal: asHash(row.proposal),
  commit: read(SignedCommit, row.commit),
})
