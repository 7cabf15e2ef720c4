/** The market in which built evidence plays: actors, spec, terms, quorum and a BLS beacon of its own. */
import { bls12_381 } from '@noble/curves/bls12-381.js'
import { orderAmount } from '@assay/core'
import {
  asAddress,
  asHash,
  basisPoints,
  beaconDst,
  beaconMessage,
  bytesToHex,
  deriveOrderId,
  deriveSpecHash,
  hexToBytes,
  JobSpec,
  keccakText,
  OrderTerms,
  type BeaconInfo,
  type BeaconRound,
  type BeaconValue,
  type Hex,
  type MarketDomain,
  type OrderId,
  type QuorumId,
  type QuorumMembers,
  type Unit,
} from '@assay/protocol'
import { createTestActor, type TestActor } from './test-actor.ts'

/** A beacon that signs any round, published or not. */
export interface TestBeacon {
  readonly info: BeaconInfo
  value(round: BeaconRound): BeaconValue
}

export interface EvidenceCast {
  readonly market: MarketDomain
  readonly client: TestActor
  readonly aggregator: TestActor
  readonly providers: readonly TestActor[]
  readonly validators: readonly TestActor[]
  readonly quorum: QuorumMembers
  readonly beacon: TestBeacon
  readonly spec: JobSpec
  readonly terms: OrderTerms
  readonly orderId: OrderId
}
export interface CastOptions {
  /** Another label gives another order; actors stay the same. */
  readonly label?: string
  readonly shards?: number
  readonly providers?: number
  readonly validators?: number
  readonly threshold?: number
  readonly feeBps?: number
  /** Escrowed amount, when not exactly what the job can cost. */
  readonly maxAmount?: bigint
  /** Fields of the spec to replace, in wire form (amounts as decimal strings). */
  readonly spec?: Readonly<Record<string, unknown>>
}

export const castBeaconGenesisMs = 1_800_000_000_000
export const castBeaconPeriodMs = 1000

/** 32 bytes that belong to a text. */
export const named = <H extends Unit<Hex, string>>(text: string): H => asHash<H>(keccakText(`assay/test/${text}`))

export function createEvidenceCast(options: CastOptions = {}): EvidenceCast {
  const { label = 'job', shards = 4, providers = 4, validators = 7, feeBps = 100 } = options
  const market = { chainId: 31_337, escrow: asAddress(named('escrow').slice(0, 42)) }
  const client = createTestActor('client')
  const aggregator = createTestActor('aggregator')
  const quorumActors = actors('validator', validators)
  const quorum: QuorumMembers = {
    id: 1 as QuorumId,
    threshold: options.threshold ?? Math.floor((validators * 2) / 3) + 1,
    members: quorumActors.map(({ address }) => address),
  }
  const spec = JobSpec.parse({ ...specOf(label, shards), client: client.address, ...options.spec })
  const terms = OrderTerms.parse({
    client: client.address,
    aggregator: aggregator.address,
    maxAmount: (options.maxAmount ?? orderAmount(spec, basisPoints(feeBps)).maxUsdc).toString(),
    settleBy: 1_800_003_600,
    refundAt: 1_800_007_200,
    quorumId: quorum.id,
    feeBps,
    specHash: deriveSpecHash(spec),
    salt: named(`terms/${label}`),
  })
  return {
    market,
    client,
    aggregator,
    providers: actors('provider', providers),
    validators: quorumActors,
    quorum,
    beacon: createTestBeacon('cast'),
    spec,
    terms,
    orderId: deriveOrderId(market, terms),
  }
}

/** Equal seeds give equal beacons. */
export function createTestBeacon(seed: string): TestBeacon {
  const { secretKey } = bls.keygen(hexToBytes(`${keccakText(seed)}${keccakText(`${seed}/2`).slice(2, 34)}`))
  return {
    info: {
      publicKey: bytesToHex(bls.getPublicKey(secretKey).toBytes()),
      genesisMs: castBeaconGenesisMs,
      periodMs: castBeaconPeriodMs,
      scheme: 'bls-unchained-g1-rfc9380',
    },
    value: (round) => ({
      round,
      signature: bytesToHex(bls.sign(bls.hash(beaconMessage(round), beaconDst), secretKey).toBytes()),
    }),
  }
}

const actors = (role: string, count: number): readonly TestActor[] =>
  Array.from({ length: count }, (_, i) => createTestActor(`${role}-${i}`))

function specOf(label: string, shards: number): Record<string, unknown> {
  return {
    v: 1,
    image: `sha256:${named(`image`).slice(2)}`,
    command: ['sh', '-c', 'wc -c /in/data'],
    env: {},
    resources: { cpus: 1000, memoryBytes: 64 * 1024 * 1024, diskBytes: 16 * 1024 * 1024, pids: 64 },
    timeLimitMs: 60_000,
    network: 'none',
    determinism: 'D1',
    captureStdout: true,
    outputBytes: 1024 * 1024,
    sharedInputs: [],
    shards: Array.from({ length: shards }, (_, i) => ({ name: `${label}-${i}`, args: [], inputs: [] })),
    priceUsdc: '1000000',
    auditFeeUsdc: '300000',
    auditBudgetUsdc: '2000000',
    minAuditRatePpm: 10_000,
    sealTo: `age1${'q'.repeat(58)}`,
    rail: 'usdc',
  }
}

const bls = bls12_381.shortSignatures
