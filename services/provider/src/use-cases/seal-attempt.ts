import { createReadStream } from 'node:fs'
import type { SandboxSuccess } from '@assay/core'
import {
  asHash,
  byteCount,
  bytesToHex,
  deriveCommitDigest,
  deriveCommitment,
  limits,
  sealResult,
  type BlobRef,
  type Commit,
  type JobSpec,
  type ManifestEntry,
  type Opening,
} from '@assay/protocol'
import type { ProviderContext } from '../context.ts'
import type { AttemptRow } from '../store/records.ts'
import { moveAttempt } from './move-attempt.ts'

/** Pin owner of an attempt's sealed bytes. */
export const sealedOwner = (attempt: Pick<AttemptRow, 'lease'>): string => `${attempt.lease}/sealed`

export interface FinishedRun {
  readonly spec: JobSpec
  readonly result: SandboxSuccess
}

/**
 * Seals a result for the client alone and commits to it. When this returns, opening, signed commit and sealed bytes are
 * durable: whoever later asks for the opening gets it, whatever happens to this machine in between.
 */
export async function sealAttempt(
  context: ProviderContext,
  attempt: AttemptRow,
  { spec, result }: FinishedRun,
  signal: AbortSignal,
): Promise<AttemptRow> {
  const { rng, chain, signer } = context
  const opening: Opening = { resultRoot: result.resultRoot, salt: asHash(bytesToHex(rng.bytes(32))) }
  const sealed = await storeSealed(context, { attempt, spec, result, opening }, signal)
  const { orderId, shard, attempt: number } = attempt
  const provider = signer.address
  const commitment = deriveCommitment(chain.market, { orderId, shard, attempt: number, provider }, opening)
  const commit: Commit = { orderId, shard, attempt: number, provider, commitment, sealedHash: asHash(sealed.root) }
  const signature = await signer.sign(deriveCommitDigest(chain.market, commit))
  return moveAttempt(context, attempt.lease, { state: 'delivering', opening, sealed, commit: { ...commit, signature } })
}

interface SealInput extends FinishedRun {
  readonly attempt: AttemptRow
  readonly opening: Opening
}

async function storeSealed({ blobs }: ProviderContext, input: SealInput, signal: AbortSignal): Promise<BlobRef> {
  const { attempt, spec, result, opening } = input
  const read = (entry: ManifestEntry): AsyncIterable<Uint8Array> => createReadStream(pathOf(result, entry))
  const sealed = await sealResult({ opening, manifest: result.manifest, read }, spec.sealTo)
  const plainBytes = spec.outputBytes + limits.stdoutBytes + limits.manifestBytes
  // age adds 16 bytes to each 64 KiB and a short header; a hundredth and a mebibyte are more than that.
  const maxBytes = byteCount(Math.ceil(plainBytes * 1.01) + 1024 * 1024)
  return blobs.put(sealed, { maxBytes, owner: sealedOwner(attempt) }, signal)
}

function pathOf(result: SandboxSuccess, entry: ManifestEntry): string {
  const path = result.files.get(entry.kind === 'stdout' ? '' : entry.path)
  if (path === undefined) throw new RangeError('the sandbox staged no file for a manifest entry')
  return path
}
