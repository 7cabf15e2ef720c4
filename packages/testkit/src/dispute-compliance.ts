/** What every chain adapter must do about faults: validators' verdicts, appeals, rulings, proofs. Run beside `chainCompliance`. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { SignedBatch } from '@assay/core'
import {
  deriveAuditCommitDigest,
  deriveAuditCommitment,
  deriveCommitDigest,
  deriveCommitment,
  deriveRulingDigest,
  deriveVerdictDigest,
  deriveVerdictId,
  usdc,
  verdictOutcomes,
  type Address,
  type Hash32,
  type Opening,
  type QuorumId,
  type SignedAuditCommit,
  type SignedCommit,
  type Verdict,
} from '@assay/protocol'
import { complianceCast as cast, fails, openChainStage, type ChainHarness } from './chain-compliance.ts'
import { named } from './evidence-cast.ts'
import { createTestActor, type TestActor } from './test-actor.ts'

const unit = 1_000_000n
const never = new AbortController().signal
const bench = ['a', 'b', 'c', 'd', 'e'].map((name) => createTestActor(`dispute compliance bench ${name}`))
const shard = 0
const attempt = 1
const truth: Opening = { resultRoot: named('dispute truth'), salt: named('dispute salt') }

/** Declares the suite under `name`. `open` gives an empty market with windows of an hour. */
export function disputeCompliance(name: string, open: () => Promise<ChainHarness>): void {
  describe(`dispute compliance: ${name}`, () => {
    it('records a validator’s fault once, only with its own audit commit and the opening that ties it to the order', async () => {
      await using stage = await openStage(open)
      const { wallet, reader, terms, commit } = stage
      const accused = cast.validators[0]!
      const { verdict, signatures } = stage.verdictOn(accused.address, 7n * unit)
      const audit = stage.audit(accused, 'mine')
      const proven = { verdict, terms, provider: commit.provider, opening: truth, audit }
      const id = deriveVerdictId(verdict)
      assert.equal(await reader.verdictRecord(id, never), undefined)
      const other = { ...proven, opening: { ...truth, salt: named<Opening['salt']>('another salt') } }
      await fails(wallet.submitValidatorVerdict(other, signatures, never), { reason: /^NotInvolved$/ })
      const before = await stage.now()
      const sent = await wallet.submitValidatorVerdict(proven, signatures, never)
      assert.deepEqual(await wallet.submitValidatorVerdict(proven, signatures, never), sent)
      const record = await reader.verdictRecord(id, never)
      assert.deepEqual(
        [record?.status, record?.outcome, record?.accused, record?.guilty, record?.round, record?.slash],
        ['submitted', verdictOutcomes.validatorFault, accused.address, true, 0, 7n * unit],
      )
      await stage.harness.warp((await stage.now()) + 3600)
      await wallet.finalizeVerdict(verdict, never)
      assert.equal((await reader.operator(accused.address, never))?.stake, 93n * unit)
      const [fault, ...others] = await reader.faultsOf(accused.address, never)
      assert.deepEqual(
        [fault?.verdictId, fault?.orderId, fault?.outcome, fault?.status, fault?.guilty, others.length],
        [id, stage.orderId, 2, 'slashed', true, 0],
      )
      assert.ok(fault !== undefined && fault.recordedAt >= before && fault.recordedAt < before + 60)
      assert.deepEqual(await reader.faultsOf(cast.provider.address, never), [])
    })

    it('takes the bond of an appeal, shows its bench as it was, and gives it back when the ruling turns the verdict', async () => {
      await using stage = await openStage(open)
      const { wallet, reader, terms, commit, harness } = stage
      const { verdict, signatures } = stage.verdictOn(commit.provider, 10n * unit)
      await wallet.submitVerdict({ verdict, terms, commit }, signatures, never)
      const id = deriveVerdictId(verdict)
      const appellant = harness.writer(cast.provider)
      await harness.mint(cast.provider.address, 3n * unit)
      assert.equal(await reader.appealOf(id, 1, never), undefined)
      await appellant.appealVerdict(verdict, never)
      assert.equal(await reader.verdictStatus(verdict, never), 'appealed')
      assert.equal(await reader.usdcBalance(cast.provider.address, never), 500_000n)
      const appeal = await reader.appealOf(id, 1, never)
      assert.equal(appeal?.appellant, cast.provider.address)
      assert.equal(appeal?.bench.id, stage.benchId)
      assert.deepEqual(
        appeal?.seats,
        bench
          .map(({ address }) => ({ validator: address, stake: 100n * unit }))
          .toSorted((a, b) => (a.validator < b.validator ? -1 : 1)),
      )
      await fails(wallet.finalizeVerdict(verdict, never), { reason: /^TooEarly$/ })

      const ruling = { verdictId: id, round: 1, guilty: false, evidence: named<Hash32>('appeal') }
      const signed = (actors: readonly TestActor[]) =>
        actors.map((actor) => actor.signNow(deriveRulingDigest(reader.market, ruling)))
      await fails(wallet.submitRuling(ruling, signed(bench.slice(2)).slice(1), never), { reason: /^QuorumNotMet$/ })
      await fails(wallet.submitRuling(ruling, signed(cast.validators), never), { reason: /^NotMember$/ })
      await wallet.submitRuling(ruling, signed(bench.slice(0, 3)), never)
      assert.equal(await reader.credit(cast.provider.address, never), 2_500_000n)
      await wallet.finalizeVerdict(verdict, never)
      assert.equal(await reader.verdictStatus(verdict, never), 'overturned')
      assert.equal((await reader.operator(cast.provider.address, never))?.stake, 50n * unit)
      const [fault] = await reader.faultsOf(cast.provider.address, never)
      assert.deepEqual([fault?.status, fault?.guilty], ['overturned', false])
    })

    it('keeps the bond of an appeal that the ruling confirms, and returns one on which nobody ruled', async () => {
      await using stage = await openStage(open)
      const { wallet, reader, terms, commit, harness } = stage
      const { verdict, signatures } = stage.verdictOn(commit.provider, 10n * unit)
      await wallet.submitVerdict({ verdict, terms, commit }, signatures, never)
      await harness.mint(cast.provider.address, 3n * unit)
      await harness.writer(cast.provider).appealVerdict(verdict, never)
      const ruling = { verdictId: deriveVerdictId(verdict), round: 1, guilty: true, evidence: named<Hash32>('appeal') }
      const digest = deriveRulingDigest(reader.market, ruling)
      await wallet.submitRuling(
        ruling,
        bench.slice(0, 3).map((actor) => actor.signNow(digest)),
        never,
      )
      assert.equal(await reader.credit(cast.provider.address, never), 0n)
      await wallet.finalizeVerdict(verdict, never)
      assert.equal(await reader.verdictStatus(verdict, never), 'slashed')

      const second = stage.verdictOn(cast.validators[0]!.address, unit)
      const audit = stage.audit(cast.validators[0]!, 'mine')
      const proven = { verdict: second.verdict, terms, provider: commit.provider, opening: truth, audit }
      await wallet.submitValidatorVerdict(proven, second.signatures, never)
      await harness.writer(cast.provider).appealVerdict(second.verdict, never)
      const waiting = await reader.verdictRecord(deriveVerdictId(second.verdict), never)
      assert.equal(waiting?.round, 1)
      await harness.warp(waiting.closesAt)
      await wallet.finalizeVerdict(second.verdict, never)
      assert.equal(await reader.credit(cast.provider.address, never), 250_000n)
      assert.equal(await reader.verdictStatus(second.verdict, never), 'slashed')
    })

    it('knows which quorum hears appeals', async () => {
      await using stage = await openStage(open)
      assert.equal(await stage.reader.appealQuorumOf(stage.quorumId, never), stage.benchId)
      assert.equal(stage.benchId && (await stage.reader.appealQuorumOf(stage.benchId, never)), undefined)
    })

    it('convicts by proof who committed to two results of one attempt, once, whoever proves it', async () => {
      await using stage = await openStage(open)
      const { wallet, reader, terms, commit } = stage
      const second = stage.commitTo('another result')
      const proof = { terms, first: commit, second, reporter: cast.stranger.address }
      await fails(wallet.proveEquivocation({ ...proof, second: commit }, never), { reason: /^NoConflict$/ })
      const forged = { ...second, commitment: named<SignedCommit['commitment']>('forged') }
      await fails(wallet.proveEquivocation({ ...proof, second: forged }, never), { reason: /^NotInvolved$/ })
      const sent = await wallet.proveEquivocation(proof, never)
      assert.deepEqual(await wallet.proveEquivocation({ ...proof, first: second, second: commit }, never), sent)
      assert.equal((await reader.operator(cast.provider.address, never))?.stake, 0n)
      assert.equal(await reader.credit(cast.stranger.address, never), 20n * unit)
      const [fault] = await reader.faultsOf(cast.provider.address, never)
      assert.deepEqual([fault?.outcome, fault?.status, fault?.guilty], [3, 'slashed', true])
      await fails(stage.harness.writer(cast.stranger).proveEquivocation(proof, never), {
        reason: /^VerdictExists$/,
        code: 'verdict-exists',
      })
    })

    it('convicts by proof who answered one blind audit twice', async () => {
      await using stage = await openStage(open)
      const { wallet, reader, terms, commit } = stage
      const accused = cast.validators[1]!
      const about = { terms, commit, opening: truth, reporter: cast.stranger.address }
      const first = stage.audit(accused, 'one')
      await fails(wallet.proveConflictingAudits({ ...about, first, second: first }, never), { reason: /^NoConflict$/ })
      await wallet.proveConflictingAudits({ ...about, first, second: stage.audit(accused, 'two') }, never)
      assert.equal((await reader.operator(accused.address, never))?.stake, 0n)
    })

    it('convicts by proof who signed two settlements of one order', async () => {
      await using stage = await openStage(open)
      const { wallet, reader, terms } = stage
      const accused = cast.validators[2]!
      const signed = (change: Partial<SignedBatch>): SignedBatch => stage.batch(change, [accused])
      const about = { terms, validator: accused.address, reporter: cast.stranger.address, first: signed({}) }
      await fails(wallet.proveConflictingBatches({ ...about, second: signed({}) }, never), { reason: /^NoConflict$/ })
      const second = signed({ resultsRoot: named<Hash32>('other results') })
      await wallet.proveConflictingBatches({ ...about, second }, never)
      assert.equal((await reader.operator(accused.address, never))?.stake, 0n)
    })
  })
}

async function openStage(open: () => Promise<ChainHarness>) {
  const benchIn = async (harness: ChainHarness): Promise<QuorumId> => {
    for (const member of bench) await harness.register(member, 'validator', 100n * unit)
    return harness.createQuorum(bench, 3)
  }
  const stage = await openChainStage(open, benchIn)
  await stage.fund()
  const { market } = stage.reader
  const { orderId, quorumId } = stage
  const about = { orderId, shard, attempt, provider: cast.provider.address }
  const commitTo = (what: string): SignedCommit => {
    const opening = what === 'truth' ? truth : { ...truth, resultRoot: named<Opening['resultRoot']>(what) }
    const bare = { ...about, commitment: deriveCommitment(market, about, opening), sealedHash: named<Hash32>('sealed') }
    return { ...bare, signature: cast.provider.signNow(deriveCommitDigest(market, bare)) }
  }
  const commit = commitTo('truth')
  const audit = ({ address, signNow }: TestActor, what: string): SignedAuditCommit => {
    const body = { commitment: commit.commitment, round: 0, validator: address }
    const opening = { resultRoot: named<Opening['resultRoot']>(what), salt: truth.salt }
    const bare = { ...body, auditCommitment: deriveAuditCommitment(market, body, opening) }
    return { ...bare, signature: signNow(deriveAuditCommitDigest(market, bare)) }
  }
  const verdictOn = (accused: Address, slash: bigint) => {
    const outcome = accused === cast.provider.address ? verdictOutcomes.providerFault : verdictOutcomes.validatorFault
    const detector = cast.stranger.address
    const evidence = named<Hash32>('dispute evidence')
    const body = { orderId, shard, attempt, accused, outcome, slash: usdc(slash), detector, quorumId, evidence }
    const verdict: Verdict = body
    const digest = deriveVerdictDigest(market, verdict)
    return { verdict, signatures: cast.validators.slice(0, 2).map((validator) => validator.signNow(digest)) }
  }
  return { ...stage, commit, commitTo, audit, verdictOn }
}
