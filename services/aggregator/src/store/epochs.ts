import { asHash, BeaconValue, beaconRound, Envelope, EpochLeaf, type Hash32 } from '@assay/protocol'
import { eq, inArray } from 'drizzle-orm'
import { z } from 'zod'
import { asQuorumId, read, readOptional, write } from './codec-schema.ts'
import type { StoreDatabase } from './open-store.ts'
import type { EpochRow, EpochState } from './records.ts'
import { epochs } from './schema.ts'

/** Closed epochs, from proposal to seed. */
export interface EpochsStore {
  addEpoch(epoch: EpochRow, atMs: number): void
  epoch(digest: Hash32): EpochRow | undefined
  /** Epochs that still wait for acknowledgements or their seed. */
  openEpochs(): readonly Hash32[]
  updateEpoch(
    digest: Hash32,
    patch: { readonly state: EpochState; readonly acks?: readonly Envelope[]; readonly beacon?: BeaconValue },
  ): void
}

export function createEpochsStore(db: StoreDatabase): EpochsStore {
  const open = db
    .select({ digest: epochs.digest })
    .from(epochs)
    .where(inArray(epochs.state, ['proposed', 'acknowledged']))
    .prepare()
  return {
    addEpoch(epoch, atMs) {
      const { digest, state, quorumId, seedRound, proposal, leaves, acks } = epoch
      const row = {
        digest,
        state,
        quorumId,
        seedRound,
        proposal: write(proposal),
        leaves: write(leaves),
        acks: write(acks),
        atMs,
      }
      db.insert(epochs).values(row).onConflictDoNothing().run()
    },
    epoch(digest) {
      const row = db.select().from(epochs).where(eq(epochs.digest, digest)).get()
      return row && toEpoch(row)
    },
    openEpochs: () => open.all().map(({ digest }) => asHash(digest)),
    updateEpoch(digest, patch) {
      const set = {
        state: patch.state,
        ...(patch.acks && { acks: write(patch.acks) }),
        ...(patch.beacon && { beacon: write(patch.beacon) }),
      }
      db.update(epochs).set(set).where(eq(epochs.digest, digest)).run()
    },
  }
}

const states: readonly EpochState[] = ['proposed', 'acknowledged', 'seeded', 'void']

const toEpoch = (row: typeof epochs.$inferSelect): EpochRow => ({
  digest: asHash(row.digest),
  state: states.find((state) => state === row.state) ?? 'void',
  quorumId: asQuorumId(row.quorumId),
  seedRound: beaconRound(row.seedRound),
  proposal: read(Envelope, row.proposal),
  leaves: read(z.array(EpochLeaf), row.leaves),
  acks: read(z.array(Envelope), row.acks),
  beacon: readOptional(BeaconValue, row.beacon),
})
