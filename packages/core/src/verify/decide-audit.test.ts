import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { asAddress, type ResultRoot } from '@assay/protocol'
import { named } from '@assay/testkit'
import { decideAudit, type AuditFacts, type AuditVerdict, type SeatResult } from './decide-audit.ts'
import { failedRunRoot } from './failed-run-root.ts'

const roots = { A: named<ResultRoot>('A'), B: named<ResultRoot>('B'), C: named<ResultRoot>('C'), F: failedRunRoot }
type Letter = keyof typeof roots
const letters: readonly Letter[] = ['A', 'B', 'C', 'F']
const seat = (round: number, i: number, letter: Letter): SeatResult => ({
  validator: asAddress(`0x${`${round}${i}`.padStart(40, '0')}`),
  root: roots[letter],
})
const seats = (round: number, word: string): readonly SeatResult[] =>
  word.split('').map((letter, i) => seat(round, i, letter as Letter))
/** `opened` is a letter or empty for a provider that did not open; `panel` undefined when none was called. */
const facts = (opened: string, first: string, panel?: string, panelSeats = 3): AuditFacts => ({
  opened: opened === '' ? undefined : roots[opened as Letter],
  first: seats(0, first),
  panel: panel === undefined ? undefined : seats(1, panel),
  panelSeats,
})
const words = (length: number): readonly string[] =>
  length === 0 ? [''] : words(length - 1).flatMap((word) => letters.map((letter) => word + letter))

/** The table as the specification words it, written without looking at the code. */
function byTheBook(opened: string, first: string, panel: string | undefined): AuditVerdict {
  if (first === '') return 'pending'
  if (opened === '' || opened === 'F') return 'provider-fault'
  if (first.split('').every((letter) => letter === opened)) return 'passed'
  if (panel === undefined) return 'panel-needed'
  const three = panel.split('').slice(0, 3)
  const majority = letters.find((letter) => three.filter((one) => one === letter).length >= 2)
  if (majority === undefined) return three.length < 3 ? 'pending' : 'nondeterministic'
  if (majority === opened) return 'provider-right'
  return first.includes(majority) ? 'provider-fault' : 'both-wrong'
}

describe('decideAudit', () => {
  it('follows the table for every combination of results', () => {
    let cases = 0
    const panels = [undefined, ...[0, 1, 2, 3, 4].flatMap(words)]
    for (const opened of ['', ...letters])
      for (const first of [0, 1, 2].flatMap(words))
        for (const panel of panels) {
          const { verdict } = decideAudit(facts(opened, first, panel))
          assert.equal(verdict, byTheBook(opened, first, panel), `${opened}|${first}|${panel}`)
          cases++
        }
    assert.equal(cases, 5 * 21 * 342)
  })

  it('names as detector someone who found the majority result, and as wrong exactly those who did not', () => {
    for (const opened of letters)
      for (const first of words(1))
        for (const panel of words(3)) {
          const given = facts(opened, first, panel)
          const { verdict, detector, validatorsAtFault } = decideAudit(given)
          const everyone = [...given.first, ...given.panel!]
          if (
            verdict === 'provider-right' ||
            verdict === 'both-wrong' ||
            (verdict === 'provider-fault' && opened !== 'F')
          ) {
            const truth = everyone.find(({ validator }) => validator === detector)!.root
            assert.ok(given.panel!.filter(({ root }) => root === truth).length >= 2)
            const wrong = everyone.filter(({ root }) => root !== truth).map(({ validator }) => validator)
            assert.deepEqual(validatorsAtFault, wrong)
          } else assert.deepEqual(validatorsAtFault, [])
        }
  })

  it('credits the first auditor with what it found: a fault or an unopened commit', () => {
    assert.equal(decideAudit(facts('B', 'A', 'AAA')).detector, seat(0, 0, 'A').validator)
    assert.equal(decideAudit(facts('', 'AA')).detector, seat(0, 0, 'A').validator)
    assert.equal(decideAudit(facts('A', 'A')).detector, undefined)
    assert.equal(decideAudit(facts('A', 'B', 'CCA')).detector, seat(1, 0, 'C').validator)
  })

  it('never accepts a provider that opens to a failed run, even when every re-run failed', () => {
    assert.equal(decideAudit(facts('F', 'F')).verdict, 'provider-fault')
  })

  it('convicts a provider that claims a result where the majority of runs fails', () => {
    assert.equal(decideAudit(facts('A', 'F', 'FFA')).verdict, 'provider-fault')
  })

  it('calls a panel when any of several first results disagrees', () => {
    assert.equal(decideAudit(facts('A', 'AB')).verdict, 'panel-needed')
    assert.equal(decideAudit(facts('A', 'BA')).verdict, 'panel-needed')
  })

  it('needs no third result once two agree', () => {
    assert.equal(decideAudit(facts('A', 'B', 'AA')).verdict, 'provider-right')
    assert.equal(decideAudit(facts('A', 'B', 'AC')).verdict, 'pending')
  })

  it('ends without harm where the quorum is too small for a majority', () => {
    assert.equal(decideAudit(facts('A', 'B', undefined, 0)).verdict, 'nondeterministic')
    assert.equal(decideAudit(facts('A', 'B', undefined, 1)).verdict, 'nondeterministic')
    assert.equal(decideAudit(facts('A', 'B', undefined, 2)).verdict, 'panel-needed')
    assert.equal(decideAudit(facts('A', 'B', 'AB', 2)).verdict, 'nondeterministic')
    assert.equal(decideAudit(facts('A', 'B', 'AA', 2)).verdict, 'provider-right')
  })
})
