/** The switches of `TestUsdc`, for test chains. */
import {
  type Account,
  type Address,
  type Chain,
  type Hex,
  type PublicClient,
  type Transport,
  type WalletClient,
  parseAbi,
} from 'viem'

export const testUsdcAbi = parseAbi([
  'function mint(address to, uint256 amount)',
  'function setPaused(bool on)',
  'function setBlacklisted(address account, bool on)',
])

export interface MintTestUsdcOptions {
  readonly walletClient: WalletClient<Transport, Chain | undefined, Account>
  readonly publicClient: PublicClient
  readonly token: Address
  readonly to: Address
  /** Base units: 1 USDC is 1_000_000. */
  readonly amount: bigint
}

/** Makes test money out of nothing and waits for the receipt. Returns the transaction hash. */
export async function mintTestUsdc({ walletClient, publicClient, ...mint }: MintTestUsdcOptions): Promise<Hex> {
  const hash = await walletClient.writeContract({
    address: mint.token,
    abi: testUsdcAbi,
    functionName: 'mint',
    args: [mint.to, mint.amount],
    account: walletClient.account,
    chain: walletClient.chain ?? null,
  })
  const receipt = await publicClient.waitForTransactionReceipt({ hash })
  if (receipt.status !== 'success') throw new Error(`mint of ${mint.token} reverted in ${hash}`)
  return hash
}
