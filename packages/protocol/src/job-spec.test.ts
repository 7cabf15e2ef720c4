import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { arbitraryOf } from '../test/arbitrary-of.ts'
import { named } from '../test/actor.ts'
import { encodeCanonical } from './canonical.ts'
import { toJson } from './envelope.ts'
import { deriveSpecHash, imageDigest, JobSpec, shardCommand, shardInputs } from './job-spec.ts'
import { limits } from './limits.ts'

const input = (path: string): object => ({ path, root: named('blob'), size: 1, executable: false })
const wire = {
  v: 1,
  client: `0x${'11'.repeat(20)}`,
  image: `busybox@sha256:${'ab'.repeat(32)}`,
  command: ['echo', '{}', 'a{}b{}'],
  env: { LANG: 'C' },
  resources: { cpus: 1000, memoryBytes: 2 ** 26, diskBytes: 2 ** 24, pids: 64 },
  timeLimitMs: 1000,
  network: 'none',
  determinism: 'D1',
  captureStdout: true,
  outputBytes: 1000,
  sharedInputs: [input('shared')],
  shards: [
    { name: 'one', subject: '$& {}', args: ['x'], inputs: [input('in/a'), input('in/b')] },
    { name: 'two', args: [], inputs: [] },
  ],
  priceUsdc: '1000000',
  auditFeeUsdc: '0',
  auditBudgetUsdc: '0',
  minAuditRatePpm: 10_000,
  sealTo: `age1${'q'.repeat(58)}`,
  rail: 'usdc',
}
const spec = JobSpec.parse(wire)

describe('a job spec', () => {
  it('hashes by SHA-256 of its canonical text', () => {
    const text = encodeCanonical(toJson(spec))
    assert.equal(deriveSpecHash(spec), `0x${createHash('sha256').update(text).digest('hex')}`)
    fc.assert(
      fc.property(arbitraryOf(JobSpec), arbitraryOf(JobSpec), (a, b) => {
        const same = deriveSpecHash(JobSpec.parse(a)) === deriveSpecHash(JobSpec.parse(b))
        assert.equal(same, encodeCanonical(a as never) === encodeCanonical(b as never))
      }),
      { numRuns: 20 },
    )
  })

  it('asks for a hardware class with D2 and for a tolerance with D3, and takes them nowhere else', () => {
    const hardwareClass = 'cpu/x86_64/v3/GenuineIntel-6-85/avx2,fma'
    const tolerance = {
      absolute: '1e-9',
      relative: '0.000001',
      outlierPpm: 0,
      outlierFactor: '1',
      files: [{ files: '*.csv', comparator: 'csv' }],
    }
    const takes = (more: object): boolean => JobSpec.safeParse({ ...wire, ...more }).success
    for (const determinism of ['D1', 'D2', 'D3', 'DX']) {
      assert.equal(takes({ determinism }), determinism === 'D1' || determinism === 'DX')
      assert.equal(takes({ determinism, hardwareClass }), determinism === 'D2')
      assert.equal(takes({ determinism, tolerance }), determinism === 'D3')
      assert.equal(takes({ determinism, hardwareClass, tolerance }), false)
    }
    assert.ok(takes({ determinism: 'D3', tolerance, outputBytes: limits.toleranceOutputBytes }))
    assert.ok(!takes({ determinism: 'D3', tolerance, outputBytes: limits.toleranceOutputBytes + 1 }))
    for (const bad of ['', 'cpu', 'cpu/', 'CPU/x', 'cpu/a b', 'cpu//x', `cpu/${'x'.repeat(limits.hardwareClassChars)}`])
      assert.ok(!takes({ determinism: 'D2', hardwareClass: bad }), bad)
  })

  it('puts the subject in as it is, wherever the command says {}', () => {
    assert.deepEqual(shardCommand(spec, 0), ['echo', '$& {}', 'a$& {}b$& {}', 'x'])
    assert.deepEqual(shardCommand(spec, 1), ['echo', '{}', 'a{}b{}'])
  })

  it('gives each shard the shared inputs first', () => {
    assert.deepEqual(
      shardInputs(spec, 0).map(({ path }) => path),
      ['shared', 'in/a', 'in/b'],
    )
    assert.deepEqual(
      shardInputs(spec, 1).map(({ path }) => path),
      ['shared'],
    )
  })

  it('names its image by digest', () => {
    assert.equal(imageDigest(spec.image), `sha256:${'ab'.repeat(32)}`)
  })

  const [one, two] = wire.shards
  const wrong: readonly (readonly [string, object])[] = [
    ['two shards of one name', { shards: [one, { ...two, name: 'one' }] }],
    ['no shard', { shards: [] }],
    ['a name that climbs', { shards: [{ ...two, name: '../x' }] }],
    ['an input twice', { shards: [{ ...two, inputs: [input('a'), input('a')] }] }],
    ['an input over a shared one', { shards: [{ ...two, inputs: [input('shared')] }] }],
    ['an input below another', { shards: [{ ...two, inputs: [input('a'), input('a/b/c')] }] }],
    ['an input below a shared one', { shards: [{ ...two, inputs: [input('shared/x')] }] }],
    ['an input that climbs', { sharedInputs: [input('../etc/passwd')] }],
    ['an image by tag', { image: 'busybox:latest' }],
    ['an image with a short digest', { image: 'sha256:ab' }],
    ['no command', { command: [] }],
    ['a word with a zero', { command: ['a\0b'] }],
    ['a word without UTF-8', { command: ['\ud800'] }],
    ['a variable with a bad name', { env: { 'A-B': 'x' } }],
    [
      'too many variables',
      { env: Object.fromEntries(Array.from({ length: limits.envVariables + 1 }, (_, i) => [`V${i}`, ''])) },
    ],
    ['a network', { network: 'host' }],
    ['no price', { priceUsdc: '0' }],
    ['no time', { timeLimitMs: 99 }],
    ['too much time', { timeLimitMs: limits.shardTimeMs + 1 }],
    ['too much output', { outputBytes: limits.outputBytes + 1 }],
    ['too large an input', { sharedInputs: [{ ...input('a'), size: limits.inputBytes + 1 }] }],
    ['too little memory', { resources: { ...wire.resources, memoryBytes: 2 ** 23 } }],
    ['a recipient of another kind', { sealTo: 'age1short' }],
    ['another rail', { rail: 'lightning' }],
  ]
  for (const [what, changes] of wrong)
    it(`is refused with ${what}`, () => {
      assert.ok(JobSpec.safeParse(wire).success)
      assert.ok(!JobSpec.safeParse({ ...wire, ...changes }).success)
    })
})
