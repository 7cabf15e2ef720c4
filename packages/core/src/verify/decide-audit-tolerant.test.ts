/** The verdict table where agreement is not equality: class D3. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { asAddress, type ResultRoot } from '@assay/protocol'
import { named } from '@assay/testkit'
import { decideAudit, type AuditDecision, type SeatResult } from './decide-audit.ts'
import { failedRunRoot } from './failed-run-root.ts'

type Letter = 'O' | 'V' | 'P' | 'Q' | 'R' | 'F'
/** The provider's result, the first auditor's, and three of a panel. */
const rootOf = (letter: string): ResultRoot => (letter === 'F' ? failedRunRoot : named<ResultRoot>(letter))
const address = (round: number, i: number) => asAddress(`0x${`${round}${i}`.padStart(40, '0')}`)
const [auditor, ...bench] = [address(0, 0), address(1, 0), address(1, 1), address(1, 2)]

/** `says` holds a pair of letters for each statement: the seat that found the first says the second agrees. */
function decide(
  panel: string | undefined,
  says: ReadonlySet<string>,
  opened: Letter = 'O',
  first = 'V',
): AuditDecision {
  const seat = (round: number, letter: string, i: number): SeatResult => ({
    validator: address(round, i),
    root: rootOf(letter),
    agrees: new Set(['O', 'V', 'P', 'Q', 'R', 'F'].filter((other) => says.has(letter + other)).map(rootOf)),
  })
  return decideAudit({
    opened: rootOf(opened),
    first: [seat(0, first, 0)],
    panel: panel?.split('').map((letter, i) => seat(1, letter, i)),
    panelSeats: 3,
  })
}
const both = (...pairs: readonly string[]): Set<string> =>
  new Set(pairs.flatMap((pair) => [pair, pair.split('').toReversed().join('')]))

/** Every statement of the panel that could matter, each on or off. */
const statements = ['PO', 'QO', 'RO', 'PV', 'QV', 'RV', 'PQ', 'QP', 'PR', 'RP', 'QR', 'RQ']
function* everyPanel(): Generator<Set<string>> {
  for (let bits = 0; bits < 2 ** statements.length; bits++)
    yield new Set(statements.filter((_, i) => (bits & (1 << i)) !== 0))
}

/** The table as the specification words it, written without looking at the code. */
function byTheBook(says: ReadonlySet<string>): string {
  const panel = ['P', 'Q', 'R']
  const mutual = (a: string, b: string): boolean => a === b || (says.has(a + b) && says.has(b + a))
  const behind = (letter: string): number =>
    panel.filter((seat) => (panel.includes(letter) ? mutual(seat, letter) : says.has(seat + letter))).length
  if (behind('O') >= 2) return 'provider-right'
  if (behind('V') >= 2) return 'provider-fault'
  return panel.some((letter) => behind(letter) >= 2) ? 'both-wrong' : 'nondeterministic'
}

describe('decideAudit within a tolerance', () => {
  it('follows the table for every set of statements', () => {
    for (const says of everyPanel()) assert.equal(decide('PQR', says).verdict, byTheBook(says), [...says].join(' '))
  })

  it('passes a result that the auditor says agrees with its own, and calls a panel otherwise', () => {
    assert.equal(decide(undefined, new Set(['VO'])).verdict, 'passed')
    assert.equal(decide(undefined, new Set()).verdict, 'panel-needed')
  })

  it('never chains: A ~ B and B ~ C say nothing of A and C', () => {
    // The provider agrees with one seat of the panel, which agrees with all: that is one seat behind it, not three.
    const chain = both('PO', 'PQ', 'PR', 'QV', 'RV')
    assert.equal(decide('PQR', chain).verdict, 'provider-fault')
    // Auditor and provider are too far apart, the panel lies between them: both are right.
    const between = both('PO', 'QO', 'RO', 'PV', 'QV', 'RV')
    const right = decide('PQR', between)
    assert.deepEqual([right.verdict, right.detector, right.validatorsAtFault], ['provider-right', bench[0], []])
    // Nobody agrees with two others.
    assert.equal(decide('PQR', both('PO', 'QV')).verdict, 'nondeterministic')
  })

  it('gives the accused the benefit where two results have a majority behind them', () => {
    for (const says of everyPanel()) {
      const behind = ['PO', 'QO', 'RO'].filter((one) => says.has(one)).length
      if (behind >= 2) assert.equal(decide('PQR', says).verdict, 'provider-right')
    }
  })

  it('decides before the panel is complete only what no further result could change', () => {
    let early = 0
    for (const says of everyPanel()) {
      const whole = decide('PQR', says)
      for (const part of ['', 'P', 'PQ']) {
        const { verdict } = decide(part, says)
        if (verdict === 'pending') continue
        early += 1
        assert.equal(verdict, whole.verdict, `${part} ${[...says].join(' ')}`)
      }
    }
    assert.ok(early > 0)
  })

  it('finds no fault with a seat that agrees with the winner or has a majority behind itself', () => {
    for (const says of everyPanel()) {
      const { validatorsAtFault } = decide('PQR', says)
      for (const [i, letter] of ['P', 'Q', 'R'].entries()) {
        const others = ['P', 'Q', 'R'].filter((one) => one !== letter)
        const backed = others.some((one) => says.has(one + letter) && says.has(letter + one))
        if (backed) assert.ok(!validatorsAtFault.includes(bench[i]!), [...says].join(' '))
      }
      if (says.has('PV') && says.has('QV')) assert.ok(!validatorsAtFault.includes(auditor))
    }
  })

  it('wants both to say so where two sat in one round, and the later of two rounds alone', () => {
    assert.equal(decide('PQR', new Set(['PQ'])).verdict, 'nondeterministic')
    assert.equal(decide('PQR', new Set(['PQ', 'QP'])).verdict, 'both-wrong')
    assert.equal(decide('PQR', new Set(['PV', 'QV'])).verdict, 'provider-fault')
    assert.equal(decide('PQR', new Set(['VP', 'VQ'])).verdict, 'nondeterministic')
  })

  it('takes no failed run for anything that agrees', () => {
    assert.equal(decide('PQR', both('PF', 'QF', 'RF', 'OF'), 'O', 'F').verdict, 'nondeterministic')
    assert.equal(decide(undefined, new Set(['VF']), 'F').verdict, 'provider-fault')
    assert.equal(decide(undefined, both('FO'), 'O', 'F').verdict, 'panel-needed')
    assert.equal(decide('FFP', new Set(), 'O', 'F').verdict, 'provider-fault')
  })
})
