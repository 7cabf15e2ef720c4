/** What the engine is and can give. */
import type { SandboxFacts } from '@assay/core'
import { byteCount, milliCpus, type HardwareClass } from '@assay/protocol'
import { readFile } from 'node:fs/promises'
import { machine, release } from 'node:os'
import type { Engine } from './engine.ts'
import { deriveHardwareClass } from './hardware-class.ts'
import { limits } from './limits.ts'

/** Asks the engine, never the host: an engine may have less. Throws `docker-unavailable`, `docker-permission`. */
export async function probeEngine(engine: Engine, signal: AbortSignal): Promise<SandboxFacts> {
  const info: unknown = await engine.call('info', { limitMs: limits.askMs, signal }, async () => {
    const answer: unknown = await engine.docker.info()
    return answer
  })
  const runtimes = field(info, 'Runtimes')
  const hardwareClass = await readHardwareClass(text(field(info, 'KernelVersion'), ''))
  return {
    engineVersion: text(field(info, 'ServerVersion'), 'unknown'),
    cpus: milliCpus(count(field(info, 'NCPU'), 1) * 1000),
    memoryBytes: byteCount(count(field(info, 'MemTotal'), 0)),
    architecture: text(field(info, 'Architecture'), 'unknown'),
    runtimes: typeof runtimes === 'object' && runtimes !== null ? Object.keys(runtimes).toSorted() : [],
    cgroupVersion: field(info, 'CgroupVersion') === '2' ? '2' : '1',
    ...(hardwareClass && { hardwareClass }),
  }
}

/** An engine in a virtual machine of its own shows other processors than this host; its kernel tells. */
async function readHardwareClass(engineKernel: string): Promise<HardwareClass | undefined> {
  if (process.platform !== 'linux' || engineKernel !== release()) return undefined
  return deriveHardwareClass(await readFile('/proc/cpuinfo', 'utf8'), machine())
}

const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Object.entries(value).find(([key]) => key === name)?.[1] : undefined
const text = (value: unknown, otherwise: string): string => (typeof value === 'string' ? value : otherwise)
const count = (value: unknown, otherwise: number): number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : otherwise
