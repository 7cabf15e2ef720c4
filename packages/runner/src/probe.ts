/** What the engine is and can give. */
import type { SandboxFacts } from '@assay/core'
import { byteCount, milliCpus } from '@assay/protocol'
import type { Engine } from './engine.ts'
import { limits } from './limits.ts'

/** Asks the engine, never the host: an engine may have less. Throws `docker-unavailable`, `docker-permission`. */
export async function probeEngine(engine: Engine, signal: AbortSignal): Promise<SandboxFacts> {
  const info: unknown = await engine.call('info', { limitMs: limits.askMs, signal }, async () => {
    const answer: unknown = await engine.docker.info()
    return answer
  })
  const runtimes = field(info, 'Runtimes')
  return {
    engineVersion: text(field(info, 'ServerVersion'), 'unknown'),
    cpus: milliCpus(count(field(info, 'NCPU'), 1) * 1000),
    memoryBytes: byteCount(count(field(info, 'MemTotal'), 0)),
    architecture: text(field(info, 'Architecture'), 'unknown'),
    runtimes: typeof runtimes === 'object' && runtimes !== null ? Object.keys(runtimes).toSorted() : [],
    cgroupVersion: field(info, 'CgroupVersion') === '2' ? '2' : '1',
  }
}

const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Object.entries(value).find(([key]) => key === name)?.[1] : undefined
const text = (value: unknown, otherwise: string): string => (typeof value === 'string' ? value : otherwise)
const count = (value: unknown, otherwise: number): number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : otherwise
