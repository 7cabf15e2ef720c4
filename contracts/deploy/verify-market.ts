/** Is what stands on a chain what this source says, wired together as it should be? */
import { type Address, type Hex, type PublicClient, isAddressEqual, zeroAddress } from 'viem'

import { type Artifact, readArtifact } from './artifacts.ts'
import {
  type ContractAddresses,
  type ContractName,
  MARKET_CONTRACTS,
  type MarketParameters,
} from './market-parameters.ts'

/**
 * Compares the code of the four contracts, and of the account that Escrow makes deposit addresses from, with this build
 * (immutables masked), then reads every immutable. Returns what is wrong, one sentence each; nothing means all is well.
 */
export async function verifyMarket(
  client: PublicClient,
  addresses: ContractAddresses,
  parameters: MarketParameters,
): Promise<string[]> {
  const codes = await Promise.all(
    MARKET_CONTRACTS.map((name) => compareCode(client, addresses[name], `${name}.sol/${name}`)),
  )
  const wrongCode = codes.filter((problem) => problem !== undefined)
  // Without the code there is nothing that the getters could answer.
  if (wrongCode.length > 0) return wrongCode
  const wired = await compareGetters(client, addresses, parameters)
  const account = await readGetter(client, addresses.Escrow, 'Escrow', 'DEPOSIT_ACCOUNT')
  const accountCode = await compareCode(client, String(account), 'DepositAccount.sol/DepositAccount')
  return accountCode === undefined ? wired : [...wired, accountCode]
}

async function compareCode(client: PublicClient, address: string, artifact: string): Promise<string | undefined> {
  const built = await readArtifact(artifact)
  const name = artifact.split('/')[1]
  const code = await client.getCode({ address: toAddress(address) })
  if (code === undefined) return `${name}: there is no contract at ${address}`
  const have = maskImmutables(code, built)
  return have === maskImmutables(built.deployedBytecode, built)
    ? undefined
    : `${name}: the code at ${address} is not what this source compiles to`
}

/** Zeros where the constructor wrote. */
function maskImmutables(code: Hex, { immutableReferences = {} }: Artifact): string {
  const bytes = Buffer.from(code.slice(2), 'hex')
  for (const { start, length } of Object.values(immutableReferences).flat()) {
    bytes.subarray(start, start + length).fill(0)
  }
  return bytes.toString('hex')
}

async function compareGetters(
  client: PublicClient,
  { Stakes, Quorums, Escrow, Disputes }: ContractAddresses,
  parameters: MarketParameters,
): Promise<string[]> {
  const { token, guardian, unbondingDelay, minValidatorStake, appealWindow, rulingWindow, dailySlashCap } = parameters
  const expected: readonly (readonly [ContractName, Address, string, Address | number | bigint])[] = [
    ['Stakes', Stakes, 'TOKEN', token],
    ['Stakes', Stakes, 'DISPUTES', Disputes],
    ['Stakes', Stakes, 'UNBONDING_DELAY', unbondingDelay],
    ['Stakes', Stakes, 'GUARDIAN', guardian],
    ['Quorums', Quorums, 'STAKES', Stakes],
    ['Quorums', Quorums, 'MIN_STAKE', minValidatorStake],
    ['Escrow', Escrow, 'TOKEN', token],
    ['Escrow', Escrow, 'STAKES', Stakes],
    ['Escrow', Escrow, 'QUORUMS', Quorums],
    ['Escrow', Escrow, 'GUARDIAN', guardian],
    ['Disputes', Disputes, 'ESCROW', Escrow],
    ['Disputes', Disputes, 'STAKES', Stakes],
    ['Disputes', Disputes, 'QUORUMS', Quorums],
    ['Disputes', Disputes, 'APPEAL_WINDOW', appealWindow],
    ['Disputes', Disputes, 'RULING_WINDOW', rulingWindow],
    ['Disputes', Disputes, 'DAILY_SLASH_CAP', dailySlashCap],
  ]
  const problems = await Promise.all(
    expected.map(async ([contract, address, getter, want]) => {
      const have = await readGetter(client, address, contract, getter)
      return isSame(have, want) ? undefined : `${contract}.${getter} is ${String(have)}, not ${want}`
    }),
  )
  return problems.filter((problem) => problem !== undefined)
}

async function readGetter(
  client: PublicClient,
  address: Address,
  contract: ContractName,
  functionName: string,
): Promise<unknown> {
  const { abi } = await readArtifact(`${contract}.sol/${contract}`)
  return client.readContract({ address, abi, functionName })
}

function isSame(have: unknown, want: Address | number | bigint): boolean {
  if (typeof want === 'string') return isAddressEqual(toAddress(String(have)), want)
  return (typeof have === 'bigint' || typeof have === 'number') && BigInt(have) === BigInt(want)
}

function toAddress(text: string): Address {
  return /^0x[0-9a-fA-F]{40}$/.test(text) ? `0x${text.slice(2)}` : zeroAddress
}
