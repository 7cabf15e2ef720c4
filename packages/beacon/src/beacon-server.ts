/** drand's HTTP API over rounds that exist. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import {
  beaconRound,
  deriveRandomness,
  type BeaconInfo,
  type BeaconRound,
  type BeaconValue,
  type Hex,
} from '@assay/protocol'

export interface BeaconServerOptions {
  readonly info: BeaconInfo
  readonly chainHash: Hex
  readonly newest: () => BeaconRound
  /** Called with published rounds only. */
  readonly sign: (round: BeaconRound) => BeaconValue
}

/** A running server on loopback. */
export interface BeaconServer extends AsyncDisposable {
  /** Address of the chain: `http://127.0.0.1:<port>/<chain hash>`. */
  readonly url: string
}

/** Serves `/info`, `/public/<round>` and `/public/latest` under the chain hash; a future round is 404, as at drand. */
export async function openBeaconServer(options: BeaconServerOptions, port: number): Promise<BeaconServer> {
  const server = createServer((request, response) => answer(options, request, response))
  await listen(server, port)
  const bound = server.address()
  const openPort = typeof bound === 'object' && bound !== null ? bound.port : port
  return {
    url: `http://127.0.0.1:${openPort}/${options.chainHash.slice(2)}`,
    async [Symbol.asyncDispose]() {
      const { promise: closed, resolve } = Promise.withResolvers<void>()
      server.close(() => resolve())
      server.closeAllConnections()
      await closed
    },
  }
}

function answer(options: BeaconServerOptions, request: IncomingMessage, response: ServerResponse): void {
  const prefix = `/${options.chainHash.slice(2)}/`
  const [path = ''] = (request.url ?? '').split('?')
  const rest = path.startsWith(prefix) ? path.slice(prefix.length) : ''
  if (request.method !== 'GET') return reply(response, 405, { error: 'only GET' })
  if (rest === 'info') return reply(response, 200, describe(options))
  const match = /^public\/(latest|[1-9]\d{0,14})$/.exec(rest)
  if (match === null) return reply(response, 404, { error: 'no such path' })
  const round = match[1] === 'latest' ? options.newest() : beaconRound(Number(match[1]))
  if (round < 1 || round > options.newest()) return reply(response, 404, { error: 'no such round yet' })
  const value = options.sign(round)
  reply(response, 200, {
    round: value.round,
    randomness: deriveRandomness(value).slice(2),
    signature: value.signature.slice(2),
  })
}

const describe = ({ info, chainHash }: BeaconServerOptions): Record<string, unknown> => ({
  public_key: info.publicKey.slice(2),
  period: info.periodMs / 1000,
  genesis_time: info.genesisMs / 1000,
  hash: chainHash.slice(2),
  groupHash: chainHash.slice(2),
  schemeID: info.scheme,
  metadata: { beaconID: 'local' },
})

function reply(response: ServerResponse, status: number, body: Record<string, unknown>): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(JSON.stringify(body))
}

async function listen(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      resolve()
    })
  })
}
