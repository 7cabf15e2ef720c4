import { isMarketError, MarketError, Opening, type Address, type Signature, type Verdict } from '@assay/protocol'
import type { Context } from '../context.ts'
import { holds, type AuditFile } from './audit-file.ts'
import { askToJudge } from './ask-to-judge.ts'

/**
 * Nobody is convicted of silence on this aggregator's word alone: every member of the quorum asks the provider itself
 * before it signs. Gives their signatures, or `undefined` when the provider opened to one of them; its opening is in the
 * audit by then. Throws `settlement-unsigned` when neither comes of it; planning tries again.
 */
export async function confirmUnopened(
  context: Context,
  file: AuditFile,
  verdict: Verdict,
  signal: AbortSignal,
): Promise<readonly Signature[] | undefined> {
  const { log, quorum, store } = context
  const { audit: asked } = file.row
  const ask = async (validator: Address): Promise<Signature> =>
    askToJudge(context, validator, { verdict, audit: asked, epoch: file.epoch }, signal)
  const results = await Promise.allSettled(quorum.members.map(ask))
  signal.throwIfAborted()
  const signatures = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  if (signatures.length >= quorum.threshold) return signatures
  for (const result of results) {
    if (result.status === 'fulfilled') continue
    const audit = { ...file.row.audit, opening: openingIn(result.reason) }
    if (audit.opening === undefined || !holds(context, file, { ...audit, opening: audit.opening })) continue
    store.updateAudit(file.row.commitment, { audit: { ...audit, opening: audit.opening }, unopened: false })
    log.info({ commitment: file.row.commitment, provider: file.row.provider }, 'opening.relayed')
    return undefined
  }
  throw new MarketError('settlement-unsigned', 'no quorum found the provider silent', {
    details: { have: signatures.length, need: quorum.threshold },
  })
}

/** A validator that got the opening refuses with it. */
function openingIn(error: unknown): Opening | undefined {
  if (!isMarketError(error) || error.details['reason'] !== 'provider-opens') return undefined
  const { resultRoot, salt } = error.details
  return Opening.safeParse({ resultRoot, salt }).data
}
