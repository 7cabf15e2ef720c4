import { createImageArchive, findStubBinary, loadImage } from '@assay/runner'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { systemClock } from '@assay/node-kit'
import type { Io } from '../io.ts'
import type { Progress } from '../progress.ts'

/** The job of a demo without arguments: how often each word occurs in each document of this project. */
export const demoInputs = {
  folder: fileURLToPath(new URL('../../../../examples/texts', import.meta.url)),
  command: [
    'sh',
    '-c',
    'tr -cs "A-Za-z" "\\n" < {} | tr "A-Z" "a-z" | sort | uniq -c | sort -rn > /out/words.txt; wc -w < {}',
  ],
} as const

/** Builds an image of one static busybox and loads it; no registry is asked. Its digest is the same on every run. */
export async function demoImage(io: Io, progress: Progress): Promise<string> {
  progress.step('building a small image')
  const busybox = await readFile(await findStubBinary(io.env['ASSAY_BUSYBOX']))
  const archive = await createImageArchive({
    files: [
      { path: '/bin/busybox', bytes: busybox, executable: true },
      ...applets.map((applet) => ({ path: `/bin/${applet}`, target: 'busybox' })),
    ],
    config: { Env: ['PATH=/bin'] },
  })
  return loadImage({ clock: systemClock }, archive, io.signal)
}

const applets = ['sh', 'tr', 'sort', 'uniq', 'wc', 'cat'] as const
