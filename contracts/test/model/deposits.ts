/** Deposit addresses, as `IDeposits` describes them. */
import { type Hex, getCreate2Address } from 'viem'

import { hashBytes, orderIdOf } from './digests.ts'
import { type Done, type Market, type OrderTerms, type Setting, ZERO_ADDRESS, withEscrow } from './market.ts'
import { openedOrder } from './orders.ts'
import { revert } from './revert.ts'
import { balanceOf, moved, paid, tryPaid } from './token.ts'

/** CREATE2 of a minimal clone (ERC-1167) by the escrow, with the order id as salt. */
export function depositAddressOf({ depositAccount, escrow }: Setting, orderId: Hex): Hex {
  const code: Hex = `0x3d602d80600a3d3981f3363d3d373d3d3d363d73${depositAccount.slice(2)}5af43d82803e903d91602b57fd5bf3`
  return lower(getCreate2Address({ from: escrow, salt: orderId, bytecodeHash: hashBytes(code) }))
}

/** The same by terms, for whoever is about to pay: not for terms that would keep the money for ever. */
export function askDepositAddress(market: Market, terms: OrderTerms): Done {
  if (terms.client === ZERO_ADDRESS) throw revert('escrow', 'ZeroClient')
  return { market, answer: depositAddressOf(market.setting, orderIdOf(market.setting, terms)) }
}

/** Opens an order with what is there. A surplus goes to the client, or stays if the token refuses. */
export function fundFromDepositAddress(market: Market, terms: OrderTerms): Done {
  const { market: opened, id } = openedOrder(market, terms)
  const account = depositAddressOf(market.setting, id)
  const have = balanceOf(market.token, account)
  const { client, maxAmount } = terms
  if (have < maxAmount) throw revert('escrow', 'DepositTooSmall', account, have, maxAmount)
  const funded = paid(withAccount(opened, account), { from: account, to: market.setting.escrow, amount: maxAmount })
  const surplus = { from: account, to: client, amount: have - maxAmount }
  return { market: surplus.amount === 0n ? funded : tryPaid(funded, surplus).market, answer: id }
}

/** Sends all that is at an order's deposit address to its client. */
export function sweepToClient(market: Market, caller: Hex, terms: OrderTerms, token: Hex): Done {
  const { setting, now } = market
  const id = orderIdOf(setting, terms)
  const fundable = !market.escrow.orders.has(id) && now < terms.settleBy
  if (fundable && token === setting.token && caller !== terms.client) {
    throw revert('escrow', 'DepositStillFundable', terms.settleBy)
  }
  const name = token === setting.token ? 'token' : 'otherToken'
  const account = depositAddressOf(setting, id)
  const amount = balanceOf(market[name], account)
  if (amount === 0n) throw revert('escrow', 'NothingToSweep', account)
  const after = moved(market[name], { from: account, to: terms.client, amount })
  return { market: { ...withAccount(market, account), [name]: after }, answer: amount }
}

/** What stands at a deposit address obeys the escrow alone. Where nothing stands yet, nothing answers. */
export function flush(market: Market, caller: Hex, account: Hex): Done {
  if (market.escrow.accounts.has(account) || account === market.setting.depositAccount) {
    throw revert('account', 'NotEscrow', caller)
  }
  return { market }
}

function withAccount(market: Market, account: Hex): Market {
  return withEscrow(market, { accounts: new Set(market.escrow.accounts).add(account) })
}

const lower = (address: Hex): Hex => `0x${address.slice(2).toLowerCase()}`
