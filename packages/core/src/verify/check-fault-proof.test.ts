import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  deriveBatchDigest,
  deriveCommitDigest,
  deriveVerdictId,
  usdc,
  type FaultProof,
  type MemberSettlement,
  type OrderId,
  type SignedCommit,
} from '@assay/protocol'
import { buildCase, buildRound, createEvidenceCast, junkOf, named, truthOf } from '@assay/testkit'
import { toBatch } from '../settle/derive-settlement.ts'
import { checkFaultProof } from './check-fault-proof.ts'

const cast = createEvidenceCast({ validators: 5, threshold: 3, shards: 1 })
const { market, terms, orderId } = cast
const built = await buildCase(cast, 'honest')
const { commit } = built
const check = (proof: FaultProof) => checkFaultProof(market, proof)
const resigned = (change: Partial<SignedCommit>): SignedCommit => {
  const body = { ...commit, ...change }
  return { ...body, signature: cast.providers[0]!.signNow(deriveCommitDigest(market, body)) }
}

describe('checkFaultProof', () => {
  it('convicts a provider of two commitments to one attempt, in either order', () => {
    const other = resigned({ commitment: named('another commitment') })
    const accused = commit.provider
    const verdictId = deriveVerdictId({ orderId, shard: 0, attempt: 1, accused, outcome: 3 })
    const expected = { orderId, accused, outcome: 3, verdictId }
    assert.deepEqual(check({ kind: 'equivocation', terms, first: commit, second: other }), expected)
    assert.deepEqual(check({ kind: 'equivocation', terms, first: other, second: commit }), expected)
  })

  it('convicts nobody for sealing one result twice, for two attempts, or for what it did not sign', () => {
    const other = named<SignedCommit['commitment']>('another commitment')
    const harmless = [
      commit,
      resigned({ sealedHash: named('sealed again') }),
      resigned({ commitment: other, attempt: 2 }),
      resigned({ commitment: other, shard: 1 }),
      resigned({ commitment: other, orderId: named<OrderId>('another order') }),
      { ...commit, commitment: other },
    ]
    for (const second of harmless)
      assert.equal(check({ kind: 'equivocation', terms, first: commit, second }), undefined)
  })

  it('convicts a validator of two answers in one round of one commit', () => {
    const { opening, rounds } = built.audit
    const [first] = rounds[0]!.commits
    const who = [first!.validator]
    const rootOf = () => junkOf(cast, 0, 'second thoughts')
    const [second] = buildRound(cast, built.epoch, commit, { round: 0, earlier: [], who, rootOf }).commits
    const proof = {
      kind: 'conflicting-audits',
      terms,
      commit,
      opening: opening!,
      first: first!,
      second: second!,
    } as const
    assert.equal(check(proof)?.accused, first!.validator)
    assert.equal(check(proof)?.outcome, 4)
    assert.equal(check({ ...proof, second: first! }), undefined)
    assert.equal(check({ ...proof, second: { ...second!, round: 1 } }), undefined)
    assert.equal(check({ ...proof, second: { ...second!, signature: first!.signature } }), undefined)
    assert.equal(check({ ...proof, opening: { ...opening!, resultRoot: rootOf() } }), undefined)
    const later = buildRound(cast, built.epoch, commit, { round: 1, earlier: who, rootOf: () => truthOf(cast, 0) })
    assert.equal(check({ ...proof, second: later.commits[0]! }), undefined)
  })

  it('convicts a validator of two settlements of one order when they differ about that order', () => {
    const member = cast.validators[0]!
    const signed = (change: Partial<MemberSettlement>): MemberSettlement => {
      const { aggregator, quorumId } = terms
      const orders = [{ orderId, charged: usdc(7n) }]
      const body = {
        aggregator,
        quorumId,
        orders,
        payouts: [],
        fee: usdc(7n),
        resultsRoot: named<never>('r'),
        ...change,
      }
      const digest = deriveBatchDigest(market, toBatch({ settlement: body, aggregator, quorumId }))
      return { ...body, signatures: [member.signNow(digest)] }
    }
    const validator = member.address
    const proof = (second: MemberSettlement) =>
      check({ kind: 'conflicting-batches', terms, validator, first: signed({}), second })
    const beside = (charged: bigint) => [
      { orderId, charged: usdc(charged) },
      { orderId: named<OrderId>('another order'), charged: usdc(1n) },
    ]
    assert.equal(proof(signed({ resultsRoot: named<never>('s') }))?.outcome, 5)
    assert.equal(proof(signed({ orders: beside(8n) }))?.accused, validator)
    assert.equal(proof(signed({})), undefined)
    assert.equal(proof(signed({ orders: beside(7n) })), undefined)
    assert.equal(proof(signed({ orders: beside(8n).slice(1) })), undefined)
    assert.equal(proof({ ...signed({ fee: usdc(1n) }), signatures: signed({}).signatures }), undefined)
  })
})
