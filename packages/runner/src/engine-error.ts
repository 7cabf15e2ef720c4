/** What went wrong between us and the engine, in the market's words. */
import { isMarketError, MarketError } from '@assay/protocol'
import { limits } from './limits.ts'

/** The engine answered, and refused. */
export interface EngineRefusal {
  readonly status: number
  readonly message: string
}

/** The refusal inside an error of dockerode, or `undefined` when the engine did not answer at all. */
export function engineRefusal(error: unknown): EngineRefusal | undefined {
  if (!(error instanceof Error) || !('statusCode' in error) || typeof error.statusCode !== 'number') return undefined
  return { status: error.statusCode, message: error.message.trim().slice(0, limits.detailChars) }
}

/** A call that got no answer in time. */
export const engineTimeout = (call: string, limitMs: number): MarketError =>
  new MarketError('docker-unavailable', `the engine did not answer ${call} within ${limitMs} ms`, {
    details: { reason: 'no-answer', call, limitMs, command: 'sudo systemctl restart docker' },
  })

/**
 * A failure to reach the engine as `docker-unavailable` or `docker-permission`, whose details name the reason
 * and the one command that helps. Refusals and anything else come back as they are.
 */
export function toEngineError(error: unknown, call: string): Error {
  if (isMarketError(error)) return error
  if (engineRefusal(error) !== undefined && error instanceof Error) return error
  const code = systemCode(error)
  const found = connectionFaults[code ?? '']
  if (found !== undefined) {
    return new MarketError(found.code, `${call}: ${found.message}`, {
      details: { reason: found.reason, call, command: found.command },
      cause: error,
    })
  }
  return new MarketError('docker-unavailable', `${call}: the connection to the engine broke`, {
    details: { reason: code ?? 'connection-broken', call, command: 'sudo systemctl status docker' },
    cause: error,
  })
}

interface ConnectionFault {
  readonly code: 'docker-unavailable' | 'docker-permission'
  readonly reason: string
  readonly message: string
  readonly command: string
}

const permission: ConnectionFault = {
  code: 'docker-permission',
  reason: 'permission',
  message: 'this user may not use the Docker socket',
  command: 'sudo usermod -aG docker "$USER" && newgrp docker',
}

const connectionFaults: Readonly<Record<string, ConnectionFault>> = {
  ENOENT: {
    code: 'docker-unavailable',
    reason: 'not-installed',
    message: 'Docker is not installed or not running: there is no socket',
    command: 'sudo apt-get install -y docker.io',
  },
  ECONNREFUSED: {
    code: 'docker-unavailable',
    reason: 'daemon-down',
    message: 'the Docker socket exists but the daemon is down',
    command: 'sudo systemctl start docker',
  },
  EACCES: permission,
  EPERM: permission,
}

const systemCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
