/** A lab with a whole market, whose operator can make an event with a name of its own in any block. */
import { deployMarket } from '@assay/contracts/deploy'
import { asAddress } from '@assay/protocol'
import { createWalletClient, http, keccak256, toBytes, type Hex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { stakesAbi } from '../src/abi/stakes.ts'
import type { EventSource } from '../src/follow-events.ts'
import type { MarketContracts, MarketEvent } from '../src/market-events.ts'
import { openLab, type Lab, type Wire } from './lab.ts'

export interface MarketLab extends Lab {
  readonly market: MarketContracts
  readonly fromBlock: number
  /** Makes events by these names in one new block. */
  emit(...names: readonly string[]): Promise<void>
  source(...wires: readonly Wire[]): EventSource
}

export async function openMarketLab(): Promise<MarketLab> {
  const lab = await openLab()
  const transport = http(lab.local.rpcUrl)
  const account = privateKeyToAccount(lab.local.accounts[0]!.privateKey)
  const walletClient = createWalletClient({ account, transport })
  await lab.test.setAutomine(true)
  const deployed = await deployMarket({ walletClient, publicClient: lab.client, token: lab.token })
  const market = {
    escrow: asAddress(deployed.escrow),
    stakes: asAddress(deployed.stakes),
    quorums: asAddress(deployed.quorums),
    disputes: asAddress(deployed.disputes),
  }
  const stakes = { address: deployed.stakes, abi: stakesAbi, chain: null, gas: 300_000n } as const
  const hash = await walletClient.writeContract({
    ...stakes,
    functionName: 'register',
    args: [account.address, 1, hashOf('register')],
  })
  await lab.client.waitForTransactionReceipt({ hash })
  await lab.test.setAutomine(false)
  return {
    ...lab,
    market,
    fromBlock: Number(deployed.fromBlock),
    async emit(...names) {
      for (const name of names)
        await walletClient.writeContract({ ...stakes, functionName: 'updateProfile', args: [1, hashOf(name)] })
      await lab.mine()
    },
    source: (...wires) => ({
      clients: lab.connect(...wires).clients,
      fromBlock: Number(deployed.fromBlock),
      reader: { market },
    }),
  }
}

export const hashOf = (name: string): Hex => keccak256(toBytes(name))

/** The name that `emit` gave an event, as its hash. */
export function nameOf(event: MarketEvent): Hex | undefined {
  return event.contract === 'stakes' && event.eventName === 'ProfileUpdated' ? event.args.metadataHash : undefined
}
