import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { networkOf } from '@assay/chain'
import { zeroAddress } from 'viem'
import { privateKeyToAddress } from 'viem/accounts'
import { type DeployRequest, UsageError, parseDeployRequest } from './deploy-request.ts'

const KEY = `0x${'11'.repeat(32)}` as const
const ADDRESS = '0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359'
const RPC = ['--rpc', 'http://127.0.0.1:8545']

function parse(args: readonly string[], key?: string): DeployRequest {
  return parseDeployRequest(args, { ASSAY_DEPLOYER_KEY: key }, '/clone/contracts')
}

describe('the command line of scripts/deploy', () => {
  it('takes the key from the environment, and token and folder from the network', () => {
    const request = parse(['--network', 'amoy', ...RPC], KEY)
    assert.deepEqual(request, {
      network: networkOf(80_002),
      rpcUrl: 'http://127.0.0.1:8545',
      deployer: privateKeyToAddress(KEY),
      privateKey: KEY,
      guardian: zeroAddress,
      token: networkOf(80_002)?.token?.address,
      dryRun: false,
      json: false,
      folder: '/clone/contracts',
    })
  })

  it('takes an address instead of a key for a dry run, on real money too', () => {
    const request = parse(['--network', 'polygon', ...RPC, '--dry-run', '--deployer', ADDRESS])
    assert.deepEqual([request.deployer, request.privateKey, request.dryRun], [ADDRESS, undefined, true])
  })

  it('keeps nothing of a local chain unless told where', () => {
    const local = ['--network', 'local', ...RPC, '--token', ADDRESS]
    assert.equal(parse(local, KEY).folder, undefined)
    assert.equal(parse([...local, '--folder', '/somewhere'], KEY).folder, '/somewhere')
  })

  const refused: readonly (readonly [string, readonly string[], string | undefined, RegExp])[] = [
    ['an unknown network', ['--network', 'mainnet', ...RPC], KEY, /--network takes one of/],
    ['no network', RPC, KEY, /--network takes one of/],
    ['real money without saying so', ['--network', 'polygon', ...RPC], KEY, /--yes-real-money/],
    ['no node', ['--network', 'amoy'], KEY, /--rpc/],
    ['a node that is no URL', ['--network', 'amoy', '--rpc', 'localhost'], KEY, /--rpc/],
    ['no key', ['--network', 'amoy', ...RPC], undefined, /ASSAY_DEPLOYER_KEY/],
    [
      'only an address, but for real',
      ['--network', 'amoy', ...RPC, '--deployer', ADDRESS],
      undefined,
      /ASSAY_DEPLOYER_KEY/,
    ],
    ['a dry run of nobody', ['--network', 'amoy', ...RPC, '--dry-run'], undefined, /--deployer/],
    ['a key and an address', ['--network', 'amoy', ...RPC, '--dry-run', '--deployer', ADDRESS], KEY, /not both/],
    ['a short key', ['--network', 'amoy', ...RPC], '0x1234', /64 hex digits/],
    ['a key among the arguments', ['--network', 'amoy', ...RPC, '--key', KEY], undefined, /Unknown option/],
    ['a local chain without a token', ['--network', 'local', ...RPC], KEY, /needs --token/],
    ['another token on a public chain', ['--network', 'amoy', ...RPC, '--token', ADDRESS], KEY, /token of its own/],
    [
      'a guardian that is no address',
      ['--network', 'amoy', ...RPC, '--guardian', '0x12'],
      KEY,
      /--guardian takes an address/,
    ],
    ['a mistyped address', ['--network', 'amoy', ...RPC, '--guardian', ADDRESS.replace('c4', 'C4')], KEY, /checksum/],
  ]
  for (const [what, args, key, message] of refused) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => parse(args, key),
        (error) => error instanceof UsageError && message.test(error.message) && !error.message.includes(KEY),
      )
    })
  }
})
