/** An image registry on loopback that serves a few images by digest, and can be told to serve them wrongly. */
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ImageArchive } from '../src/image-archive.ts'

export interface TestRegistry extends AsyncDisposable {
  /** Adds an image and returns the reference to pull it by. */
  add(name: string, image: ImageArchive): string
  /** From now on this answer replaces whatever has the digest. */
  tamper(digest: string, bytes: Buffer): void
}

/** Speaks as much of the OCI distribution protocol as a pull by digest needs. */
export async function openRegistry(): Promise<TestRegistry> {
  const blobs = new Map<string, { readonly type: string; readonly bytes: Buffer }>()
  const put = (type: string, bytes: Buffer): { mediaType: string; digest: string; size: number } => {
    const digest = digestOf(bytes)
    blobs.set(digest, { type, bytes })
    return { mediaType: type, digest, size: bytes.length }
  }
  const server = createServer((request, response) => {
    const wanted = /(?:manifests|blobs)\/(sha256:[0-9a-f]{64})$/.exec(request.url ?? '')?.[1]
    if (request.url === '/v2/') return response.end('{}')
    const found = wanted === undefined ? undefined : blobs.get(wanted)
    if (found === undefined || wanted === undefined) {
      return response
        .writeHead(404, { 'content-type': 'application/json' })
        .end('{"errors":[{"code":"MANIFEST_UNKNOWN"}]}')
    }
    response.writeHead(200, {
      'content-type': found.type,
      'content-length': found.bytes.length,
      'docker-content-digest': wanted,
    })
    return response.end(request.method === 'HEAD' ? undefined : found.bytes)
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    add(name, image) {
      const config = put('application/vnd.oci.image.config.v1+json', image.config)
      const layer = put('application/vnd.oci.image.layer.v1.tar', image.layer)
      const mediaType = 'application/vnd.oci.image.manifest.v1+json'
      const manifest = { schemaVersion: 2, mediaType, config, layers: [layer] }
      const { digest } = put(mediaType, Buffer.from(JSON.stringify(manifest)))
      return `127.0.0.1:${port}/${name}@${digest}`
    },
    tamper(digest, bytes) {
      const found = blobs.get(digest)
      if (found !== undefined) blobs.set(digest, { ...found, bytes })
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
      })
    },
  }
}

export const digestOf = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`
