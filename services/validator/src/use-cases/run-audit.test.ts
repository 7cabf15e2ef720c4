import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { failedRunRoot } from '@assay/core'
import {
  deriveAttestationDigest,
  deriveAuditCommitDigest,
  deriveAuditCommitment,
  recoverSigner,
  unixMs,
  type Address,
  type SignedAuditCommit,
} from '@assay/protocol'
import {
  buildEpoch,
  buildRound,
  createEvidenceCast,
  createTestActor,
  named,
  openingsOf,
  truthOf,
  type FakeImage,
} from '@assay/testkit'
import { createAuditQueue, createWorkSlots } from '../audit-queue.ts'
import { auditRequest, codeOf, drive, honestRoot, openStage, reasonOf, seatsOf, type Stage } from '../../test/stage.ts'

const plan = [
  { shard: 0, provider: 0, sampled: true },
  { shard: 1, provider: 1, sampled: true },
] as const

/** A stage whose validator holds the wanted position of shard 0's draw, with the epoch acknowledged and its seed out. */
async function openSeated(
  at: { readonly round?: number; readonly position?: number; readonly late?: boolean } = {},
  run?: FakeImage,
) {
  const { round = 0, position = 0, late = false } = at
  const draft = createEvidenceCast()
  const epoch = await buildEpoch(draft, plan)
  const first = seatsOf(draft, epoch, '0/1')
  const earlier = first.seats
  const drawn = round === 0 ? first : seatsOf(draft, epoch, '0/1', { round: 1, earlier })
  const self = [...drawn.seats, ...drawn.alternates][position]!
  const stage = await openStage({ self, ...(run && { run }) })
  await stage.introduce()
  if (!late) assert.equal(codeOf(await stage.propose(epoch)), 'acknowledged')
  await stage.passSeed(epoch)
  const request = auditRequest(stage.cast, epoch, '0/1', round === 0 ? {} : { round, excluded: [...earlier] })
  return { stage, epoch, cast: stage.cast, earlier, drawn, request, opening: openingsOf(draft).get(request.commitment) }
}

async function audited(stage: Stage, request: object): Promise<SignedAuditCommit> {
  const reply = await stage.ask(request)
  assert.ok(reply.type === 'audited', JSON.stringify(reply))
  return reply.commit
}

describe('audit', () => {
  it('re-runs the shard and commits to its own result, which it shows once the seat has committed', async () => {
    const { stage, cast, opening, request } = await openSeated()
    await using _ = stage
    const commit = await audited(stage, request)
    assert.equal(commit.validator, stage.actor.address)
    assert.equal(recoverSigner(deriveAuditCommitDigest(cast.market, commit), commit.signature), stage.actor.address)

    const { commitment } = request
    const reveal = { type: 'reveal', commitment, round: 0, commits: [commit], opening }
    const reply = await stage.ask(reveal)
    assert.ok(reply.type === 'attested', JSON.stringify(reply))
    const { attestation } = reply
    assert.equal(
      recoverSigner(deriveAttestationDigest(cast.market, attestation), attestation.signature),
      stage.actor.address,
    )
    assert.equal(attestation.resultRoot, await honestRoot())
    assert.equal(deriveAuditCommitment(cast.market, commit, attestation), commit.auditCommitment)
    assert.deepEqual(await stage.ask(reveal), reply)
  })

  it('does not run a shard of another hardware class, whatever epoch it holds', async () => {
    const hardwareClass = 'cpu/x86_64/v3/GenuineIntel-6-85/avx2,fma'
    const cast = { spec: { determinism: 'D2', hardwareClass } }
    const draft = createEvidenceCast(cast)
    const epoch = await buildEpoch(draft, plan)
    const [self] = seatsOf(draft, epoch, '0/1').seats
    for (const own of [hardwareClass, undefined]) {
      await using stage = await openStage({ cast, self: self!, ...(own && { hardwareClass: own }) })
      await stage.introduce()
      await stage.passSeed(epoch)
      // Proposed after its seed: kept for audits without having been acknowledged.
      assert.equal(codeOf(await stage.propose(epoch)), 'epoch-refused')
      const reply = await stage.ask(auditRequest(stage.cast, epoch, '0/1'))
      assert.equal(reasonOf(reply), own === undefined ? 'hardware-class-foreign' : 'audited')
    }
  })

  it('runs once, however often and from wherever it is asked, and after a restart too', async () => {
    let runs = 0
    const { stage, request } = await openSeated({}, () => ({ stdout: `run ${(runs += 1)}` }))
    await using _ = stage
    const [a, b] = await Promise.all([stage.ask(request), stage.ask(request)])
    assert.deepEqual(a, b)
    stage.hub.cut(stage.cast.aggregator.address, stage.actor.address)
    assert.deepEqual(await stage.ask(request), a)
    await stage.restart()
    assert.deepEqual(await stage.ask(request), a)
    assert.equal(runs, 1)
  })

  it('goes on with a run whose asker is gone', async () => {
    let runs = 0
    const { stage, request } = await openSeated({}, () => ({ stdout: `${(runs += 1)}`, durationMs: 1_000 }))
    await using _ = stage
    const lost = stage.ask(request)
    lost.catch(() => undefined)
    await stage.clock.advance(100)
    stage.hub.cut(stage.cast.aggregator.address, stage.actor.address)
    await assert.rejects(lost)
    await drive(stage, audited(stage, request))
    assert.equal(runs, 1)
  })

  it('answers a failing run with the failure root, and a broken engine with a refusal', async () => {
    const failing = await openSeated({}, () => ({ exitCode: 1 }))
    await using a = failing.stage
    const commit = await audited(a, failing.request)
    const reply = await a.ask({ type: 'reveal', commitment: commit.commitment, round: 0, commits: [commit] })
    assert.ok(reply.type === 'attested')
    assert.equal(reply.attestation.resultRoot, failedRunRoot)

    let broken = true
    const engine = await openSeated({}, () => (broken ? { failure: 'engine-fault' } : { stdout: 'well' }))
    await using b = engine.stage
    const refused = await b.ask(engine.request)
    assert.equal(reasonOf(refused), 'engine-failed')
    assert.ok(refused.type === 'error' && refused.error.blame === 'validator')
    broken = false
    await audited(b, engine.request)
  })

  it('takes a seat, or stands in as alternate, and nothing else', async () => {
    for (const position of [1, 2]) {
      const { stage, request } = await openSeated({ position })
      await using _ = stage
      await audited(stage, request)
    }
    const draft = createEvidenceCast()
    const epoch = await buildEpoch(draft, plan)
    const first = seatsOf(draft, epoch, '0/1')
    const outsider = draft.validators.find(({ address }) => ![...first.seats, ...first.alternates].includes(address))!
    await using stage = await openStage({ self: outsider.address })
    await stage.introduce()
    await stage.propose(epoch)
    await stage.passSeed(epoch)
    assert.equal(reasonOf(await stage.ask(auditRequest(draft, epoch, '0/1'))), 'seat-undrawn')
    const steered = auditRequest(draft, epoch, '0/1', { excluded: [...first.seats] })
    assert.equal(reasonOf(await stage.ask(steered)), 'nobody-excluded-yet')
  })

  it('refuses an audit that is not due', async () => {
    const { stage, cast, epoch, request } = await openSeated()
    await using _ = stage
    const refusal = async (fields: object, from = stage.network) =>
      reasonOf(await stage.ask({ ...request, ...fields }, from))
    assert.equal(await refusal({ proposal: named('proposal') }), 'epoch-unacknowledged')
    assert.equal(await refusal({ commitment: named('commitment') }), 'commit-unknown')
    assert.equal(await refusal({ acks: request.acks.slice(1) }), 'acks-insufficient')
    assert.equal(await refusal({ acks: request.acks.map(() => request.acks[0]) }), 'acks-insufficient')
    assert.equal(
      await refusal({ beacon: cast.beacon.value((epoch.proposal.seedRound + 1) as never) }),
      'seed-round-mismatch',
    )
    assert.equal(await refusal({ beacon: { ...request.beacon, signature: `0x${'11'.repeat(48)}` } }), 'seed-invalid')
    assert.equal(await refusal({ reason: 'contagion' }), 'reason-mismatch')
    assert.equal(await refusal({ round: 2 }), 'round-unknown')
    await using stranger = stage.hub.open(createTestActor('stranger').privateKey)
    assert.equal(await refusal({}, stranger), 'not-its-aggregator')
    await stage.clock.advanceTo(unixMs(cast.terms.settleBy * 1000))
    assert.equal(await refusal({}), 'order-overdue')
  })

  it('audits what it was shown too late to acknowledge, once a threshold of others has', async () => {
    const { stage, epoch, request } = await openSeated({ late: true })
    await using _ = stage
    assert.equal(reasonOf(await stage.ask(request)), 'epoch-unacknowledged')
    for (let times = 0; times < 2; times++)
      assert.equal(reasonOf(await stage.propose(epoch)), 'seed-round-published', 'it still does not acknowledge')
    assert.equal(reasonOf(await stage.ask({ ...request, acks: request.acks.slice(1) })), 'acks-insufficient')
    await audited(stage, request)
  })

  it('sits on a panel, but not after it sat before', async () => {
    const { stage, cast, epoch, earlier, request } = await openSeated({ round: 1 })
    await using _ = stage
    assert.equal(reasonOf(await stage.ask({ ...request, excluded: [] })), 'excluded-undrawn')
    const strangers: Address[] = cast.validators
      .map(({ address }) => address)
      .filter((address) => !earlier.includes(address))
    const first = seatsOf(cast, epoch, '0/1')
    const undrawn = strangers.find((address) => ![...first.seats, ...first.alternates].includes(address))!
    assert.equal(reasonOf(await stage.ask({ ...request, excluded: [undrawn] })), 'excluded-undrawn')
    await audited(stage, request)

    const seated = await openSeated()
    await using other = seated.stage
    await audited(other, seated.request)
    const again = { ...seated.request, round: 1, excluded: [seatsOf(cast, epoch, '0/1').alternates[0]!] }
    const reply = await other.ask(again)
    assert.ok(['one-result-a-commit', 'seat-undrawn'].includes(String(reasonOf(reply))))
  })

  it('refuses more audits than it can queue, instead of letting them wait', async () => {
    const queue = createAuditQueue<number>({ slots: createWorkSlots(1), line: 0, waiting: 1 })
    const gates = [1, 2].map(() => Promise.withResolvers<number>())
    const order: number[] = []
    const runs = gates.map(async (gate, i) =>
      queue.run(`${i}`, async () => {
        order.push(i)
        return gate.promise
      }),
    )
    await assert.rejects(
      queue.run('2', async () => 2),
      { code: 'audit-refused' },
    )
    assert.deepEqual(order, [0], 'one at a time')
    gates[0]!.resolve(10)
    gates[1]!.resolve(20)
    assert.deepEqual(await Promise.all(runs), [10, 20])
    assert.equal(queue.size(), 0)
    assert.equal(await queue.run('2', async () => 3), 3)
  })
})

describe('reveal', () => {
  it('stays blind until every seat of a panel has committed', async () => {
    const { stage, cast, epoch, earlier, request, drawn } = await openSeated({ round: 1 })
    await using _ = stage
    const own = await audited(stage, request)
    const commit = epoch.commits.get('0/1')!
    const rootOf = () => truthOf(cast, 0)
    const others = drawn.seats.filter((seat) => seat !== stage.actor.address)
    const { commits } = buildRound(cast, epoch, commit, { round: 1, earlier, rootOf, who: others })
    const reveal = async (list: readonly SignedAuditCommit[]) =>
      stage.ask({ type: 'reveal', commitment: commit.commitment, round: 1, commits: list })
    assert.equal(reasonOf(await reveal([own])), 'seats-missing')
    assert.equal(reasonOf(await reveal([own, own, own])), 'seats-missing')
    assert.equal(reasonOf(await reveal(commits)), 'own-commit-missing')
    const forged = { ...commits[0]!, signature: commits[1]!.signature }
    assert.equal(reasonOf(await reveal([own, forged, commits[1]!])), 'audit-commit-invalid')
    const outsider = cast.validators
      .map(({ address }) => address)
      .find((address) => ![...drawn.seats, ...drawn.alternates].includes(address))!
    const stranger = buildRound(cast, epoch, commit, { round: 1, earlier, rootOf, who: [outsider] }).commits
    assert.equal(reasonOf(await reveal([own, ...commits, ...stranger])), 'seat-undrawn')
    assert.equal((await reveal([own, ...commits])).type, 'attested')
  })

  it('refuses without a commit of its own, for strangers, and with an opening that does not open', async () => {
    const { stage, request } = await openSeated()
    await using _ = stage
    const { commitment } = request
    const own = { type: 'reveal', commitment, round: 0 }
    const elsewhere = await openSeated()
    const commit = await audited(elsewhere.stage, elsewhere.request)
    await elsewhere.stage[Symbol.asyncDispose]()
    assert.equal(reasonOf(await stage.ask({ ...own, commits: [commit] })), 'nothing-committed')
    const mine = await audited(stage, request)
    const wrong = { resultRoot: named('root'), salt: named('salt') }
    assert.equal(codeOf(await stage.ask({ ...own, commits: [mine], opening: wrong })), 'opening-invalid')
    await using stranger = stage.hub.open(createTestActor('stranger').privateKey)
    assert.equal(reasonOf(await stage.ask({ ...own, commits: [mine] }, stranger)), 'not-its-aggregator')
  })
})
