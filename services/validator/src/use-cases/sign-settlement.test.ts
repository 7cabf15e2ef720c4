import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { deriveSettlement, slashAmount, toBatch } from '@assay/core'
import {
  deriveBatchDigest,
  deriveEvidenceHash,
  deriveProposalDigest,
  deriveVerdictDigest,
  encodeFrame,
  JobEvidence,
  ppm,
  protocols,
  recoverSigner,
  toJson,
  unixMs,
  usdc,
  Verdict,
  type Audit,
  type Commitment,
  type Opening,
} from '@assay/protocol'
import {
  buildAudit,
  buildCase,
  buildCertificate,
  buildEpoch,
  buildEvidence,
  buildVerdict,
  createEvidenceCast,
  createTestActor,
  named,
  openingsOf,
  type AttemptPlan,
  type BuiltEpoch,
} from '@assay/testkit'
import { codeOf, drive, openStage, proposeRequest, reasonOf, type Stage } from '../../test/stage.ts'

const never = new AbortController().signal
const honest: readonly AttemptPlan[] = [
  { shard: 0, provider: 0, sampled: true },
  { shard: 1, provider: 1, sampled: true },
  { shard: 2, provider: 2, sampled: true },
]

async function openJob(attempts: readonly AttemptPlan[] = honest, passes = 0) {
  const stage = await openStage()
  const { cast } = stage
  const earned = cast.providers.flatMap(({ address }) =>
    Array.from({ length: passes }, (_unused, i) => ({
      commitment: named<Commitment>(`earned/${address}/${i}`),
      orderId: cast.orderId,
      provider: address,
      determinism: 'D1' as const,
      verdict: 'passed' as const,
    })),
  )
  stage.store.addSettlements([], earned)
  const evidence = await buildEvidence(cast, { epochs: [{ attempts }] })
  await stage.introduce()
  const [epoch] = evidence.epochs
  assert.equal(
    codeOf(await stage.ask({ type: 'propose', proposal: epoch!.proposal, leaves: epoch!.leaves })),
    'acknowledged',
  )
  return { stage, cast, evidence }
}

const settleRequest = (stage: Stage, evidence: readonly JobEvidence[]) => {
  const derived = deriveSettlement(stage.cast.market, evidence)
  assert.ok(derived.ok, 'fault' in derived ? derived.fault : '')
  return {
    request: { type: 'settle', evidence, settlement: derived.settlement },
    digest: deriveBatchDigest(stage.cast.market, toBatch(derived)),
  }
}
const refusalOf = async (stage: Stage, evidence: JobEvidence) =>
  reasonOf(await stage.ask(settleRequest(stage, [evidence]).request))
const altered = (evidence: JobEvidence, fields: object): JobEvidence =>
  JobEvidence.parse(toJson({ ...evidence, ...fields }))

describe('settlement', () => {
  it('signs what it derives itself, and the same again, after a restart too', async () => {
    const { stage, evidence } = await openJob()
    await using _ = stage
    const { request, digest } = settleRequest(stage, [evidence])
    const reply = await stage.ask(request)
    assert.ok(reply.type === 'signed', JSON.stringify(reply))
    assert.equal(recoverSigner(digest, reply.signature), stage.actor.address)
    await stage.restart()
    assert.deepEqual(await stage.ask(request), reply)
  })

  it('counts the audited passes that it signs for, each once', async () => {
    const { stage, cast, evidence } = await openJob()
    await using _ = stage
    const { request } = settleRequest(stage, [evidence])
    await stage.ask(request)
    await stage.ask(request)
    assert.deepEqual(
      cast.providers.map(({ address }) => stage.store.passes(address, 'D1')),
      [1, 1, 1, 0],
    )
  })

  it('never signs another settlement for an order', async () => {
    const { stage, evidence } = await openJob()
    await using _ = stage
    const { clock, cast } = stage
    const first = settleRequest(stage, [evidence])
    assert.equal(codeOf(await stage.ask(first.request)), 'signed')
    await clock.advanceTo(unixMs(cast.terms.settleBy * 1000 - 30_000))
    const less = await buildEvidence(cast, { epochs: [{ attempts: honest.slice(0, 2) }] })
    const reply = await stage.ask(settleRequest(stage, [less]).request)
    assert.equal(reasonOf(reply), 'one-settlement-an-order')
    assert.ok(reply.type === 'error')
    assert.equal(reply.error.details['heldBatch'], first.digest)
  })

  it('pays nothing unaudited of a provider that another quorum convicted meanwhile', async () => {
    const unsampled = { sampled: false, ratePpm: 60_000 }
    const { stage, cast, evidence } = await openJob([{ shard: 0, provider: 0, ...unsampled }], 200)
    await using _ = stage
    const elsewhere = createEvidenceCast({ label: 'elsewhere' })
    stage.chain.fund(elsewhere.terms)
    const built = await buildCase(elsewhere, 'garbage')
    const { verdict, signatures } = buildVerdict(elsewhere, built)
    assert.equal(verdict.accused, cast.providers[0]!.address)
    const anyone = stage.chain.writer(cast.client.address)
    await anyone.submitVerdict({ verdict, terms: elsewhere.terms, commit: built.commit }, signatures, never)
    assert.equal(await refusalOf(stage, evidence), 'contagion-incomplete')
  })

  it('pays unaudited commits of a provider that nobody convicted', async () => {
    const { stage, evidence } = await openJob([{ shard: 0, provider: 0, sampled: false, ratePpm: 60_000 }], 200)
    await using _ = stage
    assert.equal(await refusalOf(stage, evidence), 'signed')
  })

  it('signs an order again in another batch: only what the order pays is fixed', async () => {
    const { stage, cast, evidence } = await openJob()
    await using _ = stage
    const other = createEvidenceCast({ label: 'second' })
    stage.chain.fund(other.terms)
    const second = await buildEvidence(other, { epochs: [{ attempts: honest }] })
    await stage.ask({ type: 'introduce', terms: other.terms, spec: other.spec })
    const both = await stage.ask(settleRequest(stage, [evidence, second]).request)
    assert.equal(codeOf(both), 'signed', JSON.stringify(both))
    const alone = settleRequest(stage, [evidence])
    const reply = await stage.ask(alone.request)
    assert.ok(reply.type === 'signed')
    assert.equal(recoverSigner(alone.digest, reply.signature), stage.actor.address)
    assert.equal(cast.orderId === other.orderId, false)
  })

  it('refuses what does not follow from the evidence', async () => {
    const { stage, evidence } = await openJob()
    await using _ = stage
    const { request } = settleRequest(stage, [evidence])
    const { settlement } = request
    const more = { ...settlement, fee: settlement.fee + 1n }
    assert.equal(reasonOf(await stage.ask({ ...request, settlement: more })), 'settlement-differs')
    const paid = settlement.payouts.map((payout, i) =>
      i === 0 ? { ...payout, amount: usdc(payout.amount + 1n) } : payout,
    )
    assert.equal(
      reasonOf(await stage.ask({ ...request, settlement: { ...settlement, payouts: paid } })),
      'settlement-differs',
    )
    const missing = altered(evidence, { audits: evidence.audits.slice(1) })
    assert.equal(reasonOf(await stage.ask({ ...request, evidence: [missing] })), 'audit-missing')
  })

  it('refuses evidence that is not of this chain, quorum and beacon', async () => {
    const { stage, cast, evidence } = await openJob()
    await using _ = stage
    const { operators, quorum } = evidence
    const shifted = operators.map((operator) => ({ ...operator, index: operator.index + 1 }))
    assert.equal(await refusalOf(stage, altered(evidence, { operators: shifted })), 'operator-differs')
    assert.equal(await refusalOf(stage, altered(evidence, { quorum: { ...quorum, threshold: 2 } })), 'quorum-differs')
    await using stranger = stage.hub.open(createTestActor('stranger').privateKey)
    assert.equal(reasonOf(await stage.ask(settleRequest(stage, [evidence]).request, stranger)), 'not-its-aggregator')
    await stage.clock.advanceTo(unixMs(cast.terms.settleBy * 1000))
    assert.equal(await refusalOf(stage, evidence), 'order-overdue')
    await stage.clock.advanceTo(unixMs(cast.terms.refundAt * 1000))
    await stage.chain.writer(cast.client.address).refund(cast.terms, new AbortController().signal)
    assert.equal(await refusalOf(stage, evidence), 'order-closed')
  })

  it('lets no acknowledged commit be left out until the order is nearly over', async () => {
    const { stage, cast } = await openJob()
    await using _ = stage
    const less = await buildEvidence(cast, { epochs: [{ attempts: honest.slice(0, 2) }] })
    assert.equal(await refusalOf(stage, less), 'epoch-left-out')
    await stage.clock.advanceTo(unixMs(cast.terms.settleBy * 1000 - 60_000))
    assert.equal(await refusalOf(stage, less), 'signed')
  })
})

const guilty: readonly AttemptPlan[] = [
  { shard: 0, provider: 0, sampled: true, story: 'garbage' },
  { shard: 1, provider: 1, sampled: true },
]

/** What an aggregator asks when an audit has convicted. */
function judgeRequest(stage: Stage, evidence: JobEvidence, fields: object = {}) {
  const { cast } = stage
  const [epoch] = evidence.epochs
  const audit = evidence.audits.find(({ opening, rounds }) => opening === undefined || rounds.length > 1)!
  const { commit, ratePpm } = epoch!.leaves.find((leaf) => leaf.commit.commitment === audit.commitment)!
  const verdict = Verdict.parse({
    ...(toJson({
      orderId: commit.orderId,
      shard: commit.shard,
      attempt: commit.attempt,
      accused: commit.provider,
      outcome: 1,
      slash: slashAmount({ ...cast.spec, stakeUsdc: usdc(50_000_000n), ratePpm: ppm(ratePpm) }),
      detector: audit.rounds[0]!.attestations[0]!.validator,
      quorumId: cast.quorum.id,
      evidence: deriveEvidenceHash(audit),
    }) as object),
    ...fields,
  })
  const { opening, reason, rounds } = audit
  const proposal = deriveProposalDigest(epoch!.proposal)
  return {
    type: 'judge' as const,
    verdict,
    reason,
    proposal,
    beacon: epoch!.beacon,
    acks: epoch!.acks,
    rounds,
    certificate: buildCertificate(cast),
    ...(opening && { opening }),
  }
}

/** The provider's own node, which answers every question with this opening. */
async function serveOpening(stage: Stage, index: number, opening: Opening | undefined) {
  const node = stage.hub.open(stage.cast.providers[index]!.privateKey)
  const { chainId, escrow } = stage.cast.market
  await node.announce([`assay/1/provider/${chainId}:${escrow}`], new AbortController().signal)
  let asked = 0
  await node.handle(protocols.open, async (stream, _remote, signal) => {
    asked += 1
    await stream.receive(signal)
    const error = { code: 'audit-refused', message: 'no', blame: 'provider', details: {} }
    await stream.send(
      encodeFrame(opening === undefined ? { type: 'error', error } : { type: 'opening', opening }),
      signal,
    )
    await stream.end()
  })
  await node.connect(stage.network.addresses()[0]!, new AbortController().signal)
  return { node, asked: () => asked }
}

describe('verdict', () => {
  it('signs a conviction that it derives itself, resets the standing, and signs it again', async () => {
    const { stage, cast, evidence } = await openJob(guilty)
    await using _ = stage
    const { address } = cast.providers[0]!
    const judged = Array.from({ length: 3 }, (_unused, i) => ({
      commitment: named<Commitment>(`c${i}`),
      orderId: cast.orderId,
      provider: address,
      determinism: 'D1' as const,
      verdict: 'passed' as const,
    }))
    stage.store.addSettlements([], judged)
    const request = judgeRequest(stage, evidence)
    const reply = await stage.ask(request)
    assert.ok(reply.type === 'signed', JSON.stringify(reply))
    assert.equal(recoverSigner(deriveVerdictDigest(cast.market, request.verdict), reply.signature), stage.actor.address)
    assert.equal(stage.store.passes(address, 'D1'), 0)
    assert.deepEqual(await stage.ask(request), reply)
  })

  it('refuses a verdict that does not follow', async () => {
    const { stage, cast, evidence } = await openJob(guilty)
    await using _ = stage
    const refusal = async (fields: object, extra: object = {}) =>
      reasonOf(await stage.ask({ ...judgeRequest(stage, evidence, fields), ...extra }))
    assert.equal(await refusal({ slash: '1' }), 'slash-differs')
    assert.equal(await refusal({ slash: '49999999999' }), 'slash-differs')
    assert.equal(await refusal({ detector: cast.client.address }), 'verdict-differs')
    assert.equal(await refusal({ outcome: 2 }), 'no-conviction')
    assert.equal(await refusal({ quorumId: 2 }), 'verdict-differs')
    assert.equal(await refusal({ evidence: named('evidence') }), 'verdict-differs')
    assert.equal(await refusal({ accused: cast.providers[1]!.address }), 'commit-unknown')
    assert.equal(await refusal({}, { acks: [] }), 'acks-insufficient')
    const { rounds } = judgeRequest(stage, evidence)
    assert.equal(await refusal({}, { rounds: [rounds[0]] }), 'no-conviction')
  })

  it('costs a provider that opened nothing without a certificate of the job, in force when its epoch closed', async () => {
    const { stage, cast, evidence } = await openJob(guilty)
    await using _ = stage
    const request = judgeRequest(stage, evidence)
    const { certificate: _certificate, ...bare } = request
    const refusal = async (body: object, signers = cast.quorum.threshold) =>
      reasonOf(await stage.ask({ ...bare, certificate: buildCertificate(cast, { body, signers }) }))
    assert.equal(reasonOf(await stage.ask(bare)), 'certificate-missing')
    assert.equal(await refusal({}, cast.quorum.threshold - 1), 'certificate-unsigned')
    assert.equal(await refusal({ chainId: 1 }), 'certificate-market')
    assert.equal(await refusal({ templateHash: named('other') }), 'certificate-program')
    assert.equal(await refusal({ expiresAtMs: stage.clock.now() - 1_000_000_000 }), 'certificate-malformed')
    assert.equal(codeOf(await stage.ask(request)), 'signed')
  })

  it('convicts of silence without a certificate', async () => {
    const { stage, evidence } = await openJob([{ shard: 0, provider: 0, sampled: true, story: 'unopened' }])
    await using _ = stage
    const { certificate: _certificate, ...bare } = judgeRequest(stage, evidence)
    assert.equal(codeOf(await stage.ask(bare)), 'signed')
  })

  it('takes an amount that an earlier slash has overtaken', async () => {
    const { stage, cast, evidence } = await openJob(guilty)
    await using _ = stage
    const spent = judgeRequest(stage, evidence)
    stage.chain.slash(cast.providers[0]!.address, 48_000_000n)
    assert.equal(codeOf(await stage.ask(spent)), 'signed')
  })

  it('convicts nobody of silence who answers when asked', async () => {
    const { stage, cast, evidence } = await openJob([{ shard: 0, provider: 0, sampled: true, story: 'unopened' }])
    await using _ = stage
    const [audit] = evidence.audits
    const opening = openingsOf(cast).get(audit!.commitment)
    const { node, asked } = await serveOpening(stage, 0, opening)
    await using _node = node
    const reply = await stage.ask(judgeRequest(stage, evidence))
    assert.equal(reasonOf(reply), 'provider-opens')
    assert.ok(reply.type === 'error')
    assert.equal(reply.error.details['resultRoot'], opening!.resultRoot)
    assert.equal(await refusalOf(stage, evidence), 'provider-opens', 'nor is its pay withheld')
    assert.equal(asked(), 2)
  })

  it('convicts a provider that is gone, refuses, or opens to something else', async () => {
    for (const answer of ['gone', 'refuses', 'lies'] as const) {
      const { stage, evidence } = await openJob([{ shard: 0, provider: 0, sampled: true, story: 'unopened' }])
      await using _ = stage
      const lie = { resultRoot: named<never>('root'), salt: named<never>('salt') }
      const served = answer === 'gone' ? undefined : await serveOpening(stage, 0, answer === 'lies' ? lie : undefined)
      assert.equal(codeOf(await stage.ask(judgeRequest(stage, evidence))), 'signed', answer)
      assert.equal(await refusalOf(stage, evidence), 'signed', 'the settlement does not ask again')
      await served?.node[Symbol.asyncDispose]()
    }
  })

  it('gives up on a provider that never answers', async () => {
    const { stage, cast, evidence } = await openJob([{ shard: 0, provider: 0, sampled: true, story: 'unopened' }])
    await using _ = stage
    await using node = stage.hub.open(cast.providers[0]!.privateKey)
    await node.announce([`assay/1/provider/${cast.market.chainId}:${cast.market.escrow}`], new AbortController().signal)
    await node.handle(protocols.open, async (stream, _remote, signal) => {
      await stream.receive(signal)
      await stream.receive(signal)
      await once(signal, 'abort')
    })
    await node.connect(stage.network.addresses()[0]!, new AbortController().signal)
    const before = stage.clock.now()
    assert.equal(codeOf(await drive(stage, stage.ask(judgeRequest(stage, evidence)))), 'signed')
    assert.ok(stage.clock.now() - before >= 10_000)
  })

  it('does not pay for what it convicted, nor leave it out', async () => {
    const { stage, cast, evidence } = await openJob(guilty)
    await using _ = stage
    assert.equal(codeOf(await stage.ask(judgeRequest(stage, evidence))), 'signed')
    await stage.clock.advanceTo(unixMs(cast.terms.settleBy * 1000 - 30_000))
    const without = await buildEvidence(cast, { epochs: [{ attempts: guilty.slice(1) }] })
    assert.equal(await refusalOf(stage, without), 'conviction-left-out')
    assert.equal(await refusalOf(stage, evidence), 'signed')
  })

  it('does not convict in two ways', async () => {
    const { stage, cast, evidence } = await openJob(guilty)
    await using _ = stage
    const first = judgeRequest(stage, evidence)
    assert.equal(codeOf(await stage.ask(first)), 'signed')
    const epoch = evidence.epochs[0]!
    const built: BuiltEpoch = await buildEpoch(cast, guilty)
    assert.deepEqual(epoch.proposal, built.seeded.proposal)
    const other: Audit = { ...buildAudit(cast, built, { ...guilty[0]!, story: 'unopened' }, 'sampled') }
    const { opening: _opening, ...rest } = first
    const verdict = {
      ...first.verdict,
      evidence: deriveEvidenceHash(other),
      detector: other.rounds[0]!.attestations[0]!.validator,
    }
    const reply = await stage.ask({ ...rest, verdict, rounds: other.rounds })
    assert.equal(reasonOf(reply), 'one-verdict-a-commit')
    assert.equal(codeOf(await stage.ask(proposeRequest(built))), 'acknowledged')
  })
})
