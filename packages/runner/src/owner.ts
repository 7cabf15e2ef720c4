/** Which process a container or a staging folder belongs to, so that only what a dead one left is swept. */
import { readFileSync } from 'node:fs'

let opened = 0

/** A name for one opened sandbox: process id, the process's start time, a counter. Safe as a file name. */
export function createOwner(): string {
  opened += 1
  return `${process.pid}-${startTime(process.pid) ?? 'unknown'}-${opened}`
}

/** Whether the process that made this name still runs. Names of another form belong to nobody. */
export function isOwnerAlive(owner: string): boolean {
  const found = /^(\d{1,10})-(\d{1,20}|unknown)-(\d{1,10})$/.exec(owner)
  if (!found) return false
  const pid = Number(found[1])
  const started = startTime(pid)
  // Without /proc only the id can be checked; a reused one keeps a leftover until the next start.
  if (started === undefined) return found[2] === 'unknown' && isRunning(pid)
  return started === found[2]
}

/**
 * Start of a process in clock ticks since boot: field 22 of /proc/<pid>/stat, counted after the name.
 * `undefined` for one that has ended, reaped or not.
 */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]
  } catch {
    return undefined
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
