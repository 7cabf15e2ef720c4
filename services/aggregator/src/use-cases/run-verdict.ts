import {
  isMarketError,
  MarketError,
  deriveVerdictDigest,
  recoverSigner,
  type Address,
  type Signature,
} from '@assay/protocol'
import type { Context } from '../context.ts'
import { aggregatorLimits as limits } from '../limits.ts'
import { askValidator } from '../request-peer.ts'
import type { VerdictRow } from '../store/records.ts'

/** Takes a conviction on chain: a quorum signs it, anyone may finalise it. Each step is repeated until it is seen there. */
export async function runVerdict(context: Context, row: VerdictRow, signal: AbortSignal): Promise<void> {
  const { chain, store, wallet } = context
  const job = store.job(row.orderId)
  if (job === undefined) return
  const status = await chain.verdictStatus(row.verdict, signal)
  if (status === 'slashed') return store.updateVerdict(row.key, { state: 'slashed' })
  if (status === 'none') {
    const signatures = await collect(context, row, signal)
    store.updateVerdict(row.key, { state: 'collecting', signatures })
    const commit = store.byCommitment(row.commitment)!.commit!
    await wallet.submitVerdict({ verdict: row.verdict, terms: job.terms, commit }, signatures, signal)
    store.updateVerdict(row.key, { state: 'submitted' })
  }
  await wallet.finalizeVerdict(row.verdict, signal)
  store.updateVerdict(row.key, { state: 'slashed' })
}

async function collect(context: Context, row: VerdictRow, signal: AbortSignal): Promise<readonly Signature[]> {
  const { chain, directory, log, quorum, store } = context
  if (row.signatures.length >= quorum.threshold) return row.signatures
  const audit = store.audit(row.commitment)!
  const epoch = store.epoch(audit.epoch)!
  const digest = deriveVerdictDigest(chain.market, row.verdict)
  const signatures: Signature[] = []
  const ask = async (validator: Address): Promise<void> => {
    const peer = directory.node(validator)?.peer
    if (peer === undefined)
      throw new MarketError('peer-unreachable', 'this validator is not online', { details: { validator } })
    const { opening, reason, rounds } = audit.audit
    const evidence = {
      reason,
      rounds,
      proposal: epoch.digest,
      beacon: epoch.beacon!,
      acks: [...epoch.acks],
      ...(opening && { opening }),
    }
    const message = { type: 'judge', verdict: row.verdict, ...evidence } as const
    const reply = await askValidator(context, peer.publicKey, message, ['signed'], limits.validatorReplyMs * 2, signal)
    if (recoverSigner(digest, reply.signature) !== validator)
      throw new MarketError('signature-invalid', 'not the validator’s own signature')
    signatures.push(reply.signature)
  }
  const results = await Promise.allSettled(quorum.members.map(ask))
  for (const result of results)
    if (result.status === 'rejected')
      log.warn({ code: isMarketError(result.reason) ? result.reason.code : 'internal' }, 'verdict.refused')
  if (signatures.length < quorum.threshold)
    throw new MarketError('settlement-unsigned', 'no quorum signed the verdict', {
      details: { have: signatures.length, need: quorum.threshold },
    })
  return signatures
}
