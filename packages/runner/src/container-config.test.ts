import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { byteCount, durationMs, milliCpus, unixMs } from '@assay/protocol'
import { createContainerConfig, type ContainerPlan } from './container-config.ts'
import { fixedConditions } from './job-environment.ts'

const plan: ContainerPlan = {
  identity: { runnerId: 'r', owner: '1-1-1', runId: 'run', deadline: unixMs(1) },
  imageId: 'sha256:1',
  words: ['/.assay/busybox', 'sh', '-c', 'script'],
  limits: {
    cpus: milliCpus(1500),
    memoryBytes: byteCount(2 ** 26),
    diskBytes: byteCount(5000),
    pids: 10,
    timeMs: durationMs(1000),
    outputBytes: byteCount(1),
    stdoutBytes: byteCount(1),
  },
  conditions: fixedConditions,
  cpuset: '0,1',
  stubPath: '/usr/bin/busybox',
  inputs: '/staging/in',
  architecture: 'x86_64',
}
const config = createContainerConfig(plan)
const host = config.HostConfig

describe('container config', () => {
  it('takes every privilege away', () => {
    assert.deepEqual(
      {
        user: config.User,
        network: host?.NetworkMode,
        ipc: host?.IpcMode,
        root: host?.ReadonlyRootfs,
        privileged: host?.Privileged,
        dropped: host?.CapDrop as unknown,
        log: host?.LogConfig?.Type,
        health: config.Healthcheck?.Test,
      },
      {
        user: '65534:65534',
        network: 'none',
        ipc: 'none',
        root: true,
        privileged: false,
        dropped: ['ALL'],
        log: 'none',
        health: ['NONE'],
      },
    )
    const [privileges, seccomp] = (host?.SecurityOpt ?? []) as readonly string[]
    assert.equal(privileges, 'no-new-privileges')
    assert.ok(seccomp?.startsWith('seccomp={"defaultAction":"SCMP_ACT_ERRNO"'))
  })

  it('bounds memory, processes, cores, files and every writable folder', () => {
    assert.equal(host?.Memory, 2 ** 26)
    assert.equal(host?.MemorySwap, host?.Memory)
    assert.equal(host?.NanoCpus, 1_500_000_000)
    assert.equal(host?.CpusetCpus, '0,1')
    assert.equal(host?.PidsLimit, 14)
    assert.deepEqual(
      host?.Ulimits?.map(({ Name, Soft, Hard }) => [Name, Soft === Hard, Hard]),
      [
        ['core', true, 0],
        ['nofile', true, 1024],
        ['fsize', true, 5000 + 2 ** 20],
      ],
    )
    const tmpfs = 'rw,nosuid,nodev,size=8192,nr_inodes=100001,uid=65534,gid=65534,mode=0755'
    assert.deepEqual(host?.Tmpfs, { '/out': `exec,${tmpfs}`, '/tmp': `exec,${tmpfs}`, '/dev/shm': `noexec,${tmpfs}` })
  })

  it('binds two things of the host, both read-only', () => {
    assert.deepEqual(host?.Mounts, [
      { Type: 'bind', Source: '/usr/bin/busybox', Target: '/.assay/busybox', ReadOnly: true },
      { Type: 'bind', Source: '/staging/in', Target: '/in', ReadOnly: true },
    ])
    assert.equal(host?.Binds, undefined)
  })

  it('names a runtime only when asked to', () => {
    assert.ok(!('Runtime' in (host ?? {})))
    assert.equal(createContainerConfig({ ...plan, runtime: 'runsc' }).HostConfig?.Runtime, 'runsc')
  })
})
