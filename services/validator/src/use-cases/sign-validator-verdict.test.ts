import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  deriveAttestationDigest,
  deriveEvidenceHash,
  deriveProposalDigest,
  deriveVerdictDigest,
  encodeFrame,
  protocols,
  recoverSigner,
  roleKey,
  usdc,
  type Audit,
  type SignedAttestation,
  type Verdict,
} from '@assay/protocol'
import {
  buildAudit,
  buildEpoch,
  buildRound,
  truthOf,
  type AttemptPlan,
  type BuiltEpoch,
  type Story,
} from '@assay/testkit'
import { codeOf, drive, honestRoot, openStage, reasonOf, seatsOf, type Stage } from '../../test/stage.ts'

const never = new AbortController().signal
const planOf = (story: Story): AttemptPlan => ({ shard: 0, provider: 0, sampled: true, story })

/** A stage that knows an epoch of one audited commit; the validator under test did not sit unless it is named. */
async function openCase(story: Story, pickSelf?: (audit: Audit) => Audit['rounds'][0]['commits'][0]['validator']) {
  const probe = await openStage()
  const early = await buildEpoch(probe.cast, [planOf(story)])
  const audit = buildAudit(probe.cast, early, planOf(story), 'sampled')
  const sat = new Set(audit.rounds.flatMap(({ commits }) => commits.map(({ validator }) => validator)))
  const free = probe.cast.validators.find(({ address }) => !sat.has(address))!.address
  await probe[Symbol.asyncDispose]()
  const stage = await openStage({ self: pickSelf?.(audit) ?? free })
  const epoch = await buildEpoch(stage.cast, [planOf(story)])
  await stage.introduce()
  assert.equal(codeOf(await stage.propose(epoch)), 'acknowledged')
  return { stage, epoch, audit }
}

interface Accusing {
  readonly epoch: BuiltEpoch
  readonly audit: Audit
  readonly accused: Verdict['accused']
  readonly detector: Verdict['detector']
  readonly slash: bigint
}

function judgeRequest({ cast }: Stage, { epoch, audit, accused, detector, slash }: Accusing) {
  const { opening, reason, rounds } = audit
  const verdict: Verdict = {
    orderId: cast.orderId,
    shard: 0,
    attempt: 1,
    accused,
    outcome: 2,
    slash: usdc(slash),
    detector,
    quorumId: cast.terms.quorumId,
    evidence: deriveEvidenceHash(audit),
  }
  const { proposal, acks, beacon } = epoch.seeded
  const about = { proposal: deriveProposalDigest(proposal), acks, beacon, ...(opening && { opening }) }
  return { type: 'judge' as const, verdict, reason, rounds, ...about }
}

const firstSeat = (audit: Audit) => audit.rounds[0]!.commits[0]!.validator
const firstOfPanel = (audit: Audit) => audit.rounds[1]!.commits[0]!.validator

describe('verdict on a validator', () => {
  it('signs against who was outvoted, for a hundred audit fees when they are more than a tenth, and signs it again', async () => {
    const { stage, epoch, audit } = await openCase('lazy-validator')
    await using _ = stage
    const about = { epoch, audit, accused: firstSeat(audit), detector: firstOfPanel(audit) }
    const request = judgeRequest(stage, { ...about, slash: 30_000_000n })
    const reply = await stage.ask(request)
    assert.ok(reply.type === 'signed', JSON.stringify(reply))
    const digest = deriveVerdictDigest(stage.cast.market, request.verdict)
    assert.equal(recoverSigner(digest, reply.signature), stage.actor.address)
    await stage.restart()
    assert.deepEqual(await stage.ask(request), reply)
    assert.equal(reasonOf(await stage.ask(judgeRequest(stage, { ...about, slash: 30_000_001n }))), 'slash-differs')
    assert.equal(reasonOf(await stage.ask(judgeRequest(stage, { ...about, slash: 26_999_999n }))), 'slash-differs')
    assert.equal(reasonOf(await stage.ask(judgeRequest(stage, { ...about, slash: 0n }))), 'slash-differs')
  })

  it('refuses what does not follow, and whatever is about itself', async () => {
    const { stage, epoch, audit } = await openCase('lazy-validator')
    await using _ = stage
    const about = { epoch, audit, accused: firstSeat(audit), detector: firstOfPanel(audit), slash: 30_000_000n }
    const innocent = { ...about, accused: firstOfPanel(audit), detector: firstSeat(audit) }
    assert.equal(reasonOf(await stage.ask(judgeRequest(stage, innocent))), 'no-conviction')
    const stranger = { ...about, detector: stage.cast.client.address }
    assert.equal(reasonOf(await stage.ask(judgeRequest(stage, stranger))), 'verdict-differs')
    const undecided = { ...about, audit: { ...audit, rounds: audit.rounds.slice(0, 1) } }
    assert.equal(reasonOf(await stage.ask(judgeRequest(stage, undecided))), 'no-conviction')

    const own = await openCase('lazy-validator', firstSeat)
    await using _own = own.stage
    assert.equal(
      reasonOf(await own.stage.ask(judgeRequest(own.stage, { ...about, epoch: own.epoch }))),
      'never-on-itself',
    )
  })

  it('asks a validator that is said to be silent itself, and convicts it only when it stays so', async () => {
    const { stage, epoch } = await openCase('honest')
    await using _ = stage
    const { cast, hub, network } = stage
    const { seats, alternates } = seatsOf(cast, epoch, '0/1')
    const [accused, detector] = [...seats, ...alternates].filter((seat) => seat !== stage.actor.address)
    assert.ok(accused !== undefined && detector !== undefined)
    const commit = epoch.commits.get('0/1')!
    const plan = { round: 0, earlier: [], rootOf: () => truthOf(cast, 0), who: [accused, detector] }
    const round = buildRound(cast, epoch, commit, plan)
    const [silent, shown] = round.attestations
    const full = buildAudit(cast, epoch, planOf('honest'), 'sampled')
    // A silent first seat calls a panel, which decides.
    const panel = buildRound(cast, epoch, commit, {
      round: 1,
      earlier: [accused, detector],
      rootOf: () => truthOf(cast, 0),
    })
    const audit: Audit = { ...full, rounds: [{ ...round, attestations: [shown!] }, panel] }
    const request = judgeRequest(stage, { epoch, audit, accused, detector, slash: 100n * cast.spec.auditFeeUsdc })

    const actor = cast.validators.find(({ address }) => address === accused)!
    let answer: SignedAttestation = silent!
    const node = hub.open(actor.privateKey)
    await node.announce([roleKey(cast.market, 'validator')], never)
    await node.handle(protocols.validate, async (stream, _remote, signal) => {
      await stream.receive(signal)
      await stream.send(encodeFrame({ type: 'attested', attestation: answer }), signal)
      await stream.end()
    })
    await node.connect(network.addresses()[0]!, never)
    assert.equal(reasonOf(await stage.ask(request)), 'validator-opens')
    const { signature: _signature, ...body } = { ...silent!, resultRoot: await honestRoot() }
    answer = { ...body, signature: actor.signNow(deriveAttestationDigest(cast.market, body)) }
    assert.equal(codeOf(await stage.ask(request)), 'signed', 'another result than it committed to is none')
    await node[Symbol.asyncDispose]()
    assert.equal(codeOf(await drive(stage, stage.ask(request))), 'signed')
  })
})
