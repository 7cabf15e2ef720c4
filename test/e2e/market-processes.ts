/** A market of real processes: every service is its own `assay … start`, meeting the others over libp2p, HTTP and a chain. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { openLocalBeacon } from '@assay/beacon'
import { deriveActor, deriveActors, openMarketChain, type Actor, type MarketChain } from '@assay/devnet'
import { systemClock } from '@assay/node-kit'
import { durationMs, unixMs, usdc } from '@assay/protocol'
import { openClient, type Client } from '@assay/sdk'

const main = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url))

/** One running service. */
export interface Service extends AsyncDisposable {
  /** What it printed when it was ready. */
  readonly ready: Readonly<Record<string, unknown>>
  /** SIGKILL: nothing gets a chance to tidy up. */
  kill(): Promise<void>
}
export interface MarketProcesses extends AsyncDisposable {
  readonly market: MarketChain
  readonly aggregatorUrl: string
  readonly client: Actor
  readonly providers: readonly Actor[]
  /** SIGKILLs the aggregator and starts it again on the same data and ports. */
  restartAggregator(): Promise<void>
  /** Resolves once the aggregator has found every node again. */
  untilReady(): Promise<void>
  /** Kills every service; chain and beacon stay. */
  killServices(): Promise<void>
  openClient(cap: string): Promise<Client>
}

export async function openMarketProcesses(
  seed: string,
  counts: { readonly providers: number; readonly validators: number },
): Promise<MarketProcesses> {
  await using stack = new AsyncDisposableStack()
  const signal = new AbortController().signal
  const dir = await mkdtemp(join(tmpdir(), 'assay-e2e-'))
  stack.defer(() => rm(dir, { recursive: true, force: true }))
  const aggregator = deriveActor(seed, 'aggregator')
  const client = deriveActor(seed, 'client')
  const providers = deriveActors(seed, 'provider', counts.providers)
  const validators = deriveActors(seed, 'validator', counts.validators)
  const money = { stakeUsdc: usdc(50_000_000n), clientUsdc: usdc(1_000_000_000n) }
  const market = stack.use(
    await openMarketChain({ aggregator, client, providers, validators, threshold: 3, ...money }, signal),
  )
  const genesisMs = unixMs(systemClock.now() - 60_000)
  const beacon = stack.use(
    await openLocalBeacon({ clock: systemClock }, { seed, genesisMs, periodMs: durationMs(1000) }),
  )
  const [p2pPort, httpPort] = await Promise.all([freePort(), freePort()])
  const common = (actor: Actor) => ({
    actor,
    dir: join(dir, actor.name),
    flags: [
      '--rpc',
      market.rpcUrl,
      '--escrow',
      market.escrow,
      '--beacon',
      beacon.url,
      '--private-network',
      '--log-level',
      'warn',
    ],
  })
  const running = new Set<Service>()
  stack.defer(async () => void (await Promise.all([...running].map((service) => service.kill()))))
  const launch = async (role: string, actor: Actor, extra: readonly string[]): Promise<Service> => {
    const { dir: dataDir, flags } = common(actor)
    const service = await startService([role, 'start', ...flags, '--data-dir', dataDir, ...extra], actor)
    running.add(service)
    return service
  }
  let current: Service | undefined
  const startAggregator = async (): Promise<void> => {
    const listen = [
      '--listen',
      `/ip4/127.0.0.1/tcp/${p2pPort}`,
      '--port',
      String(httpPort),
      '--quorum',
      String(market.quorumId),
    ]
    current = await launch('aggregator', aggregator, [...listen, '--settle-minutes', '5', '--refund-minutes', '1'])
  }
  const killAggregator = async (): Promise<void> => {
    if (current === undefined) return
    running.delete(current)
    await current.kill()
    current = undefined
  }
  await startAggregator()
  const [bootstrap] = current!.ready['addresses'] as readonly string[]
  const join2 = ['--listen', '/ip4/127.0.0.1/tcp/0', '--bootstrap', bootstrap!]
  // Two cores: processes start in pairs, not all at once.
  for (const actor of providers) await launch('provider', actor, [...join2, '--slots', '4'])
  for (const actor of validators) await launch('validator', actor, join2)
  const aggregatorUrl = `http://127.0.0.1:${httpPort}`
  const untilReady = (): Promise<void> => untilSeen(aggregatorUrl, counts)
  await untilReady()
  const owned = stack.move()
  return {
    market,
    aggregatorUrl,
    client,
    providers,
    untilReady,
    async restartAggregator() {
      await killAggregator()
      await startAggregator()
    },
    async killServices() {
      await Promise.all([...running].map((service) => service.kill()))
      running.clear()
      current = undefined
    },
    openClient: (cap) =>
      openClient({
        aggregator: aggregatorUrl,
        privateKey: client.privateKey,
        spendingCapUsdc: cap,
        chain: { rpcUrls: [market.rpcUrl], pollMs: 50 },
      }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

async function startService(args: readonly string[], actor: Actor): Promise<Service> {
  const env = { ...process.env, ASSAY_OPERATOR_KEY: actor.privateKey }
  const child = spawn(process.execPath, [main, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = once(child, 'exit')
  const errors: string[] = []
  createInterface({ input: child.stderr }).on('line', (line) => void errors.push(line))
  const ready = await firstReady(child, actor, errors)
  const kill = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    await exited
  }
  return { ready, kill, [Symbol.asyncDispose]: kill }
}

/** Services log JSON lines on stdout too; the ready line is the first one that names addresses. */
async function firstReady(
  child: ChildProcess,
  actor: Actor,
  errors: readonly string[],
): Promise<Readonly<Record<string, unknown>>> {
  const lines: string[] = []
  for await (const line of createInterface({ input: child.stdout! })) {
    lines.push(line)
    const parsed = JSON.parse(line) as Readonly<Record<string, unknown>>
    if ('addresses' in parsed) {
      child.stdout!.resume()
      return parsed
    }
  }
  throw new Error(`${actor.name} ended before it was ready:\n${[...lines, ...errors].join('\n')}`)
}

async function untilSeen(
  url: string,
  counts: { readonly providers: number; readonly validators: number },
): Promise<void> {
  for (;;) {
    const market = (await (await fetch(`${url}/v1/market`)).json()) as { providersSeen: number; validatorsSeen: number }
    if (market.providersSeen >= counts.providers && market.validatorsSeen >= counts.validators) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
