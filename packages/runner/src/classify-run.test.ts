import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { SandboxFailureKind } from '@assay/core'
import type { Blame } from '@assay/protocol'
import { classifyRun, type RunTraces } from './classify-run.ts'
import type { StubReport } from './stub-script.ts'

const report = (parts: Partial<StubReport> = {}): StubReport => ({
  exitCode: 0,
  missing: false,
  memoryKills: 0,
  processRefusals: 0,
  diskFull: false,
  ...parts,
})
const tree = { manifest: { entries: [] }, files: new Map<string, string>() }
const fault = { failure: 'output-limit', detail: 'too much' } as const
const plain: RunTraces = { oomKilled: false, status: 0 }

describe('classifyRun', () => {
  it('accepts a result only when everything agrees', () => {
    assert.deepEqual(classifyRun({ ...plain, report: report(), tree }), { kind: 'ok', tree })
    // A job that meets the process limit or a full disk, and copes, has succeeded.
    assert.equal(classifyRun({ ...plain, report: report({ processRefusals: 3, diskFull: true }), tree }).kind, 'ok')
    assert.equal(classifyRun({ ...plain, report: report({ memoryKills: undefined }), tree }).kind, 'ok')
  })

  const rows: readonly (readonly [string, Partial<RunTraces>, SandboxFailureKind, Blame])[] = [
    ['cancelled beats all', { stopped: 'cancelled', oomKilled: true, unstartable: 'x', fault }, 'cancelled', 'client'],
    ['an impossible start', { unstartable: 'no such folder' }, 'command-invalid', 'client'],
    ['our timer, whatever else', { stopped: 'time-limit', status: 137, oomKilled: true }, 'time-limit', 'client'],
    ['the engine saw a memory kill', { oomKilled: true, status: 137 }, 'memory-limit', 'client'],
    ['a child was killed, status 0', { report: report({ memoryKills: 1 }), tree }, 'memory-limit', 'client'],
    ['a supervisor killed for memory', { oomKilled: true, lost: 137, status: 137 }, 'memory-limit', 'client'],
    ['a result without end', { stopped: 'drain-limit', report: report(), status: 137 }, 'output-invalid', 'client'],
    ['too much output', { stopped: 'output-fault', fault, status: 137 }, 'output-limit', 'client'],
    [
      'a malformed result',
      { fault: { failure: 'output-invalid', detail: 'x' }, report: report() },
      'output-invalid',
      'client',
    ],
    ['an archive that failed', { report: report(), tree, status: 1 }, 'output-invalid', 'client'],
    ['an archive whose writer died', { report: report(), tree, lost: 137 }, 'output-invalid', 'client'],
    ['no archive', { report: report() }, 'output-invalid', 'client'],
    ['a job that killed its supervisor', { lost: 137, status: 137 }, 'exit-nonzero', 'client'],
    ['PID 1 killed from outside', { status: 137 }, 'engine-fault', 'provider'],
    ['PID 1 gone with status 0', { status: 0 }, 'engine-fault', 'provider'],
    ['a program that is not there', { report: report({ exitCode: 127, missing: true }) }, 'command-invalid', 'client'],
    ['a program that cannot be executed', { report: report({ exitCode: 126 }) }, 'command-invalid', 'client'],
    [
      'no more processes',
      { report: report({ exitCode: 2, processRefusals: 1, diskFull: true }) },
      'pids-limit',
      'client',
    ],
    ['a full disk', { report: report({ exitCode: 1, diskFull: true }) }, 'disk-limit', 'client'],
    ['any other status', { report: report({ exitCode: 137 }) }, 'exit-nonzero', 'client'],
  ]
  for (const [name, traces, failure, blame] of rows) {
    it(`${name}: ${failure}`, () => {
      const verdict = classifyRun({ ...plain, ...traces })
      assert.ok(verdict.kind === 'failed')
      assert.deepEqual([verdict.failure, verdict.blame], [failure, blame])
      assert.ok(verdict.detail.length > 0)
    })
  }

  it('names the job’s own status where there is one', () => {
    const verdict = classifyRun({ ...plain, report: report({ exitCode: 42 }) })
    assert.equal(verdict.kind === 'failed' && verdict.exitCode, 42)
  })
})
