/** The key of this machine for class D2: SPEC.md section 5. */
import { hardwareClassSchema, type HardwareClass } from '@assay/protocol'

/**
 * Key of the processors that `/proc/cpuinfo` shows; `architecture` as the kernel names it. `undefined` where it does not
 * show them, or shows cores that differ: a job would get either.
 */
export function deriveHardwareClass(cpuinfo: string, architecture: string): HardwareClass | undefined {
  const keys = new Set(readCores(cpuinfo).map((core) => keyOf(core, architecture)))
  const [key] = keys
  return keys.size === 1 ? hardwareClassSchema.safeParse(key).data : undefined
}

type Core = ReadonlyMap<string, string>

/** One block of `name : value` lines a core; blocks that name no core speak of the whole machine. */
const readCores = (cpuinfo: string): readonly Core[] =>
  cpuinfo
    .split(/\n\s*\n/)
    .map((block) => new Map(block.split('\n').flatMap((line) => readLine(line) ?? [])))
    .filter((core) => core.has('processor') && (core.has('flags') || core.has('Features')))

function readLine(line: string): readonly (readonly [string, string])[] | undefined {
  const at = line.indexOf(':')
  return at < 0 ? undefined : [[line.slice(0, at).trim(), line.slice(at + 1).trim()]]
}

function keyOf(core: Core, architecture: string): string {
  const flags = new Set((core.get('flags') ?? core.get('Features') ?? '').split(/\s+/))
  const numbers = core.has('flags')
    ? [core.get('vendor_id'), core.get('cpu family'), core.get('model')]
    : [core.get('CPU implementer'), core.get('CPU architecture'), core.get('CPU part')].map(decimal)
  const chosen = dispatchFlags.filter((flag) => flags.has(flag))
  const level = core.has('flags') ? levelOf(flags) : 'base'
  return ['cpu', architecture, level, numbers.join('-'), chosen.length > 0 ? chosen.join(',') : 'none'].join('/')
}

const decimal = (text: string | undefined): string => (text === undefined ? '' : String(Number(text)))

/** Level of the x86-64 psABI whose features are all there. */
function levelOf(flags: ReadonlySet<string>): string {
  const missing = levels.findIndex((needed) => !needed.every((flag) => flags.has(flag)))
  return `v${(missing < 0 ? levels.length : missing) + 1}`
}

/** What each level adds to the one before, v2 first, in the kernel's words (`abm` is lzcnt). */
const levels = [
  ['cx16', 'lahf_lm', 'popcnt', 'sse4_1', 'sse4_2', 'ssse3'],
  ['abm', 'avx', 'avx2', 'bmi1', 'bmi2', 'f16c', 'fma', 'movbe'],
  ['avx512bw', 'avx512cd', 'avx512dq', 'avx512f', 'avx512vl'],
]

/** Flags by which glibc, OpenBLAS, MKL and their like choose code, in alphabetic order. */
const dispatchFlags = [
  'asimd',
  'asimdhp',
  'avx',
  'avx2',
  'avx512bw',
  'avx512cd',
  'avx512dq',
  'avx512f',
  'avx512vl',
  'f16c',
  'fma',
  'fma4',
  'sse4_1',
  'sse4_2',
  'sve',
  'sve2',
]
