/** Cold no-op run through the sandbox beside `docker run` of the same hardened container. Prints medians in ms. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSeccompProfile } from '../src/seccomp-profile.ts'
import { findStubBinary } from '../src/stub-binary.ts'
import { loadBusyboxImage } from '../test/busybox-image.ts'
import { docker, openTestSandbox } from '../test/docker-for-tests.ts'
import { assertOk, never, shellTask } from '../test/test-task.ts'

const rounds = Number(process.argv[2] ?? 30)
const image = await loadBusyboxImage(docker)
const folder = await mkdtemp(join(tmpdir(), 'assay-bench-'))
const seccomp = join(folder, 'seccomp.json')
await writeFile(seccomp, createSeccompProfile(process.arch === 'arm64' ? 'aarch64' : 'x86_64'))
const tmpfs = 'rw,exec,nosuid,nodev,size=4194304,nr_inodes=100001,uid=65534,gid=65534,mode=0755'
const words = (text: string): readonly string[] => text.trim().split(/\s+/)
const plain = words(`run --rm --network none ${image} true`)
const hardened = words(`
  run --rm --network none --ipc none --read-only --cap-drop ALL --log-driver none --hostname assay --user 65534:65534
  --security-opt no-new-privileges --security-opt seccomp=${seccomp} --pids-limit 20 --memory 64m --memory-swap 64m
  --cpus 1 --cpuset-cpus 0 --ulimit core=0 --ulimit nofile=1024 --tmpfs /out:${tmpfs} --tmpfs /tmp:${tmpfs}
  --mount type=bind,source=${await findStubBinary()},target=/.assay/busybox,readonly
  --entrypoint /.assay/busybox ${image} true`)

const times: Record<string, number[]> = { 'sandbox.run': [], 'docker run, hardened': [], 'docker run, plain': [] }
const timed = async (name: string, work: () => Promise<void>): Promise<void> => {
  const start = performance.now()
  await work()
  times[name]?.push(performance.now() - start)
}
const cli = async (args: readonly string[]): Promise<void> => {
  const child = spawn('docker', args, { stdio: 'ignore' })
  await once(child, 'exit')
  if (child.exitCode !== 0) throw new Error(`docker ended with ${child.exitCode}`)
}

{
  await using own = await openTestSandbox()
  for (let i = 0; i < rounds; i++) {
    await timed('sandbox.run', async () => {
      await assertOk(await own.sandbox.run(shellTask(image, '', { command: ['true'] }), never)).dispose()
    })
    await timed('docker run, hardened', async () => cli(hardened))
    await timed('docker run, plain', async () => cli(plain))
  }
}
for (const [name, list] of Object.entries(times)) {
  const sorted = list.toSorted((a, b) => a - b)
  const at = (share: number): string => (sorted[Math.floor(sorted.length * share)] ?? NaN).toFixed(0)
  process.stdout.write(`${name.padEnd(22)} median ${at(0.5)}  p95 ${at(0.95)}  (n ${sorted.length})\n`)
}
await rm(folder, { recursive: true })
