import type { BlobStore, Network, Peer } from '@assay/core'
import { MarketError, type BlobRef, type BlobRoot, type ByteCount, type PublicKey } from '@assay/protocol'

const text = new TextEncoder()
export async function serveBlobs(network: Network, store: BlobStore, options: { authorize: (peer: Peer, root: BlobRoot) => boolean | Promise<boolean> }): Promise<void> {
  await network.handle('/assay/blob/1', async (stream, remote, signal) => {
    const frame = await stream.receive(signal)
    if (frame === undefined) return
    const { root } = JSON.parse(new TextDecoder().decode(frame)) as { root: BlobRoot }
    if (!(await options.authorize(remote, root)) || !(await store.has(root))) {
      await stream.send(text.encode(JSON.stringify({ ok: false })), signal)
      return stream.end()
    }
    await stream.send(text.encode(JSON.stringify({ ok: true })), signal)
    for await (const part of store.read(root, {}, signal)) await stream.send(part, signal)
    await stream.end()
  })
}
export async function fetchBlob(network: Network, peer: PublicKey, ref: BlobRef, store: BlobStore, options: { maxBytes: ByteCount; owner?: string }, signal: AbortSignal): Promise<void> {
  const stream = await network.open(peer, '/assay/blob/1', signal)
  await stream.send(text.encode(JSON.stringify({ root: ref.root })), signal)
  await stream.end()
  const head = await stream.receive(signal)
  if (head === undefined || !(JSON.parse(new TextDecoder().decode(head)) as { ok: boolean }).ok) throw new MarketError('blob-unknown', 'the peer has no such blob')
  async function* body() {
    for (let part = await stream.receive(signal); part !== undefined; part = await stream.receive(signal)) yield part
  }
  await store.put(body(), { maxBytes: options.maxBytes, expect: ref.root, ...(options.owner && { owner: options.owner }) }, signal)
}
export async function pushBlob(network: Network, peer: PublicKey, ref: BlobRef, ticket: string, store: BlobStore, signal: AbortSignal): Promise<void> {
  const stream = await network.open(peer, '/assay/blob-put/1', signal)
  await stream.send(text.encode(JSON.stringify({ ...ref, ticket })), signal)
  for await (const part of store.read(ref.root, {}, signal)) await stream.send(part, signal)
  await stream.end()
  const ack = await stream.receive(signal)
  if (ack === undefined || !(JSON.parse(new TextDecoder().decode(ack)) as { ok: boolean }).ok) throw new MarketError('blob-mismatch', 'push refused')
}
export async function servePushes(network: Network, store: BlobStore, options: { authorize: (peer: Peer, ref: BlobRef, ticket: string) => boolean | Promise<boolean> }): Promise<void> {
  await network.handle('/assay/blob-put/1', async (stream, remote, signal) => {
    const frame = await stream.receive(signal)
    if (frame === undefined) return
    const { root, size, ticket } = JSON.parse(new TextDecoder().decode(frame)) as BlobRef & { ticket: string }
    let ok = await options.authorize(remote, { root, size }, ticket)
    if (ok) {
      async function* body() {
        for (let part = await stream.receive(signal); part !== undefined; part = await stream.receive(signal)) yield part
      }
      await store.put(body(), { maxBytes: size, expect: root }, signal).catch(() => (ok = false))
    }
    await stream.send(text.encode(JSON.stringify({ ok })), signal)
    await stream.end()
  })
}
