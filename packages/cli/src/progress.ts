import { SingleBar } from 'cli-progress'
import type { Io } from './io.ts'

/** Progress of long work: a bar on a terminal, a line for each step elsewhere, nothing with `--json`. */
export interface Progress extends Disposable {
  step(text: string): void
  /** Sets the bar; its total may grow. */
  count(done: number, total: number, text: string): void
}

export function openProgress(io: Io, quiet: boolean): Progress {
  if (quiet) return { step: () => undefined, count: () => undefined, [Symbol.dispose]: () => undefined }
  const bar = new SingleBar({
    format: '{bar} {value}/{total} shards  {text}',
    barsize: 24,
    hideCursor: true,
    clearOnComplete: true,
    stopOnComplete: false,
    stream: process.stderr,
  })
  let started = false
  let last = ''
  const endBar = (): void => {
    if (started) bar.stop()
    started = false
  }
  return {
    step(text) {
      endBar()
      io.err(text)
    },
    count(done, total, text) {
      if (io.isTerminal) {
        if (!started) bar.start(total, done, { text })
        started = true
        bar.setTotal(total)
        bar.update(done, { text })
      } else if (`${done}/${total}` !== last) {
        last = `${done}/${total}`
        io.err(`  ${last} shards verified  ${text}`)
      }
    },
    [Symbol.dispose]: endBar,
  }
}
