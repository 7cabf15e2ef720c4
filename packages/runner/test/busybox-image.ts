/** A small image for tests, made by hand from the static busybox of this machine. No registry is needed. */
import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import type Docker from 'dockerode'
import { createImageArchive, type ImageArchive, type ImageConfig } from '../src/image-archive.ts'
import { findStubBinary } from '../src/stub-binary.ts'

/** Applets that tests use by name; scripts may also say `busybox <applet>`. */
const applets = ['cat', 'env', 'id', 'ls', 'sh', 'sleep', 'true', 'yes']

/** The archive alone: the same id on every machine with the same busybox. */
export async function createBusyboxArchive(config: ImageConfig = {}, tag?: string): Promise<ImageArchive> {
  const busybox = await readFile(await findStubBinary())
  return createImageArchive({
    files: [
      { path: '/bin/busybox', bytes: busybox, executable: true },
      ...applets.map((applet) => ({ path: `/bin/${applet}`, target: 'busybox' })),
    ],
    config: { Env: ['PATH=/bin'], Labels: { 'market.assay.test': '1' }, ...config },
    ...(tag === undefined ? {} : { tag }),
  })
}

/** Loads the image unless the engine has it, and returns its id, `sha256:…`. */
export async function loadBusyboxImage(docker: Docker, config?: ImageConfig, tag?: string): Promise<string> {
  const archive = await createBusyboxArchive(config, tag)
  await loadImage(docker, archive.bytes)
  return archive.imageId
}

/** `docker load`. Throws what the engine reports among its events. */
export async function loadImage(docker: Docker, archive: Buffer): Promise<void> {
  const stream = await docker.loadImage(Readable.from([archive]), { quiet: true })
  const { promise, resolve, reject } = Promise.withResolvers<undefined>()
  let failure: string | undefined
  docker.modem.followProgress(
    stream,
    (error) => {
      if (error) reject(error)
      else if (failure !== undefined) reject(new Error(failure))
      else resolve(undefined)
    },
    (event: { readonly error?: string }) => (failure ??= event.error),
  )
  await promise
}
