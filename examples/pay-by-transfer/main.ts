/**
 * Paying for an order with an ordinary transfer, step by step, on a chain of its own: `node examples/pay-by-transfer/main.ts`.
 * It needs no network, no wallet and no money. `assay run --pay transfer` does all of this for a real job.
 */
import { deployMarket } from '@assay/contracts/deploy'
import { startLocalChain } from '@assay/contracts/local-chain'
import { mintTestUsdc } from '@assay/contracts/test-usdc'
import { asHash, deriveDepositAddress, formatUsdc, MarketDomain, usdc, type OrderId } from '@assay/protocol'
import { createPublicClient, createTestClient, createWalletClient, http, parseAbi } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'

const say = (line: string): void => void process.stdout.write(`${line}\n`)

// A chain, a token that anyone can mint, and the four contracts.
await using chain = await startLocalChain()
const transport = http(chain.rpcUrl)
const [deployer, client, aggregator, payer, stranger] = chain.accounts
if (!deployer || !client || !aggregator || !payer || !stranger) throw new Error('a local chain has accounts')
const walletOf = ({ privateKey }: typeof deployer) =>
  createWalletClient({ transport, account: privateKeyToAccount(privateKey) })
const publicClient = createPublicClient({ transport, pollingInterval: 20, cacheTime: 0 })
const market = await deployMarket({ publicClient, walletClient: walletOf(deployer) })
const minting = { publicClient, walletClient: walletOf(deployer), token: market.token }
await mintTestUsdc({ ...minting, to: payer.address, amount: 20_000_000n })

// 1. What is agreed. The client only names itself: it holds no money and no coin for gas, and signs nothing.
const domain = MarketDomain.parse({ chainId: chain.chainId, escrow: market.escrow.toLowerCase() })
const now = Number((await publicClient.getBlock()).timestamp)
const terms = {
  client: client.address,
  aggregator: aggregator.address,
  maxAmount: 10_000_000n,
  settleBy: now + 3600,
  refundAt: now + 7200,
  // Nobody but the client's own acceptance settles this one; a real job names its quorum.
  quorumId: 0,
  feeBps: 100,
  specHash: `0x${'5e'.repeat(32)}`,
  salt: `0x${'01'.repeat(32)}`,
} as const
const escrow = {
  address: market.escrow,
  abi: parseAbi([
    'struct OrderTerms { address client; address aggregator; uint64 maxAmount; uint40 settleBy; uint40 refundAt; uint32 quorumId; uint16 feeBps; bytes32 specHash; bytes32 salt; }',
    'struct Order { uint64 remaining; uint40 settleBy; uint40 refundAt; uint32 quorumId; uint16 feeBps; uint8 status; }',
    'function orderId(OrderTerms terms) view returns (bytes32)',
    'function order(bytes32 id) view returns (Order)',
    'function depositAddressOf(OrderTerms terms) view returns (address)',
    'function fundFromDepositAddress(OrderTerms terms) returns (bytes32)',
    'function sweepToClient(OrderTerms terms, address token) returns (uint256)',
    'function refund(OrderTerms terms)',
  ]),
} as const
const orderId = await publicClient.readContract({ ...escrow, functionName: 'orderId', args: [terms] })
say(`1. the terms hash to order ${orderId}`)

// 2. Its deposit address follows from the escrow and the order id, so nobody has to be believed.
const address = deriveDepositAddress(domain, asHash<OrderId>(orderId))
const told = await publicClient.readContract({ ...escrow, functionName: 'depositAddressOf', args: [terms] })
if (told.toLowerCase() !== address) throw new Error('the escrow disagrees')
say(`2. its deposit address is ${address}; nothing is there yet`)

// 3. An ordinary transfer from any wallet or exchange. Here: 12 USDC for an order of 10.
const token = {
  address: market.token,
  abi: parseAbi([
    'function transfer(address to, uint256 amount) returns (bool)',
    'function balanceOf(address owner) view returns (uint256)',
  ]),
} as const
const mined = async (hash: `0x${string}`): Promise<void> => {
  const { status } = await publicClient.waitForTransactionReceipt({ hash })
  if (status !== 'success') throw new Error(`${hash} reverted`)
}
const pay = async (amount: bigint): Promise<void> =>
  mined(
    await walletOf(payer).writeContract({ ...token, functionName: 'transfer', args: [address, amount], chain: null }),
  )
await pay(12_000_000n)
say(`3. ${payer.address} transferred 12 USDC to it`)

// 4. Anyone funds the order from there; the surplus goes to the client at once.
const byStranger = walletOf(stranger)
await mined(
  await byStranger.writeContract({ ...escrow, functionName: 'fundFromDepositAddress', args: [terms], chain: null }),
)
const balanceOf = async (owner: `0x${string}`): Promise<string> =>
  formatUsdc(usdc(await publicClient.readContract({ ...token, functionName: 'balanceOf', args: [owner] })))
const order = await publicClient.readContract({ ...escrow, functionName: 'order', args: [orderId] })
if (order.status !== 1) throw new Error('the order is not funded')
say(
  `4. a stranger funded the order: ${formatUsdc(usdc(order.remaining))} USDC in escrow, ${await balanceOf(client.address)} back to the client`,
)

// 5. A transfer that comes too late is not stuck: anyone sends it to the client, and to nobody else.
await pay(3_000_000n)
await mined(
  await byStranger.writeContract({
    ...escrow,
    functionName: 'sweepToClient',
    args: [terms, market.token],
    chain: null,
  }),
)
say(`5. 3 USDC came too late and were swept: the client has ${await balanceOf(client.address)} USDC`)

// 6. Nobody settles it. From `refundAt` on, a stranger can send everything home.
await createTestClient({ mode: 'hardhat', transport }).setNextBlockTimestamp({ timestamp: BigInt(terms.refundAt) })
await mined(await byStranger.writeContract({ ...escrow, functionName: 'refund', args: [terms], chain: null }))
say(`6. refunded by a stranger at refundAt: the client has ${await balanceOf(client.address)} USDC, all of it`)
