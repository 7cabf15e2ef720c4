/** Uploads the inputs that the aggregator lacks: bounded in number, streamed, sent again from the start when cut. */
import type { Clock } from '@assay/core'
import { durationMs, MarketError, type BlobRef, type Hash32 } from '@assay/protocol'
import { asError, assertLive, cancelled, hasCode, unreachable } from './faults.ts'
import { readInput, type HashedInputs } from './hash-inputs.ts'
import { limits } from './limits.ts'
import type { MarketApi } from './market-api.ts'
import { repeat } from './repeat.ts'
import { runBounded } from './run-bounded.ts'
import type { InputFile } from './shard-input.ts'

export interface Upload {
  readonly quoteId: Hash32
  readonly missing: readonly BlobRef[]
  readonly files: HashedInputs['files']
  /** Called with the bytes that have arrived so far. */
  readonly onSent: (bytes: number, totalBytes: number) => void
}

/**
 * Uploads every missing blob. Throws `blob-mismatch` (blame: client) when a file changed since it was hashed,
 * `input-missing`, `market-unreachable`, `cancelled`, or what the aggregator answers, e.g. `storage-full`.
 */
export async function uploadBlobs(api: MarketApi, upload: Upload, signal: AbortSignal): Promise<void> {
  const totalBytes = upload.missing.reduce((sum, ref) => sum + ref.size, 0)
  let sent = 0
  await runBounded(upload.missing, limits.transfers, signal, async (ref, _index, either) => {
    const source = upload.files.get(ref.root)
    // `checkQuote` let only blobs of the job pass.
    if (source === undefined) throw new MarketError('internal', 'a blob of the job has no file')
    const one: OneUpload = { quoteId: upload.quoteId, ref, file: source.file }
    await repeat(() => uploadOnce(api, one, either), api.http.clock, either)
    sent += ref.size
    upload.onSent(sent, totalBytes)
  })
  assertLive(signal)
}

interface OneUpload {
  readonly quoteId: Hash32
  readonly ref: BlobRef
  readonly file: InputFile
}

async function uploadOnce(api: MarketApi, { quoteId, ref, file }: OneUpload, signal: AbortSignal): Promise<void> {
  const source = file.open()
  const streamed = !(source instanceof Blob) && ref.size > limits.bufferedUploadBytes
  // Only a stream shows its progress; the others get a time by their size.
  const patienceMs = streamed ? limits.stallMs : limits.requestMs + (ref.size * 1000) / limits.uploadBytesPerS
  const watchdog = createWatchdog(api.http.clock, patienceMs)
  // What failed while the file was read: the connection's own error would hide it.
  const trouble: { fault?: Error } = {}
  try {
    const opened = { ...file, open: () => source }
    const body =
      source instanceof Blob
        ? source
        : streamed
          ? stream(opened, watchdog.touch, trouble)
          : await readWhole(ref, opened)
    await api.upload(quoteId, ref.root, body, AbortSignal.any([signal, watchdog.signal]))
  } catch (error) {
    if (signal.aborted) throw cancelled(signal)
    if (trouble.fault !== undefined) throw trouble.fault
    if (watchdog.signal.aborted) throw unreachable('the upload stood still', { root: ref.root }, error)
    const other = hasCode(error, 'blob-mismatch') || hasCode(error, 'blob-too-large')
    throw other ? changed(ref, file, error) : error
  } finally {
    watchdog.stop()
  }
}

/** The file as a request body: read only as fast as it leaves. */
function stream(file: InputFile, onProgress: () => void, trouble: { fault?: Error }): ReadableStream<Uint8Array> {
  const bytes = readInput(file)
  const source: UnderlyingDefaultSource<Uint8Array> = {
    async pull(controller) {
      try {
        const next = await bytes.next()
        onProgress()
        if (next.done === true) controller.close()
        else controller.enqueue(next.value)
      } catch (error) {
        trouble.fault ??= asError(error)
        controller.error(error)
      }
    },
    async cancel() {
      await bytes.return(undefined)
    },
  }
  return new ReadableStream(source, { highWaterMark: 0 })
}

async function readWhole(ref: BlobRef, file: InputFile): Promise<Uint8Array<ArrayBuffer>> {
  const whole = new Uint8Array(ref.size)
  let filled = 0
  for await (const part of readInput(file)) {
    if (filled + part.length > whole.length) throw changed(ref, file)
    whole.set(part, filled)
    filled += part.length
  }
  if (filled < whole.length) throw changed(ref, file)
  return whole
}

const changed = (ref: BlobRef, file: InputFile, cause?: unknown): MarketError =>
  new MarketError('blob-mismatch', `the input ${file.path} changed while it was being sent`, {
    details: { path: file.path, root: ref.root },
    blame: 'client',
    cause,
  })

/** Aborts its signal once nothing has moved for `patienceMs`. */
function createWatchdog(
  clock: Clock,
  patienceMs: number,
): { readonly signal: AbortSignal; touch(): void; stop(): void } {
  const stalled = new AbortController()
  const stopped = new AbortController()
  let moved = false
  const watch = async (): Promise<void> => {
    do {
      moved = false
      await clock.sleep(durationMs(patienceMs), stopped.signal)
    } while (moved)
    stalled.abort()
  }
  watch().catch(() => undefined)
  return { signal: stalled.signal, touch: () => void (moved = true), stop: () => stopped.abort() }
}
