/** The mutation tester itself: what it changes, how it names it, and when it complains. */
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'

import { findStale, parseAccepted } from '../mutation/accepted.ts'
import { changedContracts, dependentsOf, openCompiler } from '../mutation/compile-mutant.ts'
import type { Judgement, Verdict } from '../mutation/judge-mutants.ts'
import { type Mutant, applyMutant, describeMutant, listMutants } from '../mutation/list-mutants.ts'
import { type Outcome, formatProblems, formatTable, toReport, unexplained } from '../mutation/report.ts'
import { shuffle } from '../mutation/shuffle.ts'

const BODY = `contract Bank {
    // ── if (a < b) return; ──  in a comment
    uint256 public constant CAP = 1_000;
    bytes32 public constant TAG = keccak256("Tag(uint256 a)");
    uint256 public total;
    event Paid(uint256 amount);
    error TooMuch(uint256 amount);
    modifier guarded() {
        _;
    }

    function pay(uint256 amount, bool big) external guarded {
        if (amount > CAP && !big) revert TooMuch(amount);
        total += amount << 1;
        emit Paid(amount);
    }

    function word(uint256 x) external pure returns (uint256 y) {
        assembly ("memory-safe") {
            y := shr(8, add(x, 0x20))
        }
        for (uint256 i = 0; i < 2; ++i) y = y == 3 ? y : ~y;
    }
}
`
const SOURCE = `// SPDX-License-Identifier: Apache-2.0\npragma solidity 0.8.37;\n\n${BODY}`

const compiler = openCompiler()
const list = (source: string): Mutant[] => listMutants(new Map([['src/Bank.sol', source]]), compiler.compile)

describe('the list of mutants', () => {
  let mutants: readonly Mutant[]
  before(() => {
    mutants = list(SOURCE)
  })
  const changes = (): string[] => mutants.map(({ where, before, after }) => `${where}: ${before} -> ${after}`)

  it('holds what every operator changes, and nothing in comments, types and heads of loops', () => {
    assert.deepEqual(changes(), [
      'Bank.CAP: 1_000 -> 1001',
      'Bank.CAP: 1_000 -> 999',
      'Bank.TAG: "Tag(uint256 a)" -> "!ag(uint256 a)"',
      'Bank.pay: guarded -> ',
      'Bank.pay: if (amount > CAP && !big) revert TooMuch(amount); -> {}',
      'Bank.pay: amount > CAP && !big -> !(amount > CAP && !big)',
      'Bank.pay: > -> >=',
      'Bank.pay: && -> ||',
      'Bank.pay: ! -> ',
      'Bank.pay: total += amount << 1; -> {}',
      'Bank.pay: += -> -=',
      'Bank.pay: << -> >>',
      'Bank.pay: 1 -> 2',
      'Bank.pay: 1 -> 0',
      'Bank.pay: emit Paid(amount); -> {}',
      'Bank.word: y := shr(8, add(x, 0x20)) -> {}',
      'Bank.word: shr -> shl',
      'Bank.word: 8 -> 9',
      'Bank.word: 8 -> 7',
      'Bank.word: add -> sub',
      'Bank.word: 0x20 -> 0x21',
      'Bank.word: 0x20 -> 0x1f',
      'Bank.word: 0 -> 1',
      'Bank.word: < -> <=',
      'Bank.word: 2 -> 3',
      'Bank.word: 2 -> 1',
      'Bank.word: ++ -> --',
      'Bank.word: y = y == 3 ? y : ~y; -> {}',
      'Bank.word: == -> !=',
      'Bank.word: 3 -> 4',
      'Bank.word: 3 -> 2',
      'Bank.word: ~ -> ',
    ])
  })

  it('makes sources that compile to something else', () => {
    const sources = new Map([['src/Bank.sol', SOURCE]])
    const original = compiler.build(sources, ['src/Bank.sol'], 'light')
    assert.ok(original)
    const same = mutants.filter((mutant) => {
      const mutated = new Map([['src/Bank.sol', applyMutant(SOURCE, mutant)]])
      const build = compiler.build(mutated, ['src/Bank.sol'], 'light')
      return build === undefined || changedContracts(original, build).length === 0
    })
    // The modifier of this contract does nothing.
    assert.deepEqual(same.map(describeMutant), ['src/Bank.sol:15:53 modifier: guarded -> (nothing)'])
  })

  it('names a mutant alike when lines move, and apart from its equals', () => {
    const keys = mutants.map(({ key }) => key)
    assert.equal(new Set(keys).size, keys.length)
    assert.deepEqual(
      list(SOURCE.replace('contract', '\n\n// ×\ncontract')).map(({ key }) => key),
      keys,
    )
    const twice = list(SOURCE.replace('emit Paid(amount);', 'emit Paid(amount);\n        emit Paid(amount);'))
    assert.ok(twice.some(({ key }) => key.endsWith('emit Paid(amount); -> {} #2')))
  })

  it('is drawn from by a seed, whose draw a change elsewhere leaves alone', () => {
    const drawn = shuffle(mutants, 'a').map(({ key }) => key)
    assert.notDeepEqual(
      drawn,
      shuffle(mutants, 'b').map(({ key }) => key),
    )
    const fewer = shuffle(mutants.slice(3), 'a').map(({ key }) => key)
    assert.deepEqual(
      fewer,
      drawn.filter((key) => fewer.includes(key)),
    )
  })

  it('cannot be made from what does not parse', () => {
    assert.throws(() => list('contract {'), /does not parse/)
  })
})

describe('dependents', () => {
  it('are all files that import a file, directly or not', () => {
    const sources = new Map([
      ['src/A.sol', 'import {B} from "./libraries/B.sol";'],
      ['src/libraries/B.sol', 'import {\n    C\n} from "./C.sol";'],
      ['src/libraries/C.sol', ''],
      ['src/D.sol', 'import {E} from "@other/C.sol";'],
    ])
    assert.deepEqual(dependentsOf(sources, 'src/libraries/C.sol').toSorted(), [
      'src/A.sol',
      'src/libraries/B.sol',
      'src/libraries/C.sol',
    ])
    assert.deepEqual(dependentsOf(sources, 'src/D.sol'), ['src/D.sol'])
  })
})

describe('accepted survivors', () => {
  const entry = { reason: 'the optimizer of the chain does this', mutants: ['a', 'b'] }

  it('have a reason each, and are named once', () => {
    assert.deepEqual(parseAccepted(JSON.stringify([entry])), [entry])
    for (const wrong of [
      {},
      [{ ...entry, reason: '' }],
      [{ ...entry, mutants: [] }],
      [entry, { ...entry, mutants: ['b'] }],
    ]) {
      assert.throws(() => parseAccepted(JSON.stringify(wrong)), TypeError)
    }
  })

  it('are stale when they cannot be made any more', () => {
    const [mutant] = list(SOURCE) as [Mutant]
    assert.deepEqual(findStale([{ ...entry, mutants: [mutant.key, 'gone'] }], [mutant]), ['gone'])
  })
})

describe('the report', () => {
  const [first, second, third] = list(SOURCE) as [Mutant, Mutant, Mutant]
  const judged = (mutant: Mutant, verdict: Verdict): Judgement => ({ mutant, verdict, seconds: 1 })
  const outcome = (accepted: readonly string[], stale: readonly string[] = []): Outcome => ({
    mutants: [first, second, third],
    judgements: [judged(first, 'survived'), judged(second, 'survived'), judged(third, 'killed')],
    accepted: new Set(accepted),
    stale,
  })

  it('names survivors without a reason, and reasons without a mutant', () => {
    assert.deepEqual(
      unexplained(outcome([first.key])).map(({ mutant }) => mutant),
      [second],
    )
    const text = formatProblems(outcome([first.key], ['gone']))
    assert.match(text, /SURVIVED src\/Bank\.sol:6:35 constant: 1_000 -> 999/)
    assert.match(text, /NO SUCH MUTANT.*"gone"/)
    assert.equal(formatProblems(outcome([first.key, second.key])), '')
  })

  it('counts each mutant once', () => {
    const row = formatTable(outcome([first.key]))
      .split('\n')
      .at(-1)
    assert.deepEqual(row?.split(/ +/), ['all', '3', '0', '0', '1', '0', '1', '1'])
    const { results } = toReport(outcome([first.key])) as { results: readonly { verdict: string }[] }
    assert.deepEqual(
      results.map(({ verdict }) => verdict),
      ['accepted', 'survived', 'killed'],
    )
  })
})
