/** A provider in a process of its own: announces a key, echoes, and does as its parent says. */
import { openNetwork } from '../src/index.ts'
import { createKey } from './open-market.ts'

export type Order = { readonly kind: 'block'; readonly ms: number } | { readonly kind: 'close' }
export interface Ready {
  readonly address: string
  readonly addresses: readonly string[]
}

const [, , bootstrap] = process.argv
const node = await openNetwork(
  { privateKey: createKey() },
  {
    listen: ['/ip4/127.0.0.1/tcp/0'],
    bootstrap: bootstrap === undefined ? [] : [bootstrap],
    dhtMode: 'server',
    privateNetwork: true,
  },
)
await node.handle('/assay/echo/1', async (stream, _remote, signal) => {
  for (let frame = await stream.receive(signal); frame !== undefined; frame = await stream.receive(signal))
    await stream.send(frame, signal)
})
await node.handle('/assay/flood/1', async (stream, _remote, signal) => {
  await stream.receive(signal)
  for (let i = 0; i < 64; i++) await stream.send(new Uint8Array(1024 * 1024).fill(i), signal)
})
await node.announce(['assay/1/class/d1'], new AbortController().signal)
process.on('message', (order: Order) => {
  if (order.kind === 'block') block(order.ms)
  else node[Symbol.asyncDispose]().then(() => process.disconnect(), fail)
})
process.send?.({ address: node.self.address, addresses: node.addresses() } satisfies Ready)

/** A busy event loop. */
function block(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

function fail(error: unknown): never {
  throw error
}
