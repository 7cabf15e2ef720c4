/** What set-up does about the solver on machines unlike this one. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { ROOT } from './repo-files.ts'

function ensureSolverOn(answers: string): { readonly status: number | null; readonly said: string } {
  const script = `
    set -euo pipefail
    ROOT=${ROOT}
    for part in say docker solver; do . "$ROOT/scripts/lib/$part.sh"; done
    is_root() { true; }
    is_debian() { true; }
    apt-get() { say "RAN apt-get $*"; }
    command() { if [ "$2" = z3 ]; then is_installed; else builtin command "$@"; fi; }
    is_installed() { false; }
    ${answers}
    ensure_solver`
  const { status, stderr } = spawnSync('bash', ['--norc', '-c', script], { encoding: 'utf8' })
  return { status, said: stderr }
}

describe('ensure_solver', () => {
  it('does nothing where z3 is', () => {
    assert.deepEqual(ensureSolverOn('is_installed() { true; }'), { status: 0, said: '' })
  })

  it('installs it on Debian as root', () => {
    const { status, said } = ensureSolverOn('')
    assert.equal(status, 0, said)
    assert.match(said, /system packages: z3/)
  })

  it('tells anybody else what to install', () => {
    const { status, said } = ensureSolverOn('is_root() { false; }')
    assert.equal(status, 69)
    assert.match(said, /sudo apt-get install .*z3/)
  })
})
