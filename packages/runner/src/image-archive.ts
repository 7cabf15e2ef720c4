/** Images made by hand: an archive for `docker load` whose image id depends on nothing but what is in it. */
import { pack } from 'tar-stream'
import { sha256Hex } from '@assay/protocol'

export interface ImageFile {
  /** Absolute path in the image; missing folders are made. */
  readonly path: string
  readonly bytes: Uint8Array
  readonly executable?: boolean
}
export interface ImageLink {
  readonly path: string
  /** What the symbolic link says. */
  readonly target: string
}
export interface ImageArchiveOptions {
  readonly files: readonly (ImageFile | ImageLink)[]
  /** The image's own settings, in the engine's form. */
  readonly config?: ImageConfig
  /** Name and tag in the engine, such as `example:1`; absent = only the id. */
  readonly tag?: string
  /** As images name it; default: this machine's. */
  readonly architecture?: string
}
export interface ImageConfig {
  readonly Env?: readonly string[]
  readonly Cmd?: readonly string[]
  readonly Entrypoint?: readonly string[]
  readonly User?: string
  readonly WorkingDir?: string
  readonly Volumes?: Readonly<Record<string, Readonly<Record<string, never>>>>
  readonly Labels?: Readonly<Record<string, string>>
  readonly Healthcheck?: { readonly Test: readonly string[] }
}
export interface ImageArchive {
  /** A `docker load` archive. */
  readonly bytes: Buffer
  /** `sha256:<64 hex>` of the image's config: its id once loaded, and what a job pins. */
  readonly imageId: `sha256:${string}`
  /** The single layer and the config, for a registry. */
  readonly layer: Buffer
  readonly config: Buffer
}

/** The same files and config give the same bytes on every machine: no times, no owners, sorted entries. */
export async function createImageArchive(options: ImageArchiveOptions): Promise<ImageArchive> {
  const layer = await tar(layerEntries(options.files))
  const config = Buffer.from(
    JSON.stringify({
      architecture: options.architecture ?? (process.arch === 'arm64' ? 'arm64' : 'amd64'),
      config: options.config ?? {},
      created: '1970-01-01T00:00:00Z',
      history: [{ created: '1970-01-01T00:00:00Z', created_by: 'assay' }],
      os: 'linux',
      rootfs: { type: 'layers', diff_ids: [digestOf(layer)] },
    }),
  )
  const imageId = digestOf(config)
  const configName = `${imageId.slice('sha256:'.length)}.json`
  const manifest = [
    { Config: configName, RepoTags: options.tag === undefined ? null : [options.tag], Layers: ['layer.tar'] },
  ]
  const bytes = await tar([
    { name: configName, bytes: config, mode: 0o644 },
    { name: 'layer.tar', bytes: layer, mode: 0o644 },
    { name: 'manifest.json', bytes: Buffer.from(JSON.stringify(manifest)), mode: 0o644 },
  ])
  return { bytes, imageId, layer, config }
}

interface Entry {
  readonly name: string
  readonly mode: number
  /** Absent for a folder and a link. */
  readonly bytes?: Uint8Array
  readonly target?: string
}

function layerEntries(files: ImageArchiveOptions['files']): readonly Entry[] {
  const entries = new Map<string, Entry>()
  for (const file of files) {
    const name = file.path.replace(/^\/+/, '')
    for (let at = name.indexOf('/'); at >= 0; at = name.indexOf('/', at + 1)) {
      const folder = name.slice(0, at)
      entries.set(folder, { name: folder, mode: 0o755 })
    }
    if ('target' in file) entries.set(name, { name, mode: 0o777, target: file.target })
    else entries.set(name, { name, mode: file.executable === true ? 0o755 : 0o644, bytes: file.bytes })
  }
  return [...entries.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

async function tar(entries: readonly Entry[]): Promise<Buffer> {
  const archive = pack()
  const pieces: Buffer[] = []
  const reading = (async () => {
    for await (const piece of archive) if (Buffer.isBuffer(piece)) pieces.push(piece)
  })()
  for (const { name, mode, bytes, target } of entries) {
    const head = { name, mode, mtime: new Date(0), uid: 0, gid: 0 }
    if (target !== undefined) archive.entry({ ...head, type: 'symlink', linkname: target })
    else if (bytes === undefined) archive.entry({ ...head, type: 'directory' })
    else archive.entry(head, Buffer.from(bytes))
  }
  archive.finalize()
  await reading
  return Buffer.concat(pieces)
}

const digestOf = (bytes: Uint8Array): `sha256:${string}` => `sha256:${sha256Hex(bytes).slice(2)}`
