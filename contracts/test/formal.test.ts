import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { before, describe, it } from 'node:test'

import { checkModel, keepFunction, listFunctions, missingSolver } from '../formal/check-model.ts'

const escrow = readModel('EscrowModel')
const ledger = readModel('PackedLedgerModel')

const ESCROW_FUNCTIONS = [
  'start',
  'fund',
  'topUpTab',
  'settle',
  'refund',
  'startTabExit',
  'finishTabExit',
  'withdrawEarnings',
  'withdrawCredit',
]
const LANES = ['First', 'Second', 'Third', 'Fourth']
const LEDGER_FUNCTIONS = ['reads', ...LANES.map((lane) => `credits${lane}`), ...LANES.map((lane) => `clears${lane}`)]

interface Fault {
  readonly name: string
  /** The function of the model that is spoiled. */
  readonly in: string
  readonly from: string
  readonly to: string
}

/** One for every function that moves money: what the checker would have to miss. */
const ESCROW_FAULTS: readonly Fault[] = [
  { name: 'funds a used order again', in: 'fund', from: 'require(s.status == Status.None);', to: '' },
  { name: 'takes a top-up that was never paid', in: 'topUpTab', from: 's.balance += amount;', to: '' },
  { name: 'charges an order without lowering it', in: 'settle', from: 's.remaining -= charged;', to: '' },
  { name: 'draws a tab without counting it', in: 'settle', from: 's.spent = spentAfter;', to: '' },
  { name: 'draws a tab below zero', in: 'settle', from: 'require(spentAfter <= s.deposited);', to: '' },
  {
    name: 'pays a fee that nobody was charged',
    in: 'settle',
    from: 'secondPayout + fee == debits',
    to: 'secondPayout == debits',
  },
  { name: 'refunds an order and keeps it', in: 'refund', from: 's.remaining = 0;', to: '' },
  { name: 'loses a refund that was not taken', in: 'refund', from: 's.clientCredit += amount;', to: '' },
  {
    name: 'pays a tab out although it was drawn meanwhile',
    in: 'finishTabExit',
    from: 's.exiting < available ? s.exiting : available',
    to: 's.exiting',
  },
  { name: 'pays earnings twice', in: 'withdrawEarnings', from: 's.firstLane = 0;', to: 's.firstLane = amount;' },
  { name: 'pays credit twice', in: 'withdrawCredit', from: 's.clientCredit = 0;', to: 's.clientCredit = amount;' },
]

const LEDGER_FAULTS: readonly Fault[] = [
  { name: 'lets a balance run into its neighbour', in: 'creditsFirst', from: 'LANES - 1', to: 'LANES' },
  { name: 'clears more than its lane', in: 'clearsSecond', from: ' - b * SECOND', to: ' - b * SECOND - a' },
]

function readModel(name: string): string {
  return readFileSync(new URL(`../formal/${name}.sol`, import.meta.url), 'utf8')
}

function spoil(model: string, { from, to, in: name }: Fault): string {
  const alone = keepFunction(model, name)
  assert.equal(alone.split(from).length, 2, `"${from}" is once in ${name}`)
  return alone.replace(from, to)
}

describe('the model checker', () => {
  before(() => assert.equal(missingSolver(), undefined))

  for (const [promise, model, functions] of [
    ['the escrow owes what it holds, and money is conserved', escrow, ESCROW_FUNCTIONS],
    ['packed balances never touch each other', ledger, LEDGER_FUNCTIONS],
  ] as const) {
    it(`knows every function of the model in which ${promise}`, () => {
      assert.deepEqual(listFunctions(model), functions)
    })
    for (const name of functions) {
      it(`proves that ${promise}: ${name}`, () => {
        const checked = checkModel(keepFunction(model, name))
        assert.deepEqual(
          checked.filter((check) => check.result !== 'proved' || check.in !== name),
          [],
        )
      })
    }
  }

  for (const [model, faults] of [
    [escrow, ESCROW_FAULTS],
    [ledger, LEDGER_FAULTS],
  ] as const) {
    for (const fault of faults) {
      it(`refutes a model that ${fault.name}`, () => {
        const refuted = checkModel(spoil(model, fault)).filter(({ result }) => result === 'refuted')
        assert.deepEqual([...new Set(refuted.map((check) => check.in))], [fault.in])
      })
    }
  }

  it('says so when there is nothing to prove', () => {
    assert.throws(() => checkModel('contract Empty {}'), /no assertion/)
    assert.throws(() => checkModel('contract Broken {'), /Error/)
  })
})
