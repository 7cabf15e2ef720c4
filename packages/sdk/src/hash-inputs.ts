/** Turns inputs into content addresses, streaming: no file is ever whole in memory. */
import {
  createBlobHasher,
  isMarketError,
  limits as wire,
  MarketError,
  type BlobRef,
  type InputRef,
} from '@assay/protocol'
import { assertLive } from './faults.ts'
import { limits } from './limits.ts'
import { runBounded } from './run-bounded.ts'
import { readSource, type InputFile, type ShardInput, type Source } from './shard-input.ts'

/** A shard whose files have addresses. */
export interface HashedShard {
  readonly name: string
  readonly args: readonly string[]
  readonly subject: string
  readonly inputs: readonly InputRef[]
}
export interface HashedInputs {
  readonly shards: readonly HashedShard[]
  readonly shared: readonly InputRef[]
  /** One file for every distinct blob, by root. */
  readonly files: ReadonlyMap<string, { readonly ref: BlobRef; readonly file: InputFile }>
}

/**
 * Reads everything once. Throws `spec-invalid` for no shard or too many, `input-too-large`, `input-missing` when a
 * file cannot be read or the sources fail, `cancelled`; a `MarketError` of a source rises as it is.
 */
export async function hashInputs(
  inputs: Source<ShardInput>,
  shared: Source<InputFile>,
  onHashed: (shards: number, bytes: number) => void,
  signal: AbortSignal,
): Promise<HashedInputs> {
  const files = new Map<string, { ref: BlobRef; file: InputFile }>()
  let done = 0
  let bytes = 0
  const hash = async (file: InputFile, either: AbortSignal): Promise<InputRef> => {
    const ref = await hashFile(file, either)
    if (!files.has(ref.root)) files.set(ref.root, { ref, file })
    bytes += ref.size
    return { path: file.path, root: ref.root, size: ref.size, executable: file.executable ?? false }
  }
  const sharedRefs: InputRef[] = []
  for await (const file of listed(shared)) {
    if (sharedRefs.length >= wire.inputsPerShard) throw tooMany('shared inputs', wire.inputsPerShard)
    sharedRefs.push(await hash(file, signal))
  }
  const shards: HashedShard[] = []
  await runBounded(listed(inputs), limits.transfers, signal, async (shard, index, either) => {
    if (index >= wire.shardsPerJob) throw tooMany('shards', wire.shardsPerJob)
    if (shard.files.length > wire.inputsPerShard) throw tooMany('files of one shard', wire.inputsPerShard)
    const refs: InputRef[] = []
    for (const file of shard.files) refs.push(await hash(file, either))
    const only = shard.files.length === 1 ? shard.files[0] : undefined
    const subject = shard.subject ?? (only === undefined ? '/in' : `/in/${only.path}`)
    shards[index] = { name: shard.name, args: shard.args ?? [], subject, inputs: refs }
    onHashed(++done, bytes)
  })
  assertLive(signal)
  if (shards.length === 0) {
    throw new MarketError('spec-invalid', 'there is no input, so there is nothing to run', {
      details: { field: 'shards' },
    })
  }
  return { shards, shared: sharedRefs, files }
}

async function hashFile(file: InputFile, signal: AbortSignal): Promise<BlobRef> {
  const hasher = createBlobHasher()
  let size = 0
  for await (const part of readInput(file)) {
    assertLive(signal)
    size += part.length
    if (size > wire.inputBytes) {
      const details = { path: file.path, maxBytes: wire.inputBytes }
      throw new MarketError('input-too-large', `the input ${file.path} is larger than one blob may be`, { details })
    }
    await hasher.update(part)
  }
  const { root, size: counted } = await hasher.digest()
  return { root, size: counted }
}

/** A file's bytes; a read error becomes `input-missing` with the path. */
export async function* readInput(file: InputFile): AsyncGenerator<Uint8Array> {
  try {
    yield* readSource(file.open())
  } catch (cause) {
    if (isMarketError(cause)) throw cause
    throw new MarketError('input-missing', `the input ${file.path} cannot be read`, {
      details: { path: file.path },
      cause,
    })
  }
}

/** The items of a caller's source; its failure becomes `input-missing`. */
async function* listed<T>(source: Source<T>): AsyncGenerator<T> {
  try {
    yield* source
  } catch (cause) {
    if (isMarketError(cause)) throw cause
    throw new MarketError('input-missing', 'the inputs cannot be listed', { cause })
  }
}

const tooMany = (what: string, most: number): MarketError =>
  new MarketError('spec-invalid', `too many ${what}: at most ${most} are allowed`, {
    details: { field: what, most },
  })
