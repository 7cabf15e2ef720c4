import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openDatabase } from '@assay/node-kit'
import { deriveCommitDigest, type SignedCommit } from '@assay/protocol'
import {
  buildCase,
  castBeaconGenesisMs,
  castBeaconPeriodMs,
  createEvidenceCast,
  createFakeChain,
  createFakeClock,
  named,
} from '@assay/testkit'
import type { Context } from '../context.ts'
import { migrations } from '../store/migrations.ts'
import { createAggregatorStore } from '../store/open-store.ts'
import { noteRefusal } from './note-fault.ts'
import { runProof } from './run-proof.ts'

const never = new AbortController().signal
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

async function openScene() {
  const cast = createEvidenceCast({ validators: 5, threshold: 3, shards: 1 })
  const clock = createFakeClock(castBeaconGenesisMs + 7 * castBeaconPeriodMs)
  const chain = createFakeChain({ clock }, { escrow: cast.market.escrow })
  const [cheat, second] = cast.providers
  chain.register(cheat!.address, { provider: true, stakeUsdc: 50_000_000n })
  for (const { address } of cast.validators) chain.register(address, { validator: true, stakeUsdc: 100_000_000n })
  chain.createQuorum(cast.quorum.members, cast.quorum.threshold)
  chain.mint(cast.client.address, 1_000_000_000n)
  const { terms } = cast
  chain.fund(terms)
  const database = openDatabase(':memory:', { migrations })
  const store = createAggregatorStore(database)
  const market = { chainId: cast.market.chainId, escrow: cast.market.escrow }
  const context = {
    chain: { ...chain.reader, market: { ...chain.reader.market, ...market } },
    clock,
    log: silent,
    signer: cast.aggregator,
    store: { ...store, job: () => ({ terms }) },
    wallet: chain.writer(cast.aggregator.address),
    wake: () => undefined,
  } as unknown as Context
  const { commit } = await buildCase(cast, 'honest')
  const body = { ...commit, commitment: named<SignedCommit['commitment']>('another answer') }
  const other = { ...body, signature: cheat!.signNow(deriveCommitDigest(cast.market, body)) }
  const details = (asked: SignedCommit) => ({
    rule: 'one-commit-an-attempt',
    orderId: commit.orderId,
    shard: 0,
    attempt: 1,
    heldProvider: commit.provider,
    heldCommitment: commit.commitment,
    heldSealedHash: commit.sealedHash,
    heldSignature: commit.signature,
    askedProvider: asked.provider,
    askedCommitment: asked.commitment,
    askedSealedHash: asked.sealedHash,
    askedSignature: asked.signature,
  })
  return { cast, chain, context, store, cheat: cheat!, second, other, details, database }
}

describe('a member that refuses because a provider committed twice', () => {
  it('gives the aggregator what convicts the provider on chain, once', async () => {
    const { cast, chain, context, store, cheat, other, details, database } = await openScene()
    await using _ = database
    const [validator] = cast.quorum.members
    noteRefusal(context, validator!, { details: details(other) })
    noteRefusal(context, validator!, { details: details(other) })
    const [proof, ...more] = store.openProofs()
    assert.ok(proof !== undefined && more.length === 0)
    await runProof(context, proof, never)
    assert.equal((await chain.reader.operator(cheat.address, never))?.stake, 0n)
    assert.deepEqual(store.openProofs(), [])
    await runProof({ ...context, wallet: chain.writer(cast.client.address) }, proof, never)
    assert.equal((await chain.reader.faultsOf(cheat.address, never)).length, 1)
  })

  it('is not believed when a signature is not the provider’s, or nothing contradicts', async () => {
    const { cast, context, store, other, details, database } = await openScene()
    await using _ = database
    const [validator] = cast.quorum.members
    const { heldSignature } = details(other)
    noteRefusal(context, validator!, { details: { ...details(other), askedSignature: heldSignature } })
    noteRefusal(context, validator!, { details: { ...details(other), askedCommitment: details(other).heldCommitment } })
    noteRefusal(context, validator!, { details: { ...details(other), rule: 'one-sample-a-commit' } })
    noteRefusal(context, validator!, { details: { ...details(other), askedSealedHash: 7 } })
    assert.deepEqual(store.openProofs(), [])
  })
})
