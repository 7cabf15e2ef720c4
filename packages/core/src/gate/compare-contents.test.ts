import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { compareContents } from './compare-contents.ts'
import { gateConditions } from './gate-conditions.ts'
import { limits } from './limits.ts'

const pair = { first: gateConditions(0, 1, 8), second: gateConditions(1, 1, 8) }
const swapped = { first: pair.second, second: pair.first }
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

async function* cut(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0
  for (let i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? bytes.length
    yield bytes.slice(at, at + size)
    at += size
  }
}
const compare = async (a: Uint8Array, b: Uint8Array, sizes: readonly number[] = [], conditions = pair) =>
  compareContents(cut(a, sizes), cut(b, sizes.toReversed()), conditions)
const compareText = async (a: string, b: string) => compare(bytesOf(a), bytesOf(b))

/** Bytes in which lines, long lines, control characters and accidents all occur. */
const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 64 }),
  fc.string({ unit: fc.constantFrom('a', '1', ' ', '\n', ':', 'é'), maxLength: 64 }).map(bytesOf),
  fc
    .tuple(fc.nat(3 * limits.recordBytes), fc.string({ maxLength: 8 }))
    .map(([size, end]) => bytesOf(`${'x'.repeat(size)}${end}\nend\n`)),
)
const anySizes = fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1, maxLength: 3 })

describe('compareContents', () => {
  it('finds nothing exactly when the bytes are equal, and else the first byte that differs', async () => {
    await fc.assert(
      fc.asyncProperty(anyBytes, anyBytes, async (a, b) => {
        const found = await compare(a, b)
        const same = Buffer.compare(a, b) === 0
        assert.equal(found.length === 0, same)
        if (same) return
        let at = 0
        while (at < a.length && at < b.length && a[at] === b[at]) at += 1
        assert.equal(found[0]?.offset, at)
        assert.equal(
          found[0].first.hex,
          Buffer.from(a.slice(at, at + 16))
            .toString('hex')
            .replaceAll(/(..)(?=.)/g, '$1 ')
            .slice(0, found[0].first.hex.length),
        )
        assert.equal(found[0].second.hex.slice(0, 2), Buffer.from(b.slice(at, at + 1)).toString('hex'))
      }),
    )
  })

  it('does not depend on how the streams are cut', async () => {
    await fc.assert(
      fc.asyncProperty(anyBytes, anyBytes, anySizes, async (a, b, sizes) => {
        assert.deepEqual(await compare(a, b, sizes), await compare(a, b))
      }),
    )
  })

  it('finds the same causes with the runs exchanged', async () => {
    await fc.assert(
      fc.asyncProperty(anyBytes, anyBytes, async (a, b) => {
        const causes = (found: Awaited<ReturnType<typeof compare>>) => found.map(({ cause }) => cause).toSorted()
        assert.deepEqual(causes(await compare(a, b)), causes(await compare(b, a, [], swapped)))
      }),
    )
  })

  it('calls any permutation of lines an order', async () => {
    const lines = fc.uniqueArray(fc.stringMatching(/^[a-z0-9 .:]{0,12}$/), { minLength: 2, maxLength: 9 })
    await fc.assert(
      fc.asyncProperty(lines, fc.integer({ min: 1, max: 8 }), fc.boolean(), async (before, turn, last) => {
        const after = [...before.slice(turn % before.length), ...before.slice(0, turn % before.length)]
        fc.pre(after[0] !== before[0])
        const text = (all: readonly string[]): string => all.join('\n') + (last ? '\n' : '')
        const found = await compareText(text(before), text(after))
        // An empty last line without a newline is no line at all.
        fc.pre(last || (before.at(-1) !== '' && after.at(-1) !== ''))
        assert.deepEqual(
          found.map(({ cause }) => cause),
          ['order'],
        )
      }),
    )
  })

  it('tells each cause once, counts its places, and goes on after a line that changed its length', async () => {
    const run = (second: number, host: string): string =>
      `begin 16:05:0${second}\n` + `on ${host}\n`.repeat(3) + `end 16:05:0${second + 1}\n`
    const found = await compareText(run(1, 'assay'), run(3, pair.second.hostname))
    assert.deepEqual(
      found.map(({ cause, count, offset }) => [cause, count, offset]),
      [
        ['time', 2, 13],
        ['host-name', 3, 18],
      ],
    )
    assert.deepEqual(found[0]?.first, { offset: 13, hex: '31 0a', text: 'begin 16:05:01\\n' })
    assert.equal(found[1]?.second.text, `on ${pair.second.hostname}\\n`)
  })

  it('goes on with the next line after one that is long on one side only', async () => {
    const long = 'x'.repeat(3 * limits.recordBytes)
    for (const [a, b] of [
      [long, 'y'],
      ['y', long],
    ] as const) {
      const found = await compareText(`${a}\nat 16:05:01\n`, `${b}\nat 16:05:03\n`)
      assert.deepEqual(
        found.map(({ cause, offset, second }) => [cause, offset, second.offset]),
        [
          ['unknown', 0, 0],
          ['time', a.length + 11, b.length + 11],
        ],
      )
    }
  })

  it('calls a line moved only when both sides stand elsewhere', async () => {
    const found = await compareText('one\ntwo\nthree\n', 'two\nten\nnine\n')
    assert.deepEqual(
      found.map(({ cause, count }) => [cause, count]),
      [['unknown', 3]],
    )
  })

  it('tells moved lines from lines that changed beside them', async () => {
    const list = ['entry-1', 'entry-2', 'entry-3']
    const found = await compareText(
      ['1', ...list, 'at 16:05:01', ''].join('\n'),
      ['2', ...list.toReversed(), 'at 16:05:03', ''].join('\n'),
    )
    assert.deepEqual(
      found.map(({ cause, offset, count }) => [cause, offset, count]),
      [
        ['threads', 0, 1],
        ['order', 8, 2],
        ['time', 36, 1],
      ],
    )
  })

  it('sees that more lines were moved than it looks at', async () => {
    const lines = Array.from({ length: limits.explained + 9 }, (_, i) => `line ${i * 7919}`)
    const [found, ...others] = await compareText(lines.join('\n'), [...lines.slice(5), ...lines.slice(0, 5)].join('\n'))
    assert.deepEqual([found?.cause, found?.count, others], ['order', lines.length, []])
  })

  it('tells only the first difference when one side has more lines', async () => {
    const found = await compareText('same\nat 16:05:01\nend\n', 'same\nat 16:05:03\nmore 7\nend\n')
    assert.deepEqual(
      found.map(({ cause, offset, count }) => [cause, offset, count]),
      [['time', 15, 1]],
    )
    assert.deepEqual((await compareText('same\n', 'same\nmore\n'))[0], {
      cause: 'unknown',
      offset: 5,
      first: { offset: 5, hex: '', text: '' },
      second: { offset: 5, hex: '6d 6f 72 65 0a', text: 'more\\n' },
      count: 1,
    })
  })

  it('knows random bytes, archives and the time in a gzip header', async () => {
    // Two fixed streams of a linear congruential generator: noise, the same in every run of this test.
    const noise = (seed: number): Uint8Array => {
      let state = seed
      return Uint8Array.from({ length: 600 }, () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 24)
    }
    const causeOf = async (a: Uint8Array, b: Uint8Array) => (await compare(a, b)).map(({ cause }) => cause)
    assert.deepEqual(await causeOf(noise(1), noise(2)), ['randomness'])
    const gzip = (second: number): Uint8Array => Uint8Array.from([0x1f, 0x8b, 8, 0, second, 1, 1, 1, 0, 3, 0, 5, 6])
    assert.deepEqual(await causeOf(gzip(9), gzip(11)), ['time'])
    const zip = (byte: number): Uint8Array => Uint8Array.from([0x50, 0x4b, 3, 4, 20, 0, 0, 0, 8, 0, byte, 1, 2])
    assert.deepEqual(await causeOf(zip(9), zip(11)), ['archive'])
    assert.deepEqual(await causeOf(Uint8Array.from([0, 1, 2, 3]), Uint8Array.from([0, 1, 2, 4])), ['unknown'])
  })

  it('reads text within binary data', async () => {
    const image = (text: string): Uint8Array => Uint8Array.from([0, 7, 255, ...bytesOf(text), 0, 1])
    const causeOf = async (a: string, b: string) => (await compare(image(a), image(b))).map(({ cause }) => cause)
    assert.deepEqual(await causeOf('assay', pair.second.hostname), ['host-name'])
    assert.deepEqual(await causeOf('built 16:05:09', 'built 16:05:11'), ['time'])
    assert.deepEqual(await causeOf('abcdefg', 'abcdefh'), ['unknown'])
  })

  it('makes one difference of binary data, with the cause that tells most', async () => {
    const image = (byte: number, host: string): Uint8Array => Uint8Array.from([0, byte, 10, 0, ...bytesOf(host), 10])
    const found = await compare(image(5, 'assay'), image(4, pair.second.hostname))
    assert.deepEqual(
      found.map(({ cause, offset, count }) => [cause, offset, count]),
      [['host-name', 1, 1]],
    )
    // No control character, and yet no text.
    const [key] = await compare(
      Uint8Array.from([0xe9, 0x9f, 0xc3, 0xb7, 0x6d, 0x81, 0xf4, 0x92]),
      Uint8Array.from([0x9c, 0xe2, 0x7e, 0xd8, 0xb1, 0x6e, 0xa3, 0xcd]),
    )
    assert.equal(key?.cause, 'randomness')
  })

  it('ends both streams, also when one of them breaks', async () => {
    const state = { closed: 0 }
    async function* stream(fail: boolean): AsyncGenerator<Uint8Array> {
      try {
        yield bytesOf('line\n')
        if (fail) throw new Error('unreadable')
        yield bytesOf('line\n')
      } finally {
        state.closed += 1
      }
    }
    await assert.rejects(compareContents(stream(false), stream(true), pair), /unreadable/)
    assert.equal(state.closed, 2)
    await assert.rejects(compareContents(stream(true), stream(false), pair), /unreadable/)
    assert.equal(state.closed, 4)
  })

  it('shows nothing that could act on a terminal', async () => {
    const [found] = await compareText('a\u001b[31mred\u0007\u202e', 'b')
    assert.equal(found?.first.text, 'a\\u{1b}[31mred\\u{7}\\u{202e}')
  })
})
