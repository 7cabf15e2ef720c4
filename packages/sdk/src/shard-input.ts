/** What a caller hands in: one shard an input, each with files that can be opened more than once. */

/** Where a file's bytes come from. A `Blob` (a browser's `File`) is streamed too, and uploads from any browser. */
export type ByteSource = AsyncIterable<Uint8Array> | ReadableStream<Uint8Array> | Blob

/** A file as the shard will see it. */
export interface InputFile {
  /** Below `/in`: relative, `/` separated, NFC, without `.` and `..`. */
  readonly path: string
  /** Bytes, when known: only for progress; the real size is counted. */
  readonly size?: number
  readonly executable?: boolean
  /** Opens the bytes from the start. Called once to hash and again for every try of an upload; must give the same bytes. */
  open(): ByteSource
}

/** One shard: a name for its folder of results, its files, and words after the job's command. */
export interface ShardInput {
  /** Unique in the job; a clean relative path. */
  readonly name: string
  readonly files: readonly InputFile[]
  readonly args?: readonly string[]
  /** Replaces `{}` in the command; by default `/in/<path>` of the only file, else `/in`. */
  readonly subject?: string
}

/** Things that may arrive one by one. */
export type Source<T> = Iterable<T> | AsyncIterable<T>

/** One shard a blob, e.g. the files of an `<input type="file" multiple>`. */
export function* inputsFromBlobs(
  blobs: Iterable<File | { readonly name: string; readonly blob: Blob }>,
): Generator<ShardInput> {
  for (const item of blobs) {
    const { name, blob } = 'blob' in item ? item : { name: item.name, blob: item }
    yield { name, files: [{ path: name, size: blob.size, open: () => blob }] }
  }
}

/** Reads a source once, from its start. */
export async function* readSource(source: ByteSource): AsyncGenerator<Uint8Array> {
  if (source instanceof Blob) yield* readStream(source.stream())
  else if (source instanceof ReadableStream) yield* readStream(source)
  else yield* source
}

// Not every browser can iterate a ReadableStream.
async function* readStream(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader()
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}
