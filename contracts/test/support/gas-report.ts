/**
 * Gas of the calls that matter, from receipts, in the steady state: the client, the aggregator and the operators have been
 * paid before. Every figure stands beside what a naive escrow or a plain transfer of the same token costs in the same run.
 */
import { type Hash, type Hex, encodeFunctionData, numberToHex, padHex, parseAbi } from 'viem'

import {
  FAR_FUTURE,
  type Payout,
  ROOT,
  TYPES,
  type Terms,
  batchDigest,
  domainOf,
  orderIdOf,
  packPayouts,
  packTabs,
  quorumSigns,
  signAuthorization,
  someBatch,
  someTerms,
} from './messages.ts'
import { type FundedOrder, fundedOrder, settledOrder, signAcceptance } from './orders.ts'
import { commitProof, signVerdict, someVerdict } from './verdicts.ts'
import { APPEAL_WINDOW, type Actor, DAY, USDC, type World, as, createActor, openWorld } from './world.ts'

export interface GasRow {
  readonly name: string
  /** Of one unit: a transaction, a shard, a job, a provider. Rounded down. */
  readonly gas: number
  /** The most it may be, with the token as it is (not behind a proxy). */
  readonly goal: number | undefined
  /** What it stands beside: a naive escrow's job, or a plain transfer. */
  readonly baseline: number
  readonly baselineOf: 'naive escrow' | 'transfer'
  /** Gas of the largest transaction behind it. */
  readonly largest: number
}

export interface GasOptions {
  readonly hardfork: 'osaka' | 'prague'
  /** Puts the token behind a proxy that reads its admin and implementation from storage, like native USDC. */
  readonly proxied: boolean
}

const PROVIDERS = 1_000
const JOBS = 1_000
const MANY = 100
/** What Ethereum allows one transaction; Polygon allows twice that. */
export const TRANSACTION_CAP = 16_000_000

const naiveAbi = parseAbi([
  'function create(address provider, uint256 amount, uint256 deadline) returns (uint256)',
  'function submit(uint256 id, bytes32 resultHash)',
  'function release(uint256 id)',
])

/** Runs every path on a fresh in-process chain. */
export async function measureGas({ hardfork, proxied }: GasOptions): Promise<GasRow[]> {
  await using world = await openWorld({ hardfork, ...(proxied && { tokenName: 'UsdcProxy' as const }) })
  const everyone = world.providers.map((_, i) => ({ index: 6 + i, amount: USDC / 100n }))
  await settledOrder(world, everyone, { fee: 1_000n })
  const reset = await world.snapshot()
  const baselines = { naive: await naiveJob(world), transfer: await plainTransfer(world) }
  const rows: GasRow[] = []
  for (const path of PATHS) {
    await reset()
    for (const { name, gas, per = 1, goal, beside } of await path(world)) {
      const largest = Math.max(...gas.map(Number))
      const total = gas.reduce((sum, one) => sum + one, 0n)
      rows.push({
        name,
        gas: Number(total / BigInt(per)),
        goal,
        baseline: beside === 'naive escrow' ? baselines.naive : baselines.transfer,
        baselineOf: beside,
        largest,
      })
    }
  }
  return rows
}

/** One or more transactions that together serve `per` units. */
interface Measured {
  readonly name: string
  readonly gas: readonly bigint[]
  readonly per?: number
  readonly goal?: number
  readonly beside: GasRow['baselineOf']
}
type Path = (world: World) => Promise<Measured[]>

const PATHS: readonly Path[] = [
  oneJob,
  tenShards,
  thousandShards,
  thousandProviders,
  tabJobs,
  manyTabs,
  manyOrders,
  manyFundings,
  depositFunding,
  moreSignatures,
  waysOut,
  tabExit,
  operators,
  verdict,
]

async function oneJob(world: World): Promise<Measured[]> {
  const { order, gas: funding } = await fund(world)
  const settling = await settle(world, [order], [{ index: 6, amount: 980_000n }], { fee: 20_000n })
  return [
    { name: 'fund by authorization', gas: [funding], beside: 'transfer' },
    { name: 'settle one order, one shard, 3 signatures', gas: [settling], beside: 'transfer' },
    {
      name: 'one attested one-shard job, funded and settled, 3 signatures',
      gas: [funding, settling],
      goal: 185_000,
      beside: 'naive escrow',
    },
  ]
}

async function tenShards(world: World): Promise<Measured[]> {
  const { order, gas: funding } = await fund(world)
  const payouts = world.providers.slice(0, 10).map((_, i) => ({ index: 6 + i, amount: 98_000n }))
  const settling = await settle(world, [order], payouts, { fee: 20_000n })
  return [
    {
      name: '10 shards, 10 providers, all in',
      gas: [funding, settling],
      per: 10,
      goal: 20_000,
      beside: 'naive escrow',
    },
  ]
}

async function thousandShards(world: World): Promise<Measured[]> {
  const { order, gas: funding } = await fund(world)
  const settling = await settle(world, [order], sixteen(world), { fee: 20_000n })
  const units = { per: JOBS, beside: 'naive escrow' } as const
  return [
    { name: '1000 shards, 16 providers: settle', gas: [settling], goal: 100, ...units },
    { name: '1000 shards, 16 providers: all in', gas: [funding, settling], goal: 250, ...units },
  ]
}

async function thousandProviders(world: World): Promise<Measured[]> {
  // The escrow asks the stakes contract only how many operators there are; the count shares its slot with the stop.
  const count = padHex(numberToHex(2_000n << 80n), { size: 32 })
  await world.rpc('hardhat_setStorageAt', world.stakes.address, '0x0', count)
  const payouts = Array.from({ length: PROVIDERS }, (_, i) => ({ index: 6 + i, amount: 1_000n }))
  const first = await settle(world, [(await fund(world)).order], payouts)
  const again = await settle(world, [(await fund(world)).order], payouts)
  return [
    { name: '1000 different providers, the first time', gas: [first], per: PROVIDERS, beside: 'transfer' },
    { name: '1000 different providers', gas: [again], per: PROVIDERS, goal: 1_900, beside: 'transfer' },
  ]
}

async function tabJobs(world: World): Promise<Measured[]> {
  const { client, escrow, aggregator } = world
  const open = await used(world, escrow.write.topUpTab([client.address, aggregator.address, 50n * USDC], as(client)))
  const more = await used(world, escrow.write.topUpTab([client.address, aggregator.address, USDC], as(client)))
  await settle(world, [], sixteen(world), { fee: 20_000n, tabs: await draw(world, [client], USDC) })
  const settling = await settle(world, [], sixteen(world), {
    fee: 20_000n,
    tabs: await draw(world, [client], 2n * USDC),
  })
  return [
    { name: 'open a tab by allowance', gas: [open], beside: 'transfer' },
    { name: 'pay into a tab again', gas: [more], beside: 'transfer' },
    { name: '1000 jobs on one tab, 16 providers', gas: [settling], per: JOBS, goal: 100, beside: 'naive escrow' },
  ]
}

async function manyTabs(world: World): Promise<Measured[]> {
  const { escrow, aggregator, client } = world
  const clients = Array.from({ length: MANY }, (_, i) => createActor(`tab client ${i}`)).toSorted((a, b) =>
    a.address.toLowerCase() < b.address.toLowerCase() ? -1 : 1,
  )
  for (const { address } of clients)
    await world.mined(escrow.write.topUpTab([address, aggregator.address, USDC], as(client)))
  const total = BigInt(MANY) * 10_000n
  const payouts = [{ index: 6, amount: total }]
  await settle(world, [], payouts, { tabs: await draw(world, clients, 10_000n) })
  const settling = await settle(world, [], payouts, { tabs: await draw(world, clients, 20_000n) })
  return [{ name: '100 tabs of 100 clients', gas: [settling], per: MANY, beside: 'naive escrow' }]
}

async function manyOrders(world: World): Promise<Measured[]> {
  const orders: FundedOrder[] = []
  for (let i = 0; i < MANY; i += 1) orders.push(await fundedOrder(world, { maxAmount: USDC }))
  const payouts = world.providers.map((_, i) => ({ index: 6 + i, amount: 625_000n }))
  const settling = await settle(world, orders, payouts)
  return [{ name: '100 orders, 16 providers: settle', gas: [settling], per: MANY, beside: 'naive escrow' }]
}

async function manyFundings(world: World): Promise<Measured[]> {
  const fundings = []
  for (let i = 0; i < MANY; i += 1) {
    const terms = await someTerms(world, { maxAmount: USDC })
    fundings.push({ terms, validAfter: 0n, validBefore: FAR_FUTURE, signature: await authorize(world, terms) })
  }
  const options = { ...as(world.stranger), gas: BigInt(TRANSACTION_CAP) }
  const gas = await used(world, world.escrow.write.fundMany([fundings], options))
  return [{ name: 'fund 100 orders by authorization in one call', gas: [gas], per: MANY, beside: 'transfer' }]
}

async function depositFunding(world: World): Promise<Measured[]> {
  const { escrow, usdc, client, stranger } = world
  const terms = await someTerms(world)
  const account = await escrow.read.depositAddressOf([terms])
  const paying = await used(world, usdc.write.transfer([account, terms.maxAmount], as(client)))
  const funding = await used(world, escrow.write.fundFromDepositAddress([terms], as(stranger)))
  await world.mined(usdc.write.transfer([account, USDC], as(client)))
  const sweeping = await used(world, escrow.write.sweepToClient([terms, usdc.address], as(stranger)))
  return [
    { name: 'transfer to a deposit address', gas: [paying], beside: 'transfer' },
    { name: 'fund from a deposit address', gas: [funding], beside: 'transfer' },
    { name: 'sweep a late transfer', gas: [sweeping], beside: 'transfer' },
  ]
}

async function moreSignatures(world: World): Promise<Measured[]> {
  const payouts = [{ index: 6, amount: USDC }]
  const three = await settle(world, [(await fund(world)).order], payouts, { signers: 3 })
  const five = await settle(world, [(await fund(world)).order], payouts, { signers: 5 })
  return [{ name: 'one more quorum signature', gas: [five - three], per: 2, beside: 'transfer' }]
}

async function waysOut(world: World): Promise<Measured[]> {
  const { escrow, client, aggregator, stranger } = world
  const unspent = await settledOrder(world, [{ index: 6, amount: USDC }])
  const remainder = await used(world, escrow.write.refund([unspent.terms], as(stranger)))
  const earnings = await used(world, escrow.write.withdrawEarnings([6], as(stranger)))
  const credit = await used(world, escrow.write.withdrawCredit([aggregator.address], as(aggregator)))
  const overdue = await fundedOrder(world)
  const { terms: own } = await fundedOrder(world, { quorumId: 0 })
  const payouts = packPayouts([{ index: 6, amount: USDC }])
  const signature = await signAcceptance(world, own, { payouts, fee: 0n })
  const accepted = await used(world, escrow.write.settleByClient([own, payouts, 0n, ROOT, signature], as(stranger)))
  const allowance = await used(world, escrow.write.fund([await someTerms(world)], as(client)))
  await world.warp(overdue.terms.refundAt)
  const refund = await used(world, escrow.write.refund([overdue.terms], as(client)))
  return [
    { name: 'withdraw earnings', gas: [earnings], goal: 57_000, beside: 'transfer' },
    { name: 'refund an overdue order', gas: [refund], goal: 59_000, beside: 'transfer' },
    { name: 'refund a remainder', gas: [remainder], goal: 59_000, beside: 'transfer' },
    { name: 'withdraw credit', gas: [credit], beside: 'transfer' },
    { name: 'fund by allowance', gas: [allowance], beside: 'transfer' },
    { name: 'settle by the client', gas: [accepted], beside: 'transfer' },
  ]
}

async function tabExit(world: World): Promise<Measured[]> {
  const { client, escrow, aggregator, stranger } = world
  const tab = [client.address, aggregator.address] as const
  await world.mined(escrow.write.topUpTab([...tab, 5n * USDC], as(client)))
  const start = await used(world, escrow.write.startTabExit([aggregator.address, 5n * USDC], as(client)))
  await world.warp((await world.now()) + 7 * DAY)
  const finish = await used(world, escrow.write.finishTabExit(tab, as(stranger)))
  return [{ name: 'leave a tab: ask and receive', gas: [start, finish], beside: 'transfer' }]
}

async function operators(world: World): Promise<Measured[]> {
  const { stakes, quorums, stranger } = world
  const provider = world.providers[0] as Actor
  const members = world.validators.map(({ address }) => address)
  return [
    {
      name: 'register',
      gas: [await used(world, stakes.write.register([stranger.address, 1, ROOT], as(stranger)))],
      beside: 'transfer',
    },
    { name: 'stake more', gas: [await used(world, stakes.write.stake([USDC], as(provider)))], beside: 'transfer' },
    {
      name: 'request unbond',
      gas: [await used(world, stakes.write.requestUnbond([USDC], as(provider)))],
      beside: 'transfer',
    },
    {
      name: 'create a quorum of five',
      gas: [await used(world, quorums.write.createQuorum([members, 3, 0], as(stranger)))],
      beside: 'transfer',
    },
  ]
}

async function verdict(world: World): Promise<Measured[]> {
  const { disputes, stranger } = world
  const order = await fundedOrder(world)
  const given = someVerdict(world, order)
  const args = [given, order.terms, await commitProof(world, given), await signVerdict(world, given)] as const
  const submit = await used(world, disputes.write.submitVerdict(args, as(stranger)))
  const id = await disputes.read.verdictIdOf([given.orderId, given.shard, given.attempt, given.accused, 1])
  await world.warp((await world.now()) + APPEAL_WINDOW)
  const finalize = await used(world, disputes.write.finalizeVerdict([id], as(stranger)))
  return [{ name: 'a verdict, submitted and carried out', gas: [submit, finalize], beside: 'transfer' }]
}

/** What a naive escrow takes for one job, from creation to payment. */
async function naiveJob(world: World): Promise<number> {
  const { client, usdc } = world
  const provider = world.providers[0] as Actor
  const { address } = await world.connection.viem.deployContract('NaiveEscrow', [usdc.address])
  await world.mined(usdc.write.approve([address, 2n ** 256n - 1n], as(client)))
  const send = async (actor: Actor, data: Hex): Promise<bigint> =>
    used(world, world.walletClient.sendTransaction({ ...as(actor), to: address, data, chain: null }))
  const job = async (id: bigint): Promise<bigint> => {
    const args = [provider.address, USDC, FAR_FUTURE] as const
    const created = await send(client, encodeFunctionData({ abi: naiveAbi, functionName: 'create', args }))
    const result = encodeFunctionData({ abi: naiveAbi, functionName: 'submit', args: [id, ROOT] })
    const submitted = await send(provider, result)
    const release = encodeFunctionData({ abi: naiveAbi, functionName: 'release', args: [id] })
    return created + submitted + (await send(client, release))
  }
  await job(1n)
  return Number(await job(2n))
}

async function plainTransfer(world: World): Promise<number> {
  const to = (world.providers[0] as Actor).address
  return Number(await used(world, world.usdc.write.transfer([to, USDC], as(world.client))))
}

const sixteen = (world: World): Payout[] => world.providers.map((_, i) => ({ index: 6 + i, amount: 61_250n }))

async function used(world: World, hash: Hash | Promise<Hash>): Promise<bigint> {
  return (await world.mined(hash)).gasUsed
}

function authorize(world: World, terms: Terms): Promise<Hex> {
  const pay = { from: world.client, to: world.escrow.address, value: terms.maxAmount }
  return signAuthorization(world, { ...pay, nonce: orderIdOf(world, terms) })
}

async function fund(world: World): Promise<{ order: FundedOrder; gas: bigint }> {
  const { escrow, stranger } = world
  const terms = await someTerms(world)
  const signature = await authorize(world, terms)
  const gas = await used(world, escrow.write.fundWithAuthorization([terms, 0n, FAR_FUTURE, signature], as(stranger)))
  return { order: { terms, id: orderIdOf(world, terms) }, gas }
}

async function settle(
  world: World,
  orders: readonly FundedOrder[],
  payouts: Payout[],
  { fee = 0n, signers = 3, tabs = '0x' }: { fee?: bigint; signers?: number; tabs?: Hex } = {},
): Promise<bigint> {
  const total = payouts.reduce((sum, { amount }) => sum + amount, fee)
  const charges = orders.map(({ id }) => ({ orderId: id, charged: total / BigInt(orders.length) }))
  const batch = someBatch(world, charges, payouts, { fee, tabs })
  const signatures = await quorumSigns(world, batchDigest(world, batch), signers)
  const options = { ...as(world.stranger), gas: BigInt(TRANSACTION_CAP) }
  return used(world, world.escrow.write.settle([batch, signatures], options))
}

/** Tab records that draw every client's tab to the same total, each with its voucher. */
async function draw(world: World, clients: readonly Actor[], spentAfter: bigint): Promise<Hex> {
  const ceiling = 100n * USDC
  const { quorumId } = world
  const draws = clients.map(async ({ address, account }) => ({
    client: address,
    ceiling,
    spentAfter,
    feeBps: 200,
    signature: await account.signTypedData({
      domain: domainOf(world.chainId, world.escrow.address),
      types: TYPES,
      primaryType: 'TabVoucher',
      message: {
        client: address,
        aggregator: world.aggregator.address,
        quorumId,
        feeBps: 200,
        generation: 0,
        ceiling,
      },
    }),
  }))
  return packTabs(await Promise.all(draws))
}
