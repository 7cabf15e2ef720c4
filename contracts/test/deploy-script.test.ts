/** `scripts/deploy-market.ts` as a user starts it, against chains on this machine. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { access, mkdtemp, readFile, rm } from 'node:fs/promises'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { type Address, type Hex, createPublicClient, createTestClient, createWalletClient, http } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'

import { type LocalAccount, type LocalChain, startLocalChain } from '../chain/local-chain.ts'
import { deployTestUsdc } from '../deploy/deploy-market.ts'
import { MARKET_CONTRACTS, predictAddresses } from '../deploy/market-parameters.ts'
import { parseDeployRequest } from '../../scripts/lib/deploy-request.ts'
import { type DeploymentResult, runDeployment } from '../../scripts/lib/run-deployment.ts'
import { loadCompiler } from '../scripts/lib/load-compiler.ts'

const SCRIPT = fileURLToPath(new URL('../../scripts/deploy-market.ts', import.meta.url))
/** Circle's address on Amoy, as in packages/chain/src/networks.ts. */
const AMOY_USDC = '0x41E94Eb019C0762f9Bfcf9Fb1E58725BfB0e7582'
const POLYGON_USDC = '0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359'
const GUARDIAN = '0x00000000000000000000000000000000000000AA'

interface Run {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** The script itself, as a user starts it. */
async function start(args: readonly string[], key?: Hex): Promise<Run> {
  const { ASSAY_DEPLOYER_KEY: _, ...env } = process.env
  const options = { env: { ...env, ...(key !== undefined && { ASSAY_DEPLOYER_KEY: key }) }, timeout: 120_000 }
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [SCRIPT, ...args], options)
    return { code: 0, out: stdout, err: stderr }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { code, out: stdout, err: stderr }
  }
}

/** The same without a process for each run. */
async function run(args: readonly string[], key?: Hex): Promise<Run & { readonly result?: DeploymentResult }> {
  const said: string[] = []
  try {
    const request = parseDeployRequest(args, { ASSAY_DEPLOYER_KEY: key }, '/nowhere')
    const context = { folder: request.folder ?? '/nowhere', commit: 'abc', say: (line: string) => said.push(line) }
    const result = await runDeployment(request, context)
    return { code: 0, out: said.join('\n'), err: '', result }
  } catch (error) {
    const messages: string[] = []
    for (let cause = error; cause instanceof Error; cause = cause.cause) messages.push(cause.message)
    return { code: 1, out: said.join('\n'), err: messages.join('\n') }
  }
}

/** A token that says of itself what USDC on Amoy says, where it says it. */
async function placeToken(chain: LocalChain, address: Address, name: string): Promise<void> {
  const source = `contract Token {
    string public name = "${name}";
    function version() external pure returns (string memory) { return "2"; }
    function decimals() external pure returns (uint8) { return 6; }
    function DOMAIN_SEPARATOR() external view returns (bytes32) {
      bytes32 t = keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
      return keccak256(abi.encode(t, keccak256("${name}"), keccak256("2"), block.chainid, address(this)));
    }
  }`
    .replace('string public name = "', 'function name() external pure returns (string memory) { return "')
    .replace('";', '"; }')
  const output = loadCompiler()({
    language: 'Solidity',
    sources: { 'Token.sol': { content: source } },
    settings: { outputSelection: { '*': { '*': ['evm.deployedBytecode.object'] } } },
  })
  const code = output.contracts?.['Token.sol']?.['Token']?.evm.deployedBytecode.object
  assert.ok(code !== undefined, output.errors?.[0]?.formattedMessage)
  const client = createTestClient({ mode: 'hardhat', transport: http(chain.rpcUrl) })
  await client.setCode({ address, bytecode: `0x${code}` })
}

function placeTestUsdc({ rpcUrl }: LocalChain, { privateKey }: LocalAccount): Promise<Address> {
  const transport = http(rpcUrl)
  return deployTestUsdc({
    walletClient: createWalletClient({ transport, account: privateKeyToAccount(privateKey) }),
    publicClient: createPublicClient({ transport, pollingInterval: 20 }),
  })
}

interface WeakNode extends AsyncDisposable {
  readonly rpcUrl: string
}

/**
 * Passes requests on until so many transactions have gone through. Then it refuses every transaction, or passes it on and
 * keeps the answer to itself.
 */
async function startWeakNode(target: string, transactions: number, then: 'refuses' | 'keeps quiet'): Promise<WeakNode> {
  let left = transactions
  const pass = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = (await request.toArray()).join('')
    if (body.includes('eth_sendRawTransaction')) left -= 1
    const answer =
      left < 0 && then === 'refuses'
        ? undefined
        : await fetch(target, { method: 'POST', body, headers: { 'content-type': 'application/json' } })
    if (answer === undefined || left < 0) response.writeHead(503).end()
    else response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text())
  }
  const server = createServer((request, response) => {
    pass(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    rpcUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}

function accountOf(chain: LocalChain, position: number): LocalAccount {
  return chain.accounts[position] as LocalAccount
}

describe('the deploy script', () => {
  let chain: LocalChain
  let folder: string
  const clientOf = () => createPublicClient({ transport: http(chain.rpcUrl), cacheTime: 0 })
  const nonceOf = (address: Address) => clientOf().getTransactionCount({ address })
  const exists = (path: string) =>
    access(path).then(
      () => true,
      () => false,
    )
  before(async () => {
    chain = await startLocalChain({ chainId: 80_002 })
    folder = await mkdtemp(join(tmpdir(), 'assay-deploy-test-'))
    await placeToken(chain, AMOY_USDC, 'USDC')
  })
  after(async () => {
    await chain[Symbol.asyncDispose]()
    await rm(folder, { recursive: true })
  })
  const amoy = (sub: string, ...more: readonly string[]) => [
    '--network',
    'amoy',
    '--rpc',
    chain.rpcUrl,
    '--folder',
    join(folder, sub),
    ...more,
  ]

  it('shows addresses, gas and cost in a dry run that needs no key, and sends nothing', async () => {
    const { address } = accountOf(chain, 0)
    const before = await clientOf().getBlockNumber()
    const { code, out, err } = await start(
      amoy('dry', '--deployer', address, '--guardian', GUARDIAN, '--dry-run', '--json'),
    )
    assert.equal(code, 0, err)
    const result = JSON.parse(out) as Record<string, unknown>
    assert.equal(result['outcome'], 'dry run')
    assert.deepEqual(result['addresses'], predictAddresses(address, 0))
    assert.ok(Number(result['gas']) > 4_000_000 && Number(result['gas']) < 20_000_000, String(result['gas']))
    assert.ok(BigInt(String(result['cost'])) > BigInt(String(result['gas'])))
    for (const name of MARKET_CONTRACTS) assert.match(err, new RegExp(`${name} +\\d+ gas`))
    assert.match(err, new RegExp(`guardian: ${GUARDIAN}`))
    assert.equal(await clientOf().getBlockNumber(), before)
    assert.equal(await nonceOf(address), 0)
    assert.equal(await exists(join(folder, 'dry')), false)
  })

  it('deploys four contracts in four transactions, verifies and records them, and only verifies the next time', async () => {
    const { address, privateKey } = accountOf(chain, 1)
    const args = amoy('real', '--guardian', GUARDIAN)
    const first = await run(args, privateKey)
    assert.equal(first.code, 0, first.err)
    assert.match(first.out, /verified/)
    assert.equal(await nonceOf(address), 4)
    const record = JSON.parse(await readFile(join(folder, 'real/deployments/80002.json'), 'utf8')) as Record<
      string,
      unknown
    >
    assert.deepEqual(record['addresses'], predictAddresses(address, 0))
    assert.equal(record['chainId'], 80_002)
    assert.equal(await exists(join(folder, 'real/deployments/80002.pending.json')), false)
    assert.equal(await exists(join(folder, 'real/ignition/deployments/chain-80002/journal.jsonl')), true)

    const second = await run(args, privateKey)
    assert.equal(second.code, 0, second.err)
    assert.equal(second.result?.outcome, 'already deployed')
    assert.equal(await nonceOf(address), 4)
  })

  for (const then of ['refuses', 'keeps quiet'] as const) {
    it(`goes on where a node ${then}, with the nonces that were promised`, async () => {
      await using local = await startLocalChain()
      const { address, privateKey } = accountOf(local, 0)
      const token = await placeTestUsdc(local, accountOf(local, 1))
      await using weak = await startWeakNode(local.rpcUrl, 2, then)
      const home = join(folder, then.replace(' ', '-'))
      const args = ['--network', 'local', '--token', token, '--folder', home, '--rpc']
      const first = await run([...args, weak.rpcUrl], privateKey)
      assert.equal(first.code, 1, first.out)
      const stands = then === 'refuses' ? 2 : 3
      const client = createPublicClient({ transport: http(local.rpcUrl), cacheTime: 0 })
      assert.equal(await client.getTransactionCount({ address }), stands)
      assert.equal(await exists(join(home, 'deployments/31337.json')), false)

      const other = await run([...args, local.rpcUrl, '--guardian', GUARDIAN], privateKey)
      assert.equal(other.code, 1)
      assert.match(other.err, /another guardian/)

      const second = await run([...args, local.rpcUrl], privateKey)
      assert.equal(second.code, 0, second.err)
      assert.equal(await client.getTransactionCount({ address }), 4)
      assert.deepEqual(second.result?.plan.addresses, predictAddresses(address, 0))
      assert.equal((second.out.match(/stands already/g) ?? []).length, stands)
    })
  }

  it('refuses to go on when the deployer has sent something else meanwhile', async () => {
    const { address, privateKey } = accountOf(chain, 3)
    const args = ['--network', 'amoy', '--folder', join(folder, 'lost'), '--rpc']
    {
      await using weak = await startWeakNode(chain.rpcUrl, 1, 'refuses')
      assert.equal((await run([...args, weak.rpcUrl], privateKey)).code, 1)
    }
    const wallet = createWalletClient({ transport: http(chain.rpcUrl), account: privateKeyToAccount(privateKey) })
    await wallet.sendTransaction({ to: address, chain: null })
    const { code, err } = await run([...args, chain.rpcUrl], privateKey)
    assert.equal(code, 1)
    assert.match(err, /cannot be finished/)
    assert.match(err, /Quorums can no longer come to/)
    assert.equal(await nonceOf(address), 2)
  })

  it('refuses a deployer that cannot pay', async () => {
    const key = `0x${'11'.repeat(32)}` as const
    const { code, err } = await run(amoy('poor'), key)
    assert.equal(code, 1)
    assert.match(err, /more of the native coin/)
    assert.equal(await exists(join(folder, 'poor')), false)
  })

  it('refuses another chain, a missing token and a token with another domain', async () => {
    const { address } = accountOf(chain, 0)
    await using polygon = await startLocalChain({ chainId: 137 })
    const dry = ['--deployer', address, '--dry-run', '--folder', join(folder, 'refused')]
    const wrongChain = await run(['--network', 'amoy', '--rpc', polygon.rpcUrl, ...dry])
    assert.equal(wrongChain.code, 1)
    assert.match(wrongChain.err, /serves chain 137/)

    const toPolygon = ['--network', 'polygon', '--rpc', polygon.rpcUrl, ...dry]
    const noToken = await run(toPolygon)
    assert.equal(noToken.code, 1)
    assert.match(noToken.err, /no contract at the address of the token/)

    await placeToken(polygon, POLYGON_USDC, 'USD Coin (PoS)')
    const wrongName = await run(toPolygon)
    assert.equal(wrongName.code, 1)
    assert.match(wrongName.err, /token is not the expected one/)

    await placeToken(polygon, POLYGON_USDC, 'USD Coin')
    const right = await run(toPolygon)
    assert.equal(right.code, 0, right.err)
    assert.equal(right.result?.outcome, 'dry run')
  })

  it('keeps nothing on a local chain unless told where, and never shows the key', async () => {
    await using local = await startLocalChain()
    const { privateKey } = accountOf(local, 0)
    const token = await placeTestUsdc(local, accountOf(local, 1))
    const args = ['--network', 'local', '--rpc', local.rpcUrl, '--token', token, '--json']
    const { code, out, err } = await start(args, privateKey)
    assert.equal(code, 0, err)
    const { outcome, firstNonce } = JSON.parse(out.trim().split('\n').at(-1) ?? '') as Record<string, unknown>
    assert.deepEqual([outcome, firstNonce], ['deployed', 0])
    assert.doesNotMatch(out + err, new RegExp(privateKey.slice(2)))
  })

  it('refuses what makes no sense before it asks any node', async () => {
    const { code, err } = await start(['--network', 'polygon', '--rpc', 'http://127.0.0.1:1'])
    assert.equal(code, 64)
    assert.match(err, /--yes-real-money/)
  })
})
