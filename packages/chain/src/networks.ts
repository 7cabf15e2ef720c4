/**
 * The chains that Assay knows, with the token and the market on each. The one place for chain ids and token addresses.
 *
 * Token addresses: Circle's developer page "USDC contract addresses"
 * (https://developers.circle.com/stablecoins/usdc-contract-addresses). Names and versions of the EIP-712 domains: derived
 * separators equal those that the tokens report (`DOMAIN_SEPARATOR` of the contract, on the block explorer of the chain); the
 * separators are in `networks.test.ts`. Market addresses are `undefined` until the market is deployed there.
 */
import { asAddress, type Address } from '@assay/protocol'

/** The token of a network and the EIP-712 domain that its signatures need. */
export interface NetworkToken {
  readonly address: Address
  readonly name: string
  readonly version: string
  readonly decimals: number
}

export interface NetworkMarket {
  readonly escrow: Address
  readonly stakes: Address
  readonly quorums: Address
  readonly disputes: Address
  /** First block of its contracts. */
  readonly fromBlock: number
}

export interface Network {
  readonly chainId: number
  readonly name: string
  /** `undefined` where every market brings a test token of its own. */
  readonly token: NetworkToken | undefined
  readonly market: NetworkMarket | undefined
}

export const networks: readonly Network[] = [
  {
    chainId: 137,
    name: 'polygon',
    // Native USDC. The bridged USDC.e (0x2791…4174) has a salted domain and is refused.
    token: {
      address: asAddress('0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359'),
      name: 'USD Coin',
      version: '2',
      decimals: 6,
    },
    market: undefined,
  },
  {
    chainId: 80_002,
    name: 'polygon-amoy',
    token: {
      address: asAddress('0x41E94Eb019C0762f9Bfcf9Fb1E58725BfB0e7582'),
      name: 'USDC',
      version: '2',
      decimals: 6,
    },
    market: undefined,
  },
  { chainId: 31_337, name: 'local', token: undefined, market: undefined },
]

/** The network with this chain id; `undefined` for one that Assay does not know. */
export const networkOf = (chainId: number): Network | undefined => networks.find((one) => one.chainId === chainId)
