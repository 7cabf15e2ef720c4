import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { deriveCommitment, ppm, type OpenReply, type OpenRequest } from '@assay/protocol'
import { createTestActor, named } from '@assay/testkit'
import { askOpen, proveDue, type ProofOptions } from '../../test/prove-due.ts'
import { commitOne, openStage } from '../../test/stage.ts'

const reasonOf = (reply: OpenReply): unknown =>
  reply.type === 'error' ? (reply.error.details['reason'] ?? reply.error.code) : reply.type

describe('opening a commit', () => {
  it('opens what was drawn and audited, to its aggregator and its quorum, as often as they ask', async () => {
    await using stage = await openStage()
    const commit = await commitOne(stage)
    const request = await proveDue(stage, commit)
    const reply = await askOpen(stage, request)
    assert.ok(reply.type === 'opening', JSON.stringify(reply))
    assert.equal(deriveCommitment(stage.market, commit, reply.opening), commit.commitment)
    await using validator = stage.hub.open(stage.validators[2]!.privateKey)
    assert.deepEqual(await askOpen(stage, request, validator), reply)
    await stage.restart()
    assert.deepEqual(await askOpen(stage, request), reply)
  })

  it('opens to the quorum’s and the aggregator’s peers only', async () => {
    await using stage = await openStage()
    const request = await proveDue(stage, await commitOne(stage))
    await using stranger = stage.hub.open(createTestActor('stranger').privateKey)
    assert.equal(reasonOf(await askOpen(stage, request, stranger)), 'unauthorized')
  })

  it('opens after a conviction what the seed did not draw, when a seat has re-run it', async () => {
    await using stage = await openStage()
    const commit = await commitOne(stage)
    const request = await proveDue(stage, commit, { ratePpm: 0, reason: 'contagion' })
    assert.equal((await askOpen(stage, request)).type, 'opening')
    assert.equal(reasonOf(await askOpen(stage, { ...request, reason: 'sampled' })), 'reason-mismatch')
  })

  it('opens nothing that is not due', async () => {
    await using stage = await openStage()
    const commit = await commitOne(stage)
    const refusal = async (options: ProofOptions): Promise<unknown> =>
      reasonOf(await askOpen(stage, await proveDue(stage, commit, options)))
    const tampered = async (change: (request: OpenRequest) => Partial<OpenRequest>): Promise<unknown> =>
      refusal({ tamper: (request) => ({ ...request, ...change(request) }) })
    assert.equal(await refusal({ acks: 1 }), 'acks-insufficient')
    assert.equal(await refusal({ acks: 0 }), 'acks-insufficient')
    assert.equal(await refusal({ ratePpm: 0 }), 'reason-mismatch')
    assert.equal(await refusal({ reason: 'contagion' }), 'reason-mismatch')
    assert.equal(
      await tampered(({ leaves }) => ({ leaves: leaves.map((leaf) => ({ ...leaf, ratePpm: ppm(5) })) })),
      'root-mismatch',
    )
    assert.equal(await tampered(({ acks }) => ({ acks: acks.map(() => acks[0]!) })), 'ack-repeated')
    assert.equal(
      await tampered(({ beacon }) => ({ beacon: { ...beacon, round: (beacon.round + 1) as never } })),
      'seed-round-mismatch',
    )
    assert.equal(
      await tampered(({ beacon }) => ({ beacon: { ...beacon, signature: `0x${'11'.repeat(48)}` } })),
      'seed-invalid',
    )
    const { validators } = stage
    const forged = ({ auditCommits }: OpenRequest) => ({
      auditCommits: auditCommits.map((audit) => ({ ...audit, signature: validators[0]!.signNow(named('other')) })),
    })
    assert.equal(await tampered(forged), 'no drawn seat has committed to its own result')
    const panel = ({ auditCommits }: OpenRequest) => ({
      auditCommits: auditCommits.map((audit) => ({ ...audit, round: 1 })),
    })
    assert.equal(await tampered(panel), 'no drawn seat has committed to its own result')
    const elsewhere = ({ auditCommits }: OpenRequest) => ({
      auditCommits: auditCommits.map((audit) => ({ ...audit, commitment: named<never>('commitment') })),
    })
    assert.equal(await tampered(elsewhere), 'no drawn seat has committed to its own result')
  })

  it('does not open by the proof of another commit, and knows none that it never made', async () => {
    await using stage = await openStage()
    const commits = [await commitOne(stage), await commitOne(stage, { shard: 1 })]
    const request = await proveDue(stage, commits[0]!)
    assert.equal(
      reasonOf(await askOpen(stage, { ...request, commitment: commits[1]!.commitment })),
      'the epoch does not hold the commit',
    )
    assert.equal(reasonOf(await askOpen(stage, { ...request, commitment: named('commitment') })), 'job-unknown')
  })

  it('does not open in an epoch of another aggregator', async () => {
    await using stage = await openStage()
    const commit = await commitOne(stage)
    const other = createTestActor('other-aggregator')
    const request = await proveDue({ ...stage, aggregator: other }, commit)
    assert.equal(reasonOf(await askOpen(stage, request)), 'aggregator-mismatch')
  })
})
