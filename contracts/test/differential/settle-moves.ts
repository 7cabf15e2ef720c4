/** Settles orders and tabs: batches that balance, with the quorum's signatures, and batches with one thing wrong. */
import type { Hex } from 'viem'

import {
  deriveBatchDigest,
  derivePackedHash,
  deriveVoucherDigest,
  packOrders,
  packPayouts,
  packTabs,
} from '../../../packages/protocol/src/index.ts'
import { type Batch, acceptanceDigest, batchDigest, voucherDigest } from '../model/digests.ts'
import { ZERO_ADDRESS } from '../model/market.ts'
import { type Charge, type Draw, type Payout, RECORD_BYTES, sizeOf } from '../model/packed.ts'
import { operatorCountOf } from '../model/stakes.ts'
import { tabOf } from '../model/tabs.ts'
import { CAST } from './cast.ts'
import {
  type Draft,
  MAX_UINT64,
  type Move,
  type Scene,
  amountUpTo,
  around,
  between,
  draftsWhere,
  orderOf,
  pickFrom,
  quorumSigns,
  randomHash,
  signFor,
  somebody,
  tied,
} from './scene.ts'

/** What can be wrong with a batch, besides its signatures. */
const FLAWS = [
  'one unit too much',
  'one unit too little',
  'fee over cap',
  'fee for nobody',
  'orders unsorted',
  'order twice',
  'order unknown',
  'order closed',
  'order of another quorum',
  'order overdrawn',
  'orders torn',
  'payouts unsorted',
  'payout to nobody',
  'payout to the next operator',
  'payout past its bits',
  'payouts torn',
  'tabs unsorted',
  'tabs torn',
  'tab replayed',
  'tab over ceiling',
  'tab overdrawn',
  'voucher of another time',
  'voucher with a high fee',
  'nothing at all',
] as const
type Flaw = (typeof FLAWS)[number] | undefined

const settle: Move = (scene) => {
  const { rng, market } = scene
  const flaw: Flaw = rng.chance(0.22) ? rng.pick(FLAWS) : undefined
  const open = draftsWhere(
    scene,
    ({ status, quorumId, settleBy }) => status === 'funded' && quorumId > 0 && market.now < settleBy,
  )
  const lead = pickFrom(rng, open)
  const quorumId = lead?.terms.quorumId ?? (rng.chance(0.05) ? 0 : 1 + rng.below(market.quorums.length))
  const aggregator = rng.pick(CAST.aggregators).address
  const charges = chargesFor(
    scene,
    open.filter(({ terms }) => terms.quorumId === quorumId),
    flaw,
  )
  const draws = drawsFor(scene, { aggregator, quorumId }, flaw)
  if (charges.length + draws.length === 0 && flaw !== 'nothing at all') return undefined
  const batch = batchOf(scene, { aggregator, quorumId, charges, draws }, flaw)
  const digest = tied(scene, batchDigest(market.setting, batch), () => sharedDigest(scene, batch))
  const signatures = quorumSigns(scene, quorumId, digest)
  const at = lead !== undefined && rng.chance(0.1) ? around(scene, lead.terms.settleBy) : undefined
  return { caller: somebody(scene), call: 'escrow.settle', args: [batch, signatures], at }
}

/** The same order's acceptance by its client, for orders without a quorum; seldom for others. */
const settleByClient: Move = (scene) => {
  const { rng, market } = scene
  const flaw: Flaw = rng.chance(0.22) ? rng.pick(FLAWS) : undefined
  const own = draftsWhere(
    scene,
    ({ quorumId, status, settleBy }) => quorumId === 0 && status === 'funded' && market.now < settleBy,
  )
  const chosen = rng.chance(0.97) ? pickFrom(rng, own) : pickFrom(rng, scene.drafts)
  if (chosen === undefined) return undefined
  const { terms, id } = chosen
  const [charge = { orderId: id, amount: 1n }] = chargesFor(
    scene,
    [chosen],
    flaw === 'order overdrawn' ? flaw : undefined,
  )
  const fee = feeFor(scene, (charge.amount * BigInt(terms.feeBps)) / 10_000n, charge.amount, flaw)
  const payouts = packedPayouts(scene, charge.amount - fee, flaw)
  const accepted = { payouts, fee, resultsRoot: randomHash(rng) }
  const signature = signFor(scene, terms.client, acceptanceDigest(market.setting, id, accepted))
  const at = rng.chance(0.1) ? around(scene, terms.settleBy) : undefined
  const args: [typeof terms, Hex, bigint, Hex, Hex] = [terms, payouts, fee, accepted.resultsRoot, signature]
  return { caller: somebody(scene), call: 'escrow.settleByClient', args, at }
}

export const SETTLE_MOVES = { settle, settleByClient }

// ── Batches ───────────────────────────────────────────────────────────────────────────────────────────────────────────

interface Parts {
  readonly aggregator: Hex
  readonly quorumId: number
  readonly charges: readonly Charge[]
  readonly draws: readonly (Draw & { readonly drawn: bigint })[]
}

function batchOf(scene: Scene, { aggregator, quorumId, charges, draws }: Parts, flaw: Flaw): Batch {
  const { rng, market } = scene
  const capOf = (amount: bigint, feeBps: number): bigint => (amount * BigInt(feeBps)) / 10_000n
  const feeBpsOf = (id: Hex): number => market.escrow.orders.get(id)?.feeBps ?? 0
  const drawn = draws.filter((draw) => draw.drawn > 0n)
  const charged = [...charges.map(({ amount }) => amount), ...drawn.map((draw) => draw.drawn)].reduce(
    (a, b) => a + b,
    0n,
  )
  const caps = [
    ...charges.map(({ orderId, amount }) => capOf(amount, feeBpsOf(orderId))),
    ...drawn.map((draw) => capOf(draw.drawn, draw.feeBps)),
  ]
  const fee = feeFor(
    scene,
    caps.reduce((a, b) => a + b, 0n),
    charged,
    flaw,
  )
  const orders = packOrders(charges.map(({ orderId, amount }) => ({ orderId, charged: amount })) as never)
  const tabs = packTabs(draws as never)
  return {
    aggregator: flaw === 'fee for nobody' ? ZERO_ADDRESS : aggregator,
    quorumId,
    orders: disordered(rng.below(3), orders, RECORD_BYTES.order, {
      swap: flaw === 'orders unsorted',
      tear: flaw === 'orders torn',
    }),
    tabs: disordered(rng.below(3), tabs, RECORD_BYTES.tab, {
      swap: flaw === 'tabs unsorted',
      tear: flaw === 'tabs torn',
    }),
    payouts: packedPayouts(scene, charged - fee, flaw),
    fee,
    resultsRoot: randomHash(rng),
  }
}

/** Anything up to the cap, or one unit more. Never more than there is. */
function feeFor({ rng }: Scene, cap: bigint, charged: bigint, flaw: Flaw): bigint {
  if (flaw === 'fee over cap') return cap + 1n < charged ? cap + 1n : charged
  return rng.chance(0.3) ? cap : between(rng, 0n, cap)
}

/** Charges for some of these orders: something, all, or nothing of each. */
function chargesFor(scene: Scene, open: readonly Draft[], flaw: Flaw): Charge[] {
  const { rng } = scene
  const chosen = open.filter((_, i) => i === 0 || rng.chance(0.6)).slice(0, 3)
  const charges = chosen.map((draft) => {
    const have = orderOf(scene, draft)?.remaining ?? draft.terms.maxAmount
    return { orderId: draft.id, amount: rng.chance(0.08) ? 0n : amountUpTo(rng, have) }
  })
  const [first] = charges
  const other = (asked: (draft: Draft) => boolean): Charge[] => {
    const found = pickFrom(rng, scene.drafts.filter(asked))
    return found === undefined ? [] : [{ orderId: found.id, amount: 1n }]
  }
  if (flaw === 'nothing at all') return []
  if (flaw === 'order twice' && first !== undefined) return [...charges, { ...first, amount: 0n }]
  if (flaw === 'order unknown') return [...charges, { orderId: randomHash(rng), amount: 1n }]
  if (flaw === 'order closed')
    return [...charges, ...other((draft) => (orderOf(scene, draft)?.status ?? 'funded') !== 'funded')]
  if (flaw === 'order of another quorum') {
    return [...charges, ...other((draft) => orderOf(scene, draft)?.status === 'funded' && !chosen.includes(draft))]
  }
  const draft = chosen[0]
  if (flaw === 'order overdrawn' && draft !== undefined) {
    const have = orderOf(scene, draft)?.remaining ?? 0n
    return [{ orderId: draft.id, amount: have < MAX_UINT64 ? have + 1n : have }]
  }
  return charges
}

/** Draws of some of the clients' tabs with this aggregator. */
function drawsFor(scene: Scene, by: { aggregator: Hex; quorumId: number }, flaw: Flaw): Parts['draws'] {
  const { rng, market } = scene
  if (flaw === 'nothing at all') return []
  return CAST.clients.flatMap(({ address: client }) => {
    const tab = tabOf(market, client, by.aggregator)
    const available = tab.deposited - tab.spent
    if (available === 0n ? !rng.chance(0.01) : !rng.chance(0.6)) return []
    const wanted = tab.spent + (available === 0n ? 1n : amountUpTo(rng, available))
    const spentAfter = flaw === 'tab replayed' ? tab.spent : flaw === 'tab overdrawn' ? tab.deposited + 1n : wanted
    if (spentAfter > MAX_UINT64) return []
    const exact = rng.chance(0.3) || spentAfter > MAX_UINT64 - 100n
    const ceiling = flaw === 'tab over ceiling' ? spentAfter - 1n : exact ? spentAfter : spentAfter + 100n
    if (ceiling < 0n) return []
    const feeBps = flaw === 'voucher with a high fee' ? 501 : rng.pick([0, 5, 100, 500])
    const generation = flaw === 'voucher of another time' ? tab.generation + 1 : tab.generation
    const voucher = { client, aggregator: by.aggregator, quorumId: by.quorumId, feeBps, generation, ceiling }
    const digest = tied(scene, voucherDigest(market.setting, voucher), () =>
      deriveVoucherDigest(domainOf(scene), voucher as never),
    )
    return [
      { client, ceiling, spentAfter, feeBps, signature: signFor(scene, client, digest), drawn: spentAfter - tab.spent },
    ]
  })
}

/** Shares an amount out among some operators, or does so with one thing wrong. */
function packedPayouts(scene: Scene, total: bigint, flaw: Flaw): Hex {
  const { rng, market } = scene
  const count = operatorCountOf(market)
  let rest = flaw === 'one unit too much' ? total + 1n : flaw === 'one unit too little' ? total - 1n : total
  if (rest < 0n) rest = 0n
  if (flaw === 'payout past its bits') return packPayouts(pastItsBits(scene) as never)
  const indices = new Set(Array.from({ length: 1 + rng.below(4) }, () => 1 + rng.below(count)))
  if (flaw === 'payout to nobody') indices.add(0)
  if (flaw === 'payout to the next operator') indices.add(count + 1 + rng.below(3))
  const payouts = [...indices].map((index, i): Payout => {
    const amount = i === indices.size - 1 ? rest : between(rng, 0n, rest)
    const share = amount > MAX_UINT64 ? MAX_UINT64 : amount
    rest -= share
    return { index, amount: share }
  })
  const none = total === 0n && rng.chance(0.7)
  const packed = none ? '0x' : packPayouts(payouts as never)
  return disordered(rng.below(3), packed, RECORD_BYTES.payout, {
    swap: flaw === 'payouts unsorted',
    tear: flaw === 'payouts torn',
  })
}

/** To somebody who has earnings, all that 64 bits hold. */
function pastItsBits({ rng, market }: Scene): Payout[] {
  const owed = [...market.escrow.ledger].flatMap(([index, amount]) => (amount > 0n ? [index] : []))
  return [{ index: pickFrom(rng, owed) ?? 1, amount: MAX_UINT64 }]
}

/** Packed records with the first two swapped, or the only one twice; or with some bytes missing. */
function disordered(at: number, packed: Hex, bytes: number, wrong: { swap: boolean; tear: boolean }): Hex {
  const size = sizeOf(packed)
  if (wrong.tear) return size === 0 ? '0xff' : (packed.slice(0, -2 * (at + 1)) as Hex)
  if (!wrong.swap || size < bytes) return packed
  const digits = 2 * bytes
  const body = packed.slice(2)
  if (size === bytes) return `0x${body}${body}`
  return `0x${body.slice(digits, 2 * digits)}${body.slice(0, digits)}${body.slice(2 * digits)}`
}

const domainOf = ({ market }: Scene) => ({ chainId: market.setting.chainId, escrow: market.setting.escrow }) as never

function sharedDigest(scene: Scene, { orders, tabs, payouts, ...rest }: Batch): string {
  const hashes = {
    ordersHash: derivePackedHash(orders),
    tabsHash: derivePackedHash(tabs),
    payoutsHash: derivePackedHash(payouts),
  }
  return deriveBatchDigest(domainOf(scene), { ...rest, ...hashes } as never)
}
