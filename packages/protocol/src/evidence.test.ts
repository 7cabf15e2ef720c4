import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { encodeAbiParameters, encodePacked, keccak256, parseAbiParameters, toBytes } from 'viem'
import { arbitraryOf } from '../test/arbitrary-of.ts'
import { hexToBytes } from './canonical.ts'
import {
  Audit,
  deriveEvidenceHash,
  derivePackedHash,
  deriveResultsRoot,
  OrderCharge,
  packOrders,
  packPayouts,
  Payout,
  type ShardResult,
} from './evidence.ts'
import { merkleLeaf } from './merkle.ts'
import { Commit } from './typed-data.ts'

const orders = fc.uniqueArray(
  arbitraryOf(OrderCharge).map((wire) => OrderCharge.parse(wire)),
  { selector: ({ orderId }) => orderId, maxLength: 8 },
)
const payouts = fc.uniqueArray(
  arbitraryOf(Payout).map((wire) => Payout.parse(wire)),
  { selector: ({ index }) => index, maxLength: 8 },
)
const results = fc.uniqueArray(
  arbitraryOf(Commit).map((wire): ShardResult => Commit.parse(wire)),
  {
    selector: ({ orderId, shard }) => `${orderId}/${shard}`,
    minLength: 1,
    maxLength: 6,
  },
)

describe('packed records', () => {
  it('are 40 bytes an order, ascending by id', () => {
    fc.assert(
      fc.property(orders, (list) => {
        const sorted = list.toSorted((a, b) => (BigInt(a.orderId) < BigInt(b.orderId) ? -1 : 1))
        const expected = sorted.map(({ orderId, charged }) =>
          encodePacked(['bytes32', 'uint64'], [orderId, charged]).slice(2),
        )
        assert.equal(packOrders(list), `0x${expected.join('')}`)
        assert.equal(packOrders(list.toReversed()), packOrders(list))
        assert.equal(hexToBytes(packOrders(list)).length, 40 * list.length)
      }),
    )
  })

  it('are 12 bytes a payout, ascending by operator number', () => {
    fc.assert(
      fc.property(payouts, (list) => {
        const sorted = list.toSorted((a, b) => a.index - b.index)
        const expected = sorted.map(({ index, amount }) => encodePacked(['uint32', 'uint64'], [index, amount]).slice(2))
        assert.equal(packPayouts(list), `0x${expected.join('')}`)
        assert.equal(packPayouts(list.toReversed()), packPayouts(list))
        assert.equal(derivePackedHash(packPayouts(list)), keccak256(packPayouts(list)))
      }),
    )
  })

  it('of nothing hash to keccak256 of nothing', () => {
    assert.equal(derivePackedHash(packPayouts([])), keccak256('0x'))
  })
})

describe('results roots', () => {
  it('do not depend on order and change with every field', () => {
    fc.assert(
      fc.property(results, (list) => {
        const root = deriveResultsRoot(list)
        assert.equal(deriveResultsRoot(list.toReversed()), root)
        const [first, ...rest] = list
        assert.notEqual(deriveResultsRoot([{ ...first!, attempt: first!.attempt + 1 }, ...rest]), root)
        assert.notEqual(deriveResultsRoot([{ ...first!, provider: `0x${'00'.repeat(20)}` }, ...rest]), root)
      }),
      { numRuns: 30 },
    )
  })

  it('are the leaf itself for one result and zeros for none', () => {
    const types = parseAbiParameters('bytes32, bytes32, uint32, uint32, address, bytes32')
    fc.assert(
      fc.property(results, ([one]) => {
        const { orderId, shard, attempt, provider, commitment } = one!
        const tag = keccak256(toBytes('assay/result/1'))
        const leaf = merkleLeaf(
          hexToBytes(encodeAbiParameters(types, [tag, orderId, shard, attempt, provider, commitment])),
        )
        assert.equal(deriveResultsRoot([one!]), leaf)
      }),
      { numRuns: 30 },
    )
    assert.equal(deriveResultsRoot([]), `0x${'00'.repeat(32)}`)
  })
})

describe('evidence hashes', () => {
  it('tell audits apart', () => {
    fc.assert(
      fc.property(arbitraryOf(Audit), arbitraryOf(Audit), (a, b) => {
        const same = deriveEvidenceHash(Audit.parse(a)) === deriveEvidenceHash(Audit.parse(b))
        assert.equal(same, JSON.stringify(a) === JSON.stringify(b))
      }),
      { numRuns: 30 },
    )
  })
})
