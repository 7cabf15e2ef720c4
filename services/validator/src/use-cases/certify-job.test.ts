import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { certificateSubject, deriveCertificate } from '@assay/core'
import {
  createEnvelope,
  deriveCertificateId,
  deriveEvidenceHash,
  deriveOrderId,
  deriveRevocationDigest,
  GateAnswer,
  openEnvelope,
  OrderTerms,
  recoverSigner,
  toJson,
  unixMs,
  type Certificate,
  type Envelope,
  type OrderId,
} from '@assay/protocol'
import {
  buildCertificate,
  buildEvidence,
  buildGateAnswer,
  createTestActor,
  named,
  type FakeImage,
  type TestActor,
} from '@assay/testkit'
import { validatorLimits } from '../limits.ts'
import { codeOf, drive, honestRoot, openStage, reasonOf, type Stage } from '../../test/stage.ts'

async function requestOf(stage: Stage, fields: object = {}, by?: TestActor) {
  const { cast, clock } = stage
  const body = {
    chainId: cast.market.chainId,
    escrow: cast.market.escrow,
    method: 'POST',
    path: `/v1/quotes/${cast.orderId}/certify`,
    atMs: clock.now(),
    ...fields,
  }
  return {
    type: 'certify' as const,
    terms: cast.terms,
    spec: cast.spec,
    request: await createEnvelope('request/1', body, by ?? cast.client),
    inputsFrom: { publicKey: cast.aggregator.publicKey },
  }
}

async function promised(stage: Stage): Promise<Envelope> {
  const reply = await drive(stage, stage.ask(await requestOf(stage)))
  assert.ok(reply.type === 'certifying', JSON.stringify(reply))
  return reply.commit
}

/** Answers of the other members, who found what this one finds. */
async function others(stage: Stage, count: number, fields: object = {}) {
  const resultRoot = await honestRoot()
  return Promise.all(
    Array.from({ length: count }, async (_, i) => buildGateAnswer(stage.cast, i + 1, { resultRoot, ...fields })),
  )
}

const { threshold } = (await openThreshold()).quorum
async function openThreshold() {
  await using stage = await openStage()
  return stage.cast
}

async function shown(stage: Stage): Promise<Envelope> {
  const commits = [await promised(stage), ...(await others(stage, threshold - 1)).map(({ commit }) => commit)]
  const reply = await stage.ask({ type: 'certify-open', orderId: stage.cast.orderId, commits })
  assert.ok(reply.type === 'certify-answer', JSON.stringify(reply))
  return reply.answer
}

function certificateFrom(stage: Stage, answers: readonly Envelope[], issuedAtMs = stage.clock.now()) {
  const { market, quorum, orderId, spec } = stage.cast
  const subject = certificateSubject(market, { orderId, quorumId: quorum.id, spec })
  const outcome = deriveCertificate({ market, quorum, orderId, subject, answers, issuedAtMs: unixMs(issuedAtMs) })
  assert.ok(outcome.kind === 'certified', outcome.kind)
  return outcome.body
}

describe('certifying a job', () => {
  it('runs the sample twice under different conditions, and shows its answer once a threshold has promised', async () => {
    const seen: unknown[] = []
    const run: FakeImage = ({ conditions }) => {
      seen.push(conditions?.hostname ?? 'paid')
      return { stdout: 'honest output' }
    }
    await using stage = await openStage({ run })
    const own = await promised(stage)
    assert.equal(own.signer, stage.actor.address)
    assert.deepEqual([seen.length, seen[0] === seen[1]], [2, false])
    assert.equal(seen[0], 'paid', 'the root is the one of a paid run')
    const few = (await others(stage, threshold - 2)).map(({ commit }) => commit)
    const open = async (commits: readonly Envelope[]) =>
      reasonOf(await stage.ask({ type: 'certify-open', orderId: stage.cast.orderId, commits }))
    assert.equal(await open([own, ...few]), 'promises-missing')
    assert.equal(await open([own, own, ...few]), 'promises-missing')
    assert.equal(await open((await others(stage, threshold)).map(({ commit }) => commit)), 'own-promise-missing')
    const stranger = createTestActor('stranger')
    const { signer: _signer, ...rest } = own
    const foreign = await createEnvelope('gate-commit/1', JSON.parse(rest.payload) as never, stranger)
    assert.equal(await open([own, foreign]), 'promise-foreign')
    const answer = openEnvelope('gate-answer/1', GateAnswer, await shown(stage))
    assert.equal(answer.grade, 'exact')
    assert.equal(answer.resultRoot, await honestRoot())
    assert.ok(answer.conditions.includes('host-name') && answer.conditions.includes('clock'))
  })

  it('signs the one certificate that follows from answers that agree with its own', async () => {
    await using stage = await openStage()
    const { orderId } = stage.cast
    const answers = [await shown(stage), ...(await others(stage, threshold - 1)).map(({ answer }) => answer)]
    const certificate = certificateFrom(stage, answers)
    const ask = async (body: object, given = answers) =>
      stage.ask({ type: 'certify-sign', orderId, certificate: body, answers: given })
    assert.equal(reasonOf(await ask({ ...certificate, templateHash: named('other') })), 'certificate-differs')
    assert.equal(reasonOf(await ask(certificate, answers.slice(1))), 'answers-differ')
    const without = (await others(stage, threshold)).map(({ answer }) => answer)
    assert.equal(reasonOf(await ask(certificateFrom(stage, without), without)), 'own-answer-missing')
    const early = unixMs(stage.clock.now() - validatorLimits.certificateClockMs - 1)
    assert.equal(reasonOf(await ask(certificateFrom(stage, answers, early))), 'time-differs')
    const reply = await ask(certificate)
    assert.ok(reply.type === 'signed', JSON.stringify(reply))
    assert.equal(recoverSigner(deriveCertificateId(certificate), reply.signature), stage.actor.address)
    await stage.clock.advance(5_000)
    const second = certificateFrom(stage, answers)
    assert.equal(reasonOf(await ask(second)), 'one-certificate-a-question')
    await stage.restart()
    assert.deepEqual(await ask(certificate), reply)
  })

  it('answers the same after a restart, and runs nothing twice', async () => {
    let runs = 0
    const run: FakeImage = () => {
      runs += 1
      return { stdout: 'honest output' }
    }
    await using stage = await openStage({ run })
    const first = await promised(stage)
    await stage.restart()
    assert.deepEqual(await promised(stage), first)
    assert.equal(runs, 2)
  })

  it('names file, byte and cause of what differs, and calls a failing job by its failure', async () => {
    const run: FakeImage = ({ conditions }) => ({
      files: { log: `on ${conditions?.hostname ?? 'assay'}` },
    })
    await using stage = await openStage({ run })
    const answer = openEnvelope('gate-answer/1', GateAnswer, await shown(stage))
    assert.equal(answer.grade, 'unverifiable')
    const [difference] = answer.differences
    assert.deepEqual(
      [difference?.path, difference?.kind, difference?.cause, difference?.offset],
      ['log', 'content', 'host-name', 3],
    )
    await using failing = await openStage({ run: () => ({ exitCode: 3 }) })
    const failed = openEnvelope('gate-answer/1', GateAnswer, await shown(failing))
    assert.deepEqual([failed.grade, failed.differences[0]?.kind], ['unverifiable', 'failure'])
  })

  it('certifies a program of a hardware class on that hardware alone', async () => {
    const hardwareClass = 'cpu/x86_64/v3/GenuineIntel-6-85/avx2,fma'
    const cast = { spec: { determinism: 'D2', hardwareClass } }
    for (const own of [hardwareClass, `${hardwareClass},sve`, undefined]) {
      await using stage = await openStage({ cast, ...(own && { hardwareClass: own }) })
      const reply = await drive(stage, stage.ask(await requestOf(stage)))
      if (own === hardwareClass) assert.equal(codeOf(reply), 'certifying')
      else assert.equal(reasonOf(reply), 'hardware-class-foreign')
    }
  })

  it('refuses what the client did not ask for', async () => {
    await using stage = await openStage()
    const refusal = async (request: object) => reasonOf(await stage.ask(request))
    assert.equal(await refusal(await requestOf(stage, {}, createTestActor('other'))), 'client-did-not-ask')
    assert.equal(await refusal(await requestOf(stage, { path: '/v1/jobs' })), 'client-did-not-ask')
    assert.equal(await refusal(await requestOf(stage, { chainId: 1 })), 'client-did-not-ask')
    const stale = stage.clock.now() - validatorLimits.gateRequestMs - 1
    assert.equal(await refusal(await requestOf(stage, { atMs: stale })), 'request-stale')
    const request = await requestOf(stage)
    assert.equal(await refusal({ ...request, spec: { ...request.spec, command: ['true'] } }), 'spec-differs')
    const elsewhere = stage.hub.open(createTestActor('elsewhere').privateKey)
    await using _ = elsewhere
    await elsewhere.connect(stage.network.addresses()[0]!, new AbortController().signal)
    await elsewhere.connect(stage.service.status().addresses[0]!, new AbortController().signal)
    assert.equal(reasonOf(await stage.ask(request, elsewhere)), 'not-its-aggregator')
    const open = { type: 'certify-open', orderId: stage.cast.orderId, commits: [request.request] }
    assert.equal(await refusal(open), 'nothing-promised')
  })

  it('gives a client its share of a day, and not more', async () => {
    await using stage = await openStage({ run: () => ({ stdout: 'x' }) })
    const ask = async (n: number) => {
      const terms = OrderTerms.parse(toJson({ ...stage.cast.terms, salt: named(`salt ${n}`) }))
      const orderId: OrderId = deriveOrderId(stage.cast.market, terms)
      const request = await requestOf(stage, { path: `/v1/quotes/${orderId}/certify` })
      return codeOf(await drive(stage, stage.ask({ ...request, terms })))
    }
    for (let n = 0; n < validatorLimits.gatesPerClient; n++) assert.equal(await ask(n), 'certifying')
    assert.equal(await ask(validatorLimits.gatesPerClient), 'rate-limited')
    await stage.clock.advance(24 * 60 * 60 * 1000)
    assert.equal(await ask(validatorLimits.gatesPerClient), 'certifying')
  })
})

describe('revoking a certificate', () => {
  async function openAudited(story: 'nondeterministic' | 'garbage') {
    const stage = await openStage()
    const { cast } = stage
    const attempts = [{ shard: 0, provider: 0, sampled: true, story } as const]
    const evidence = await buildEvidence(cast, { epochs: [{ attempts }] })
    await stage.introduce()
    const [epoch] = evidence.epochs
    const proposed = await stage.ask({ type: 'propose', proposal: epoch!.proposal, leaves: epoch!.leaves })
    assert.ok(proposed.type === 'acknowledged')
    const [audit] = evidence.audits
    const certificate: Certificate = buildCertificate(cast)
    const { chainId, escrow } = cast.market
    const revocation = {
      v: 1 as const,
      chainId,
      escrow,
      quorumId: cast.quorum.id,
      certificate: deriveCertificateId(certificate.body),
      evidence: deriveEvidenceHash(audit!),
    }
    const { commitment, reason, rounds, opening } = audit!
    const { proposal } = JSON.parse(epoch!.acks[0]!.payload) as { proposal: string }
    const about = { proposal, beacon: epoch!.beacon, acks: epoch!.acks, rounds, ...(opening && { opening }) }
    return { stage, revocation, request: { type: 'revoke', revocation, certificate, commitment, reason, ...about } }
  }

  it('follows from an audit without a reproducible result, and ends its use here', async () => {
    const { stage, request, revocation } = await openAudited('nondeterministic')
    await using _ = stage
    const changed = { ...request, revocation: { ...revocation, evidence: named('evidence') } }
    assert.equal(reasonOf(await stage.ask(changed)), 'revocation-differs')
    const reply = await stage.ask(request)
    assert.ok(reply.type === 'signed', JSON.stringify(reply))
    assert.equal(recoverSigner(deriveRevocationDigest(revocation), reply.signature), stage.actor.address)
    assert.deepEqual(await stage.ask(request), reply)
    assert.equal(codeOf(await stage.ask(await requestOf(stage))), 'certificate-revoked')
  })

  it('does not follow from an audit that found the right result, nor for another program', async () => {
    const { stage, request } = await openAudited('garbage')
    await using _ = stage
    assert.equal(reasonOf(await stage.ask(request)), 'audit-reproducible')
    const certificate = buildCertificate(stage.cast, { body: { templateHash: named('other') } })
    assert.equal(reasonOf(await stage.ask({ ...request, certificate })), 'certificate-program')
    const unsigned = buildCertificate(stage.cast, { signers: 1 })
    assert.equal(reasonOf(await stage.ask({ ...request, certificate: unsigned })), 'certificate-unsigned')
  })
})
