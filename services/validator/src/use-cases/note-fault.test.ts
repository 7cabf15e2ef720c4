import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { durationMs, type SignedCommit } from '@assay/protocol'
import { buildEpoch, buildRound, junkOf, named, openingsOf, truthOf } from '@assay/testkit'
import { auditRequest, codeOf, openStage, reasonOf, seatsOf, type Stage } from '../../test/stage.ts'

const never = new AbortController().signal
const stakeOf = async ({ chain }: Stage, address: SignedCommit['provider']) =>
  (await chain.reader.operator(address, never))?.stake
/** Lets the background take what was found to the chain. */
const settle = async ({ clock }: Stage) => clock.advance(durationMs(30_000))

describe('faults that prove themselves', () => {
  it('takes two commits of one attempt to the chain, whichever epochs they came in, once', async () => {
    await using stage = await openStage()
    const { cast, chain, actor } = stage
    const cheat = cast.providers[0]!.address
    const plan = { shard: 0, provider: 0, sampled: true }
    await stage.introduce()
    assert.equal(codeOf(await stage.propose(await buildEpoch(cast, [plan]))), 'acknowledged')
    const commitment = named<SignedCommit['commitment']>('another answer')
    const other = await buildEpoch(cast, [{ ...plan, commitment }], { number: 1 })
    assert.equal(reasonOf(await stage.propose(other)), 'one-commit-an-attempt')
    assert.equal(stage.store.openProofs().length, 1)
    // Found again, by another life too: still one fault.
    assert.equal(reasonOf(await stage.propose(other)), 'one-commit-an-attempt')
    await stage.restart()
    await settle(stage)
    assert.equal(await stakeOf(stage, cheat), 0n)
    assert.equal(await chain.reader.credit(actor.address, never), 20_000_000n)
    assert.deepEqual(stage.store.openProofs(), [])
    const faults = await chain.reader.faultsOf(cheat, never)
    assert.deepEqual(
      faults.map(({ outcome, status }) => [outcome, status]),
      [[3, 'slashed']],
    )
  })

  it('leaves a fault alone that somebody else has proven', async () => {
    await using stage = await openStage()
    const { cast, chain } = stage
    const plan = { shard: 0, provider: 0, sampled: true }
    await stage.introduce()
    const first = await buildEpoch(cast, [plan])
    await stage.propose(first)
    const second = await buildEpoch(cast, [{ ...plan, commitment: named<SignedCommit['commitment']>('b') }], {
      number: 1,
    })
    const reporter = cast.client.address
    const commits = { first: first.commits.get('0/1')!, second: second.commits.get('0/1')! }
    await chain.writer(reporter).proveEquivocation({ terms: cast.terms, ...commits, reporter }, never)
    await stage.propose(second)
    await settle(stage)
    assert.deepEqual(stage.store.openProofs(), [])
    assert.equal(await chain.reader.credit(reporter, never), 25_000_000n)
  })

  it('takes two answers of one seat to the chain, and holds nothing against who was only quoted wrongly', async () => {
    await using probe = await openStage()
    const plan = { shard: 0, provider: 0, sampled: true }
    const epochOf = async ({ cast }: Stage) => buildEpoch(cast, [plan])
    const [self] = seatsOf(probe.cast, await epochOf(probe), '0/1').seats
    await using stage = await openStage({ self: self! })
    const { cast } = stage
    const epoch = await epochOf(stage)
    await stage.introduce()
    await stage.propose(epoch)
    await stage.passSeed(epoch)
    const own = await stage.ask(auditRequest(cast, epoch, '0/1'))
    assert.ok(own.type === 'audited', JSON.stringify(own))
    const commit = epoch.commits.get('0/1')!
    const { alternates } = seatsOf(cast, epoch, '0/1')
    const [two, three] = alternates
    const saying = (who: typeof two, what: string) =>
      buildRound(cast, epoch, commit, {
        round: 0,
        earlier: [],
        who: [who!],
        rootOf: () => (what === 'truth' ? truthOf(cast, 0) : junkOf(cast, 0, what)),
      }).commits[0]!
    const { commitment } = commit
    const opening = openingsOf(cast).get(commitment)!
    const show = async (...others: readonly ReturnType<typeof saying>[]) =>
      stage.ask({ type: 'reveal', commitment, round: 0, commits: [own.commit, ...others], opening })
    const forged = { ...saying(three, 'truth'), auditCommitment: named<never>('words in its mouth') }
    assert.equal(codeOf(await show(saying(two, 'truth'), saying(three, 'truth'))), 'attested')
    await show(saying(two, 'second thoughts'), forged)
    await settle(stage)
    assert.equal(await stakeOf(stage, two!), 0n)
    assert.equal(await stakeOf(stage, three!), 100_000_000n)
  })
})
