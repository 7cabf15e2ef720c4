/** Everything a container prints, from its first byte to its last. */
import { join } from 'node:path'
import type { BlobRef } from '@assay/protocol'
import { createByteReader, type ByteReader } from './byte-reader.ts'
import { collectTree, type OutputFault, type OutputTree } from './collect-tree.ts'
import type { OutputChunk } from './demultiplex.ts'
import { limits } from './limits.ts'
import { stageFile } from './stage-file.ts'
import { parseReport, type StubReport } from './stub-script.ts'

/** As far as the stream went. Nothing at all: it ended before the stub reported. */
export interface Collected {
  readonly report?: StubReport
  /** Exit status of a supervisor that died before or after its report. */
  readonly lost?: number
  /** The stream was refused here and not read further. */
  readonly fault?: OutputFault
  /** Only when the job succeeded. */
  readonly tree?: OutputTree
}

export interface CollectOptions {
  readonly marker: Buffer
  readonly captureStdout: boolean
  readonly stdoutBytes: number
  readonly outputBytes: number
  /** Folder for the job's files. */
  readonly directory: string
  /** The job has ended; what follows is its result. */
  readonly onReport: () => void
  /** Standard error, and standard output that is not captured. */
  readonly onLog: (bytes: Buffer) => void
}

/** Reads to the end of the stream or to the first fault. */
export async function collectOutput(chunks: AsyncIterable<OutputChunk>, options: CollectOptions): Promise<Collected> {
  let stderrLeft = limits.stderrBytes
  async function* stdout(): AsyncGenerator<Buffer, void, undefined> {
    for await (const { stream, bytes } of chunks) {
      if (stream === 'stdout') yield bytes
      else {
        stderrLeft -= bytes.length
        options.onLog(bytes)
        if (stderrLeft < 0) throw new Flood('standard error', limits.stderrBytes)
      }
    }
  }
  const source = stdout()
  try {
    return await collect(createByteReader(source), options)
  } catch (error) {
    if (!(error instanceof Flood)) throw error
    return { fault: { failure: 'output-limit', detail: error.message } }
  } finally {
    await source.return()
  }
}

async function collect(reader: ByteReader, options: CollectOptions): Promise<Collected> {
  const printed = await collectStdout(reader, options)
  if (!printed.marked) return {}
  const line = await reader.line(limits.reportBytes)
  const parsed = line === undefined ? undefined : parseReport(line)
  if (parsed === undefined)
    return { fault: { failure: 'output-invalid', detail: 'the report of the run is malformed' } }
  options.onReport()
  if ('lost' in parsed) return { lost: parsed.lost, ...(await collectEnd(reader, options)) }
  const { report } = parsed
  if (report.exitCode !== 0) return { report, ...(await collectEnd(reader, options)) }
  const tree = await collectTree(reader, {
    outputBytes: options.outputBytes,
    directory: options.directory,
    ...(printed.staged === undefined ? {} : { stdout: printed.staged }),
  })
  if ('failure' in tree) return { report, fault: tree }
  const end = await collectEnd(reader, options)
  return end.fault === undefined ? { report, tree, ...end } : { report, ...end }
}

interface Printed {
  readonly marked: boolean
  readonly staged?: { readonly path: string; readonly blob: BlobRef }
}

/** What the job itself printed, up to the marker. */
async function collectStdout(reader: ByteReader, options: CollectOptions): Promise<Printed> {
  let marked = false
  let left = options.stdoutBytes
  async function* pieces(): AsyncGenerator<Buffer, void, undefined> {
    const source = reader.until(options.marker)
    for (let next = await source.next(); ; next = await source.next()) {
      if (next.done === true) {
        marked = next.value
        return
      }
      left -= next.value.length
      if (left < 0) throw new Flood('standard output', options.stdoutBytes)
      yield next.value
    }
  }
  if (!options.captureStdout) {
    for await (const piece of pieces()) options.onLog(piece)
    return { marked }
  }
  const path = join(options.directory, 'stdout')
  const blob = await stageFile(path, pieces())
  return blob.size === 0 ? { marked } : { marked, staged: { path, blob } }
}

/** What may follow a result: padding of the archive, and the line of a supervisor that failed. */
async function collectEnd(reader: ByteReader, options: CollectOptions): Promise<Pick<Collected, 'lost' | 'fault'>> {
  const pieces: Buffer[] = []
  for await (const piece of reader.take(limits.trailerBytes + 1)) pieces.push(piece)
  const rest = Buffer.concat(pieces)
  if (rest.length > limits.trailerBytes) {
    return { fault: { failure: 'output-invalid', detail: 'bytes after the end of the result' } }
  }
  const at = rest.indexOf(options.marker)
  if (at < 0) return {}
  const parsed = parseReport(
    rest
      .subarray(at + options.marker.length)
      .toString('latin1')
      .trimEnd(),
  )
  return parsed !== undefined && 'lost' in parsed ? { lost: parsed.lost } : {}
}

/** More bytes than allowed: the container is to be stopped at once. */
class Flood extends Error {
  override readonly name = 'Flood'
  constructor(what: string, limitBytes: number) {
    super(`more than ${limitBytes} bytes on ${what}`)
  }
}
