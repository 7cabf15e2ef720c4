import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { usdc, type Address, type Commitment } from '@assay/protocol'
import { createEvidenceCast, named } from '@assay/testkit'
import { auditSeats, type AuditSeats } from './audit-seats.ts'

const cast = createEvidenceCast({ validators: 9 })
const seats = cast.quorum.members.toSorted().map((validator) => ({ validator, stake: usdc(5n) }))
const beacon = cast.beacon.value(7 as never)
const [member, other] = cast.quorum.members

function draw(
  commitment: string,
  round: number,
  overrides: Partial<Parameters<typeof auditSeats>[0]> = {},
): AuditSeats {
  return auditSeats({
    proposal: { root: named('root'), seats, aggregator: cast.aggregator.address },
    beacon,
    commitment: named<Commitment>(commitment),
    round,
    provider: cast.providers[0]!.address,
    client: cast.client.address,
    earlier: [],
    ...overrides,
  })
}
const all = ({ seats: asked, alternates }: AuditSeats): readonly Address[] => [...asked, ...alternates]

describe('auditSeats', () => {
  it('asks one seat first and a panel of three later, with two alternates each', () => {
    const first = draw('a', 0)
    assert.deepEqual([first.seats.length, first.alternates.length], [1, 2])
    const panel = draw('a', 1, { earlier: first.seats })
    assert.deepEqual([panel.seats.length, panel.alternates.length], [3, 2])
    assert.equal(new Set(all(panel)).size, 5)
    assert.ok(!all(panel).includes(first.seats[0]!))
  })

  it('never seats provider, client, aggregator or anyone who sat before', () => {
    for (let i = 0; i < 50; i++) {
      const commitment = `commitment ${i}`
      assert.ok(!all(draw(commitment, 0, { provider: member! })).includes(member!))
      assert.ok(!all(draw(commitment, 0, { client: member! })).includes(member!))
      const proposal = { root: named('root'), seats, aggregator: member! } as const
      assert.ok(!all(draw(commitment, 0, { proposal: { ...proposal, root: named('root') } })).includes(member!))
      const panel = all(draw(commitment, 1, { earlier: [member!, other!] }))
      assert.ok(!panel.includes(member!) && !panel.includes(other!))
    }
  })

  it('gives fewer seats in a small quorum, none in an empty one', () => {
    const few = seats.slice(0, 2)
    const proposal = { root: named('root'), seats: few, aggregator: cast.aggregator.address } as const
    assert.equal(all(draw('a', 1, { proposal: { ...proposal, root: named('root') } })).length, 2)
    assert.equal(all(draw('a', 0, { proposal: { ...proposal, root: named('root'), seats: [] } })).length, 0)
  })

  it('depends on the round, the commitment and the seed', () => {
    const base = all(draw('a', 0)).join()
    const different = [draw('b', 0), draw('a', 1), draw('a', 0, { beacon: cast.beacon.value(8 as never) })]
    assert.ok(different.some((drawn) => all(drawn).join() !== base))
  })
})
