import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A page for the operator's own monitoring, on this machine only. */
export interface StatusServer extends AsyncDisposable {
  readonly url: string
}

/** Serves `GET /healthz` and `GET /v1/status` on 127.0.0.1; port 0 lets the system choose. */
export async function openStatusServer(
  status: () => object,
  options: { readonly port: number },
): Promise<StatusServer> {
  const server = createServer((request, response) => {
    const bodies: Readonly<Record<string, () => object>> = { '/healthz': () => ({ ok: true }), '/v1/status': status }
    const body = request.method === 'GET' ? bodies[request.url ?? '']?.() : undefined
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(body ?? { error: 'not found' }))
  })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(options.port, '127.0.0.1', resolve)
  await promise
  return {
    url: `http://127.0.0.1:${portOf(server.address())}`,
    async [Symbol.asyncDispose]() {
      const closed = Promise.withResolvers<void>()
      server.close(() => closed.resolve())
      server.closeAllConnections()
      await closed.promise
    },
  }
}

const portOf = (address: string | AddressInfo | null): number =>
  address === null || typeof address === 'string' ? 0 : address.port
