/**
 * How long until a no-op job is verified, beside plain `docker run` of the same container in the same run.
 * The market runs every shard twice while its providers are new, waits for a beacon round that nobody knows yet, and
 * collects a quorum's signatures; the baseline does none of that and trusts the machine.
 */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { promisify } from 'node:util'
import { openDevnet } from '@assay/devnet'
import { openClient, type Client } from '@assay/sdk'
import { inputsFromFolder } from '@assay/sdk/node'
import { loadTestImage } from '../e2e/test-image.ts'
import type { Benchmark, Figure } from './main.ts'

const run = promisify(execFile)
/** Shards, and the largest ratio to plain runs that is wanted: short jobs mostly wait for the beacon. */
const sizes = [
  { shards: 1, goal: 30 },
  { shards: 10, goal: 8 },
  { shards: 100, goal: 4 },
] as const

export const runLatency: Benchmark = async (note) => {
  const dir = await mkdtemp(join(tmpdir(), 'assay-bench-'))
  try {
    const signal = new AbortController().signal
    const image = await loadTestImage(signal)
    const options = { dataDir: join(dir, 'devnet'), seed: 'bench', villains: [] }
    await using devnet = await openDevnet({ ...options, onStep: (step) => note(`starting ${step}`) }, signal)
    const { aggregatorUrl, rpcUrl } = devnet
    const key = devnet.client.privateKey
    await using client = await openClient({
      aggregator: aggregatorUrl,
      privateKey: key,
      spendingCapUsdc: '100',
      chain: { rpcUrls: [rpcUrl], pollMs: 50 },
    })
    await verifiedMs(client, image, await writeInputs(dir, 'warm-up', 2))
    const figures: Figure[] = []
    for (const { shards, goal } of sizes) {
      const baseline = await plainMs(image, shards)
      const value = await verifiedMs(client, image, await writeInputs(dir, `job-${shards}`, shards))
      const ratio = value / baseline
      note(`${shards} shards: ${value.toFixed(0)} ms, plain ${baseline.toFixed(0)} ms`)
      const name = `submit to verified, ${shards} no-op shard${shards === 1 ? '' : 's'} ÷ docker run`
      figures.push({ name, value, unit: 'ms', baseline, ratio, goal, goalOf: 'ratio', met: ratio <= goal })
    }
    return figures
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

async function writeInputs(dir: string, name: string, shards: number): Promise<string> {
  const folder = join(dir, name)
  await mkdir(folder)
  for (let shard = 0; shard < shards; shard++) await writeFile(join(folder, `${shard}`), `${name} ${shard}`)
  return folder
}

/** From the call until the last shard is verified; settlement comes after and is not counted. */
async function verifiedMs(client: Client, image: string, folder: string): Promise<number> {
  const start = performance.now()
  const job = await client.map({ image, command: ['true'], inputs: inputsFromFolder(folder) })
  const verified = new Set<number>()
  for await (const event of job.events()) {
    if (event.type === 'shard.verified' && event.shard !== undefined) verified.add(event.shard)
    if (verified.size === job.shardNames.length) break
  }
  const end = performance.now()
  for await (const event of job.events()) if (event.type === 'job.closed') break
  return end - start
}

/** The same number of the same containers by hand, as many at once as there are cores. */
async function plainMs(image: string, shards: number): Promise<number> {
  const start = performance.now()
  let left = shards
  const worker = async (): Promise<void> => {
    while (left-- > 0) await run('docker', ['run', '--rm', '--network', 'none', image, 'true'])
  }
  await Promise.all(Array.from({ length: Math.min(shards, cpus().length) }, worker))
  return performance.now() - start
}
