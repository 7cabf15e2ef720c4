/** Under which conditions a job is run to see whether it depends on them. */
import type { SandboxConditions } from '../ports/sandbox.ts'

/**
 * Conditions of the n-th run, counted from 0. The first has those of every paid run; each later one differs from the
 * first in everything that can differ: with one core there is no other number of cores.
 */
export function gateConditions(run: number, paidCpus: number, engineCpus: number): SandboxConditions {
  if (run === 0) return { ...paidConditions, cpuCount: paidCpus }
  const other = others[(run - 1) % others.length] ?? others[0]
  const cpuCount = paidCpus > 1 ? Math.min(run, paidCpus - 1) : Math.min(run + 1, engineCpus)
  return {
    hostname: `gate-${run}-7c21`,
    ...other,
    cpuCount: Math.max(1, cpuCount),
    inputOrder: 'reversed',
  }
}

/** Names of a zone in the output of programs, and its distances from UTC in minutes. */
export interface ZoneFacts {
  readonly names: readonly string[]
  readonly offsets: readonly number[]
}

/** What output of a run in this zone can show; nothing for a zone that the gate does not use. */
export const zoneFacts = (timeZone: string): ZoneFacts => zones[timeZone] ?? { names: [timeZone], offsets: [] }

const paidConditions = { hostname: 'assay', locale: 'C.UTF-8', timeZone: 'UTC', inputOrder: 'sorted' } as const

// Zones whose names every C library understands, with a time-zone database and without.
const others = [
  { locale: 'de_DE.UTF-8', timeZone: 'EST5EDT' },
  { locale: 'tr_TR.UTF-8', timeZone: 'PST8PDT' },
  { locale: 'en_US.UTF-8', timeZone: 'CST6CDT' },
] as const

const zones: Readonly<Record<string, ZoneFacts>> = {
  UTC: { names: ['UTC', 'GMT', 'Etc/UTC', '+0000', '+00:00'], offsets: [0] },
  EST5EDT: { names: ['EST5EDT', 'EST', 'EDT', '-0500', '-05:00', '-0400', '-04:00'], offsets: [-300, -240] },
  CST6CDT: { names: ['CST6CDT', 'CST', 'CDT', '-0600', '-06:00', '-0500', '-05:00'], offsets: [-360, -300] },
  PST8PDT: { names: ['PST8PDT', 'PST', 'PDT', '-0800', '-08:00', '-0700', '-07:00'], offsets: [-480, -420] },
}
