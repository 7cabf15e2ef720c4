import { serve } from '@hono/node-server'
import type { AddressInfo } from 'node:net'
import type { Server } from 'node:http'
import type { Aggregator } from '../aggregator.ts'

/** The HTTP API on a port. Closing drops open connections: clients resume events and downloads where they stopped. */
export interface AggregatorServer extends AsyncDisposable {
  readonly url: string
}

/** Listens; port 0 lets the system choose. */
export async function serveAggregator(
  { http }: Pick<Aggregator, 'http'>,
  options: { readonly host: string; readonly port: number },
): Promise<AggregatorServer> {
  const { promise, resolve, reject } = Promise.withResolvers<AddressInfo>()
  const server = serve({ fetch: http.fetch, hostname: options.host, port: options.port }, resolve) as Server
  server.once('error', reject)
  const { port } = await promise
  return {
    url: `http://${options.host}:${port}`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((done) => server.close(done))
      server.closeAllConnections()
      await closed
    },
  }
}
