import type { Devnet } from '@assay/devnet'
import type { VillainDeed } from '@assay/devnet/villains'
import type { OrderTerms } from '@assay/protocol'
import { createPublicClient, createWalletClient, http, keccak256, parseAbi, toBytes } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'

const abi = parseAbi([
  'struct CommitProof { bytes32 commitment; bytes32 sealedHash; bytes signature; }',
  'struct EquivocationProof { uint32 shard; uint32 attempt; address provider; CommitProof first; CommitProof second; }',
  'struct OrderTerms { address client; address aggregator; uint64 maxAmount; uint40 settleBy; uint40 refundAt; uint32 quorumId; uint16 feeBps; bytes32 specHash; bytes32 salt; }',
  'function proveEquivocation(EquivocationProof proof, OrderTerms terms, address reporter) returns (uint64 taken)',
])

/** Sends both commits of an attempt to the contract, from a key that has no part in the market: anyone may. */
export async function proveEquivocation(
  { rpcUrl, chain }: Pick<Devnet, 'rpcUrl' | 'chain'>,
  { first, second }: Extract<VillainDeed, { kind: 'equivocated' }>,
  terms: OrderTerms,
): Promise<void> {
  const stranger = privateKeyToAccount(keccak256(toBytes('assay local chain account 19')))
  const transport = http(rpcUrl)
  const wallet = createWalletClient({ account: stranger, transport })
  const { shard, attempt, provider } = first
  const hash = await wallet.writeContract({
    address: chain.market.disputes,
    abi,
    functionName: 'proveEquivocation',
    args: [{ shard, attempt, provider, first, second }, terms, stranger.address],
    chain: null,
  })
  const { status } = await createPublicClient({ transport, pollingInterval: 50 }).waitForTransactionReceipt({ hash })
  if (status !== 'success') throw new Error('the contract refused the proof')
}
