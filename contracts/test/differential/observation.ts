/** Everything that can be seen of a market, as the model expects it and as the chain shows it. */
import { type Hex, decodeFunctionResult, encodeFunctionData } from 'viem'

import { type Value, toWord } from '../model/digests.ts'
import { leftTodayOf } from '../model/disputes.ts'
import { type Market, type Operator, ZERO_ADDRESS } from '../model/market.ts'
import { stakedMembersOf } from '../model/quorums.ts'
import { freeStakeOf, operatorCountOf } from '../model/stakes.ts'
import { tabOf } from '../model/tabs.ts'
import { balanceOf } from '../model/token.ts'
import { ABIS, type ContractName } from '../support/actions.ts'
import type { ChainSide } from './chain-side.ts'
import { CAST } from './cast.ts'

/** A view that came out differently. */
export interface Difference {
  readonly view: string
  readonly model: string
  readonly chain: string
}

interface View {
  readonly contract: ContractName
  readonly name: string
  readonly args: readonly Value[]
  /** ABI-encoded, without prefix. */
  readonly expected: string
}

const ORDER_STATUS = { funded: 1, settled: 2, refunded: 3 } as const
const VERDICT_STATUS = { pending: 1, appealed: 2, final: 3 } as const
const NOBODY: Operator = {
  index: 0,
  roles: 0,
  payout: ZERO_ADDRESS,
  active: 0n,
  unbonding: 0n,
  unbondAt: 0,
  next: undefined,
  claimed: 0n,
  holds: 0,
  convictions: 0,
  slashed: 0n,
}

/**
 * What differs between the chain and the model. With `since`, only what the model thinks changed since then, and what was
 * not there: that is much quicker, and misses what the chain changed against expectation.
 */
export async function compareViews(chain: ChainSide, market: Market, since?: Market): Promise<Difference[]> {
  const known = since === undefined ? undefined : expectationsOf(since)
  const views = viewsOf(market).filter((view) => known?.get(labelOf(view)) !== view.expected)
  const seen = await chain.look(`0x${views.map((view) => record(market, view)).join('')}`)
  const expected = views.map((view) => view.expected).join('')
  return seen === `0x${expected}` ? [] : explain(views, seen.slice(2))
}

/** Answers have the lengths that the model expects, or the first that has not shifts all after it. */
function explain(views: readonly View[], seen: string): Difference[] {
  const differences: Difference[] = []
  let start = 0
  for (const view of views) {
    const chain = seen.slice(start, start + view.expected.length)
    start += view.expected.length
    if (chain === view.expected) continue
    differences.push({ view: labelOf(view), model: readable(view, view.expected), chain: readable(view, chain) })
  }
  return differences
}

const expectations = new WeakMap<Market, ReadonlyMap<string, string>>()

function expectationsOf(market: Market): ReadonlyMap<string, string> {
  const known = expectations.get(market)
  if (known !== undefined) return known
  const made = new Map(viewsOf(market).map((view) => [labelOf(view), view.expected]))
  expectations.set(market, made)
  return made
}

function viewsOf(market: Market): View[] {
  const views: View[] = []
  const see: See = (contract, name, args, ...values) =>
    views.push({ contract, name, args, expected: values.map(toWord).join('') })
  seeMoney(market, see)
  seeOrders(market, see)
  seeStakes(market, see)
  seeQuorums(market, see)
  seeDisputes(market, see)
  return views
}

type See = (contract: ContractName, name: string, args: readonly Value[], ...values: readonly Value[]) => void

function seeMoney({ setting, token, otherToken, escrow, disputes }: Market, see: See): void {
  const wallets = [...setting.wallets.keys()]
  const clients = CAST.clients.map(({ address }) => address)
  const people = [...CAST.accounts.map(({ address }) => address), ...wallets]
  const { escrow: own, stakes, disputes: judge, quorums } = setting
  for (const account of new Set([...people, own, stakes, judge, quorums, ...token.balances.keys()]))
    see('token', 'balanceOf', [account], balanceOf(token, account))
  for (const account of new Set([...clients, ...wallets, ...otherToken.balances.keys()]))
    see('otherToken', 'balanceOf', [account], balanceOf(otherToken, account))
  for (const key of token.allowances.keys()) {
    const [owner, spender] = key.split('/') as [Hex, Hex]
    see('token', 'allowance', [owner, spender], token.allowances.get(key) ?? 0n)
  }
  for (const person of people) {
    see('escrow', 'credit', [person], escrow.credit.get(person) ?? 0n)
    see('disputes', 'credit', [person], disputes.credit.get(person) ?? 0n)
  }
}

function seeOrders(market: Market, see: See): void {
  const { escrow, stakes, setting } = market
  for (const [id, order] of escrow.orders) {
    const { remaining, settleBy, refundAt, quorumId, feeBps, status } = order
    see('escrow', 'order', [id], remaining, settleBy, refundAt, quorumId, feeBps, ORDER_STATUS[status])
  }
  for (const client of [...CAST.clients.map(({ address }) => address), ...setting.wallets.keys()]) {
    for (const { address } of CAST.aggregators) {
      const { deposited, spent, exiting, exitAt, generation } = tabOf(market, client, address)
      see('escrow', 'tab', [client, address], deposited, spent, exiting, exitAt, generation)
    }
  }
  for (let index = 0; index <= operatorCountOf(market) + 3; index += 1)
    see('escrow', 'earningsOf', [index], escrow.ledger.get(index) ?? 0n)
  for (const [contract, { stoppedUntil, restsUntil }] of [
    ['escrow', escrow.intake],
    ['stakes', stakes.intake],
  ] as const) {
    see(contract, 'intakeStoppedUntil', [], stoppedUntil)
    see(contract, 'guardianRestsUntil', [], restsUntil)
  }
}

function seeStakes(market: Market, see: See): void {
  see('stakes', 'operatorCount', [], operatorCountOf(market))
  const people = [...CAST.validators, ...CAST.providers, ...CAST.newcomers, CAST.stranger]
  for (const { address } of people) {
    const operator = market.stakes.operators.get(address) ?? NOBODY
    const { index, roles, payout, active, unbonding, unbondAt, claimed, holds, convictions, slashed, next } = operator
    see('stakes', 'operator', [address], index, roles, payout, active, unbonding, unbondAt)
    const free = freeStakeOf(operator)
    see('stakes', 'exposure', [address], free, active, unbonding, unbondAt, claimed, holds, convictions, slashed)
    see('stakes', 'indexOf', [address], index)
    if (index === 0) continue
    see('stakes', 'operatorAt', [index], address)
    see('stakes', 'payoutOf', [index], payout)
    see('stakes', 'pendingPayout', [index], next?.payout ?? ZERO_ADDRESS, next?.effectiveAt ?? 0)
  }
}

function seeQuorums(market: Market, see: See): void {
  see('quorums', 'quorumCount', [], market.quorums.length)
  for (const [i, { threshold, appealId, members }] of market.quorums.entries()) {
    const id = i + 1
    see('quorums', 'thresholdOf', [id], threshold)
    see('quorums', 'appealOf', [id], appealId)
    see('quorums', 'membersOf', [id], 32, members.length, ...members)
    see('quorums', 'stakedMembers', [id], stakedMembersOf(market, id))
  }
}

function seeDisputes(market: Market, see: See): void {
  const { verdicts, fund } = market.disputes
  see('disputes', 'fundBalance', [], fund)
  for (let id = 0; id <= market.quorums.length; id += 1) see('disputes', 'leftToday', [id], leftTodayOf(market, id))
  for (const [id, verdict] of verdicts) {
    const { status, outcome, guilty, round, closesAt, slash, collected, quorumId, accused } = verdict
    const head = [VERDICT_STATUS[status], outcome, guilty, round, closesAt, slash, collected, quorumId, accused]
    const { bond, benchId, detector, client, appellant } = verdict
    see('disputes', 'verdictOf', [id], ...head, bond, benchId, detector, client, appellant)
  }
}

/** Bounds memory in a long run. */
const MOST_RECORDS = 20_000
const recordsByLabel = new Map<string, string>()

/** `address target, uint16 bytes, calldata` */
function record({ setting }: Market, view: View): string {
  const label = labelOf(view)
  const known = recordsByLabel.get(label)
  if (known !== undefined) return known
  const { contract, name, args } = view
  const data = encodeFunctionData({ abi: ABIS[contract], functionName: name, args }).slice(2)
  const made = `${setting[contract].slice(2)}${(data.length / 2).toString(16).padStart(4, '0')}${data}`
  if (recordsByLabel.size >= MOST_RECORDS) recordsByLabel.clear()
  recordsByLabel.set(label, made)
  return made
}

const labelOf = ({ contract, name, args }: View): string => `${contract}.${name}(${args.join(', ')})`

function readable({ contract, name, args }: View, data: string): string {
  try {
    const result: unknown = decodeFunctionResult({
      abi: ABIS[contract],
      functionName: name,
      args,
      data: `0x${data}`,
    })
    return JSON.stringify(result, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))
  } catch {
    return `0x${data}`
  }
}
