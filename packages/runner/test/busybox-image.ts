/** A small image for tests, made by hand from the static busybox of this machine. No registry is needed. */
import { readFile } from 'node:fs/promises'
import type Docker from 'dockerode'
import { createImageArchive, type ImageArchive, type ImageConfig } from '../src/image-archive.ts'
import { loadImage } from '../src/load-image.ts'
import { findStubBinary } from '../src/stub-binary.ts'
import { never } from './test-task.ts'
import { realClock } from './docker-for-tests.ts'

/** Applets that tests use by name; scripts may also say `busybox <applet>`. */
const applets = ['cat', 'env', 'id', 'ls', 'sh', 'sleep', 'true', 'yes']

/** The archive alone: the same id on every machine with the same busybox. */
export async function createBusyboxArchive(config: ImageConfig = {}, tag?: string): Promise<ImageArchive> {
  return createImageArchive({
    files: [
      { path: '/bin/busybox', bytes: await readFile(await findStubBinary()), executable: true },
      ...applets.map((applet) => ({ path: `/bin/${applet}`, target: 'busybox' })),
    ],
    config: { Env: ['PATH=/bin'], Labels: { 'market.assay.test': '1' }, ...config },
    ...(tag === undefined ? {} : { tag }),
  })
}

/** Loads the image unless the engine has it, and returns its id, `sha256:…`. */
export async function loadBusyboxImage(docker: Docker, config?: ImageConfig, tag?: string): Promise<string> {
  const { socketPath } = docker.modem as { readonly socketPath?: unknown }
  const engine = typeof socketPath === 'string' ? { socketPath } : {}
  return loadImage({ clock: realClock, engine }, await createBusyboxArchive(config, tag), never)
}
