/** Tabs, as `ITabs` describes them. */
import type { Hex } from 'viem'

import { type Batch, tabDepositNonce, voucherDigest } from './digests.ts'
import { requireIntake } from './intake.ts'
import { pushed } from './ledger.ts'
import { type Done, type Market, type Tab, ZERO_ADDRESS, keyOf, put, withEscrow } from './market.ts'
import type { Taken } from './orders.ts'
import { type Draw, unpackTabs } from './packed.ts'
import { revert } from './revert.ts'
import { RULES } from './rules.ts'
import { recover } from './signatures.ts'
import { pulled, received } from './token.ts'

export interface TabDeposit {
  readonly client: Hex
  readonly aggregator: Hex
  readonly amount: bigint
  readonly validAfter: bigint
  readonly validBefore: bigint
  readonly salt: Hex
  readonly signature: Hex
}

type PlainDeposit = Pick<TabDeposit, 'client' | 'aggregator' | 'amount'>

const NO_TAB: Tab = { deposited: 0n, spent: 0n, exiting: 0n, exitAt: 0, generation: 0 }

export function tabOf(market: Market, client: Hex, aggregator: Hex): Tab {
  return market.escrow.tabs.get(keyOf(client, aggregator)) ?? NO_TAB
}

/** Anyone may pay into anyone's tab. */
export function topUpTab(market: Market, caller: Hex, deposit: PlainDeposit): Done {
  const noted = withDeposit(market, deposit)
  return { market: pulled(noted, { from: caller, to: market.setting.escrow, amount: deposit.amount }) }
}

export function topUpTabWithAuthorization(market: Market, deposit: TabDeposit): Done {
  const { client: from, amount: value, validAfter, validBefore, signature } = deposit
  const nonce = tabDepositNonce(market.setting, deposit)
  const authorization = { from, to: market.setting.escrow, value, validAfter, validBefore, nonce }
  return { market: received(withDeposit(market, deposit), authorization, signature) }
}

/** Replaces an exit under way; 0 calls it off. */
export function startTabExit(market: Market, client: Hex, aggregator: Hex, amount: bigint): Done {
  const tab = tabOf(market, client, aggregator)
  const available = tab.deposited - tab.spent
  if (amount > available) throw revert('escrow', 'TabOverdraw', client, available, amount)
  if (amount === 0n && tab.exitAt === 0) throw revert('escrow', 'NoTabExit', client, aggregator)
  const exitAt = amount === 0n ? 0 : market.now + RULES.tabExitDelay
  return { market: withTab(market, client, aggregator, { ...tab, exiting: amount, exitAt }) }
}

/** Pays what was asked for, or what the draws have left of it. What stays begins a new generation. */
export function finishTabExit(market: Market, client: Hex, aggregator: Hex): Done {
  const tab = tabOf(market, client, aggregator)
  if (tab.exitAt === 0) throw revert('escrow', 'NoTabExit', client, aggregator)
  if (market.now < tab.exitAt) throw revert('escrow', 'TooEarly', tab.exitAt)
  const available = tab.deposited - tab.spent
  const amount = tab.exiting < available ? tab.exiting : available
  const left: Tab = { ...NO_TAB, deposited: available - amount, generation: tab.generation + 1 }
  return { market: pushed(withTab(market, client, aggregator, left), client, amount) }
}

/** Draws every tab of a batch. */
export function drawnAll(market: Market, batch: Batch): Taken {
  let taken: Taken = { market, charged: 0n, feeCap: 0n }
  let previous = ZERO_ADDRESS
  for (const draw of unpackTabs(batch.tabs)) {
    if (draw.client <= previous) throw revert('escrow', 'TabsNotSorted', draw.client)
    previous = draw.client
    const one = drawn(taken.market, draw, batch)
    taken = { market: one.market, charged: taken.charged + one.charged, feeCap: taken.feeCap + one.feeCap }
  }
  return taken
}

/** Draws one tab up to its record's total, as far as the client's voucher goes. */
function drawn(market: Market, draw: Draw, { aggregator, quorumId }: Batch): Taken {
  const { client, ceiling, spentAfter, feeBps, signature } = draw
  const tab = tabOf(market, client, aggregator)
  const { spent, deposited, generation } = tab
  const digest = voucherDigest(market.setting, { client, aggregator, quorumId, feeBps, generation, ceiling })
  if (recover(digest, signature) !== client) throw revert('escrow', 'BadSignature', client)
  if (feeBps > RULES.maxFeeBps) throw revert('escrow', 'FeeBpsOverCap', feeBps, RULES.maxFeeBps)
  if (spentAfter <= spent) throw revert('escrow', 'TabReplayed', client, spent, spentAfter)
  if (spentAfter > ceiling) throw revert('escrow', 'OverCeiling', client, ceiling, spentAfter)
  if (spentAfter > deposited) throw revert('escrow', 'TabOverdraw', client, deposited, spentAfter)
  const charged = spentAfter - spent
  return {
    market: withTab(market, client, aggregator, { ...tab, spent: spentAfter }),
    charged,
    feeCap: (charged * BigInt(feeBps)) / RULES.bps,
  }
}

function withDeposit(market: Market, { client, aggregator, amount }: PlainDeposit): Market {
  requireIntake(market, 'escrow')
  if (amount === 0n) throw revert('escrow', 'ZeroAmount')
  if (client === ZERO_ADDRESS) throw revert('escrow', 'ZeroClient')
  if (aggregator === ZERO_ADDRESS) throw revert('escrow', 'ZeroAggregator')
  const tab = tabOf(market, client, aggregator)
  const deposited = tab.deposited + amount
  if (deposited > RULES.maxUint64) throw revert('escrow', 'TabFull', client, aggregator, tab.deposited)
  return withTab(market, client, aggregator, { ...tab, deposited })
}

function withTab(market: Market, client: Hex, aggregator: Hex, tab: Tab): Market {
  return withEscrow(market, { tabs: put(market.escrow.tabs, keyOf(client, aggregator), tab) })
}
