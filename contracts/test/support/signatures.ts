/** Every signature of the market, as it is made, varied and used. */
import { type Hex, hashTypedData, keccak256, toHex } from 'viem'

import { type Ladder, openLadder } from './ladder.ts'
import {
  FAR_FUTURE,
  ROOT,
  TYPES,
  type Terms,
  authorizationDigest,
  batchDigest,
  commitmentOf,
  domainOf,
  orderIdOf,
  packPayouts,
  signAll,
  someBatch,
  someTerms,
} from './messages.ts'
import { type FundedOrder, fundedOrder } from './orders.ts'
import type { SignatureKind } from './replay-table.ts'
import { drawBatch, signedBatch, topUp, voucherDigest } from './tabs.ts'
import {
  EVIDENCE,
  OPENING,
  appeal,
  approveBonds,
  commitProof,
  rulingDigest,
  signVerdict,
  someVerdict,
  submitVerdict,
  verdictDigest,
  verdictIdOf,
} from './verdicts.ts'
import { type Actor, USDC, type World, as } from './world.ts'

/** In what the signed message differs from the one that the signature is shown for. */
export interface Twist {
  readonly where?: World
  readonly other?: boolean
  readonly attempt?: boolean
  readonly epoch?: boolean
  readonly quorum?: boolean
  readonly content?: boolean
}

export interface Signature {
  readonly signers: readonly Actor[]
  digest(twist: Twist): Hex
  /** Shows a signature, with what its signer would have shown with it, and tries the call. */
  use(signature: Hex, twist: Twist): Promise<unknown>
  /** The same, carried out. */
  spend(signature: Hex): Promise<unknown>
}

export interface Stage {
  readonly world: World
  readonly ladder: Ladder
  readonly terms: Terms
  readonly otherTerms: Terms
  readonly order: FundedOrder
  readonly otherOrder: FundedOrder
  readonly own: FundedOrder
  readonly otherOwn: FundedOrder
  readonly appealed: Hex
  readonly otherAppealed: Hex
}

const SEALED = keccak256(toHex('sealed'))
const AUDIT = keccak256(toHex('audit'))
const ELSE = keccak256(toHex('something else'))
const QUORUM_TWIN = 2
const PAYOUTS = [{ index: 6, amount: 100n }]
const VALUE = 5n * USDC

/** Orders to pay, settle and accept, a tab, a verdict on appeal. Quorum 2 has the members of quorum 1. */
export async function openStage(world: World): Promise<Stage> {
  const members = world.validators.map(({ address }) => address)
  await world.mined(world.quorums.write.createQuorum([members, 3, 0], as(world.stranger)))
  const ladder = await openLadder(world)
  await approveBonds(world, [world.stranger])
  await topUp(world)
  const judged = await fundedOrder(world, { quorumId: ladder.court.quorumId })
  const appealed = await submitVerdict(world, judged, {}, ladder.court)
  const otherAppealed = await submitVerdict(world, judged, { attempt: 1 }, ladder.court)
  await appeal(world, appealed, world.stranger)
  await appeal(world, otherAppealed, world.stranger)
  return {
    world,
    ladder,
    terms: await someTerms(world),
    otherTerms: await someTerms(world),
    order: await fundedOrder(world),
    otherOrder: await fundedOrder(world),
    own: await fundedOrder(world, { quorumId: 0 }),
    otherOwn: await fundedOrder(world, { quorumId: 0 }),
    appealed,
    otherAppealed,
  }
}

export function createSignatures(stage: Stage): Record<SignatureKind, Signature> {
  return {
    'order payment': orderPayment(stage),
    'settlement batch': settlementBatch(stage),
    acceptance: acceptance(stage),
    'tab voucher': tabVoucher(stage),
    'tab deposit': tabDeposit(stage),
    verdict: verdict(stage),
    ruling: ruling(stage),
    commit: commit(stage),
    'audit commit': auditCommit(stage),
    'stake authorization': stakeAuthorization(stage),
  }
}

/** Signs for a use: the digest of the twisted message, by those whose word the use asks for. */
export function signFor(kind: Signature, digest: Hex): Promise<Hex> {
  return signAll(digest, kind.signers)
}

function orderPayment({ world, terms, otherTerms }: Stage): Signature {
  const { client, escrow, stranger } = world
  return {
    signers: [client],
    digest({ where = world, other, content, quorum }) {
      const given = { ...(other ? otherTerms : terms), ...(quorum && { quorumId: QUORUM_TWIN }) }
      const paid = content ? { ...given, maxAmount: given.maxAmount + 1n } : given
      const to = where.escrow.address
      return authorizationDigest(where, {
        from: client.address,
        to,
        value: paid.maxAmount,
        nonce: orderIdOf(where, paid),
      })
    },
    use: (signature) =>
      escrow.simulate.fundWithAuthorization([terms, 0n, FAR_FUTURE, signature], { account: stranger.account }),
    spend: (signature) =>
      world.mined(escrow.write.fundWithAuthorization([terms, 0n, FAR_FUTURE, signature], as(stranger))),
  }
}

function settlementBatch({ world, order, otherOrder }: Stage): Signature {
  const { escrow, stranger } = world
  const build = ({ other, epoch, quorum, content }: Twist) => {
    const charged = content ? 101n : 100n
    const charges = [{ orderId: other ? otherOrder.id : order.id, charged }]
    const changes = { ...(epoch && { resultsRoot: ELSE }), ...(quorum && { quorumId: QUORUM_TWIN }) }
    return someBatch(world, charges, [{ index: 6, amount: charged }], changes)
  }
  return {
    signers: world.validators.slice(0, 3),
    digest: ({ where = world, ...twist }) => batchDigest(where, build(twist)),
    use: (signature) => escrow.simulate.settle([build({}), signature], { account: stranger.account }),
    spend: (signature) => world.mined(escrow.write.settle([build({}), signature], as(stranger))),
  }
}

function acceptance({ world, own, otherOwn }: Stage): Signature {
  const { escrow, client, stranger } = world
  const payouts = packPayouts(PAYOUTS)
  const args = (signature: Hex) => [own.terms, payouts, 0n, ROOT, signature] as const
  return {
    signers: [client],
    digest({ where = world, other, epoch, content }) {
      const domain = domainOf(where.chainId, where.escrow.address)
      const payoutsHash = keccak256(content ? '0x' : payouts)
      const orderId = other ? otherOwn.id : own.id
      const message = { orderId, payoutsHash, fee: 0n, resultsRoot: epoch ? ELSE : ROOT }
      return hashTypedData({ domain, types: TYPES, primaryType: 'ClientAcceptance', message })
    },
    use: (signature) => escrow.simulate.settleByClient(args(signature), { account: stranger.account }),
    spend: (signature) => world.mined(escrow.write.settleByClient(args(signature), as(stranger))),
  }
}

function tabVoucher({ world }: Stage): Signature {
  const { escrow, client, aggregator, stranger } = world
  const base = { feeBps: 200, ceiling: USDC }
  const settlement = (signature: Hex) => {
    const draw = { client: client.address, spentAfter: 100n, ...base, signature }
    return signedBatch(world, drawBatch(world, [draw], PAYOUTS))
  }
  return {
    signers: [client],
    digest: ({ where = world, other, epoch, quorum, content }) =>
      voucherDigest(where, {
        client: client.address,
        aggregator: (other ? stranger : aggregator).address,
        quorumId: quorum ? QUORUM_TWIN : world.quorumId,
        feeBps: base.feeBps,
        generation: epoch ? 1 : 0,
        ceiling: content ? base.ceiling + 1n : base.ceiling,
      }),
    use: async (signature) => escrow.simulate.settle(await settlement(signature), { account: stranger.account }),
    spend: async (signature) => world.mined(escrow.write.settle(await settlement(signature), as(stranger))),
  }
}

function tabDeposit({ world }: Stage): Signature {
  const { escrow, client, aggregator, stranger } = world
  const args = (signature: Hex) =>
    [client.address, aggregator.address, VALUE, 0n, FAR_FUTURE, EVIDENCE, signature] as const
  return {
    signers: [client],
    digest({ where = world, other, epoch, content }) {
      const domain = domainOf(where.chainId, where.escrow.address)
      const amount = content ? VALUE + 1n : VALUE
      const whose = { client: client.address, aggregator: (other ? stranger : aggregator).address }
      const message = { ...whose, amount, salt: epoch ? ELSE : EVIDENCE }
      const nonce = hashTypedData({ domain, types: TYPES, primaryType: 'TabDeposit', message })
      return authorizationDigest(where, { from: client.address, to: where.escrow.address, value: amount, nonce })
    },
    use: (signature) => escrow.simulate.topUpTabWithAuthorization(args(signature), { account: stranger.account }),
    spend: (signature) => world.mined(escrow.write.topUpTabWithAuthorization(args(signature), as(stranger))),
  }
}

function verdict({ world, order, otherOrder }: Stage): Signature {
  const { disputes, stranger } = world
  const build = ({ other, attempt, content, quorum }: Twist) =>
    someVerdict(world, other ? otherOrder : order, {
      ...(attempt && { attempt: 1 }),
      ...(content && { slash: 1n }),
      ...(quorum && { quorumId: QUORUM_TWIN }),
    })
  const args = async (signature: Hex) =>
    [build({}), order.terms, await commitProof(world, build({})), signature] as const
  return {
    signers: world.validators.slice(0, 3),
    digest: ({ where = world, ...twist }) => verdictDigest(where, build(twist)),
    use: async (signature) => disputes.simulate.submitVerdict(await args(signature), { account: stranger.account }),
    spend: async (signature) => world.mined(disputes.write.submitVerdict(await args(signature), as(stranger))),
  }
}

function ruling({ world, ladder, appealed, otherAppealed, order }: Stage): Signature {
  const { disputes, stranger } = world
  const args = (signature: Hex) => [appealed, false, EVIDENCE, signature] as const
  return {
    signers: ladder.benches[0].signers,
    digest({ where = world, other, attempt, epoch, content }) {
      const elsewhere = verdictIdOf(someVerdict(world, order))
      const verdictId = other ? elsewhere : attempt ? otherAppealed : appealed
      return rulingDigest(where, { verdictId, round: epoch ? 2 : 1, guilty: content === true, evidence: EVIDENCE })
    },
    use: (signature) => disputes.simulate.submitRuling(args(signature), { account: stranger.account }),
    spend: (signature) => world.mined(disputes.write.submitRuling(args(signature), as(stranger))),
  }
}

/** Shown in a verdict that the quorum signed: only the provider's word is missing. */
function commit({ world, order, otherOrder }: Stage): Signature {
  const { disputes, stranger } = world
  const accused = world.providers[0] as Actor
  const build = ({ where = world, other, attempt }: Twist) => {
    const orderId = other ? otherOrder.id : order.id
    const statement = { orderId, shard: 3, attempt: attempt ? 1 : 0, provider: accused.address }
    return { ...statement, commitment: commitmentOf(where, statement, OPENING) }
  }
  const args = async (signature: Hex, twist: Twist) => {
    const given = someVerdict(world, order)
    const proof = { commitment: build(twist).commitment, sealedHash: SEALED, signature }
    return [given, order.terms, proof, await signVerdict(world, given)] as const
  }
  return {
    signers: [accused],
    digest({ where = world, content, ...twist }) {
      const domain = domainOf(where.chainId, where.escrow.address)
      const message = { ...build({ where, ...twist }), sealedHash: content ? ELSE : SEALED }
      return hashTypedData({ domain, types: TYPES, primaryType: 'Commit', message })
    },
    use: async (signature, twist) =>
      disputes.simulate.submitVerdict(await args(signature, twist), { account: stranger.account }),
    spend: async (signature) => world.mined(disputes.write.submitVerdict(await args(signature, {}), as(stranger))),
  }
}

/** Shown in a verdict that the quorum signed: only the validator's word is missing. */
function auditCommit({ world, order, otherOrder }: Stage): Signature {
  const { disputes, stranger } = world
  const accused = world.validators[4] as Actor
  const provider = (world.providers[0] as Actor).address
  const args = async (signature: Hex) => {
    const given = someVerdict(world, order, { accused: accused.address, outcome: 2 })
    const proof = { provider, ...OPENING, round: 1, auditCommitment: AUDIT, signature }
    return [given, order.terms, proof, await signVerdict(world, given)] as const
  }
  return {
    signers: [accused],
    digest({ where = world, other, attempt, epoch, content }) {
      const domain = domainOf(where.chainId, where.escrow.address)
      const orderId = other ? otherOrder.id : order.id
      const commitment = commitmentOf(where, { orderId, shard: 3, attempt: attempt ? 1 : 0, provider }, OPENING)
      const round = epoch ? 2 : 1
      const message = { commitment, round, validator: accused.address, auditCommitment: content ? ELSE : AUDIT }
      return hashTypedData({ domain, types: TYPES, primaryType: 'AuditCommit', message })
    },
    use: async (signature) =>
      disputes.simulate.submitValidatorVerdict(await args(signature), { account: stranger.account }),
    spend: async (signature) => world.mined(disputes.write.submitValidatorVerdict(await args(signature), as(stranger))),
  }
}

function stakeAuthorization({ world }: Stage): Signature {
  const { stakes, stranger, providers } = world
  const [operator, another] = providers as [Actor, Actor]
  const args = (signature: Hex) => [operator.address, VALUE, 0n, FAR_FUTURE, EVIDENCE, signature] as const
  return {
    signers: [operator],
    digest: ({ where = world, other, epoch, content }) =>
      authorizationDigest(where, {
        from: (other ? another : operator).address,
        to: where.stakes.address,
        value: content ? VALUE + 1n : VALUE,
        nonce: epoch ? ELSE : EVIDENCE,
      }),
    use: (signature) => stakes.simulate.stakeWithAuthorization(args(signature), { account: stranger.account }),
    spend: (signature) => world.mined(stakes.write.stakeWithAuthorization(args(signature), as(stranger))),
  }
}
