/** Tabs: vouchers and deposits as their client signs them, and the table of what a tab allows. */
import { type Address, type Hex, hashTypedData, keccak256, toHex } from 'viem'

import { type Row, UNCHANGED } from './behaviour-table.ts'
import {
  type Batch,
  type Draw,
  type Payout,
  FAR_FUTURE,
  TYPES,
  batchDigest,
  domainOf,
  packTabs,
  quorumSigns,
  signAuthorization,
  someBatch,
} from './messages.ts'
import { type Actor, USDC, type World, as } from './world.ts'

export interface Voucher {
  client: Address
  aggregator: Address
  quorumId: number
  feeBps: number
  generation: number
  ceiling: bigint
}

export const SALT = keccak256(toHex('deposit'))

/** The client's tab with the aggregator. */
export const tabOf = ({ client, aggregator }: Pick<World, 'client' | 'aggregator'>) =>
  [client.address, aggregator.address] as const

export function voucherDigest(world: World, voucher: Voucher): Hex {
  const domain = domainOf(world.chainId, world.escrow.address)
  return hashTypedData({ domain, types: TYPES, primaryType: 'TabVoucher', message: voucher })
}

/** A record that draws the client's tab; the voucher reaches as far as the draw, unless said otherwise. */
export async function someDraw(
  world: World,
  { spentAfter, signer = world.client, ...changes }: Partial<Voucher> & { spentAfter: bigint; signer?: Actor },
): Promise<Draw> {
  const voucher: Voucher = {
    client: signer.address,
    aggregator: world.aggregator.address,
    quorumId: world.quorumId,
    feeBps: 200,
    generation: 0,
    ceiling: spentAfter,
    ...changes,
  }
  const { client, ceiling, feeBps } = voucher
  const signature = await signer.account.sign({ hash: voucherDigest(world, voucher) })
  return { client, ceiling, feeBps, spentAfter, signature }
}

/** A batch of these draws as they are, and no orders. */
export function drawBatch(world: World, draws: readonly Draw[], payouts: Payout[], changes: Partial<Batch> = {}) {
  return someBatch(world, [], payouts, { tabs: packTabs(draws), ...changes })
}

/** Ascending by client, as a batch wants them. */
export function sorted(draws: readonly Draw[]): Draw[] {
  return draws.toSorted((a, b) => (a.client.toLowerCase() < b.client.toLowerCase() ? -1 : 1))
}

/** A batch with its quorum's signatures, as `settle` takes it. */
export async function signedBatch(world: World, batch: Batch) {
  return [batch, await quorumSigns(world, batchDigest(world, batch))] as const
}

/** Draws the client's tab to a total; all of it goes to operator 6. */
export async function drawTab(world: World, spentAfter: bigint, changes: Partial<Voucher> = {}): Promise<void> {
  const { spent } = await world.escrow.read.tab(tabOf(world))
  const draw = await someDraw(world, { spentAfter, ...changes })
  const batch = drawBatch(world, [draw], [{ index: 6, amount: spentAfter - spent }])
  await world.mined(world.escrow.write.settle(await signedBatch(world, batch), as(world.stranger)))
}

/** Pays into the client's tab by its own allowance. */
export async function topUp(world: World, amount = 10n * USDC): Promise<void> {
  await world.mined(world.escrow.write.topUpTab([...tabOf(world), amount], as(world.client)))
}

/** Asks for an amount of the client's tab, and moves to the time at which it can be had. */
export async function awaitExit(world: World, amount: bigint): Promise<void> {
  await world.mined(world.escrow.write.startTabExit([world.aggregator.address, amount], as(world.client)))
  await world.warp((await world.escrow.read.tab(tabOf(world))).exitAt)
}

export interface TabDeposit {
  client: Address
  aggregator: Address
  amount: bigint
  salt: Hex
}

/** As `topUpTabWithAuthorization` takes it: client, aggregator, amount, validAfter, validBefore, salt, signature. */
export type DepositArgs = readonly [Address, Address, bigint, bigint, bigint, Hex, Hex]

/** A payment into a tab by authorization. */
export async function signedDeposit(
  world: World,
  changes: Partial<TabDeposit> = {},
  signer = world.client,
): Promise<DepositArgs> {
  const deposit: TabDeposit = {
    client: signer.address,
    aggregator: world.aggregator.address,
    amount: 10n * USDC,
    salt: SALT,
    ...changes,
  }
  const { client, aggregator, amount, salt } = deposit
  const domain = domainOf(world.chainId, world.escrow.address)
  const nonce = hashTypedData({ domain, types: TYPES, primaryType: 'TabDeposit', message: deposit })
  const signature = await signAuthorization(world, { from: signer, to: world.escrow.address, value: amount, nonce })
  return [client, aggregator, amount, 0n, FAR_FUTURE, salt, signature]
}

export const TAB_STATES = [
  'never paid into',
  'open',
  'drained',
  'exit started',
  'exit due',
  'exit due, drained',
  'closed',
  'paid into again',
] as const

export type TabState = (typeof TAB_STATES)[number]

export type TabAction =
  | 'topUpTab by the client'
  | 'topUpTab by anyone else'
  | 'topUpTabWithAuthorization by anyone'
  | 'settle, drawing more'
  | 'settle, drawing more than is there'
  | 'settle, to a total drawn before'
  | 'settle, above the voucher'
  | 'settle, voucher of another generation'
  | 'settle, voucher signed by anyone else'
  | 'startTabExit of something'
  | 'startTabExit of more than is there'
  | 'startTabExit of 0'
  | 'startTabExit by anyone else'
  | 'finishTabExit by anyone'

const all = (result: string) => TAB_STATES.map(() => result)
const NEEDS_MONEY = ['TabOverdraw', 'ok', 'TabOverdraw', 'ok', 'ok', 'TabOverdraw', 'TabOverdraw', 'ok']

/** What a tab allows in each state. */
export const TAB_ROWS: readonly Row<TabAction>[] = [
  { action: 'topUpTab by the client', results: all('ok'), stopped: 'IntakeClosed' },
  { action: 'topUpTab by anyone else', results: all('ok'), stopped: 'IntakeClosed' },
  { action: 'topUpTabWithAuthorization by anyone', results: all('ok'), stopped: 'IntakeClosed' },
  { action: 'settle, drawing more', results: NEEDS_MONEY, stopped: UNCHANGED },
  { action: 'settle, drawing more than is there', results: all('TabOverdraw'), stopped: UNCHANGED },
  { action: 'settle, to a total drawn before', results: all('TabReplayed'), stopped: UNCHANGED },
  { action: 'settle, above the voucher', results: all('OverCeiling'), stopped: UNCHANGED },
  { action: 'settle, voucher of another generation', results: all('BadSignature'), stopped: UNCHANGED },
  { action: 'settle, voucher signed by anyone else', results: all('BadSignature'), stopped: UNCHANGED },
  { action: 'startTabExit of something', results: NEEDS_MONEY, stopped: UNCHANGED },
  { action: 'startTabExit of more than is there', results: all('TabOverdraw'), stopped: UNCHANGED },
  {
    action: 'startTabExit of 0',
    results: ['NoTabExit', 'NoTabExit', 'NoTabExit', 'ok', 'ok', 'ok', 'NoTabExit', 'NoTabExit'],
    stopped: UNCHANGED,
  },
  { action: 'startTabExit by anyone else', results: all('TabOverdraw'), stopped: UNCHANGED },
  {
    action: 'finishTabExit by anyone',
    results: ['NoTabExit', 'NoTabExit', 'NoTabExit', 'TooEarly', 'ok', 'ok', 'NoTabExit', 'NoTabExit'],
    stopped: UNCHANGED,
  },
]
