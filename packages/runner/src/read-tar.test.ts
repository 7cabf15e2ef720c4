import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { extract, pack } from 'tar-stream'
import { createByteReader } from './byte-reader.ts'
import { readTar } from './read-tar.ts'

const nameBytes = 1024

interface Seen {
  readonly kind: string
  readonly name: string
  readonly bytes: string
  readonly executable: boolean
}

/** Everything the reader says of an archive that arrives in pieces of `cut` bytes. */
async function read(archive: Buffer, cut = archive.length): Promise<readonly Seen[]> {
  async function* pieces(): AsyncGenerator<Buffer> {
    for (let at = 0; at < archive.length; at += cut) yield archive.subarray(at, at + cut)
  }
  const seen: Seen[] = []
  for await (const entry of readTar(createByteReader(pieces()), nameBytes)) {
    if (entry.kind === 'file') {
      const bytes: Buffer[] = []
      for await (const piece of entry.body) bytes.push(piece)
      seen.push({
        kind: 'file',
        name: entry.name,
        bytes: Buffer.concat(bytes).toString('latin1'),
        executable: entry.executable,
      })
    } else if (entry.kind === 'directory')
      seen.push({ kind: 'directory', name: entry.name, bytes: '', executable: false })
    else seen.push({ kind: 'fault', name: entry.detail, bytes: '', executable: false })
  }
  return seen
}

interface Entry {
  readonly name: string
  readonly bytes: string
  readonly mode: number
}
async function write(entries: readonly Entry[]): Promise<Buffer> {
  const archive = pack()
  for (const { name, bytes, mode } of entries) archive.entry({ name, mode }, Buffer.from(bytes, 'latin1'))
  archive.finalize()
  const pieces: Buffer[] = []
  for await (const piece of archive) pieces.push(piece as Buffer)
  return Buffer.concat(pieces)
}

/** One header block as busybox writes it, with a right checksum. */
function header(parts: { name?: Buffer; size?: string; type?: string; magic?: string; mode?: string }): Buffer {
  const block = Buffer.alloc(512)
  ;(parts.name ?? Buffer.from('a')).copy(block)
  block.write(parts.mode ?? '0000644', 100)
  block.write(parts.size ?? '00000000000', 124)
  block.write(parts.type ?? '0', 156)
  block.write(parts.magic ?? 'ustar  ', 257)
  block.fill(' ', 148, 156)
  block.write(
    `${block
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0`,
    148,
  )
  return block
}
const end = Buffer.alloc(1024)

describe('readTar', () => {
  it('reads what an independent writer wrote, however it is cut', async () => {
    const name = fc.stringMatching(/^[a-z0-9 *_-]{1,90}$/)
    const entry = fc.record({
      name,
      bytes: fc.string({ unit: 'binary-ascii', maxLength: 1500 }),
      mode: fc.constantFrom(0o644, 0o755),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 5 }), fc.integer({ min: 1, max: 2000 }), async (entries, cut) => {
        const expected = entries.map(({ name: path, bytes, mode }) => ({
          kind: 'file',
          name: path,
          bytes,
          executable: mode === 0o755,
        }))
        assert.deepEqual(await read(await write(entries), cut), expected)
      }),
      { numRuns: 60 },
    )
  })

  it('reads long names in the form that busybox uses', async () => {
    const long = `./${'d/'.repeat(60)}file`
    const body = Buffer.alloc(512)
    body.write(`${long}\0`)
    const size = (long.length + 1).toString(8).padStart(11, '0')
    const archive = Buffer.concat([
      header({ name: Buffer.from('././@LongLink'), type: 'L', size }),
      body,
      header({}),
      end,
    ])
    assert.deepEqual(
      (await read(archive)).map((entry) => entry.name),
      [long],
    )
  })

  it('ends at two empty blocks and leaves the rest to the caller', async () => {
    async function* pieces(): AsyncGenerator<Buffer> {
      yield Buffer.concat([header({}), Buffer.alloc(512), Buffer.from('rest')])
    }
    const reader = createByteReader(pieces())
    for await (const entry of readTar(reader, nameBytes)) assert.equal(entry.kind, 'file')
    assert.equal((await reader.exactly(4))?.toString(), 'rest')
  })

  const refused: readonly (readonly [string, Buffer, RegExp])[] = [
    ['nothing at all', Buffer.alloc(0), /too early/],
    ['a missing end', header({}), /too early/],
    ['a body that is cut off', Buffer.concat([header({ size: '00000000005' }), Buffer.from('abc')]), /too early/],
    ['padding that is cut off', Buffer.concat([header({ size: '00000000005' }), Buffer.from('abcde')]), /too early/],
    [
      'a wrong checksum',
      Buffer.concat([Buffer.from(header({}).toString('latin1').replace('a', 'b'), 'latin1'), end]),
      /checksum/,
    ],
    ['another format', Buffer.concat([header({ magic: 'cpio' }), end]), /not a tar/],
    ['a size that is no number', Buffer.concat([header({ size: '-1' }), end]), /number/],
    ['a binary size', Buffer.concat([header({ size: '\u0080\0\0\0\0\0\0\0\0\0\u0001' }), end]), /number/],
    ['a name that is not UTF-8', Buffer.concat([header({ name: Buffer.from([0x66, 0xff]) }), end]), /UTF-8/],
    ['a folder with bytes', Buffer.concat([header({ type: '5', size: '00000001000' }), end]), /directory/],
    ['a hard link', Buffer.concat([header({ type: '1' }), end]), /hard link/],
    ['a symbolic link', Buffer.concat([header({ type: '2' }), end]), /symbolic link/],
    ['a character device', Buffer.concat([header({ type: '3' }), end]), /character device/],
    ['a block device', Buffer.concat([header({ type: '4' }), end]), /block device/],
    ['a named pipe', Buffer.concat([header({ type: '6' }), end]), /named pipe/],
    ['an extended header', Buffer.concat([header({ type: 'x', size: '00000000012' }), end]), /unknown kind/],
    ['a global extended header', Buffer.concat([header({ type: 'g' }), end]), /unknown kind/],
    ['a long link name', Buffer.concat([header({ type: 'K', size: '00000000012' }), end]), /unknown kind/],
    [
      'a long name that is too long',
      Buffer.concat([header({ type: 'L', size: '00000010000' }), Buffer.alloc(8192)]),
      /too long/,
    ],
    [
      'a long name without an entry',
      Buffer.concat([header({ type: 'L', size: '00000000004' }), Buffer.alloc(512, 'x'), end]),
      /without/,
    ],
    [
      'two long names in a row',
      Buffer.concat([
        header({ type: 'L', size: '00000000004' }),
        Buffer.alloc(512, 'x'),
        header({ type: 'L', size: '00000000004' }),
        end,
      ]),
      /too long/,
    ],
  ]
  for (const [name, archive, expected] of refused) {
    it(`refuses ${name}`, async () => {
      const last = (await read(archive)).at(-1)
      assert.equal(last?.kind, 'fault')
      assert.match(last.name, expected)
    })
  }

  it('refuses a name prefix, which the writer never uses', async () => {
    const block = header({})
    block.write('prefix', 345)
    block.fill(' ', 148, 156)
    block.write(
      `${block
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0`,
      148,
    )
    assert.match((await read(Buffer.concat([block, end]))).at(-1)?.name ?? '', /prefix/)
  })

  it('survives any bytes: never throws, and the fault is last', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), fc.integer({ min: 1, max: 700 }), async (bytes, cut) => {
        endsWell(await read(Buffer.from(bytes), cut))
      }),
      { numRuns: 100 },
    )
  })

  it('survives any damage to an archive, and never reads what a lenient reader would not', async () => {
    const archive = await write([
      { name: 'one', bytes: 'x'.repeat(600), mode: 0o644 },
      { name: 'two', bytes: '', mode: 0o755 },
    ])
    const damage = fc.array(fc.tuple(fc.nat(archive.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(damage, async (changes) => {
        const damaged = Buffer.from(archive)
        for (const [at, byte] of changes) damaged[at] = byte
        const seen = await read(damaged)
        endsWell(seen)
        const lenient = await readLeniently(damaged)
        if (seen.at(-1)?.kind !== 'fault' && lenient !== undefined) {
          assert.deepEqual(
            seen.map((entry) => entry.name),
            lenient.slice(0, seen.length),
          )
        }
      }),
      { numRuns: 200 },
    )
  })
})

function endsWell(seen: readonly Seen[]): void {
  assert.ok(seen.slice(0, -1).every((entry) => entry.kind !== 'fault'))
}

/** Names by an independent reader; `undefined` when it refuses. */
async function readLeniently(archive: Buffer): Promise<readonly string[] | undefined> {
  const reader = extract()
  const names: string[] = []
  reader.on('entry', (head, body, next) => {
    names.push(head.name)
    body.resume()
    next()
  })
  const { promise, resolve } = Promise.withResolvers<readonly string[] | undefined>()
  reader.on('finish', () => resolve(names))
  reader.on('error', () => resolve(undefined))
  reader.end(archive)
  return promise
}
