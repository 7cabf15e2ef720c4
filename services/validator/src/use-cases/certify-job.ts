/** A quoted job's sample, answered blind: the promise first, the answer once a threshold has promised. */
import { certificateSubject, type CertificateSubject } from '@assay/core'
import {
  asHash,
  bytesToHex,
  deriveAnswerDigest,
  deriveOrderId,
  deriveSpecHash,
  GateCommit,
  MarketError,
  openEnvelope,
  SignedRequest,
  signGateAnswer,
  unixMs,
  type Address,
  type OrderId,
  type QuorumMembers,
  type ValidatorReply,
  type ValidatorRequest,
} from '@assay/protocol'
import type { ValidatorContext } from '../context.ts'
import { validatorLimits } from '../limits.ts'
import type { GateRow } from '../store/records.ts'
import { runSample } from './run-sample.ts'

export type CertifyRequest = Extract<ValidatorRequest, { type: 'certify' }>
export type CertifyOpenRequest = Extract<ValidatorRequest, { type: 'certify-open' }>

/**
 * Runs the sample of a quoted job and promises the answer, which is durable before the promise leaves. Asked again, it gives
 * the same promise. Throws `certify-refused`, `certificate-revoked`, `rate-limited`, `no-quorum`, `audit-refused` when
 * too many samples wait.
 */
export async function certifyJob(
  context: ValidatorContext,
  request: CertifyRequest,
  from: Address,
  signal: AbortSignal,
): Promise<ValidatorReply> {
  const { chain, gates, signer, store } = context
  const orderId = deriveOrderId(chain.market, request.terms)
  const held = store.gate(orderId)
  if (held !== undefined && held.aggregator !== from) throw refuseGate('not-its-aggregator')
  const row = held ?? (await admit())
  return { type: 'certifying', commit: (await signGateAnswer(row.answer, signer)).commit }

  async function admit(): Promise<GateRow> {
    checkRequest(context, request, from, orderId)
    const quorum = await ownQuorum(context, request.terms.quorumId, signal)
    const subject = certificateSubject(chain.market, { orderId, quorumId: quorum.id, spec: request.spec })
    if (store.isProgramRevoked(subject))
      throw new MarketError('certificate-revoked', 'a certificate of this program was revoked', {
        details: { templateHash: subject.templateHash },
      })
    const variant = quorum.members.indexOf(signer.address)
    // The run belongs to the validator, not to the request: a broken stream finds its answer when asked again.
    return gates.run(orderId, async () => produce(context, request, { orderId, subject, variant }))
  }
}

/** A threshold of members has promised: shows the own answer. Throws `certify-refused`. */
export async function openGate(
  context: ValidatorContext,
  { orderId, commits }: CertifyOpenRequest,
  from: Address,
  signal: AbortSignal,
): Promise<ValidatorReply> {
  const { chain, signer } = context
  const row = ownGate(context, orderId, from)
  const quorum = await ownQuorum(context, row.subject.quorumId, signal)
  const { answer } = await signGateAnswer(row.answer, signer)
  const promised = new Set<Address>()
  for (const commit of commits) {
    const body = openEnvelope('gate-commit/1', GateCommit, commit)
    const fits =
      body.chainId === chain.market.chainId && body.escrow === chain.market.escrow && body.orderId === orderId
    if (!fits || !quorum.members.includes(commit.signer)) throw refuseGate('promise-foreign', { signer: commit.signer })
    if (commit.signer === signer.address && body.answer !== deriveAnswerDigest(answer))
      throw refuseGate('own-promise-missing')
    promised.add(commit.signer)
  }
  if (!promised.has(signer.address)) throw refuseGate('own-promise-missing')
  if (promised.size < quorum.threshold)
    throw refuseGate('promises-missing', { have: promised.size, need: quorum.threshold })
  return { type: 'certify-answer', answer }
}

/** The own answer about a sample. Throws `certify-refused`. */
export function ownGate({ store }: ValidatorContext, orderId: OrderId, from: Address): GateRow {
  const row = store.gate(orderId)
  if (row === undefined) throw refuseGate('nothing-promised')
  if (row.aggregator !== from) throw refuseGate('not-its-aggregator')
  return row
}

/** The quorum, if this validator sits in it. Throws `no-quorum`. */
export async function ownQuorum(
  { chainFacts, signer }: ValidatorContext,
  quorumId: QuorumMembers['id'],
  signal: AbortSignal,
): Promise<QuorumMembers> {
  const quorum = await chainFacts.quorum(quorumId, signal)
  if (quorum === undefined || !quorum.members.includes(signer.address))
    throw new MarketError('no-quorum', 'this validator is no member of the quorum', { details: { quorumId } })
  return quorum
}

/** The quote is this aggregator's, the spec is the quote's, and its client asked for it, just now and by its own key. */
function checkRequest(
  { chain, clock, facts }: ValidatorContext,
  { terms, spec, request }: CertifyRequest,
  from: Address,
  orderId: OrderId,
): void {
  if (terms.aggregator !== from) throw refuseGate('not-its-aggregator')
  if (deriveSpecHash(spec) !== terms.specHash || spec.client !== terms.client) throw refuseGate('spec-differs')
  if (spec.determinism === 'DX') throw refuseGate('class-uncertifiable', { determinism: spec.determinism })
  // Of other hardware its word would say nothing about the bytes of this class.
  if (spec.hardwareClass !== undefined && spec.hardwareClass !== facts.hardwareClass)
    throw refuseGate('hardware-class-foreign', { hardwareClass: spec.hardwareClass })
  const asked = openEnvelope('request/1', SignedRequest, request)
  const isAsked =
    request.signer === terms.client &&
    asked.chainId === chain.market.chainId &&
    asked.escrow === chain.market.escrow &&
    asked.method === 'POST' &&
    asked.path === `/v1/quotes/${orderId}/certify`
  if (!isAsked) throw refuseGate('client-did-not-ask')
  if (Math.abs(clock.now() - asked.atMs) > validatorLimits.gateRequestMs) throw refuseGate('request-stale')
}

async function produce(
  context: ValidatorContext,
  { spec, terms, inputsFrom }: CertifyRequest,
  about: { readonly orderId: OrderId; readonly subject: CertificateSubject; readonly variant: number },
): Promise<GateRow> {
  const { chain, clock, log, rng, store } = context
  const { orderId, subject, variant } = about
  const known = store.gate(orderId)
  if (known !== undefined) return known
  checkRates(context, terms.client)
  const sample = { orderId, spec, shard: subject.shard, source: inputsFrom.publicKey, variant }
  const finding = await runSample(context, sample)
  const row: GateRow = {
    orderId,
    client: terms.client,
    aggregator: terms.aggregator,
    subject,
    answer: {
      chainId: chain.market.chainId,
      escrow: chain.market.escrow,
      orderId,
      ...finding,
      salt: asHash(bytesToHex(rng.bytes(32))),
    },
    certificate: undefined,
    atMs: clock.now(),
  }
  store.addGate(row)
  log.info({ orderId, grade: finding.grade, templateHash: subject.templateHash }, 'sample.promised')
  return row
}

/** A day's share of this machine. Counted when a run begins, and runs are few at a time. */
function checkRates({ clock, store }: ValidatorContext, client: Address): void {
  const since = unixMs(Math.max(0, clock.now() - dayMs))
  const { gatesPerClient, gatesPerDay } = validatorLimits
  if (store.countGates(since, client) < gatesPerClient && store.countGates(since) < gatesPerDay) return
  throw new MarketError('rate-limited', 'no more samples are run here today', {
    details: { gatesPerClient, gatesPerDay, retryAfterMs: dayMs },
  })
}

const dayMs = 24 * 60 * 60 * 1000

/** A refusal of a certification, with the reason for the asker. */
export const refuseGate = (reason: string, details: Readonly<Record<string, string | number>> = {}): MarketError =>
  new MarketError('certify-refused', `the certification is refused: ${reason}`, { details: { reason, ...details } })
