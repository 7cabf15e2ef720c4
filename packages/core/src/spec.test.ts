/** SPEC.md says what core decides: the constants of the audit game and the faults in their order. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import {
  failedRunRoot,
  faultStages,
  judgementStages,
  receiptChecks,
  verdictChecks,
  verificationPolicy,
} from './index.ts'

const text = await readFile(new URL('../../protocol/SPEC.md', import.meta.url), 'utf8')
/** Without the padding of its tables. */
const spec = text.replaceAll(/ +/g, ' ')

describe('SPEC.md', () => {
  it('has the stages in the order of judgement, each with all of its faults', () => {
    const table = spec.slice(spec.indexOf('| stage | rule | fault |'), spec.indexOf('What evidence cannot show'))
    let stage = ''
    const rows = table
      .split('\n')
      .slice(2)
      .map((line) => line.split('|').map((cell) => cell.trim()))
      .filter((cells) => cells.length === 5)
      .map(([, name = '', , faults = '']) => {
        if (name !== '') stage = name
        return { stage, faults: [...faults.matchAll(/`([a-z-]+)`/g)].map((match) => match[1] ?? '') }
      })
    assert.deepEqual([...new Set(rows.map((row) => row.stage))], [...judgementStages])
    const shown = rows.flatMap((row) => row.faults.map((code) => [code, row.stage] as const))
    assert.deepEqual(Object.fromEntries(shown), { ...faultStages })
    assert.equal(shown.length, Object.keys(faultStages).length)
  })

  it('has the constants of the policy', () => {
    const { safetyFactor, catchPpm, falseConvictionPpm, rateFloorPpm, probationPasses } = verificationPolicy
    assert.ok(spec.includes(`σ = ${safetyFactor} d = 0.${catchPpm / 1000n} α = 0.00${falseConvictionPpm / 1000n}`))
    assert.ok(spec.includes(`10⁶·10⁶ / (ratePpm·${(catchPpm - falseConvictionPpm) / 1000n} 000)`))
    assert.ok(spec.includes(`rate = max(${rateFloorPpm / 1000} 000, `))
    assert.ok(spec.includes(`10⁶ for k < ${probationPasses}, else`))
    assert.ok(spec.includes(failedRunRoot))
  })

  it('has the checks of a receipt', () => {
    for (const name of receiptChecks) assert.ok(new RegExp(`^\\| ${name} \\|`, 'm').test(spec), name)
  })

  it('has the checks of a verdict bundle, in their order', () => {
    const table = spec.slice(spec.indexOf('| check | passes when |', spec.indexOf('**Verdict bundle**')))
    const rows = [...table.slice(0, table.indexOf('\n\n')).matchAll(/^\| `([a-z]+)` \|/gm)].map(([, name]) => name)
    assert.deepEqual(rows, [...verdictChecks])
  })

  it('has the numbers of validator faults and appeals', () => {
    const { appealSeats, outvotedBps, unopenedFees, chainSlashMultiple } = verificationPolicy
    const [first, second, later] = outvotedBps.map((bps) => bps / 100)
    assert.ok(spec.includes(`⌊A·${first} %⌋ the first time, ⌊A·${second} %⌋ the second, A from the third on`))
    assert.equal(later, 100)
    assert.ok(spec.includes(`unopened = ${unopenedFees}·v`))
    assert.ok(spec.includes(`min(max(that, ${unopenedFees}·v), A, ${chainSlashMultiple}·maxAmount)`))
    assert.ok(spec.includes(`asks ${appealSeats.join(', ')} seats and two alternates`))
  })
})
