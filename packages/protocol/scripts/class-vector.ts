import {
  Agreement,
  comparatorFor,
  createEnvelope,
  deriveEnvelopeDigest,
  deriveSpecHash,
  JobSpec,
  ppm,
  signDigest,
  toJson,
  type Json,
  type Tolerance,
} from '../src/index.ts'
import { addressOf, keyOf, named } from './actors.ts'
import { vectorMarket } from './eip712-vector.ts'
import { vectorSpec } from './envelope-vector.ts'

const hardwareClass = 'cpu/x86_64/v3/GenuineIntel-6-85/avx2,fma'
const tolerance: Tolerance = {
  absolute: '1e-9',
  relative: '1e-6',
  l2: '1e-8',
  outlierPpm: ppm(100),
  outlierFactor: '10',
  files: [
    { files: 'notes.csv', comparator: 'bytes' },
    { files: '*.csv', comparator: 'csv' },
    { files: '*.json', comparator: 'json' },
    { files: '*/grid.npy', comparator: 'npy' },
    { files: '/dev/stdout', comparator: 'json' },
  ],
}

/** Specs of the classes D2 and D3, which rule fits which file, and a signed agreement. */
export async function classVector(): Promise<Json> {
  const specs = [
    { ...vectorSpec, determinism: 'D2', hardwareClass },
    { ...vectorSpec, determinism: 'D3', tolerance },
  ].map((spec) => JobSpec.parse(toJson(spec)))
  const paths = ['', 'a.csv', 'notes.csv', 'x/notes.csv', 'a.csv.gz', 'grid.npy', 'x/grid.npy', 'dev/stdout']
  const shown = ['A', 'B', 'C'].map(named).toSorted()
  const agreement = Agreement.parse({
    ...vectorMarket,
    commitment: named('commitment'),
    round: 1,
    resultRoot: named('own'),
    shown,
    agrees: shown.slice(1),
  })
  const signer = {
    address: addressOf('validator-1'),
    sign: (digest: `0x${string}`) => Promise.resolve(signDigest(digest, keyOf('validator-1'))),
  }
  const envelope = await createEnvelope('agreement/1', toJson(agreement), signer)
  return toJson({
    specs: specs.map((spec) => ({ spec, specHash: deriveSpecHash(spec) })),
    comparators: paths.map((path) => ({ path, comparator: comparatorFor(tolerance, path) })),
    agreement: { ...envelope, digest: deriveEnvelopeDigest('agreement/1', envelope.payload) },
  })
}
