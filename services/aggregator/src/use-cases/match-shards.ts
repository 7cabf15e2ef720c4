import { countPassedOver } from '@assay/core'
import type { Address, MatchFacts } from '@assay/protocol'
import type { Context } from '../context.ts'
import type { JobRow } from '../store/records.ts'
import { candidatesFor } from './dispatch-shards.ts'

/** A shard without a provider, and who has tried it. */
export interface UntakenShard {
  readonly shard: number
  readonly tried: ReadonlySet<Address>
}

/** Why no provider takes these shards now, with the number that each filter passes over. */
export function matchShards(context: Context, job: JobRow, shards: readonly UntakenShard[]): readonly MatchFacts[] {
  if (shards.length === 0) return []
  const { clock, directory, store } = context
  const all = directory.providers()
  const convicted = all.filter(({ peer }) => store.isConvicted(peer.address)).length
  const candidates = candidatesFor(context, job, new Map(store.load()))
  const { priceUsdc, determinism, hardwareClass, resources } = job.spec
  const { cpus, memoryBytes } = resources
  const known = all.length
  const image = known - convicted - candidates.length
  const atMs = clock.now()
  // Most shards were tried by the same providers, often by none: one count serves them all.
  const byTried = new Map<string, MatchFacts['counts']>()
  return shards.map(({ shard, tried }) => {
    const key = [...tried].toSorted().join()
    const counts = byTried.get(key) ?? {
      image,
      convicted,
      ...countPassedOver(candidates, { priceUsdc, determinism, hardwareClass, cpus, memoryBytes, tried }),
    }
    byTried.set(key, counts)
    return { shard, known, counts, atMs }
  })
}
