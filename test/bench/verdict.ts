/**
 * What it costs a validator to derive verdicts, payouts and the batch of a 1000-shard epoch. It checked the signatures
 * when it acknowledged the epoch, before the seed existed, and remembers them; the baseline is somebody who sees the same
 * evidence for the first time, such as the reader of a receipt.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deriveSettlement } from '@assay/core'
import { JobEvidence, toJson } from '@assay/protocol'
import { buildEvidence, createEvidenceCast } from '@assay/testkit'
import type { Benchmark } from './main.ts'

const shards = 1000
/** About the reference rate of 5.3 %. */
const everyAudited = 19
const providers = 16
const repetitions = 15
const goalMs = 50

export const runVerdict: Benchmark = async (note) => {
  const dir = await mkdtemp(join(tmpdir(), 'assay-bench-'))
  try {
    note(`signing an epoch of ${shards} commits`)
    const cast = createEvidenceCast({ validators: 5, threshold: 3, shards, providers })
    const attempts = Array.from({ length: shards }, (_, shard) => ({
      shard,
      provider: shard % providers,
      sampled: shard % everyAudited === 0,
    }))
    const evidence = await buildEvidence(cast, { epochs: [{ attempts }] })
    const file = join(dir, 'evidence.json')
    await writeFile(file, JSON.stringify(toJson(evidence)))
    // A process of its own has seen no signature yet.
    const child = fork(import.meta.filename, [file], { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    const messages: readonly unknown[] = await once(child, 'message')
    const { first, again } = readFigures(messages[0])
    const name = `verdicts and payouts of an epoch of ${shards} shards, CPU of a validator ÷ of a newcomer`
    const met = again <= goalMs
    return [
      { name, value: again, unit: 'ms', baseline: first, ratio: again / first, goal: goalMs, goalOf: 'value', met },
    ]
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

interface CpuMs {
  readonly first: number
  readonly again: number
}

function readFigures(message: unknown): CpuMs {
  if (typeof message === 'object' && message !== null && 'first' in message && 'again' in message)
    return { first: Number(message.first), again: Number(message.again) }
  throw new Error('the measuring process gave no figures')
}

/** CPU time of one derivation from evidence as it comes from the wire; parsing it is the reader's and not counted. */
function deriveOnce(text: string): number {
  const evidence = JobEvidence.parse(JSON.parse(text))
  const before = process.cpuUsage()
  const derived = deriveSettlement(evidence.market, [evidence])
  const used = process.cpuUsage(before)
  if (!derived.ok) throw new Error(`the evidence does not hold: ${derived.fault}`)
  return (used.user + used.system) / 1000
}

const [file] = process.argv.slice(2)
if (process.send !== undefined && file !== undefined && import.meta.filename === process.argv[1]) {
  const text = await readFile(file, 'utf8')
  const first = deriveOnce(text)
  const times = Array.from({ length: repetitions }, () => deriveOnce(text)).toSorted((a, b) => a - b)
  process.send({ first, again: times[Math.floor(repetitions / 2)] })
}
