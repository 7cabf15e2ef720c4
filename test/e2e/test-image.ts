import { readFile } from 'node:fs/promises'
import { systemClock } from '@assay/node-kit'
import { createImageArchive, findStubBinary, loadImage } from '@assay/runner'

const applets = ['cat', 'rev', 'sh', 'sleep', 'sort', 'true', 'wc'] as const

/** A small image made from this machine's static busybox. */
export async function loadTestImage(signal: AbortSignal): Promise<string> {
  const busybox = await readFile(await findStubBinary())
  const links = applets.map((applet) => ({ path: `/bin/${applet}`, target: 'busybox' }))
  const files = [{ path: '/bin/busybox', bytes: busybox, executable: true }, ...links]
  const archive = await createImageArchive({
    files,
    config: { Env: ['PATH=/bin'], Labels: { 'market.assay.test': 'e2e' } },
  })
  return loadImage({ clock: systemClock }, archive, signal)
}
