/** The flags that say how reproducible a job is. */
import { ComparatorName, DeterminismClass, MarketError } from '@assay/protocol'
import type { TaskOptions, ToleranceOptions } from '@assay/sdk'

export interface ClassFlags {
  readonly class?: string
  readonly hardwareClass?: string
  readonly tolerance?: string
}

/** Class and what goes with it. Throws `spec-invalid` naming the flag. */
export function taskClass(flags: ClassFlags): Pick<TaskOptions, 'determinism' | 'hardwareClass' | 'tolerance'> {
  const { hardwareClass, tolerance } = flags
  if (flags.class === undefined && hardwareClass === undefined && tolerance === undefined) return {}
  const { data: determinism } = DeterminismClass.safeParse(flags.class)
  if (determinism === undefined) throw wrong('--class', 'name a class: D1, D2, D3 or DX')
  if ((determinism === 'D2') !== (hardwareClass !== undefined))
    throw wrong(
      '--hardware-class',
      'it goes with class D2 and only there; `assay doctor` shows the one of this machine',
    )
  if ((determinism === 'D3') !== (tolerance !== undefined))
    throw wrong('--tolerance', 'it goes with class D3 and only there, e.g. --tolerance absolute=1e-9,relative=1e-6')
  return {
    determinism,
    ...(hardwareClass !== undefined && { hardwareClass }),
    ...(tolerance !== undefined && { tolerance: readTolerance(tolerance) }),
  }
}

/** `absolute=1e-9,relative=1e-6,l2=1e-8,outliers=100,outlier-factor=10,*.dat=csv`: limits, and rules in their order. */
function readTolerance(text: string): ToleranceOptions {
  const limits = new Map<string, string>()
  const files: { readonly files: string; readonly comparator: ComparatorName }[] = []
  for (const part of text.split(',')) {
    const at = part.lastIndexOf('=')
    const [name, value] = [part.slice(0, at), part.slice(at + 1)]
    const key = limitNames.get(name)
    const { data: comparator } = ComparatorName.safeParse(value)
    if (at < 1 || value === '' || (key !== undefined && limits.has(key)))
      throw wrong('--tolerance', `not understood: ${part}`)
    if (key !== undefined) limits.set(key, value)
    else if (comparator !== undefined) files.push({ files: name, comparator })
    else throw wrong('--tolerance', `neither a limit (${[...limitNames.keys()].join(', ')}) nor a comparator: ${part}`)
  }
  const { outlierPpm, ...others } = Object.fromEntries(limits)
  return {
    ...others,
    ...(outlierPpm !== undefined && { outlierPpm: Number(outlierPpm) }),
    ...(files.length > 0 && { files }),
  }
}

/** What a limit is called on the command line → in a spec. */
const limitNames: ReadonlyMap<string, string> = new Map([
  ['absolute', 'absolute'],
  ['relative', 'relative'],
  ['l2', 'l2'],
  ['outliers', 'outlierPpm'],
  ['outlier-factor', 'outlierFactor'],
])

const wrong = (field: string, problem: string): MarketError =>
  new MarketError('spec-invalid', `${field}: ${problem}`, { details: { field, problem } })
