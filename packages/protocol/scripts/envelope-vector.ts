import {
  Advert,
  Challenge,
  Commit,
  CounterCommit,
  createEnvelope,
  deriveBeaconId,
  deriveCommitDigest,
  deriveEnvelopeDigest,
  deriveLeaseDigest,
  deriveOrderId,
  deriveProposalDigest,
  deriveSpecHash,
  derivePublicKey,
  EpochAck,
  EpochProposal,
  JobSpec,
  LeaseOffer,
  acceptLease,
  Retraction,
  SignedRequest,
  signDigest,
  toJson,
  type DigestSigner,
  type Envelope,
  type EnvelopeKind,
  type Json,
  type Lease,
  type OrderId,
} from '../src/index.ts'
import { addressOf, keyOf, named } from './actors.ts'
import { vectorMarket, vectorTerms } from './eip712-vector.ts'
import { quicknet } from './sampling-vector.ts'

const signerOf = (name: string): DigestSigner => ({
  address: addressOf(name),
  sign: (digest) => Promise.resolve(signDigest(digest, keyOf(name))),
})

/** A job spec with one of everything. */
export const vectorSpec = JobSpec.parse({
  v: 1,
  client: addressOf('client'),
  image: `busybox@sha256:${named('image').slice(2)}`,
  command: ['sh', '-c', 'wc -c "/in/{}"'],
  env: { LANG: 'C.UTF-8', A: '' },
  resources: { cpus: 1000, memoryBytes: 67_108_864, diskBytes: 16_777_216, pids: 64 },
  timeLimitMs: 60_000,
  network: 'none',
  determinism: 'D1',
  captureStdout: true,
  outputBytes: 1_048_576,
  sharedInputs: [{ path: 'shared.txt', root: named('shared'), size: 5, executable: false }],
  shards: [
    {
      name: 'one',
      subject: 'é.txt',
      args: ['-v'],
      inputs: [{ path: 'é.txt', root: named('input'), size: 7, executable: true }],
    },
    { name: 'two', args: [], inputs: [] },
  ],
  priceUsdc: '1000000',
  auditFeeUsdc: '300000',
  auditBudgetUsdc: '600000',
  minAuditRatePpm: 10_000,
  sealTo: `age1${'q'.repeat(58)}`,
  rail: 'usdc',
})

/** One envelope of each kind, with what is signed. */
export async function envelopeVector(): Promise<Json> {
  const orderId = deriveOrderId(vectorMarket, vectorTerms)
  const aggregator = signerOf('aggregator')
  const offer = LeaseOffer.parse({
    ...vectorMarket,
    orderId,
    specHash: deriveSpecHash(vectorSpec),
    shard: 0,
    attempt: 1,
    aggregator: aggregator.address,
    provider: addressOf('provider'),
    priceUsdc: '1000000',
    acceptByMs: 1_899_999_000_000,
    commitByMs: 1_899_999_060_000,
  })
  const proposal = EpochProposal.parse({
    ...vectorMarket,
    aggregator: aggregator.address,
    quorumId: 7,
    root: named('epoch-root'),
    leafCount: 3,
    seedRound: 1000,
    beaconId: deriveBeaconId(quicknet),
    seats: [addressOf('validator-1'), addressOf('validator-2')]
      .toSorted()
      .map((validator) => ({ validator, stake: '1' })),
    closedAtMs: 1_692_806_360_000,
  })
  const lease = await createEnvelope('lease/1', toJson(offer), aggregator)
  const epoch = await createEnvelope('epoch/1', toJson(proposal), aggregator)
  const ack = EpochAck.parse({ ...vectorMarket, proposal: deriveProposalDigest(epoch), seenRound: 998 })
  const { acceptance } = await acceptLease(lease, signerOf('provider'))
  const request = SignedRequest.parse({ ...vectorMarket, method: 'GET', path: '/v1/jobs', atMs: 1_899_999_000_000 })
  const advert = Advert.parse({
    ...vectorMarket,
    role: 'provider',
    publicKey: derivePublicKey(keyOf('provider')),
    addresses: ['/ip4/127.0.0.1/tcp/4001'],
    seq: 1,
    issuedAtMs: 1_899_999_000_000,
    expiresAtMs: 1_899_999_300_000,
    classes: ['D1'],
    architecture: 'amd64',
    cpus: 8000,
    memoryBytes: 8_589_934_592,
    slots: 4,
    minPriceUsdc: '500000',
  })
  const all: readonly (readonly [EnvelopeKind, Envelope])[] = [
    ['advert/1', await createEnvelope('advert/1', toJson(advert), signerOf('provider'))],
    ['lease/1', lease],
    ['epoch/1', epoch],
    ['epoch-ack/1', await createEnvelope('epoch-ack/1', toJson(ack), signerOf('validator-1'))],
    ...(await ownWords(orderId, { offer: lease, acceptance })),
    ['request/1', await createEnvelope('request/1', toJson(request), signerOf('client'))],
  ]
  return toJson({
    spec: { spec: vectorSpec, specHash: deriveSpecHash(vectorSpec) },
    envelopes: all.map(([kind, envelope]) => ({ ...envelope, digest: deriveEnvelopeDigest(kind, envelope.payload) })),
    lease: {
      digest: deriveLeaseDigest(lease),
      acceptance,
    },
  })
}

/** What provider and client say of one commit. */
async function ownWords(orderId: OrderId, lease: Lease): Promise<readonly (readonly [EnvelopeKind, Envelope])[]> {
  const provider = signerOf('provider')
  const unsigned = { orderId, shard: 0, attempt: 1, provider: provider.address }
  const about = Commit.parse({ ...unsigned, commitment: named('commitment'), sealedHash: named('sealed') })
  const signature = await provider.sign(deriveCommitDigest(vectorMarket, about))
  const own = { ...vectorMarket, lease, commit: { ...about, signature } }
  const counter = CounterCommit.parse({ ...own, sealedBytes: 4096 })
  const challenge = { ...vectorMarket, commitment: about.commitment, why: 'ringer', atMs: 1_899_999_100_000 }
  return [
    ['counter/1', await createEnvelope('counter/1', toJson(counter), provider)],
    ['retract/1', await createEnvelope('retract/1', toJson(Retraction.parse(own)), provider)],
    ['challenge/1', await createEnvelope('challenge/1', toJson(Challenge.parse(challenge)), signerOf('client'))],
  ]
}
