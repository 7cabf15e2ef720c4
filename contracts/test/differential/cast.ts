/** Who takes part in the differential test, and the calls that bring them to where every sequence starts. */
import type { Hex } from 'viem'

import type { Setting } from '../model/market.ts'
import type { Action, CallName, Calls } from '../support/actions.ts'
import { type Signer, createSigner } from './quick-signer.ts'

const USDC = 1_000_000n
const UNLIMITED = 2n ** 256n - 1n
const WEALTH = 100_000n * USDC
/** More than uint64 amounts can count, so that their sums can be made to run over. */
const RICHES = 2n ** 66n

const many = (name: string, count: number) => Array.from({ length: count }, (_, i) => createSigner(`${name} ${i}`))
const byAddress = (a: Signer, b: Signer) => (a.address < b.address ? -1 : 1)

const clients = many('client', 3)
const aggregators = many('aggregator', 2)
/** Operators 1 to 5. */
const validators = many('validator', 5).toSorted(byAddress)
/** Operators 6 to 8. */
const providers = many('provider', 3)
/** Not registered when a sequence starts. */
const newcomers = many('newcomer', 2)
const [guardian, detector, stranger, walletKey] = many('somebody', 4) as [Signer, Signer, Signer, Signer]
const accounts = [...clients, ...aggregators, ...validators, ...providers, ...newcomers, guardian, detector, stranger]

export const CAST = {
  clients,
  aggregators,
  validators,
  providers,
  newcomers,
  guardian,
  detector,
  stranger,
  /** Signs for the contract wallet. */
  walletKey,
  /** Everyone who calls. */
  accounts,
} as const

const signers = new Map([...accounts, walletKey].map((signer) => [signer.address, signer]))

/** Whoever signs for an address: its key, or the key of the wallet. */
export function signerOf(setting: Setting, address: Hex): Signer | undefined {
  return signers.get(setting.wallets.get(address) ?? address)
}

/**
 * The ladder of quorums, the highest court first. Appeals go down in numbers: from 5 (one member) to 4, 3, 2 and, were there
 * not three appeals at most, 1 (five members). Quorum 6 knows no appeal.
 */
const LADDER = [
  { size: 5, threshold: 3, appealId: 0 },
  { size: 4, threshold: 3, appealId: 1 },
  { size: 3, threshold: 2, appealId: 2 },
  { size: 2, threshold: 2, appealId: 3 },
  { size: 1, threshold: 1, appealId: 4 },
  { size: 3, threshold: 2, appealId: 0 },
] as const

/** Money, allowances, operators and quorums. The last client is rich beyond measure. */
export function setUpActions(setting: Setting, at: number): Action[] {
  const actions: Action[] = []
  const call = <K extends CallName>(caller: Hex, name: K, ...args: Calls[K]) => {
    actions.push({ at, caller, call: name, args } as Action)
  }
  for (const { address } of accounts) {
    call(address, 'token.mint', address, address === clients.at(-1)?.address ? RICHES : WEALTH)
    call(address, 'otherToken.mint', address, WEALTH)
    for (const spender of [setting.escrow, setting.stakes, setting.disputes])
      call(address, 'token.approve', spender, UNLIMITED)
  }
  for (const wallet of setting.wallets.keys()) call(guardian.address, 'token.mint', wallet, WEALTH)
  const join = ({ address }: Signer, roles: number, amount: bigint) => {
    call(address, 'stakes.register', address, roles, `0x${'11'.repeat(32)}`)
    call(address, 'stakes.stake', amount)
  }
  for (const validator of validators) join(validator, 2, 1_000n * USDC)
  for (const provider of providers) join(provider, 1, 50n * USDC)
  for (const { size, threshold, appealId } of LADDER) {
    const members = validators.slice(0, size).map(({ address }) => address)
    call(guardian.address, 'quorums.createQuorum', members, threshold, appealId)
  }
  return actions
}
