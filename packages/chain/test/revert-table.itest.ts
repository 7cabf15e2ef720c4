import assert from 'node:assert/strict'
import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { after, before, describe, it } from 'node:test'
import { testUsdcAbi } from '@assay/contracts/test-usdc'
import { asAddress, type ErrorCode, revertNames } from '@assay/protocol'
import { createWalletClient, encodeFunctionData, http, type Abi, type Address } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { escrowAbi } from '../src/abi/escrow.ts'
import { stakesAbi } from '../src/abi/stakes.ts'
import { usdcAbi } from '../src/abi/usdc.ts'
import { toChainError } from '../src/chain-error.ts'
import { allAbis } from '../src/revert-table.ts'
import { openMarketLab, type MarketLab } from './open-market-lab.ts'

it('maps every error that the contracts declare, and none that nothing declares', async () => {
  const root = fileURLToPath(new URL('../../../contracts/src/', import.meta.url))
  const files = globSync('**/*.sol', { cwd: root, exclude: ['testing/**'] })
  const sources = await Promise.all(files.map((file) => readFile(`${root}${file}`, 'utf8')))
  const declared = sources.flatMap((source) => [...source.matchAll(/^\s*error (\w+)\(/gm)].map(([, name]) => name!))
  assert.ok(declared.length > 60)
  assert.deepEqual(
    declared.filter((name) => !revertNames.includes(name)),
    [],
    'add these to protocol/src/revert-codes.ts',
  )
  const inAbis = allAbis.filter(({ type }) => type === 'error').map(({ name }) => name as string)
  const libraries = ['SafeERC20FailedDecreaseAllowance', 'ECDSAInvalidSignature']
  const stale = revertNames.filter((name) => ![...declared, ...inAbis].includes(name))
  assert.deepEqual(
    stale.filter((name) => !libraries.some((library) => name.startsWith(library))),
    [],
    'nothing declares these any more: take them out of protocol/src/revert-codes.ts',
  )
})

describe('refusals of real contracts', () => {
  let lab: MarketLab
  before(async () => void (lab = await openMarketLab()))
  after(() => lab[Symbol.asyncDispose]())

  /** The code and reason of a refused call, asked for in each of the ways that the adapter uses. */
  async function refusalOf(call: { address: Address; abi: Abi; functionName: string; args: readonly unknown[] }) {
    const account = privateKeyToAccount(lab.local.accounts[0]!.privateKey).address
    const data = encodeFunctionData(call)
    const ways = [
      () => lab.client.simulateContract({ ...call, account }),
      () => lab.client.call({ account, to: call.address, data }),
      () => lab.client.estimateGas({ account, to: call.address, data }),
    ]
    const seen = await Promise.all(
      ways.map(async (ask) => {
        try {
          return await ask()
        } catch (error) {
          const { code, details } = toChainError(error, 'asking')
          return [code, details['reason']]
        }
      }),
    )
    assert.deepEqual(seen[1], seen[0])
    assert.deepEqual(seen[2], seen[0])
    return seen[0]
  }

  it('reach the caller with code and reason', async () => {
    const me = lab.local.accounts[0]!.address
    const stakes = { address: lab.market.stakes, abi: stakesAbi }
    const escrow = { address: lab.market.escrow, abi: escrowAbi }
    const token = { address: lab.token, abi: usdcAbi }
    const terms = {
      client: me,
      aggregator: me,
      maxAmount: 5n,
      settleBy: 1,
      refundAt: 2,
      quorumId: 0,
      feeBps: 0,
      specHash: `0x${'00'.repeat(32)}`,
      salt: `0x${'00'.repeat(32)}`,
    }
    const cases: readonly [Parameters<typeof refusalOf>[0], ErrorCode, string][] = [
      [{ ...stakes, functionName: 'register', args: [me, 1, terms.salt] }, 'operator-exists', 'AlreadyRegistered'],
      [{ ...stakes, functionName: 'stake', args: [0n] }, 'terms-invalid', 'ZeroAmount'],
      [{ ...stakes, functionName: 'requestUnbond', args: [5n] }, 'stake-insufficient', 'InsufficientStake'],
      [{ ...stakes, functionName: 'finishUnbond', args: [me] }, 'nothing-due', 'NothingUnbonding'],
      [{ ...stakes, functionName: 'slash', args: [me, 1n] }, 'unauthorized', 'NotAllowed'],
      [{ ...escrow, functionName: 'refund', args: [terms] }, 'order-not-funded', 'OrderUnknown'],
      [{ ...escrow, functionName: 'withdrawCredit', args: [me] }, 'nothing-due', 'NothingToWithdraw'],
      [
        { ...token, functionName: 'transferFrom', args: [me, me, 5n] },
        'allowance-insufficient',
        'ERC20: transfer amount exceeds allowance',
      ],
    ]
    for (const [call, code, reason] of cases) assert.deepEqual(await refusalOf(call), [code, reason])
  })

  it('name a token that is paused and an account that is blocked', async () => {
    const me = lab.local.accounts[0]!.address
    const account = privateKeyToAccount(lab.local.accounts[0]!.privateKey)
    const wallet = createWalletClient({ account, transport: http(lab.local.rpcUrl) })
    const token = { address: asAddress(lab.token), abi: testUsdcAbi, chain: null, gas: 200_000n } as const
    const transfer = { address: lab.token, abi: usdcAbi, functionName: 'transfer', args: [me, 1n] } as const
    await wallet.writeContract({ ...token, functionName: 'mint', args: [me, 5n] })
    await wallet.writeContract({ ...token, functionName: 'setPaused', args: [true] })
    await lab.mine()
    assert.deepEqual(await refusalOf(transfer), ['token-refused', 'Pausable: paused'])
    await wallet.writeContract({ ...token, functionName: 'setPaused', args: [false] })
    await wallet.writeContract({ ...token, functionName: 'setBlacklisted', args: [me, true] })
    await lab.mine()
    assert.deepEqual(await refusalOf(transfer), ['account-blocked', 'Blacklistable: account is blacklisted'])
  })
})
