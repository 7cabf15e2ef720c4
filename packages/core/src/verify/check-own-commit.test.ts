import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createEnvelope } from '@assay/protocol'
import { buildOwnCommit, createEvidenceCast, createTestActor, named, type OwnCommitPlan } from '@assay/testkit'
import { checkOwnCommit, type OwnCommitCheck } from './check-own-commit.ts'

const cast = createEvidenceCast({ validators: 3, threshold: 2 })
const { market, terms } = cast
const plan: OwnCommitPlan = { shard: 1, provider: 0, sealed: { root: named('bytes'), size: 7 } }
const check = async (fields: Partial<OwnCommitPlan> = {}): Promise<OwnCommitCheck> => {
  const { envelope } = await buildOwnCommit(cast, { ...plan, ...fields })
  return checkOwnCommit({ kind: 'counter/1', envelope, market, terms })
}
const outcome = (checked: OwnCommitCheck): string => (checked.ok ? 'ok' : checked.reason)
const stranger = createTestActor('stranger')

describe('checkOwnCommit', () => {
  it('takes a provider at its word about what it was leased', async () => {
    const checked = await check()
    assert.ok(checked.ok)
    assert.equal(checked.commit.shard, 1)
    assert.equal(checked.lease.provider, cast.providers[0]!.address)
    assert.deepEqual(checked.sealed, { root: named('bytes'), size: 7 })
  })

  it('takes a retraction the same way', async () => {
    const { envelope } = await buildOwnCommit(cast, { ...plan, kind: 'retract/1' })
    assert.equal(outcome(checkOwnCommit({ kind: 'retract/1', envelope, market, terms })), 'ok')
  })

  it('does not take one for the other', async () => {
    const { envelope } = await buildOwnCommit(cast, { ...plan, kind: 'retract/1' })
    assert.equal(outcome(checkOwnCommit({ kind: 'counter/1', envelope, market, terms })), 'envelope-invalid')
  })

  const wrong: readonly (readonly [string, string, Partial<OwnCommitPlan>])[] = [
    ['a word by somebody else', 'signer-mismatch', { signer: stranger }],
    ['another market', 'market-mismatch', { body: { chainId: 1 } }],
    ['a lease that the aggregator did not sign', 'lease-invalid', { lessor: stranger }],
    ['a lease of another aggregator', 'lease-mismatch', { lessor: stranger, lease: { aggregator: stranger.address } }],
    ['a lease of another market', 'lease-mismatch', { lease: { chainId: 1 } }],
    ['a lease of another order', 'lease-mismatch', { lease: { orderId: named('order') } }],
    ['a lease of another shard', 'lease-mismatch', { lease: { shard: 2 } }],
    ['a lease of another attempt', 'lease-mismatch', { lease: { attempt: 2 } }],
    ['a lease of another spec', 'lease-mismatch', { lease: { specHash: named('spec') } }],
    ['a lease to another provider', 'lease-invalid', { lease: { provider: cast.providers[1]!.address } }],
  ]
  for (const [what, reason, fields] of wrong)
    it(`refuses ${what}: ${reason}`, async () => assert.equal(outcome(await check(fields)), reason))

  it('refuses the terms of another order', async () => {
    const { envelope } = await buildOwnCommit(cast, plan)
    const other = createEvidenceCast({ label: 'other' }).terms
    assert.equal(outcome(checkOwnCommit({ kind: 'counter/1', envelope, market, terms: other })), 'order-mismatch')
  })

  it('refuses a commit that its provider did not sign', async () => {
    const { commit } = await buildOwnCommit(cast, { ...plan, provider: 1 })
    const forged = { ...commit, provider: cast.providers[0]!.address }
    assert.equal(outcome(await check({ body: { commit: forged } })), 'commit-signature-invalid')
  })

  it('refuses nonsense', async () => {
    const envelope = await createEnvelope('counter/1', { v: 1 }, cast.providers[0]!)
    assert.equal(outcome(checkOwnCommit({ kind: 'counter/1', envelope, market, terms })), 'envelope-invalid')
  })
})
