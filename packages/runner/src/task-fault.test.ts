import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { SandboxFacts, SandboxLimits, SandboxTask } from '@assay/core'
import { byteCount, durationMs, milliCpus, unixMs } from '@assay/protocol'
import { taskFault } from './task-fault.ts'

const facts: SandboxFacts = {
  engineVersion: '1',
  cpus: milliCpus(2000),
  memoryBytes: byteCount(2 ** 30),
  architecture: 'x86_64',
  runtimes: [],
  cgroupVersion: '2',
}
const task = (parts: Partial<SandboxTask>, limits: Partial<SandboxLimits> = {}): SandboxTask => ({
  runId: 'run',
  image: 'sha256:x',
  command: ['true'],
  env: {},
  inputs: [],
  captureStdout: false,
  deadline: unixMs(0),
  ...parts,
  limits: {
    cpus: milliCpus(1000),
    memoryBytes: byteCount(2 ** 24),
    diskBytes: byteCount(4096),
    pids: 1,
    timeMs: durationMs(1),
    outputBytes: byteCount(0),
    stdoutBytes: byteCount(0),
    ...limits,
  },
})

describe('taskFault', () => {
  it('lets a task pass that can be tried', () => {
    assert.equal(taskFault(task({}), facts), undefined)
    assert.equal(taskFault(task({ command: ['true', ''], env: { _A1: '' } }), facts), undefined)
  })

  const faults: readonly (readonly [string, SandboxTask, string])[] = [
    ['no command', task({ command: [] }), 'command-invalid client'],
    ['an empty program', task({ command: [''] }), 'command-invalid client'],
    ['a NUL in a word', task({ command: ['a', 'b\0'] }), 'command-invalid client'],
    ['a NUL in a variable', task({ env: { A: '\0' } }), 'command-invalid client'],
    ['a malformed variable name', task({ env: { 'A=B': '' } }), 'command-invalid client'],
    ['a word that the kernel refuses', task({ command: ['é'.repeat(65_536)] }), 'command-invalid client'],
    [
      'too many words',
      task({ command: Array.from({ length: 20 }, () => 'x'.repeat(100_000)) }),
      'command-invalid client',
    ],
    ['too little memory', task({}, { memoryBytes: byteCount(2 ** 23) }), 'memory-limit client'],
    ['no disk, which a kernel would take as endless', task({}, { diskBytes: byteCount(0) }), 'command-invalid client'],
    ['no processes', task({}, { pids: 0 }), 'command-invalid client'],
    ['no time', task({}, { timeMs: durationMs(0) }), 'command-invalid client'],
    ['more cores than there are', task({}, { cpus: milliCpus(2001) }), 'engine-fault provider'],
    ['more memory than there is', task({}, { memoryBytes: byteCount(2 ** 31) }), 'engine-fault provider'],
  ]
  for (const [name, wrong, expected] of faults) {
    it(`${name}: ${expected}`, () => {
      const fault = taskFault(wrong, facts)
      assert.equal(`${fault?.failure} ${fault?.blame}`, expected)
    })
  }
})
