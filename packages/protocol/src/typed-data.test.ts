import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { encodeAbiParameters, hashTypedData, keccak256, parseAbiParameters, toBytes, type Hex } from 'viem'
import { arbitraryOf } from '../test/arbitrary-of.ts'
import { named } from '../test/actor.ts'
import {
  Commit,
  deriveAttestationDigest,
  deriveAuditCommitDigest,
  deriveAuditCommitment,
  deriveBatchDigest,
  deriveCommitDigest,
  deriveCommitment,
  deriveOrderId,
  deriveVerdictDigest,
  MarketDomain,
  Opening,
  OrderTerms,
  SignedAttestation,
  SignedAuditCommit,
  typedDataDomain,
  typedDataTypes,
  Verdict,
  deriveAcceptanceDigest,
  deriveVoucherDigest,
  deriveTabDepositNonce,
  deriveRulingDigest,
  TabVoucher,
  TabDeposit,
  Ruling,
} from './typed-data.ts'
import { quorumIdSchema, usdcSchema, hash32Schema, addressSchema } from './schema.ts'
import type { Hash32 } from './units.ts'
import { z } from 'zod'

const values = <S extends z.ZodType>(schema: S): fc.Arbitrary<z.output<S>> =>
  arbitraryOf(schema).map((wire) => schema.parse(wire))
const domains = values(MarketDomain)
const runs = { numRuns: 30 }

/** viem's own digest. It has its own encoder, so the two check each other. */
const byViem = (domain: MarketDomain, primaryType: keyof typeof typedDataTypes, message: object): Hex =>
  hashTypedData({ domain: typedDataDomain(domain), types: typedDataTypes, primaryType, message } as never)

const Batch = z.strictObject({
  aggregator: addressSchema,
  quorumId: quorumIdSchema,
  ordersHash: hash32Schema,
  tabsHash: hash32Schema,
  payoutsHash: hash32Schema,
  fee: usdcSchema,
  resultsRoot: hash32Schema,
})
const Acceptance = z.strictObject({
  orderId: hash32Schema,
  payoutsHash: hash32Schema,
  fee: usdcSchema,
  resultsRoot: hash32Schema,
})

describe('EIP-712 digests', () => {
  it('equal those of viem for every struct', () => {
    const cases: readonly (readonly [string, fc.Arbitrary<unknown>, (domain: MarketDomain, value: never) => Hex])[] = [
      ['OrderTerms', values(OrderTerms), deriveOrderId],
      ['Commit', values(Commit), deriveCommitDigest],
      ['AuditCommit', values(SignedAuditCommit), deriveAuditCommitDigest],
      ['Attestation', values(SignedAttestation), deriveAttestationDigest],
      ['SettlementBatch', values(Batch), deriveBatchDigest],
      ['Verdict', values(Verdict), deriveVerdictDigest],
      ['TabVoucher', values(TabVoucher), deriveVoucherDigest],
      ['TabDeposit', values(TabDeposit), deriveTabDepositNonce],
      ['Ruling', values(Ruling), deriveRulingDigest],
      ['ClientAcceptance', values(Acceptance), deriveAcceptanceDigest],
    ]
    assert.deepEqual(cases.map(([name]) => name).toSorted(), Object.keys(typedDataTypes).toSorted())
    for (const [name, arbitrary, derive] of cases)
      fc.assert(
        fc.property(domains, arbitrary, (domain, value) => {
          assert.equal(
            derive(domain, value as never),
            byViem(domain, name as keyof typeof typedDataTypes, value as object),
          )
        }),
        runs,
      )
  })

  it('do not cover the signature that travels with them', () => {
    fc.assert(
      fc.property(domains, values(SignedAuditCommit), (domain, commit) => {
        const { signature: _, ...bare } = commit
        assert.equal(deriveAuditCommitDigest(domain, commit), deriveAuditCommitDigest(domain, bare))
      }),
      runs,
    )
  })

  it('belong to one chain and one escrow', () => {
    fc.assert(
      fc.property(domains, domains, values(OrderTerms), (one, other, terms) => {
        const same = one.chainId === other.chainId && one.escrow === other.escrow
        assert.equal(deriveOrderId(one, terms) === deriveOrderId(other, terms), same)
      }),
      runs,
    )
  })
})

describe('commitments', () => {
  const tag = (text: string): Hex => keccak256(toBytes(text))

  it('hash domain, attempt, root and salt as the contracts do', () => {
    const types = parseAbiParameters('bytes32, uint256, address, bytes32, uint32, uint32, address, bytes32, bytes32')
    fc.assert(
      fc.property(domains, values(Commit), values(Opening), (domain, commit, opening) => {
        const { orderId, shard, attempt, provider } = commit
        const encoded = encodeAbiParameters(types, [
          tag('assay/commit/1'),
          BigInt(domain.chainId),
          domain.escrow,
          orderId,
          shard,
          attempt,
          provider,
          opening.resultRoot,
          opening.salt,
        ])
        assert.equal(deriveCommitment(domain, commit, opening), keccak256(encoded))
      }),
      runs,
    )
  })

  it('hash a validator’s answer under its own tag', () => {
    const types = parseAbiParameters('bytes32, uint256, address, bytes32, uint8, address, bytes32, bytes32')
    fc.assert(
      fc.property(domains, values(SignedAuditCommit), values(Opening), (domain, audit, opening) => {
        const { commitment, round, validator } = audit
        const encoded = encodeAbiParameters(types, [
          tag('assay/audit-commit/1'),
          BigInt(domain.chainId),
          domain.escrow,
          commitment,
          round,
          validator,
          opening.resultRoot,
          opening.salt,
        ])
        assert.equal(deriveAuditCommitment(domain, audit, opening), keccak256(encoded))
      }),
      runs,
    )
  })

  it('change with every input', () => {
    const domain = MarketDomain.parse({ chainId: 1, escrow: `0x${'11'.repeat(20)}` })
    const attempt = Commit.parse({
      orderId: named('order'),
      shard: 1,
      attempt: 1,
      provider: `0x${'22'.repeat(20)}`,
      commitment: named('unused'),
      sealedHash: named('sealed'),
    })
    const opening = Opening.parse({ resultRoot: named('root'), salt: named('salt') })
    const all = [
      deriveCommitment(domain, attempt, opening),
      deriveCommitment({ ...domain, chainId: 2 }, attempt, opening),
      deriveCommitment({ ...domain, escrow: attempt.provider }, attempt, opening),
      deriveCommitment(domain, { ...attempt, orderId: named('other') }, opening),
      deriveCommitment(domain, { ...attempt, shard: 2 }, opening),
      deriveCommitment(domain, { ...attempt, attempt: 2 }, opening),
      deriveCommitment(domain, { ...attempt, provider: domain.escrow }, opening),
      deriveCommitment(domain, attempt, { ...opening, resultRoot: named('other') }),
      deriveCommitment(domain, attempt, { ...opening, salt: named('other') }),
    ]
    assert.equal(new Set(all).size, all.length)
    assert.equal(deriveCommitment(domain, { ...attempt, sealedHash: named<Hash32>('x') } as never, opening), all[0])
  })
})

describe('order terms', () => {
  it('need money, a fee within its cap and a refund after settlement', () => {
    const wire = {
      client: `0x${'11'.repeat(20)}`,
      aggregator: `0x${'22'.repeat(20)}`,
      maxAmount: '1',
      settleBy: 10,
      refundAt: 10,
      quorumId: 1,
      feeBps: 500,
      specHash: named('spec'),
      salt: named('salt'),
    }
    assert.ok(OrderTerms.safeParse(wire).success)
    for (const wrong of [
      { maxAmount: '0' },
      { feeBps: 501 },
      { settleBy: 11 },
      { quorumId: -1 },
      { quorumId: 2 ** 32 },
    ])
      assert.ok(!OrderTerms.safeParse({ ...wire, ...wrong }).success, JSON.stringify(wrong))
    // No quorum: class DX, which its client settles.
    assert.ok(OrderTerms.safeParse({ ...wire, quorumId: 0 }).success)
  })
})
