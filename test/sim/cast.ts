/** Who plays in one run: honest machines, and villains of every kind the market must survive. */
import { createSeededRng, type FakeEnd, type FakeImage, type FakeJob, type SeededRng } from '@assay/testkit'
import type { Machine } from './world.ts'

/** `junk` lies about every result, `lapsing` about some, `slow` exceeds the time limit now and then, `vanishing` dies for good, `villain` is of the catalogue. */
export type ProviderKind = 'honest' | 'junk' | 'lapsing' | 'slow' | 'vanishing' | 'villain'
/** `wrong` finds something else, `mute` never answers, `shy` commits and does not reveal, `villain` is of the catalogue. */
export type ValidatorKind = 'honest' | 'wrong' | 'mute' | 'shy' | 'villain'

export interface Player<K> extends Machine {
  readonly kind: K
}
export interface Cast {
  readonly providers: readonly Player<ProviderKind>[]
  readonly validators: readonly Player<ValidatorKind>[]
  readonly threshold: number
}

/** Honest operators are always enough to serve and to judge; the rest is drawn. */
export function drawCast(rng: SeededRng): Cast {
  const villains: ProviderKind[] = ['junk', 'lapsing', 'slow', 'vanishing']
  const providerKinds: ProviderKind[] = [
    ...Array.from({ length: 3 + rng.below(2) }, () => 'honest' as const),
    ...Array.from({ length: rng.below(3) }, () => rng.pick(villains)),
  ]
  const odd: readonly ValidatorKind[] = rng.chance(0.5) ? [rng.pick(['wrong', 'mute', 'shy'] as const)] : []
  const validatorKinds = [...odd, ...Array.from({ length: 5 - odd.length }, () => 'honest' as const)]
  return {
    providers: providerKinds.map((kind, i) => ({
      name: `p${i}-${kind}`,
      kind,
      run: programOf(kind, rng.fork(`p${i}`)),
    })),
    validators: validatorKinds.map((kind, i) => ({
      name: `v${i}-${kind}`,
      kind,
      run: programOf(kind === 'wrong' ? 'junk' : 'honest', rng.fork(`v${i}`)),
    })),
    threshold: 3,
  }
}

/** What a machine of this kind makes of a job. */
export function programOf(kind: ProviderKind, rng: SeededRng): FakeImage {
  return (job) => {
    const end = { ...honestEnd(job, rng), durationMs: 200 + rng.below(2_000) }
    if (kind === 'slow' && rng.chance(0.5)) return { ...end, durationMs: job.limits.timeMs + 1 }
    const lies = kind === 'junk' || (kind === 'lapsing' && rng.chance(0.5))
    return lies ? { durationMs: 50, stdout: `made up by ${rng.seed} ${job.command.join(' ')}` } : end
  }
}

/** The true result of a job: the same on every machine, except for `dice`, and for `trap` when its input is wild. */
function honestEnd({ command, inputs }: FakeJob, rng: SeededRng): FakeEnd {
  const [program] = command
  if (program === 'fail') return { exitCode: 3, stderr: 'no such luck' }
  const seen = [...inputs].map(([path, { bytes }]) => `${path}: ${new TextDecoder().decode(bytes)}`)
  const rolls = program === 'dice' || (program === 'trap' && command[1]?.startsWith('wild') === true)
  const roll = rolls ? ` ${rng.below(1_000_000)}` : ''
  return { stdout: trueOutput(command) + roll, files: { 'seen.txt': seen.join('\n') } }
}

/** What an honest machine prints. */
export const trueOutput = (command: readonly string[]): string => `done: ${command.join(' ')}`

/** Three providers and three validators without a fault. */
export const castHonest = (seed: string): Cast => castWith(seed, { honest: 3, junk: 0, validators: 3 })

/** Honest operators, and providers that lie about every result. */
export function castWith(
  seed: string,
  { honest, junk, validators }: { readonly honest: number; readonly junk: number; readonly validators: number },
): Cast {
  const rng = createSeededRng(seed)
  const player = <K extends ProviderKind>(name: string, kind: K) => ({
    name,
    kind,
    run: programOf(kind, rng.fork(name)),
  })
  const names = (count: number, letter: string): string[] => Array.from({ length: count }, (_, i) => `${letter}${i}`)
  return {
    providers: [
      ...names(honest, 'p').map((name) => player(name, 'honest')),
      ...names(junk, 'junk').map((name) => player(name, 'junk')),
    ],
    validators: names(validators, 'v').map((name) => player(name, 'honest')),
    threshold: Math.floor(validators / 2) + 1,
  }
}
