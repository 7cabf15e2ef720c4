/**
 * Does a Docker engine answer? `node scripts/docker-ping.ts [--wait SECONDS]`
 *
 * Prints one line and exits 0 (answers), 10 (no socket or host), 11 (refused: socket without daemon), 12 (permission
 * denied) or 13 (anything else). It looks where the runner's Docker client looks: DOCKER_HOST, then the desktop socket
 * of this user, then /var/run/docker.sock. With --wait it asks again until the time is over.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { request } from 'node:http'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'

const EXIT_BY_CAUSE: Readonly<Record<string, number>> = {
  ENOENT: 10,
  ENOTFOUND: 10,
  ECONNREFUSED: 11,
  EACCES: 12,
  EPERM: 12,
}
const EXIT_OTHER = 13
/** Between two questions: short beside the 0.1 to 0.4 s an engine takes to start. */
const POLL_MS = 200
/** An engine that accepts a connection and then says nothing for this long is not usable. */
const ANSWER_MS = 5_000

type Address = { readonly label: string } & ({ readonly socketPath: string } | { readonly origin: URL })
type Answer = { readonly exitCode: number; readonly line: string }

function findEngine(host: string | undefined): Address {
  if (host === undefined || host === '' || host === 'unix://') {
    const desktop = join(homedir(), '.docker/run/docker.sock')
    const socketPath = existsSync(desktop) ? desktop : '/var/run/docker.sock'
    return { label: socketPath, socketPath }
  }
  if (host.startsWith('unix://')) return { label: host, socketPath: host.slice('unix://'.length) }
  return { label: host, origin: new URL(host.includes('//') ? host : `tcp://${host}`) }
}

async function pingEngine(address: Address): Promise<Answer> {
  // ssh and TLS engines need the client's own keys: let the client ask.
  const isPlain =
    'socketPath' in address || (/^(tcp|http):$/.test(address.origin.protocol) && !process.env['DOCKER_TLS_VERIFY'])
  return isPlain ? await pingOverHttp(address) : pingWithClient(address.label)
}

async function pingOverHttp(address: Address): Promise<Answer> {
  const target =
    'socketPath' in address
      ? { socketPath: address.socketPath }
      : { host: address.origin.hostname, port: address.origin.port || 2375 }
  return await new Promise<Answer>((resolve) => {
    const call = request({ ...target, path: '/_ping', timeout: ANSWER_MS }, (response) => {
      response.resume()
      const ok = response.statusCode === 200
      resolve({ exitCode: ok ? 0 : EXIT_OTHER, line: `${address.label} answers with status ${response.statusCode}` })
    })
    call.on('timeout', () => call.destroy(new Error(`no answer within ${ANSWER_MS / 1000} s`)))
    call.on('error', (error: NodeJS.ErrnoException) => {
      resolve({ exitCode: EXIT_BY_CAUSE[error.code ?? ''] ?? EXIT_OTHER, line: `${address.label}: ${error.message}` })
    })
    call.end()
  })
}

function pingWithClient(label: string): Answer {
  const { status } = spawnSync('docker', ['version'], { stdio: 'ignore', timeout: ANSWER_MS * 2 })
  return status === 0
    ? { exitCode: 0, line: `${label} answers` }
    : { exitCode: EXIT_OTHER, line: `${label}: "docker version" fails` }
}

const { values } = parseArgs({ options: { wait: { type: 'string', default: '0' } } })
const address = findEngine(process.env['DOCKER_HOST'])
const deadline = Date.now() + Number(values.wait) * 1000
let answer = await pingEngine(address)
while (answer.exitCode !== 0 && Date.now() < deadline) {
  await sleep(POLL_MS)
  answer = await pingEngine(address)
}
console.log(answer.line)
process.exitCode = answer.exitCode
