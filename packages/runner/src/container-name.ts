/** Names and labels by which a container is found again after a crash. */
import { sha256Hex, type UnixMs } from '@assay/protocol'
import { limits } from './limits.ts'

/** Label keys. Images cannot forge them: ours win at creation. */
export const labelKeys = {
  runner: 'market.assay.runner',
  owner: 'market.assay.owner',
  run: 'market.assay.run',
  deadline: 'market.assay.deadline',
  schema: 'market.assay.schema',
} as const

/** Meaning of the labels; a runner leaves containers of a later schema alone. */
export const labelSchema = '1'

export interface ContainerIdentity {
  readonly runnerId: string
  /** The process that started it: see `owner.ts`. */
  readonly owner: string
  readonly runId: string
  readonly deadline: UnixMs
}

/** The same for the same run of the same runner: a second start is refused by the engine. */
export function containerName(identity: Pick<ContainerIdentity, 'runnerId' | 'runId'>): string {
  const key = JSON.stringify([identity.runnerId, identity.runId])
  const digest = sha256Hex(new TextEncoder().encode(key)).slice(2, 2 + limits.nameDigits)
  const slug = identity.runId.replaceAll(/[^A-Za-z0-9]+/g, '-').slice(0, limits.nameSlug)
  return `assay-${slug}-${digest}`
}

export const containerLabels = (identity: ContainerIdentity): Record<string, string> => ({
  [labelKeys.runner]: identity.runnerId,
  [labelKeys.owner]: identity.owner,
  [labelKeys.run]: identity.runId,
  [labelKeys.deadline]: String(identity.deadline),
  [labelKeys.schema]: labelSchema,
})
