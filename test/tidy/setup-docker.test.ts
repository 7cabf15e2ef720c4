/** What set-up says and does on machines unlike this one: the real functions, with the machine's answers replaced. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { describe, it } from 'node:test'
import { ROOT } from './repo-files.ts'

interface Outcome {
  readonly status: number | null
  readonly said: string
}

/** A machine where nothing is ever really installed or started; `answers` replaces what it says about itself. */
function setUpOn(answers: string, env: Readonly<Record<string, string>> = {}): Outcome {
  const script = `
    set -euo pipefail
    ROOT=${ROOT}
    . "$ROOT/scripts/lib/say.sh"
    . "$ROOT/scripts/lib/docker.sh"
    uname() { echo Linux; }
    is_root() { true; }
    is_debian() { true; }
    has_systemd() { false; }
    has_static_busybox() { true; }
    engine_pid() { :; }
    apt-get() { say "RAN apt-get $*"; }
    start_engine() { say 'RAN start_engine'; }
    command() { if [ "$2" = dockerd ]; then is_installed; else builtin command "$@"; fi; }
    is_installed() { false; }
    ${answers}
    ensure_docker`
  const { status, stderr } = spawnSync('bash', ['--norc', '-c', script], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '', ...env },
  })
  return { status, said: stderr }
}

const ANSWERS = 'ping_engine() { echo "it answers"; }'
const ABSENT = 'ping_engine() { echo "no such socket"; return 10; }'
const REFUSED = 'ping_engine() { echo "connection refused"; return 11; }'
const DENIED = 'ping_engine() { echo "permission denied"; return 12; }'

describe('ensure_docker', () => {
  it('does nothing when an engine answers', () => {
    assert.deepEqual(setUpOn(ANSWERS), { status: 0, said: '' })
  })

  it('installs and starts an engine on Debian as root', () => {
    const { status, said } = setUpOn(ABSENT)
    assert.equal(status, 0, said)
    assert.match(said, /no socket/)
    assert.match(said, /apt-get update/)
    assert.match(said, /docker\.io iptables busybox-static/)
    assert.match(said, /RAN start_engine/)
  })

  it('only starts an engine that is installed', () => {
    const { status, said } = setUpOn(`${REFUSED}\nis_installed() { true; }`)
    assert.equal(status, 0, said)
    assert.match(said, /the daemon is not/)
    assert.doesNotMatch(said, /apt-get/)
    assert.match(said, /RAN start_engine/)
  })

  it('never starts a second engine beside one that runs', () => {
    const { status, said } = setUpOn(`${REFUSED}\nengine_pid() { echo 4242; }`)
    assert.equal(status, 69)
    assert.match(said, /4242/)
    assert.doesNotMatch(said, /RAN/)
  })

  it('names the docker group when permission is denied', () => {
    const { status, said } = setUpOn(`${DENIED}\nis_root() { false; }`)
    assert.equal(status, 69)
    assert.match(said, /usermod -aG docker/)
  })

  it('tells a user without root what to install, or what to start', () => {
    const absent = setUpOn(`${ABSENT}\nis_root() { false; }`)
    assert.equal(absent.status, 69)
    assert.match(absent.said, /sudo apt-get install/)
    const stopped = setUpOn(`${REFUSED}\nis_root() { false; }\nis_installed() { true; }`)
    assert.equal(stopped.status, 69)
    assert.match(stopped.said, /sudo systemctl start docker/)
    assert.doesNotMatch(absent.said + stopped.said, /RAN/)
  })

  it('respects DOCKER_HOST, even one that does not answer', () => {
    const { status, said } = setUpOn(REFUSED, { DOCKER_HOST: 'tcp://127.0.0.1:1' })
    assert.equal(status, 69)
    assert.match(said, /unset DOCKER_HOST/)
    assert.doesNotMatch(said, /RAN/)
  })

  it('does not guess on other systems', () => {
    const { status, said } = setUpOn(`${ABSENT}\nis_debian() { false; }`)
    assert.equal(status, 69)
    assert.doesNotMatch(said, /RAN/)
    assert.equal(setUpOn(`${ABSENT}\nuname() { echo Darwin; }`).status, 69)
  })

  it('installs a busybox that is its own loader', () => {
    const { status, said } = setUpOn(`${ANSWERS}\nhas_static_busybox() { false; }`)
    assert.equal(status, 0, said)
    assert.match(said, /busybox-static/)
  })

  it('tells a static program from one that needs a loader', () => {
    const ask = (file: string): Outcome =>
      setUpOn(
        `${ANSWERS}\nunset -f has_static_busybox\n. <(sed 's#/bin/busybox#${file}#g' "$ROOT/scripts/lib/docker.sh" | sed -n '/^has_static/,/^}/p')`,
      )
    assert.match(ask('/bin/bash').said, /busybox-static/)
    assert.match(ask('/no/such/file').said, /busybox-static/)
    if (existsSync('/bin/busybox')) assert.equal(ask('/bin/busybox').said, '')
  })
})
