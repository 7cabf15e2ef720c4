/** What a job's container may do: nothing that is not listed here. */
import type { ContainerCreateOptions, HostConfig } from 'dockerode'
import type { SandboxConditions, SandboxLimits } from '@assay/core'
import { containerLabels, containerName, type ContainerIdentity } from './container-name.ts'
import { limits } from './limits.ts'
import { createSeccompProfile } from './seccomp-profile.ts'
import { stubTarget } from './stub-script.ts'

export interface ContainerPlan {
  readonly identity: ContainerIdentity
  /** Id of the image on this engine. */
  readonly imageId: string
  /** Entrypoint and arguments: see `stub-script.ts`. */
  readonly words: readonly string[]
  readonly limits: SandboxLimits
  readonly conditions: SandboxConditions
  /** Cores the container is pinned to. */
  readonly cpuset: string
  readonly stubPath: string
  /** Host folder that becomes `/in`. */
  readonly inputs: string
  readonly architecture: string
  /** OCI runtime; absent = the engine's default. */
  readonly runtime?: string
}

/** The user of every job: no account on the host, no entry in any group. */
const jobUser = 65534

/** Creation request for one run. Whatever the image says about user, entrypoint, health or volumes is overridden. */
export function createContainerConfig(plan: ContainerPlan): ContainerCreateOptions {
  const [entrypoint = '', ...words] = plan.words
  return {
    name: containerName(plan.identity),
    Image: plan.imageId,
    Hostname: plan.conditions.hostname,
    Domainname: '',
    User: `${jobUser}:${jobUser}`,
    Entrypoint: [entrypoint],
    Cmd: words,
    Env: [],
    Labels: containerLabels(plan.identity),
    AttachStdin: false,
    OpenStdin: false,
    Tty: false,
    NetworkDisabled: true,
    StopSignal: 'SIGKILL',
    Healthcheck: { Test: ['NONE'] },
    HostConfig: createHostConfig(plan),
  }
}

/** `CgroupnsMode` is newer than the types: the job sees its own control group as the root. */
function createHostConfig(plan: ContainerPlan): HostConfig & { readonly CgroupnsMode: 'private' } {
  const { memoryBytes, diskBytes, pids, cpus } = plan.limits
  const fileBytes = diskBytes + limits.fileSlackBytes
  return {
    NetworkMode: 'none',
    IpcMode: 'none',
    CgroupnsMode: 'private',
    ReadonlyRootfs: true,
    Privileged: false,
    CapDrop: ['ALL'],
    SecurityOpt: ['no-new-privileges', `seccomp=${createSeccompProfile(plan.architecture)}`],
    Memory: memoryBytes,
    MemorySwap: memoryBytes,
    NanoCpus: cpus * 1_000_000,
    CpusetCpus: plan.cpuset,
    PidsLimit: pids + limits.stubPids,
    Ulimits: [
      { Name: 'core', Soft: 0, Hard: 0 },
      { Name: 'nofile', Soft: limits.openFiles, Hard: limits.openFiles },
      { Name: 'fsize', Soft: fileBytes, Hard: fileBytes },
    ],
    Mounts: [
      { Type: 'bind', Source: plan.stubPath, Target: stubTarget, ReadOnly: true },
      { Type: 'bind', Source: plan.inputs, Target: '/in', ReadOnly: true },
    ],
    Tmpfs: {
      '/out': `exec,${tmpfsOptions(diskBytes)}`,
      '/tmp': `exec,${tmpfsOptions(diskBytes)}`,
      // Python's multiprocessing and the like need it; the engine makes none for a container without IPC.
      '/dev/shm': `noexec,${tmpfsOptions(diskBytes)}`,
    },
    LogConfig: { Type: 'none', Config: {} },
    RestartPolicy: { Name: 'no' },
    AutoRemove: false,
    Init: false,
    ...(plan.runtime === undefined ? {} : { Runtime: plan.runtime }),
  }
}

/** Zero would mean "no limit" to the kernel. With `uid` a folder of that name in the image cannot decide the owner. */
function tmpfsOptions(diskBytes: number): string {
  const size = Math.max(pageBytes, Math.ceil(diskBytes / pageBytes) * pageBytes)
  return `rw,nosuid,nodev,size=${size},nr_inodes=${limits.inodes},uid=${jobUser},gid=${jobUser},mode=0755`
}

const pageBytes = 4096
