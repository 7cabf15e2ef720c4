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
}: Database): Pick<ValidatorStore, 'addProposal' | 'proposal' | 'epochsOf' | 'commitOf' | 'commitsOf'> => {
  const held = () =>
    reader
      .select({ commit: commits.commit, proposal: commits.proposal, acknowledged: proposals.acknowledged })
      .from(commits)
      .innerJoin(proposals, eq(proposals.digest, commits.proposal))
  return {
    addProposal: ({ digest, proposal, leaves, seenRound, acknowledged, refundAtMs }) =>
      withTransaction((tx) => {
        const row = { digest, proposal: write(proposal), leaves: write(leaves), seenRound, acknowledged, refundAtMs }
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
          acknowledged: row.acknowledged,
          refundAtMs: unixMs(row.refundAtMs),
        }
      )
    },
    epochsOf: (commitment) => held().where(eq(commits.commitment, commitment)).all().map(toHeld),
    commitOf({ orderId, shard, attempt }) {
      const where = and(eq(commits.orderId, orderId), eq(commits.shard, shard), eq(commits.attempt, attempt))
      const row = held().where(where).get()
      return row && toHeld(row)
    },
    commitsOf: (orderId) =>
      reader
        .selectDistinct({ commitment: commits.commitment })
        .from(commits)
        .where(eq(commits.orderId, orderId))
        .all()
        .map(({ commitment }) => asHash(commitment)),
  }
}

interface HeldColumns {
  readonly commit: string
  readonly proposal: string
  readonly acknowledged: boolean
}
const toHeld = (row: HeldColumns): HeldCommit => ({
  proposal: asHash(row.proposal),
  acknowledged: row.acknowledged,
  commit: read(SignedCommit, row.commit),
})
