import { MarketError, type Address, type Hex } from '@assay/protocol'
import { domainSeparator, pad, toHex, type PublicClient } from 'viem'
import { usdcAbi } from './abi/usdc.ts'
import { callChain, toChainError } from './chain-error.ts'
import type { NetworkToken } from './networks.ts'

export interface ExpectedToken extends NetworkToken {
  readonly chainId: number
}

/** What a token says of itself; `undefined` where it does not answer. */
export interface TokenFacts {
  readonly address: Address
  readonly name: string | undefined
  readonly version: string | undefined
  readonly decimals: number | undefined
  readonly separator: Hex | undefined
}

export interface TokenDifference {
  readonly field: 'address' | 'name' | 'version' | 'decimals' | 'domain separator' | 'salted domain'
  readonly have: string
  readonly need: string
}

/**
 * Compares a token with what is expected of it, its EIP-712 domain above all: a signature for another domain is worthless.
 * Throws `chain-mismatch` for another chain or an address without a contract, `token-mismatch` with what differs (`field`,
 * `have`, `need` of the first difference, `differs` for all), `rpc-unavailable`.
 */
export async function checkToken(client: PublicClient, expected: ExpectedToken, signal: AbortSignal): Promise<void> {
  const { address, chainId } = expected
  const [have, code] = await callChain('reading the token', signal, () =>
    Promise.all([client.getChainId(), client.getCode({ address })]),
  )
  if (have !== chainId)
    throw new MarketError('chain-mismatch', 'the RPC serves another chain', { details: { have, need: chainId } })
  if (code === undefined)
    throw new MarketError('chain-mismatch', 'no contract at the address of the token', {
      details: { chainId, address },
    })
  assertToken(await readToken(client, address, signal), expected)
}

/** Throws `token-mismatch` like `checkToken` when what a token says of itself is not what is expected. */
export function assertToken(facts: TokenFacts, expected: ExpectedToken): void {
  const differences = compareToken(facts, expected)
  const [first] = differences
  if (first === undefined) return
  const differs = differences.map(({ field }) => field).join(', ')
  const { address: token, chainId } = expected
  throw new MarketError('token-mismatch', `the token is not the expected one: ${differs}`, {
    details: { token, chainId, differs, ...first },
  })
}

/** Everything in which a token differs from what is expected, the gravest first. */
export function compareToken(facts: TokenFacts, expected: ExpectedToken): readonly TokenDifference[] {
  const differences: TokenDifference[] = []
  const compare = (field: TokenDifference['field'], have: string | number | undefined, need: string | number): void => {
    if (have !== need) differences.push({ field, have: `${have ?? 'no answer'}`, need: `${need}` })
  }
  if (isSalted(facts, expected))
    differences.push({ field: 'salted domain', have: `${facts.separator}`, need: deriveSeparator(expected) })
  compare('address', facts.address, expected.address)
  compare('name', facts.name, expected.name)
  compare('version', facts.version, expected.version)
  compare('decimals', facts.decimals, expected.decimals)
  compare('domain separator', facts.separator, deriveSeparator(expected))
  return differences
}

/** The separator of an ordinary EIP-712 domain: name, version, chain, contract. */
export const deriveSeparator = ({ name, version, chainId, address }: ExpectedToken): Hex =>
  domainSeparator({ domain: { name, version, chainId, verifyingContract: address } })

/** Tokens that Polygon's bridge made, USDC.e among them, put the chain id into the salt: ordinary signatures fail. */
function isSalted({ name, version, separator }: TokenFacts, { address, chainId, ...expected }: ExpectedToken): boolean {
  const names = [name, expected.name]
  const versions = [version, expected.version, '1']
  const salt = pad(toHex(chainId))
  return names.some((oneName) =>
    versions.some(
      (oneVersion) =>
        oneName !== undefined &&
        oneVersion !== undefined &&
        separator ===
          domainSeparator({ domain: { name: oneName, version: oneVersion, verifyingContract: address, salt } }),
    ),
  )
}

/** Reads what a token says of itself. Throws `rpc-unavailable`. */
export async function readToken(client: PublicClient, address: Address, signal: AbortSignal): Promise<TokenFacts> {
  const token = { address, abi: usdcAbi } as const
  const [name, version, decimals, separator] = await callChain('reading the token', signal, () =>
    Promise.all([
      answerOf(client.readContract({ ...token, functionName: 'name' })),
      answerOf(client.readContract({ ...token, functionName: 'version' })),
      answerOf(client.readContract({ ...token, functionName: 'decimals' })),
      answerOf(client.readContract({ ...token, functionName: 'DOMAIN_SEPARATOR' })),
    ]),
  )
  return { address, name, version, decimals, separator }
}

/** A contract that does not have the function refuses or answers with nothing; a node that is away is another matter. */
async function answerOf<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked
  } catch (error) {
    if (toChainError(error, 'reading the token').code === 'rpc-unavailable') throw error
    return undefined
  }
}
