import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { blames, errorCodes, errorTable, ShardVerdict } from '@assay/protocol'
import { faultStages, type FaultCode } from '../verify/fault.ts'
import { isAccepted, isConviction } from '../verify/shard-judgement.ts'
import {
  blameOfError,
  blameOfFault,
  errorMoney,
  faultBlame,
  lifePhases,
  verdictRows,
  type LifePhase,
} from './blame-table.ts'
import { moneyRules } from './money-rules.ts'

const faultCodes = Object.keys(faultStages) as FaultCode[]

describe('the blame table', () => {
  it('has a row for every error code and no other', () => {
    assert.deepEqual(Object.keys(errorMoney).toSorted(), [...errorCodes].toSorted())
  })

  it('blames whom the error table blames, with its next step', () => {
    for (const code of errorCodes) {
      const { blame, next, money } = blameOfError(code)
      assert.equal(blame, errorTable[code].blame, code)
      assert.equal(next, errorTable[code].next, code)
      assert.ok(moneyRules[money].length > 0, code)
    }
  })

  it('has a row for every judgement fault, and names none that does not exist', () => {
    for (const code of faultCodes) {
      const row = blameOfFault(code)
      assert.ok(lifePhases.includes(row.phase), code)
      assert.ok(row.blame !== undefined && blames.includes(row.blame), code)
      assert.equal(row.money, 'held', `${code}: no signature, no money`)
      assert.ok(row.next.length > 0, code)
    }
    for (const code of Object.keys(faultBlame)) assert.ok(Object.hasOwn(faultStages, code), code)
  })

  it('has a row for every verdict, which pays whom the settlement pays', () => {
    assert.deepEqual(Object.keys(verdictRows).toSorted(), [...ShardVerdict.options].toSorted())
    for (const verdict of ShardVerdict.options) {
      assert.equal(verdictRows[verdict].money === 'paid', isAccepted(verdict), verdict)
      assert.equal(verdictRows[verdict].money === 'slashed', isConviction(verdict), verdict)
    }
  })

  it('charges nothing before money is escrowed', () => {
    const before: ReadonlySet<LifePhase> = new Set(['start', 'quote', 'image'])
    for (const code of errorCodes) {
      const { phase, money } = blameOfError(code)
      if (before.has(phase)) assert.equal(money, 'nothing', code)
    }
  })

  it('takes stake for convictions alone', () => {
    const slashing = errorCodes.filter((code) => blameOfError(code).money === 'slashed')
    assert.deepEqual(slashing.toSorted(), ['opening-invalid', 'result-mismatch'])
  })

  it('leaves no phase of a job without a row', () => {
    const seen = new Set<LifePhase>([
      ...errorCodes.map((code) => blameOfError(code).phase),
      ...faultCodes.map((code) => blameOfFault(code).phase),
      ...ShardVerdict.options.map((verdict) => verdictRows[verdict].phase),
    ])
    assert.deepEqual(
      lifePhases.filter((phase) => !seen.has(phase)),
      [],
    )
  })
})
