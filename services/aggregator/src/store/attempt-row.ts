/** An attempt between its record and its columns. */
import {
  asAddress,
  asHash,
  AttemptState,
  blames,
  Envelope,
  errorCodes,
  ppm,
  ShardVerdict,
  SignedCommit,
  unixMs,
  usdc,
} from '@assay/protocol'
import { asPublicKey, asSignature, read, readOptional, SealedRef, write } from './codec-schema.ts'
import type { AttemptPatch, AttemptProgress, AttemptRow } from './records.ts'
import type { attempts } from './schema.ts'

/** Columns of an attempt that nobody has answered yet. */
export const newColumns = (attempt: Omit<AttemptRow, 'rev'>) => ({
  orderId: attempt.orderId,
  shard: attempt.shard,
  attempt: attempt.attempt,
  state: attempt.state,
  rev: 0,
  provider: attempt.provider,
  publicKey: attempt.publicKey,
  priceUsdc: attempt.priceUsdc.toString(),
  lease: attempt.lease,
  offer: write(attempt.offer),
  commitByMs: attempt.commitByMs,
  mustAudit: attempt.mustAudit,
  atMs: attempt.atMs,
})

/** Columns of the fields that are present. */
export const patchColumns = (patch: AttemptPatch) => ({
  ...(patch.state && { state: patch.state }),
  ...(patch.acceptance && { acceptance: patch.acceptance }),
  ...(patch.commit && { commit: write(patch.commit), commitment: patch.commit.commitment }),
  ...(patch.sealed && { sealed: write(patch.sealed) }),
  ...(patch.ratePpm !== undefined && { ratePpm: patch.ratePpm }),
  ...(patch.verdict && { verdict: patch.verdict }),
  ...(patch.code && { code: patch.code }),
  ...(patch.blame && { blame: patch.blame }),
  ...(patch.detail !== undefined && { detail: patch.detail.slice(0, detailChars) }),
  ...(patch.executingAtMs !== undefined && { executingAtMs: patch.executingAtMs }),
  ...(patch.runMs !== undefined && { runMs: patch.runMs }),
  ...(patch.atMs !== undefined && { atMs: patch.atMs }),
})

export const toAttempt = (row: typeof attempts.$inferSelect): AttemptRow => ({
  orderId: asHash(row.orderId),
  shard: row.shard,
  attempt: row.attempt,
  state: AttemptState.parse(row.state),
  rev: row.rev,
  provider: asAddress(row.provider),
  publicKey: asPublicKey(row.publicKey),
  priceUsdc: usdc(BigInt(row.priceUsdc)),
  lease: asHash(row.lease),
  offer: read(Envelope, row.offer),
  acceptance: row.acceptance === null ? undefined : asSignature(row.acceptance),
  commitByMs: unixMs(row.commitByMs),
  commit: readOptional(SignedCommit, row.commit),
  sealed: readOptional(SealedRef, row.sealed),
  epoch: row.epoch === null ? undefined : asHash(row.epoch),
  mustAudit: row.mustAudit,
  failedProposals: row.failedProposals,
  executingAtMs: row.executingAtMs === null ? undefined : unixMs(row.executingAtMs),
  runMs: row.runMs ?? undefined,
  ratePpm: row.ratePpm === null ? undefined : ppm(row.ratePpm),
  verdict: row.verdict === null ? undefined : ShardVerdict.parse(row.verdict),
  code: errorCodes.find((code) => code === row.code),
  blame: blames.find((blame) => blame === row.blame),
  detail: row.detail ?? undefined,
  atMs: unixMs(row.atMs),
})

/** As much as `AttemptView` carries. */
const detailChars = 2000

/** The columns that planning reads. */
export const toProgress = (row: {
  readonly shard: number
  readonly attempt: number
  readonly provider: string
  readonly state: string
  readonly commitByMs: number
  readonly verdict: string | null
  readonly blame: string | null
}): AttemptProgress => ({
  shard: row.shard,
  attempt: row.attempt,
  provider: asAddress(row.provider),
  state: AttemptState.parse(row.state),
  commitByMs: unixMs(row.commitByMs),
  verdict: row.verdict === null ? undefined : ShardVerdict.parse(row.verdict),
  blame: blames.find((blame) => blame === row.blame),
})
