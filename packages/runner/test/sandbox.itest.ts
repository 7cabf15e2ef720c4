/** The Docker sandbox against a real engine, and against hostile programs. */
import assert from 'node:assert/strict'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { byteCount, durationMs, milliCpus, type Blame } from '@assay/protocol'
import type { SandboxFailureKind, SandboxLimits } from '@assay/core'
import { sandboxCompliance } from '@assay/testkit'
import { loadBusyboxImage } from './busybox-image.ts'
import { docker, dockerSkip, openTestSandbox, type TestSandbox } from './docker-for-tests.ts'
import { assertFailed, assertOk, never, printed, shellTask } from './test-task.ts'

/** The test image links only a few applets; scripts may use any. */
// prettier-ignore
const applets = [
  'chmod', 'chroot', 'cp', 'cut', 'df', 'find', 'grep', 'head', 'ln', 'mkdir', 'mkfifo', 'mount', 'nc', 'nproc', 'ps',
  'readlink', 'sort', 'stat', 'tail', 'touch', 'tr', 'truncate', 'unshare',
]
  .map((name) => `${name}() { busybox ${name} "$@"; };`)
  .join(' ')

/** Sets $mark to the marker of this run, which a job can find out. */
const forge = `set -- $(tr '\\0\\n' '\\n ' </proc/1/cmdline | tail -n +6 | head -n 2); mark=$1$2;`

const skip = await dockerSkip()

describe('docker sandbox', { skip }, () => {
  let image = ''
  let test: TestSandbox
  before(async () => {
    image = await loadBusyboxImage(docker)
    test = await openTestSandbox()
  })
  after(async () => test?.[Symbol.asyncDispose]())

  describe('compliance', () => {
    sandboxCompliance(async () => {
      const own = await openTestSandbox()
      return { sandbox: { ...own.sandbox, [Symbol.asyncDispose]: async () => own[Symbol.asyncDispose]() }, image }
    })
  })

  describe('isolation', () => {
    const facts: readonly (readonly [string, string, string])[] = [
      ['runs as nobody', 'id -u; id -g; id -G', '65534\n65534\n65534\n'],
      [
        'has no capability',
        'grep -E "^Cap(Inh|Prm|Eff|Bnd|Amb)" /proc/self/status | cut -f2 | sort -u',
        '0000000000000000\n',
      ],
      ['cannot gain privileges', 'grep NoNewPrivs /proc/self/status | cut -f2', '1\n'],
      ['runs under a filter', 'grep Seccomp: /proc/self/status | cut -f2', '2\n'],
      ['has only a loopback interface', 'ls /sys/class/net', 'lo\n'],
      ['reaches nobody', 'nc -w 2 127.0.0.1 1 2>/dev/null || echo refused', 'refused\n'],
      ['cannot write to the root', 'touch /x 2>/dev/null || echo refused', 'refused\n'],
      ['cannot write to /in', 'touch /in/x 2>/dev/null || echo refused', 'refused\n'],
      ['cannot write to the stub', 'echo x >>/.assay/busybox 2>/dev/null || echo refused', 'refused\n'],
      ['cannot mount', 'mount -t tmpfs none /tmp 2>/dev/null || echo refused', 'refused\n'],
      ['cannot make a namespace', 'unshare -U true 2>/dev/null || echo refused', 'refused\n'],
      ['cannot change its root', 'chroot /tmp true 2>/dev/null || echo refused', 'refused\n'],
      ['has no engine socket', 'ls /var/run/docker.sock /run/docker.sock 2>/dev/null || echo absent', 'absent\n'],
      ['sees one core', 'nproc', '1\n'],
      ['has address randomisation off', 'cat /proc/self/personality', '00040000\n'],
      ['reads nothing from standard input', 'cat; readlink /proc/self/fd/0', '/dev/null\n'],
      ['has shared memory of its own', 'df -k /dev/shm | tail -n 1 | tr -s " " | cut -d " " -f 2', '4096\n'],
      ['may execute what it writes', 'cp /bin/busybox /tmp/true && /tmp/true && echo yes', 'yes\n'],
      ['sees only itself', 'ps | grep -vc "ps\\|grep\\|sh"', '1\n'],
    ]
    for (const [name, script, expected] of facts) {
      it(name, async () => {
        assert.equal(
          await printed(await test.sandbox.run(shellTask(image, `export PATH=/bin; ${applets} ${script}`), never)),
          expected,
        )
      })
    }

    it('gives the job exactly the expected environment', async () => {
      const task = shellTask(image, '', { command: ['env'], env: { MINE: 'x=y', PATH: '/bin:/sbin' } })
      const text = await printed(await test.sandbox.run(task, never))
      const names = text
        .trim()
        .split('\n')
        .map((line) => line.slice(0, line.indexOf('=')))
      assert.deepEqual(names, names.toSorted())
      for (const line of ['MINE=x=y', 'PATH=/bin:/sbin', 'TZ=UTC', 'LC_ALL=C.UTF-8', 'HOME=/tmp', 'HOSTNAME=assay']) {
        assert.ok(text.split('\n').includes(line), line)
      }
      assert.ok(!names.includes('PWD') && !names.includes('SHLVL'), text)
    })

    it('shows the same addresses in every run', async () => {
      const task = () => shellTask(image, '', { command: ['/bin/busybox', 'cat', '/proc/self/maps'] })
      const [one, two] = [await test.sandbox.run(task(), never), await test.sandbox.run(task(), never)]
      assert.equal(await printed(one), await printed(two))
    })

    it('shows inputs read-only, with a fixed time, in both orders', async () => {
      const hostPath = join(test.stagingDir, '..', `assay-input-${process.pid}`)
      await writeFile(hostPath, 'bytes')
      const inputs = ['b', 'a/c', 'a/d'].map((path) => ({ path, hostPath, executable: path === 'b' }))
      const script =
        'cd /in; find . -type f -exec stat -c "%n %a %Y" {} + | sort; stat -c %Y . a; echo x >b || echo refused'
      const outcomes = []
      for (const inputOrder of ['sorted', 'reversed'] as const) {
        const conditions = { hostname: 'assay', locale: 'C', timeZone: 'UTC', cpuCount: 1, inputOrder }
        outcomes.push(
          await printed(
            await test.sandbox.run(shellTask(image, `${applets} ${script}`, { inputs, conditions }), never),
          ),
        )
      }
      assert.equal(outcomes[0], './a/c 444 1\n./a/d 444 1\n./b 555 1\n1\n1\nrefused\n')
      assert.equal(outcomes[1], outcomes[0])
      assert.equal(await readFile(hostPath, 'utf8'), 'bytes')
      await rm(hostPath)
    })
  })

  describe('hostile jobs', () => {
    interface Attack {
      readonly script: string
      readonly expect: SandboxFailureKind
      readonly limits?: Partial<SandboxLimits>
      readonly blame?: Blame
    }
    const attacks: readonly (readonly [string, Attack])[] = [
      [
        'a fork bomb',
        { script: 'f() { f | f & }; f; sleep 60', expect: 'time-limit', limits: { timeMs: durationMs(3000) } },
      ],
      [
        'a bomb whose parent gives up',
        { script: 'i=0; while [ $i -lt 99 ]; do sleep 99 & i=$((i+1)); done', expect: 'pids-limit' },
      ],
      [
        'one that ignores signals',
        {
          script: "trap '' TERM INT HUP; while :; do sleep 1; done",
          expect: 'time-limit',
          limits: { timeMs: durationMs(500) },
        },
      ],
      [
        'memory through /tmp',
        { script: 'cat /dev/zero >/tmp/x', expect: 'memory-limit', limits: { diskBytes: byteCount(2 ** 30) } },
      ],
      ['a full /tmp', { script: 'cat /dev/zero >/tmp/x; exit 1', expect: 'disk-limit' }],
      [
        'a million files',
        {
          script: 'i=0; cd /out; while :; do : >$i || exit 1; i=$((i+1)); done',
          expect: 'memory-limit',
          limits: { memoryBytes: byteCount(16 * 1024 * 1024) },
        },
      ],
      ['a sparse giant', { script: 'truncate -s 1G /out/x', expect: 'exit-nonzero' }],
      ['many sparse files', { script: 'for i in 1 2 3 4; do truncate -s 4M /out/$i; done', expect: 'output-limit' }],
      ['a 10 MiB line', { script: 'head -c 10485760 /dev/zero | tr "\\0" x', expect: 'output-limit' }],
      ['a flood on standard error', { script: 'yes >&2', expect: 'output-limit' }],
      ['a symbolic link', { script: 'ln -s /etc /out/x', expect: 'output-invalid' }],
      ['a hard link', { script: 'echo >/out/x; ln /out/x /out/y', expect: 'output-invalid' }],
      ['a named pipe', { script: 'mkfifo /out/x', expect: 'output-invalid' }],
      ['a newline in a name', { script: 'echo >"/out/a\nb"', expect: 'output-invalid' }],
      ['a name that is not UTF-8', { script: 'echo >"/out/$(printf "\\377")"', expect: 'output-invalid' }],
      ['a decomposed name', { script: 'echo >"/out/$(printf "e\\314\\201")"', expect: 'output-invalid' }],
      [
        'a tree that is too deep',
        { script: 'cd /out; i=0; while [ $i -lt 70 ]; do mkdir d; cd d; i=$((i+1)); done', expect: 'output-invalid' },
      ],
      ['a file that cannot be read', { script: 'echo >/out/x; chmod 0 /out/x', expect: 'output-invalid' }],
      ['one that kills everything', { script: 'kill -9 -1; sleep 60', expect: 'exit-nonzero' }],
      [
        'a forged report',
        { script: `${forge} printf "%sreport nonsense\\n" $mark; sleep 60`, expect: 'output-invalid' },
      ],
      [
        'a forged archive',
        { script: `${forge} printf "%sreport 0 0 0 0 1 1 1 1\\n" $mark; yes; sleep 60`, expect: 'output-invalid' },
      ],
      ['status 137', { script: 'exit 137', expect: 'exit-nonzero' }],
      ['status 127 of a shell', { script: 'no-such-program', expect: 'command-invalid' }],
    ]
    for (const [name, { script, expect, limits = {}, blame }] of attacks) {
      it(`${name}: ${expect}`, async () => {
        assertFailed(await test.sandbox.run(shellTask(image, `${applets} ${script}`, { limits }), never), expect, blame)
      })
    }

    it('a closed standard output: its end still counts', async () => {
      const outcome = await test.sandbox.run(
        shellTask(image, 'exec >&- 2>&-; sleep 1; echo late >/out/x; exit 7'),
        never,
      )
      assert.equal(assertFailed(outcome, 'exit-nonzero').exitCode, 7)
    })

    it('a background process: dead before the result is read', async () => {
      const outcome = await test.sandbox.run(
        shellTask(image, '(while :; do echo more; echo more >>/out/log; done) & sleep 1; exit 0', {
          limits: { stdoutBytes: byteCount(2 ** 30), outputBytes: byteCount(2 ** 30), diskBytes: byteCount(2 ** 25) },
        }),
        never,
      )
      const { manifest, files } = assertOk(outcome)
      const log = manifest.entries.find((entry) => entry.kind === 'file')
      assert.equal((await readFile(files.get('log') ?? '')).length, log?.size)
    })

    it('orphans and zombies: reaped, none in the way', async () => {
      const outcome = await test.sandbox.run(
        shellTask(image, 'i=0; while [ $i -lt 12 ]; do (sleep 0 &) ; i=$((i+1)); done; echo done'),
        never,
      )
      assert.equal(await printed(outcome), 'done\n')
    })

    it('odd but clean names: kept as they are', async () => {
      const script =
        'cd /out; echo >-rf; echo >"a b"; echo >"*"; echo >.hidden; echo >é; mkdir ...; echo >"$(printf %0200d 0)"'
      const { manifest } = assertOk(await test.sandbox.run(shellTask(image, script), never))
      const paths = manifest.entries.map((entry) => (entry.kind === 'stdout' ? '' : entry.path))
      assert.deepEqual(paths.toSorted(), ['*', '-rf', '...', '.hidden', '0'.repeat(200), 'a b', 'é'].toSorted())
    })
  })

  describe('commands', () => {
    it('passes words through unchanged', async () => {
      const words = ['a  b', '"', "'", '$HOME', '`id`', '\\n', '', '*', 'new\nline', '-n', 'é']
      const task = shellTask(image, '', { command: ['sh', '-c', 'for w; do printf "[%s]" "$w"; done', 'sh', ...words] })
      assert.equal(await printed(await test.sandbox.run(task, never)), words.map((word) => `[${word}]`).join(''))
    })

    it('prefers the programs of the image to those of the stub', async () => {
      assertFailed(await test.sandbox.run(shellTask(image, '', { command: ['wget'] }), never), 'command-invalid')
    })

    it('refuses a directory, a plain file and an oversized command', async () => {
      for (const command of [['/bin'], ['/proc/version'], ['true', 'x'.repeat(200_000)], ['true', 'a\0b']]) {
        assertFailed(await test.sandbox.run(shellTask(image, '', { command }), never), 'command-invalid')
      }
    })

    it('runs a command of nearly the largest size', async () => {
      const command = ['true', ...Array.from({ length: 11 }, () => 'x'.repeat(130_000))]
      assertOk(await test.sandbox.run(shellTask(image, '', { command }), never))
    })

    it('takes what the machine cannot give as its own fault', async () => {
      const task = shellTask(image, 'true', { limits: { cpus: milliCpus(1_000_000) } })
      assertFailed(await test.sandbox.run(task, never), 'engine-fault', 'provider')
    })
  })

  it('runs as many as there are cores, in order, and all of them', async () => {
    await using own = await openTestSandbox({ maxConcurrent: 2 })
    const order: number[] = []
    const outcomes = await Promise.all(
      Array.from({ length: 6 }, async (_, i) =>
        own.sandbox.run(shellTask(image, `echo ${i}`), never, { started: () => order.push(i) }),
      ),
    )
    assert.deepEqual(await Promise.all(outcomes.map(printed)), ['0\n', '1\n', '2\n', '3\n', '4\n', '5\n'])
    for (const [at, i] of order.entries()) assert.ok(Math.abs(at - i) < 2, order.join(' '))
  })

  it('refuses a second run of the same id also while it would have to wait', async () => {
    await using own = await openTestSandbox({ maxConcurrent: 1 })
    const abort = new AbortController()
    const started = Promise.withResolvers<undefined>()
    const task = shellTask(image, 'sleep 3600')
    const first = own.sandbox.run(task, abort.signal, { started: () => started.resolve(undefined) })
    await started.promise
    assertFailed(await own.sandbox.run(task, never), 'engine-fault', 'provider')
    abort.abort()
    assertFailed(await first, 'cancelled')
  })

  it('lets a waiting run be cancelled without starting it', async () => {
    await using own = await openTestSandbox({ maxConcurrent: 1 })
    const [first, second] = [new AbortController(), new AbortController()]
    const started = Promise.withResolvers<undefined>()
    const long = own.sandbox.run(shellTask(image, 'sleep 3600'), first.signal, {
      started: () => started.resolve(undefined),
    })
    await started.promise
    const waiting = own.sandbox.run(shellTask(image, 'true'), second.signal)
    second.abort()
    assertFailed(await waiting, 'cancelled')
    assert.equal((await own.containers()).length, 1)
    first.abort()
    assertFailed(await long, 'cancelled')
  })

  it('moves 16 MiB of results unharmed', async () => {
    const limits = { memoryBytes: byteCount(2 ** 27), diskBytes: byteCount(2 ** 26), outputBytes: byteCount(2 ** 26) }
    const script = 'yes abcdefg | head -c 16777216 >/out/x; busybox sha256sum </out/x'
    const outcome = assertOk(await test.sandbox.run(shellTask(image, script, { limits }), never))
    const { createHash } = await import('node:crypto')
    const digest = createHash('sha256')
      .update(await readFile(outcome.files.get('x') ?? ''))
      .digest('hex')
    assert.equal(await printed(outcome), `${digest}  -\n`)
  })
})
