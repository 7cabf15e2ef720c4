import { certificateSubject, deriveCertificate, type GateFindings, type GateOutcome } from '@assay/core'
import {
  assertBug,
  deriveAnswerDigest,
  deriveCertificateId,
  encodeError,
  GateAnswer,
  GateCommit,
  isMarketError,
  MarketError,
  openEnvelope,
  type Address,
  type CertificateBody,
  type Envelope,
  type OrderId,
} from '@assay/protocol'
import { askQuorum, askToSign, askValidator, collectSignatures } from '../ask-validator.ts'
import type { Context } from '../context.ts'
import { aggregatorLimits as limits } from '../limits.ts'
import type { CertificationRow } from '../store/records.ts'

/**
 * Takes a certification to its end: promises, answers, signatures, each stored before the next question. A restart asks only
 * what is missing; the deadline ends it whatever anybody does. Throws `certify-incomplete`; planning tries again.
 */
export async function runCertification(context: Context, orderId: OrderId, signal: AbortSignal): Promise<void> {
  const row = find(context, orderId)
  if (row.state !== 'running') return
  if (context.clock.now() >= row.deadlineMs) return end(context, row, incomplete('the time is up'))
  // Once a certificate is to be signed its answers stay as they are: signers derive it from them again.
  if (row.body === undefined) {
    const hopeless = await gatherPromises(context, row, signal)
    if (hopeless !== undefined) return end(context, row, hopeless)
    await gatherAnswers(context, find(context, orderId), signal)
  }
  const answered = find(context, orderId)
  const outcome = deriveCertificate(caseOf(context, answered))
  if (outcome.kind === 'certified') return sign(context, answered, outcome.body, signal)
  if (outcome.kind === 'refused') return end(context, answered, refusal(outcome))
  assertBug(outcome.kind === 'pending', 'an answer that does not hold is never stored')
  throw incomplete('too few validators have answered', { have: outcome.have, need: outcome.need })
}

function find({ store }: Context, orderId: OrderId): CertificationRow {
  const row = store.certification(orderId)
  assertBug(row !== undefined, 'a certification under way is in the store')
  return row
}

const caseOf = ({ chain, clock, quorum }: Context, { orderId, spec, answers, body }: CertificationRow) => ({
  market: chain.market,
  quorum,
  orderId,
  subject: certificateSubject(chain.market, { orderId, quorumId: quorum.id, spec }),
  answers,
  issuedAtMs: body?.issuedAtMs ?? clock.now(),
})

/** Asks whoever has not promised. Gives the refusal of so many that no quorum is left, if it came to that. */
async function gatherPromises(
  context: Context,
  row: CertificationRow,
  signal: AbortSignal,
): Promise<MarketError | undefined> {
  const { chain, quorum, signer, store } = context
  const { orderId, terms, spec, request } = row
  const missing = quorum.members.filter((member) => row.commits.every((commit) => commit.signer !== member))
  const message = {
    type: 'certify' as const,
    terms,
    spec,
    request,
    inputsFrom: { publicKey: signer.publicKey },
  }
  const deadlineMs = 2 * limits.auditTimeFactor * spec.timeLimitMs + limits.auditSlackMs
  const final: MarketError[] = []
  const ask = async (validator: Address, inTime: AbortSignal): Promise<void> => {
    try {
      const question = { message, expected: ['certifying'] as const, deadlineMs }
      const { commit } = await askValidator(context, validator, question, inTime)
      const body = openEnvelope('gate-commit/1', GateCommit, commit)
      const { chainId, escrow } = chain.market
      const fits = body.chainId === chainId && body.escrow === escrow && body.orderId === orderId
      if (!fits || commit.signer !== validator) throw malformed(validator)
      addEnvelope(context, orderId, 'commits', commit)
    } catch (error) {
      if (isMarketError(error) && finalRefusals.has(error.code)) final.push(error)
      throw error
    }
  }
  await askQuorum(context, { missed: 'promise.missed', members: missing }, ask, signal)
  return quorum.members.length - final.length < quorum.threshold && store.certification(orderId)?.commits.length === 0
    ? final[0]
    : undefined
}

/** Shows everybody the promises of a threshold, and takes their answers. */
async function gatherAnswers(context: Context, row: CertificationRow, signal: AbortSignal): Promise<void> {
  const { quorum } = context
  const { orderId, commits } = row
  if (commits.length < quorum.threshold) return
  const promised = new Map(commits.map((commit) => [commit.signer, commit]))
  const missing = quorum.members.filter(
    (member) => promised.has(member) && row.answers.every((answer) => answer.signer !== member),
  )
  const message = { type: 'certify-open' as const, orderId, commits: [...commits] }
  const ask = async (validator: Address, inTime: AbortSignal): Promise<void> => {
    const question = { message, expected: ['certify-answer'] as const, deadlineMs: limits.validatorReplyMs }
    const { answer } = await askValidator(context, validator, question, inTime)
    checkAnswer(context, orderId, { validator, answer, promise: promised.get(validator) })
    addEnvelope(context, orderId, 'answers', answer)
  }
  await askQuorum(context, { missed: 'answer.missed', members: missing }, ask, signal)
}

/** The answer is the one that was promised, by whom it was promised. */
function checkAnswer(
  { chain }: Context,
  orderId: OrderId,
  shown: { readonly validator: Address; readonly answer: Envelope; readonly promise: Envelope | undefined },
): void {
  const { validator, answer, promise } = shown
  const body = openEnvelope('gate-answer/1', GateAnswer, answer)
  const { chainId, escrow } = chain.market
  const isPromised =
    promise !== undefined && openEnvelope('gate-commit/1', GateCommit, promise).answer === deriveAnswerDigest(answer)
  const fits = body.chainId === chainId && body.escrow === escrow && body.orderId === orderId
  if (!isPromised || !fits || answer.signer !== validator) throw malformed(validator)
}

function addEnvelope(context: Context, orderId: OrderId, list: 'commits' | 'answers', envelope: Envelope): void {
  const { store } = context
  store.transaction(() => {
    const held = find(context, orderId)[list]
    if (held.every(({ signer }) => signer !== envelope.signer))
      store.updateCertification(orderId, { [list]: [...held, envelope] })
  })
}

async function sign(
  context: Context,
  { orderId, answers }: CertificationRow,
  body: CertificateBody,
  signal: AbortSignal,
): Promise<void> {
  const { log, store } = context
  store.updateCertification(orderId, { body })
  const id = deriveCertificateId(body)
  const message = { type: 'certify-sign' as const, orderId, certificate: body, answers: [...answers] }
  const question = { digest: id, message, deadlineMs: limits.validatorReplyMs }
  const ask = async (validator: Address, inTime: AbortSignal) => askToSign(context, validator, question, inTime)
  const signatures = [...(await collectSignatures(context, 'certificate.unsigned', ask, signal))]
  store.transaction(() => {
    store.addCertificate({ body, signatures })
    store.updateCertification(orderId, { state: 'certified' })
  })
  log.info({ orderId, certificate: id, templateHash: body.templateHash }, 'certificate.issued')
}

function end({ log, store }: Context, { orderId }: CertificationRow, error: MarketError): void {
  store.updateCertification(orderId, { state: 'refused', error: encodeError(error) })
  log.info({ orderId, code: error.code, reason: error.details['reason'] }, 'certification.refused')
}

function refusal({ reason, findings }: Extract<GateOutcome, { kind: 'refused' }>): MarketError {
  const found = findings.find(({ answer }) => answer.differences.length > 0)
  return new MarketError('certificate-refused', `the job is not reproducible: ${reason}`, {
    details: { reason, members: findings.length, ...(found && describe(found)) },
  })
}

/** The first difference of one member, for people; all of them are in the view. */
function describe({ validator, answer }: GateFindings): Readonly<Record<string, string | number>> {
  const [difference] = answer.differences
  if (difference === undefined) return {}
  const { path, kind, cause, offset, first, second, detail } = difference
  return {
    validator,
    grade: answer.grade,
    kind,
    cause,
    file: path === '' ? 'standard output' : `/out/${path}`,
    ...(offset !== undefined && { offset }),
    ...(first && { first: first.hex }),
    ...(second && { second: second.hex }),
    ...(detail !== undefined && { detail }),
  }
}

/** Asking the same member again today changes nothing. */
const finalRefusals: ReadonlySet<string> = new Set(['certificate-revoked', 'rate-limited'])

const incomplete = (reason: string, details: Readonly<Record<string, number>> = {}): MarketError =>
  new MarketError('certify-incomplete', `the certification is not complete: ${reason}`, {
    details: { reason, ...details },
  })

const malformed = (validator: Address): MarketError =>
  new MarketError('message-malformed', 'the validator answered something else', {
    blame: 'validator',
    details: { validator },
  })
