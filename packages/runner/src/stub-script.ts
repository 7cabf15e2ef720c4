/**
 * The program that is PID 1 of a container: a shell script for busybox. Its standard output carries
 *   <what the job printed> <marker> "report …\n" <tar of /out, when the job succeeded>
 * PID 1 only reaps; the supervisor below it runs the job, then kills all that is left, then reports. The job can
 * kill the supervisor, not PID 1: then the last line is <marker> "lost <status>\n".
 * Nothing here is a secret: a job that forges the marker forges only its own result.
 */
import { sha256Hex } from '@assay/protocol'

/** Where the busybox is mounted. The name must begin with "busybox": it picks the applet from its own name. */
export const stubTarget = '/.assay/busybox'

export interface StubCommand {
  readonly command: readonly string[]
  /** The job's whole environment, in the order in which the job sees it. */
  readonly environment: ReadonlyMap<string, string>
}

export interface Stub {
  /** Entrypoint and arguments of the container. */
  readonly words: readonly string[]
  /** Ends what the job printed. The same for the same command everywhere, so that it cannot make results differ. */
  readonly marker: Buffer
}

/** What the supervisor saw. Counters are absent where the engine's cgroups do not show them. */
export interface StubReport {
  readonly exitCode: number
  /** The first word of the command was found nowhere. */
  readonly missing: boolean
  /** Processes that the kernel killed for memory, the job's children included. */
  readonly memoryKills: number | undefined
  /** Times that a process could not be started for the process limit. */
  readonly processRefusals: number | undefined
  /** Whether a tmpfs had no block or no inode left at the end. */
  readonly diskFull: boolean
}

/** Builds PID 1's command line. The words must hold no NUL. */
export function createStub({ command, environment }: StubCommand): Stub {
  const variables = [...environment].map(([name, value]) => `${name}=${value}`)
  const marker = sha256Hex(new TextEncoder().encode(JSON.stringify(['assay/stub/1', command, variables])))
  // Cut in two, or a job that prints its process list would print the marker.
  const words = [marker.slice(2, 34), marker.slice(34), environment.get('PATH') ?? '', ...variables, ...command]
  const firstVariable = 4
  const firstWord = firstVariable + variables.length
  const parameters = (from: number, to: number): string =>
    Array.from({ length: to - from }, (_, i) => `"\${${from + i}}"`).join(' ')
  const script = stubScript
    .replace('VARIABLES', () => parameters(firstVariable, firstWord))
    .replace('ARGUMENTS', () => parameters(firstWord + 1, words.length + 1))
    .replaceAll('PROGRAM', () => `"\${${firstWord}}"`)
  return { words: [stubTarget, 'sh', '-c', script, 'assay', ...words], marker: Buffer.from(marker.slice(2)) }
}

/** Reads the line after the marker, without its newline: a report, the status of a lost supervisor, or nonsense. */
export function parseReport(line: string): { readonly report: StubReport } | { readonly lost: number } | undefined {
  const lost = /^lost (\d{1,3})$/.exec(line)
  if (lost) return { lost: Number(lost[1]) }
  const found = /^report (\d{1,3}) (0|1) (\d{0,9}) (\d{0,9}) (\d*) (\d*) (\d*) (\d*)$/.exec(line)
  if (!found) return undefined
  const [exitCode, missing, memoryKills, processRefusals, ...free] = found.slice(1)
  return {
    report: {
      exitCode: Number(exitCode),
      missing: missing === '1',
      memoryKills: counter(memoryKills),
      processRefusals: counter(processRefusals),
      diskFull: free.includes('0'),
    },
  }
}

const counter = (digits: string | undefined): number | undefined =>
  digits === undefined || digits === '' ? undefined : Number(digits)

/**
 * `env -i` gives the job exactly its variables, in order; `linux64 -R` turns address randomisation off and runs a
 * path, never an applet of the busybox; the search of PATH is spelled out because the shell prefers its applets.
 * `kill -9 -1` spares PID 1 and the supervisor, and fails once nobody else is left, zombies included.
 */
const stubScript = `IFS=' '
b=${stubTarget}
mark=$1$2
path=$3
counter() {
  count=
  [ -r "$1" ] || return 0
  while read -r key value; do [ "$key" != "$2" ] || count=$value; done <"$1"
}
free() {
  set -- $($b stat -f -c '%a %d' "$1" 2>/dev/null)
  blocks=$1 inodes=$2
}
(
  program=PROGRAM missing=0
  case $program in
  */*) ;;
  *)
    missing=1
    set -f
    IFS=:
    for d in $path; do
      if [ -f "$d/$program" ] && [ -x "$d/$program" ]; then program=$d/$program missing=0; break; fi
    done
    IFS=' '
    set +f
    ;;
  esac
  if [ $missing = 1 ]; then
    code=127
  else
    ( exec $b env -i -- VARIABLES $b linux64 -R -- "$program" ARGUMENTS ) </dev/null
    code=$?
  fi
  while kill -9 -1 2>/dev/null; do :; done
  g=/sys/fs/cgroup
  counter $g/memory.events oom_kill; [ -n "$count" ] || counter $g/memory/memory.oom_control oom_kill; kills=$count
  counter $g/pids.events max; [ -n "$count" ] || counter $g/pids/pids.events max; refusals=$count
  free /out; disk="$blocks $inodes"
  free /tmp; disk="$disk $blocks $inodes"
  echo "$mark""report $code $missing $kills $refusals $disk"
  [ $code = 0 ] || exit 0
  exec $b tar -c -f - -C /out .
)
status=$?
[ $status = 0 ] || echo "$mark""lost $status"
exit $status
`
