/** A small image for checks, made by hand from the static busybox of this machine. No registry is needed. */
import { systemClock } from '@assay/node-kit'
import { createImageArchive, findStubBinary, loadImage } from '@assay/runner'
import { readFile } from 'node:fs/promises'

const applets = [
  'sh',
  'cat',
  'date',
  'echo',
  'find',
  'gzip',
  'head',
  'hostname',
  'mkdir',
  'nproc',
  'od',
  'sort',
  'tr',
  'wc',
]

/** Loads the image unless the engine has it, and returns its id, `sha256:…`. */
export async function loadGateImage(): Promise<string> {
  const archive = await createImageArchive({
    files: [
      { path: '/bin/busybox', bytes: await readFile(await findStubBinary()), executable: true },
      ...applets.map((applet) => ({ path: `/bin/${applet}`, target: 'busybox' })),
    ],
    config: { Env: ['PATH=/bin'], Labels: { 'market.assay.test': '1' } },
  })
  return loadImage({ clock: systemClock }, archive, new AbortController().signal)
}
