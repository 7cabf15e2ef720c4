/** USDC as the fake chain needs it: balances, EIP-3009 authorisations, a blacklist. */
import type { ChainMarket, FundingAuthorization } from '@assay/core'
import {
  concatBytes,
  deriveOrderId,
  hexToBytes,
  keccakHex,
  keccakText,
  recoverSigner,
  signDigest,
  type Address,
  type Hex,
  type OrderTerms,
  type PrivateKey,
  type UnixSeconds,
} from '@assay/protocol'
import { revert } from './fake-revert.ts'

/** Money of a fake chain. Transfers conserve the supply; only `mint` changes it. */
export interface FakeToken {
  balanceOf(owner: Address): bigint
  supply(): bigint
  mint(to: Address, amount: bigint): void
  /** Reverts when the balance is short or a side is blacklisted. */
  transfer(from: Address, to: Address, amount: bigint): void
  /** EIP-3009 `receiveWithAuthorization` to the escrow with the order id as nonce: each nonce once. */
  receive(terms: OrderTerms, authorization: FundingAuthorization, now: UnixSeconds): void
  /** The issuer stops every transfer from or to an address. */
  setBlacklisted(owner: Address, on: boolean): void
}

/** An empty token of a market. */
export function createFakeToken(market: ChainMarket): FakeToken {
  const balances = new Map<Address, bigint>()
  const used = new Set<string>()
  const blacklist = new Set<Address>()
  const balanceOf = (owner: Address): bigint => balances.get(owner) ?? 0n
  const transfer = (from: Address, to: Address, amount: bigint): void => {
    if (blacklist.has(from) || blacklist.has(to)) throw revert('Blacklisted')
    if (balanceOf(from) < amount) throw revert('ERC20InsufficientBalance', { have: balanceOf(from), want: amount })
    balances.set(from, balanceOf(from) - amount)
    balances.set(to, balanceOf(to) + amount)
  }
  return {
    balanceOf,
    supply: () => [...balances.values()].reduce((sum, amount) => sum + amount, 0n),
    mint: (to, amount) => void balances.set(to, balanceOf(to) + amount),
    transfer,
    receive(terms, authorization, now) {
      const nonce = `${terms.client}/${deriveOrderId(market, terms)}`
      if (now <= authorization.validAfter) throw revert('AuthorizationNotYetValid')
      if (now >= authorization.validBefore) throw revert('AuthorizationExpired')
      if (used.has(nonce)) throw revert('AuthorizationUsedOrCanceled')
      const digest = authorizationDigest(market, terms, authorization)
      if (recoverSigner(digest, authorization.signature) !== terms.client) throw revert('InvalidSignature')
      transfer(terms.client, market.escrow, terms.maxAmount)
      used.add(nonce)
    },
    setBlacklisted: (owner, on) => void (on ? blacklist.add(owner) : blacklist.delete(owner)),
  }
}

/** What a wallet signs to fund an order: `ReceiveWithAuthorization` to the escrow, the order id as nonce. */
export function signFunding(
  market: ChainMarket,
  terms: OrderTerms,
  key: PrivateKey,
  window: Omit<FundingAuthorization, 'signature'>,
): FundingAuthorization {
  return { ...window, signature: signDigest(authorizationDigest(market, terms, window), key) }
}

function authorizationDigest(
  market: ChainMarket,
  terms: OrderTerms,
  window: Omit<FundingAuthorization, 'signature'>,
): Hex {
  const domain = keccakWords(
    domainType,
    keccakText(market.tokenName),
    keccakText(market.tokenVersion),
    market.chainId,
    market.token,
  )
  const { client, maxAmount } = terms
  const nonce = deriveOrderId(market, terms)
  const body = keccakWords(receiveType, client, market.escrow, maxAmount, window.validAfter, window.validBefore, nonce)
  return keccakHex(concatBytes(Uint8Array.of(0x19, 0x01), hexToBytes(domain), hexToBytes(body)))
}

const domainType = keccakText('EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)')
const receiveType = keccakText(
  'ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)',
)

const keccakWords = (...words: readonly (Hex | bigint | number)[]): Hex =>
  keccakHex(concatBytes(...words.map((word) => hexToBytes(`0x${toHexDigits(word).padStart(64, '0')}`))))

const toHexDigits = (word: Hex | bigint | number): string =>
  typeof word === 'string' ? word.slice(2) : word.toString(16)
