/** Proves faults by arithmetic: two signatures of one operator that cannot both be honest, and pairs that can. */
import type { Hex } from 'viem'

import { packOrders } from '../../../packages/protocol/src/index.ts'
import { type Batch, batchDigest } from '../model/digests.ts'
import type { OrderTerms } from '../model/market.ts'
import type { ConflictingAuditsProof, EquivocationProof, SignedBatch } from '../model/proofs.ts'
import { CAST } from './cast.ts'
import { auditBy, commitBy, judgedDraft, someAccused, someDetector, somePlace, someWork } from './dispute-moves.ts'
import { type Draft, type Move, type Scene, mostly, randomHash, signFor, somebody } from './scene.ts'

const proveEquivocation: Move = (scene) => {
  const { rng } = scene
  const judged = judgedDraft(scene)
  if (judged === undefined) return undefined
  const provider = someAccused(scene, 3)
  const place = { orderId: judged.id, ...somePlace(scene), provider }
  const { shard, attempt } = place
  const first = commitBy(scene, place, someWork(scene))
  const elsewhere = mostly(rng, place, { ...place, shard: shard + 1 }, { ...place, orderId: randomHash(rng) })
  const second = mostly(rng, commitBy(scene, elsewhere, someWork(scene)), first)
  const proof: EquivocationProof = { shard, attempt, provider, first, second }
  const args: [EquivocationProof, OrderTerms, Hex] = [proof, judged.terms, someDetector(scene, provider)]
  return { caller: somebody(scene), call: 'disputes.proveEquivocation', args }
}

const proveConflictingAudits: Move = (scene) => {
  const { rng } = scene
  const judged = judgedDraft(scene)
  if (judged === undefined) return undefined
  const validator = someAccused(scene, 4)
  const fault = { orderId: judged.id, ...somePlace(scene), accused: validator, outcome: 4 }
  const work = someWork(scene)
  // An equivocating provider gets two honest answers from one validator: another commitment is another question.
  const other = mostly(rng, work, { ...work, round: work.round + 1 }, { ...someWork(scene), round: work.round })
  const first = auditBy(scene, fault, work)
  const second = mostly(rng, auditBy(scene, fault, other), first)
  const { shard, attempt } = fault
  const proof: ConflictingAuditsProof = { shard, attempt, validator, first, second }
  const args: [ConflictingAuditsProof, OrderTerms, Hex] = [proof, judged.terms, someDetector(scene, validator)]
  return { caller: somebody(scene), call: 'disputes.proveConflictingAudits', args }
}

const proveConflictingBatches: Move = (scene) => {
  const { rng } = scene
  const judged = judgedDraft(scene)
  if (judged === undefined) return undefined
  const validator = someAccused(scene, 5)
  const charged = BigInt(rng.below(1000))
  const one = settlementOf(scene, judged, charged)
  const other = settlementOf(scene, judged, rng.chance(0.7) ? charged + 1n : charged)
  const first = signedBy(scene, validator, one)
  const second = mostly(rng, signedBy(scene, validator, other), first)
  const args: [Hex, SignedBatch, SignedBatch, OrderTerms, Hex] = [
    validator,
    first,
    second,
    judged.terms,
    someDetector(scene, validator),
  ]
  return { caller: somebody(scene), call: 'disputes.proveConflictingBatches', args }
}

/** A settlement of one order, alone or among others, and where in it the order stands. */
function settlementOf(scene: Scene, { id }: Draft, charged: bigint): { batch: Batch; position: bigint } {
  const { rng } = scene
  const others = rng.chance(0.5) ? [] : [{ orderId: randomHash(rng), charged: 1n }]
  const charges = [...others, { orderId: id, charged }].toSorted((a, b) => (a.orderId < b.orderId ? -1 : 1))
  const position = charges.findIndex(({ orderId }) => orderId === id)
  const packed = packOrders(charges as never)
  const batch: Batch = {
    aggregator: rng.pick(CAST.aggregators).address,
    quorumId: 1 + rng.below(3),
    orders: mostly(rng, packed, packed.slice(0, -2) as Hex, '0x'),
    // Not judged here, only hashed: whether a batch draws tabs decides whether it settles the order alone.
    tabs: rng.chance(0.85) ? '0x' : '0xff',
    payouts: '0x',
    fee: rng.chance(0.5) ? 0n : 1n,
    resultsRoot: `0x${'22'.repeat(32)}`,
  }
  return { batch, position: BigInt(mostly(rng, position, position + 1, 7)) }
}

function signedBy(scene: Scene, validator: Hex, settlement: { batch: Batch; position: bigint }): SignedBatch {
  const digest = batchDigest(scene.market.setting, settlement.batch)
  return { ...settlement, signature: signFor(scene, validator, digest) }
}

export const PROOF_MOVES = { proveEquivocation, proveConflictingAudits, proveConflictingBatches }
