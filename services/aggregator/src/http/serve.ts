import { serve } from '@hono/node-server'
import type { AddressInfo } from 'node:net'
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
  const server = serve({ fetch: http.fetch, hostname: options.host, port: options.port }, resolve)
  server.once('error', reject)
  const { port } = await promise
  return {
    url: `http://${options.host}:${port}`,
    async [Symbol.asyncDispose]() {
      const closed = Promise.withResolvers<void>()
      server.close(() => closed.resolve())
      if ('closeAllConnections' in server) server.closeAllConnections()
      await closed.promise
    },
  }
}
