/** One devnet in this process: the README's example, a cheater, and every way in which a job of one's own can go wrong. */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { mintTestUsdc } from '@assay/contracts/test-usdc'
import { openDevnet, type Devnet } from '@assay/devnet'
import { isMarketError, type AttemptView, type ErrorCode } from '@assay/protocol'
import { openClient, type Client, type MapOptions } from '@assay/sdk'
import { inputsFromFolder, saveOutputs } from '@assay/sdk/node'
import { createPublicClient, createWalletClient, http, keccak256, parseAbi, toBytes } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { loadTestImage } from './test-image.ts'

const signal = new AbortController().signal
let devnet: Devnet
let client: Client
let image: string
let dir: string

before(
  async () => {
    dir = await mkdtemp(join(tmpdir(), 'assay-devnet-test-'))
    image = await loadTestImage(signal)
    devnet = await openDevnet({ dataDir: join(dir, 'devnet'), seed: 'devnet test' }, signal)
    client = await openDevnetClient('50')
  },
  { timeout: 240_000 },
)
after(
  async () => {
    await client?.[Symbol.asyncDispose]()
    await devnet?.[Symbol.asyncDispose]()
    await rm(dir, { recursive: true, force: true })
  },
  { timeout: 60_000 },
)

const openDevnetClient = async (
  spendingCapUsdc: string,
  privateKey: string = devnet.client.privateKey,
): Promise<Client> =>
  openClient({
    aggregator: devnet.aggregatorUrl,
    privateKey,
    spendingCapUsdc,
    chain: { rpcUrls: [devnet.rpcUrl], pollMs: 50 },
  })

async function writeInputs(name: string, shards: number): Promise<string> {
  const folder = join(dir, name)
  await mkdir(folder)
  for (let shard = 0; shard < shards; shard++)
    await writeFile(join(folder, `n${shard}`), `${name} ${shard * 31}\nsecond ${shard}\n`)
  return folder
}

test('the eight lines of the README run a paid sharded job', async () => {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8')
  const block = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? assert.fail('the README has no example')
  const lines = block.trimEnd().split('\n')
  assert.ok(lines.length <= 8, `the example has ${lines.length} lines`)
  const imports = lines.filter((line) => line.startsWith('import '))
  const body = lines
    .filter((line) => !line.startsWith('import '))
    .join('\n')
    .replaceAll('console.log', 'void')
  const source = `${imports.join('\n')}\nexport async function example({ aggregator, privateKey, image, folder, outputs }: Record<string, string>) {\n${body}\nreturn receipt\n}\n`
  // Beside the tests, where the workspace's packages resolve.
  const path = join(import.meta.dirname, `readme-example-${process.pid}.ts`)
  await writeFile(
    path,
    source.replace(
      'Record<string, string>',
      '{ aggregator: string; privateKey: string; image: string; folder: string; outputs: string }',
    ),
  )
  try {
    const { example } = (await import(path)) as {
      example: (values: object) => Promise<{ accepted: number; shards: number }>
    }
    const values = {
      aggregator: devnet.aggregatorUrl,
      privateKey: devnet.client.privateKey,
      image,
      outputs: join(dir, 'readme-out'),
    }
    const receipt = await example({ ...values, folder: await writeInputs('readme', 2) })
    assert.equal(receipt.accepted, 2)
    assert.match(await readFile(join(dir, 'readme-out', 'n0.stdout'), 'utf8'), /^\d+ \/in\/n0\n$/)
  } finally {
    await rm(path, { force: true })
  }
})

test('a transfer from any wallet to the deposit address pays for a job', async () => {
  // A stranger to the market: a funded account of the chain that nobody in the devnet uses.
  const stranger = privateKeyToAccount(keccak256(toBytes('assay local chain account 19')))
  const transport = http(devnet.rpcUrl)
  const wallet = createWalletClient({ account: stranger, transport })
  const publicClient = createPublicClient({ transport, pollingInterval: 50 })
  const abi = parseAbi(['function transfer(address to, uint256 amount) returns (bool)'])
  const mint = { walletClient: wallet, publicClient, token: client.market.token }
  await mintTestUsdc({ ...mint, to: stranger.address, amount: 5_000_000n })
  const folder = await writeInputs('transferred', 3)
  const sent: Promise<unknown>[] = []
  const job = await client.map({
    image,
    command: ['wc', '-l', '{}'],
    inputs: inputsFromFolder(folder),
    payBy: 'transfer',
    onProgress: (progress) => {
      if (progress.stage !== 'awaiting-transfer') return
      const args = [progress.depositAddress, progress.amountUsdc] as const
      sent.push(wallet.writeContract({ address: progress.token, abi, functionName: 'transfer', args, chain: null }))
    },
  })
  await Promise.all(sent)
  assert.equal(sent.length, 1)
  const receipt = await job.receipt()
  assert.equal(receipt.accepted, 3)
})

test('a provider that returns plausible garbage is convicted, slashed and earns nothing; every honest shard is paid', async () => {
  const job = await client.map({
    image,
    command: ['sh', '-c', 'sort {} | cat > /out/sorted; wc -l < {}'],
    inputs: inputsFromFolder(await writeInputs('garbage', 10)),
    certify: true,
  })
  const saved = await saveOutputs(job, join(dir, 'garbage-out'))
  const receipt = await job.receipt()
  const cheats = devnet.providers.filter((provider) => !provider.honest)
  assert.equal(saved.saved.length, 10)
  assert.deepEqual(
    receipt.convicted,
    cheats.map((cheat) => cheat.address),
  )
  for (const { address } of cheats) {
    const operator = await devnet.chain.operator(address, signal)
    assert.equal(await devnet.chain.earnings(operator!.index, signal), 0n)
    assert.ok(operator!.stake < 50_000_000n, 'stake was slashed')
  }
  const { accepted } = receipt
  assert.equal(accepted, 10)
  const byProvider =
    receipt.report.job?.bill.payees.filter(({ address }) =>
      devnet.providers.some((provider) => provider.address === address),
    ) ?? []
  assert.equal(
    byProvider.reduce((sum, payee) => sum + payee.amount, 0n),
    10n * job.spec.priceUsdc,
  )
  assert.ok(byProvider.every(({ address }) => cheats.every((cheat) => cheat.address !== address)))
})

for (const [what, script, cause] of [
  ['random bytes', 'echo result; busybox head -c 16 /dev/urandom > /out/key', 'randomness'],
  ['the clock', 'echo result; echo "done at $(busybox date +%s)" > /out/key', 'time'],
] as const)
  test(`a program that writes ${what} gets no certificate, and is told file, byte and values`, async () => {
    const before = await devnet.chain.usdcBalance(client.address, signal)
    const findings: unknown[] = []
    await assert.rejects(
      client.certify({
        image,
        command: ['sh', '-c', script],
        inputs: inputsFromFolder(await writeInputs(`gate-${cause}`, 2)),
        onProgress: (event) => (event.stage === 'uncertified' ? findings.push(...event.findings) : undefined),
      }),
      (error: unknown) => {
        assert.ok(isMarketError(error), String(error))
        const { code, details } = error
        assert.equal(code, 'certificate-refused')
        assert.deepEqual([details['reason'], details['file'], details['cause']], ['runs-differ', '/out/key', cause])
        assert.equal(typeof details['offset'], 'number')
        assert.notEqual(details['first'], details['second'])
        return true
      },
    )
    assert.ok(findings.length >= 3, 'each validator says what it found')
    assert.equal(await devnet.chain.usdcBalance(client.address, signal), before)
  })

test('a certificate is public, holds against the chain, and serves every job of the program', async () => {
  const job = async (name: string) => ({
    image,
    command: ['sh', '-c', 'busybox sort {} > /out/sorted'],
    inputs: inputsFromFolder(await writeInputs(name, 2)),
  })
  const { id } = await client.certify(await job('certified'))
  const published = await client.certificate(id)
  assert.equal((await client.checkCertificate(published)).id, id)
  assert.deepEqual(published.certificate.body.conditions.includes('host-name'), true)
  const again = await client.certify(await job('certified-again'))
  assert.equal(again.id, id)
  const forged = { ...published, certificate: { ...published.certificate, signatures: [] } }
  await assert.rejects(
    client.checkCertificate(forged),
    (error: unknown) => isMarketError(error) && error.code === 'certificate-invalid',
  )
})

/** Bad input is refused with a typed error before any money moves. */
async function refuses(code: ErrorCode, options: Partial<MapOptions>, payer: Client = client): Promise<void> {
  const { reader } = { reader: devnet.chain }
  const before = await reader.usdcBalance(payer.address, signal)
  const folder = await mkdtemp(join(dir, 'refused-'))
  await writeFile(join(folder, 'one'), 'x')
  const full: MapOptions = { image, command: ['true'], inputs: inputsFromFolder(folder), ...options }
  await assert.rejects(
    payer.map(full),
    (error: unknown) => isMarketError(error) && error.code === code && error.next.length > 0 && full !== undefined,
  )
  assert.equal(await reader.usdcBalance(payer.address, signal), before)
}

test('an unknown image is refused', () => refuses('image-unknown', { image: `sha256:${'00'.repeat(32)}` }))
test('a digest that is not of the named image is refused', () =>
  refuses('image-unknown', { image: `busybox@sha256:${'12'.repeat(32)}` }))
test('an image that is no digest is refused', () => refuses('spec-invalid', { image: 'busybox:latest' }))
test('a missing input folder is refused', () =>
  refuses('input-missing', { inputs: inputsFromFolder('/nowhere/at/all') }))
test('a job of class DX is delivered without audits, and its client pays for what it accepts', async () => {
  const folder = await writeInputs('unjudged', 3)
  const options = () =>
    ({
      image,
      command: ['sh', '-c', 'date +%s; wc -l < {}'],
      inputs: inputsFromFolder(folder),
      determinism: 'DX',
    }) as const
  const { economics, quote } = await client.quote(options())
  assert.deepEqual([quote.terms.quorumId, quote.auditRateMaxPpm, economics.outlooks.length], [0, 0, 0])
  const job = await client.map(options())
  const saved = await saveOutputs(job, join(dir, 'unjudged-out'))
  assert.equal(saved.saved.length, 3)
  const { accepted, chargedUsdc } = await job.accept({ shards: [0, 2] })
  assert.deepEqual(accepted, [0, 2])
  for await (const { type } of job.events()) assert.notEqual(type, 'audit.started')
  const view = await job.state()
  assert.deepEqual([view.outcome, view.accepted, view.chargedUsdc], ['partial', 2, chargedUsdc])
  assert.equal(view.refundedUsdc, job.terms.maxAmount - chargedUsdc)
  const { findings } = await job.explain({ shard: 1 })
  assert.deepEqual(
    findings.map(({ code }) => code).filter((code) => code !== undefined),
    ['result-unaccepted'],
  )
})

test('a price below every provider’s least is refused', () =>
  refuses('budget-too-small', { maxPricePerShardUsdc: '0.000001' }))
test('resources that nobody has are refused', () => refuses('no-providers', { resources: { memoryBytes: 2 ** 50 } }))
test('a cap below the quote is refused', async () => refuses('cap-exceeded', {}, await openDevnetClient('0.000002')))
test('a client without USDC is refused', async () =>
  refuses('balance-insufficient', {}, await openDevnetClient('50', `0x${'77'.repeat(32)}`)))
test('an RPC of another chain is refused', async () => {
  const other = { aggregator: devnet.aggregatorUrl, privateKey: devnet.client.privateKey, spendingCapUsdc: '1' }
  const market = { chainId: 1, escrow: devnet.escrow }
  await assert.rejects(
    openClient({ ...other, market }),
    (error: unknown) => isMarketError(error) && error.code === 'chain-mismatch',
  )
})

/** A job that fails on every provider: attempts are recorded with stage and blame, the money comes back. */
async function fails(
  name: string,
  command: readonly string[],
  code: ErrorCode,
  options: Partial<MapOptions> = {},
): Promise<readonly AttemptView[]> {
  const before = await devnet.chain.usdcBalance(client.address, signal)
  const job = await client.map({ image, command, inputs: inputsFromFolder(await writeInputs(name, 1)), ...options })
  for await (const event of job.events()) if (event.type === 'job.closed') break
  const view = await job.state()
  assert.equal(view.accepted, 0)
  assert.equal(view.chargedUsdc, 0n)
  assert.equal(await devnet.chain.usdcBalance(client.address, signal), before, 'all of it came back')
  assert.ok(view.attempts.length >= 2, 'another provider tried')
  assert.equal(new Set(view.attempts.map((attempt) => attempt.provider)).size, view.attempts.length)
  for (const attempt of view.attempts) assert.deepEqual([attempt.code, attempt.blame], [code, 'client'])
  return view.attempts
}

test('a command that exits non-zero', async () => {
  const attempts = await fails('exit', ['sh', '-c', 'echo oh no >&2; exit 3'], 'attempt-exit-nonzero')
  assert.match(attempts[0]?.detail ?? '', /exitCode=3/)
})
test('a command that is not there', async () =>
  void (await fails('missing', ['no-such-program'], 'attempt-command-invalid')))
test('a command that takes too long', async () =>
  void (await fails('slow', ['sleep', '30'], 'attempt-time-limit', { timeLimitMs: 1000 })))
test('a command that prints endlessly', async () =>
  void (await fails('loud', ['busybox', 'yes'], 'attempt-output-limit')))
test('a command that fills its disk', async () =>
  void (await fails('full', ['sh', '-c', 'busybox dd if=/dev/zero of=/out/big bs=1M'], 'attempt-disk-limit', {
    resources: { diskBytes: 4 * 1024 * 1024 },
  })))
test('a command that takes too much memory', async () =>
  void (await fails('hungry', ['sh', '-c', 'busybox tail /dev/zero'], 'attempt-memory-limit', {
    resources: { memoryBytes: 32 * 1024 * 1024 },
  })))

test('a cancelled job pays for what is verified and returns the rest', async () => {
  const before = await devnet.chain.usdcBalance(client.address, signal)
  const job = await client.map({
    image,
    command: ['sleep', '20'],
    inputs: inputsFromFolder(await writeInputs('cancel', 2)),
  })
  for await (const event of job.events()) if (event.type === 'attempt.executing') break
  await job.cancel()
  for await (const event of job.events()) if (event.type === 'job.closed') break
  const view = await job.state()
  assert.equal(view.outcome, 'cancelled')
  assert.equal(await devnet.chain.usdcBalance(client.address, signal), before)
})
