/** What a job sees of its surroundings: the same on every honest machine. */
import type { SandboxConditions } from '@assay/core'

/** Conditions of every paid run. */
export const fixedConditions: SandboxConditions = {
  hostname: 'assay',
  locale: 'C.UTF-8',
  timeZone: 'UTC',
  cpuCount: 1,
  inputOrder: 'sorted',
}

/** Search path of an image that names none: the engine's own default. */
export const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

export interface EnvironmentSources {
  /** `NAME=value` lines of the image. */
  readonly image: readonly string[]
  /** The task's own variables: they win, being part of the spec. */
  readonly task: Readonly<Record<string, string>>
  readonly conditions: SandboxConditions
  readonly architecture: string
}

/** The job's whole environment, sorted by name: image, then our pins, then the task's. */
export function createEnvironment(sources: EnvironmentSources): ReadonlyMap<string, string> {
  const { conditions } = sources
  const variables = new Map<string, string>([['PATH', defaultPath]])
  for (const line of sources.image) {
    const at = line.indexOf('=')
    if (at > 0) variables.set(line.slice(0, at), line.slice(at + 1))
  }
  const pins = {
    HOME: '/tmp',
    HOSTNAME: conditions.hostname,
    LANG: conditions.locale,
    LC_ALL: conditions.locale,
    TZ: conditions.timeZone,
    ...fixedPins,
    ...(sources.architecture === 'x86_64' ? x86Pins : {}),
  }
  for (const [name, value] of [...Object.entries(pins), ...Object.entries(sources.task)]) variables.set(name, value)
  return new Map([...variables].toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** Time stamps, hash order and thread counts that common tools take from the environment. */
const fixedPins = {
  MKL_NUM_THREADS: '1',
  OMP_NUM_THREADS: '1',
  OPENBLAS_NUM_THREADS: '1',
  PYTHONHASHSEED: '0',
  SOURCE_DATE_EPOCH: '0',
}

/**
 * Math libraries pick code by CPU generation, and fused multiply-add rounds once where plain code rounds twice: without
 * these, two honest machines disagree. Every x86-64 CPU can run what they select.
 */
const x86Pins = {
  GLIBC_TUNABLES: 'glibc.cpu.hwcaps=-AVX512F,-AVX2,-FMA,-FMA4',
  MKL_CBWR: 'COMPATIBLE',
  OPENBLAS_CORETYPE: 'Prescott',
}
