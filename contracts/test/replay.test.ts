/**
 * The replay matrix: every signature of the market, shown for something else than what it was made for, is refused, each
 * for the reason in `support/replay-table.ts`.
 */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'

import { type Hex, parseSignature } from 'viem'

import { createCrowd } from './support/ladder.ts'
import { signAll } from './support/messages.ts'
import { REPLAYS, type Replay, SIGNATURES, type SignatureKind } from './support/replay-table.ts'
import { revertName } from './support/revert-name.ts'
import { type Signature, type Stage, type Twist, createSignatures, openStage, signFor } from './support/signatures.ts'
import { awaitExit, tabOf, topUp } from './support/tabs.ts'
import { EVIDENCE, appeal, finalize, someVerdict, verdictIdOf, warpToClose } from './support/verdicts.ts'
import { type Actor, USDC, type World, as, openWorld, withSecondEscrow } from './support/world.ts'

const KINDS = Object.keys(SIGNATURES) as SignatureKind[]
const CHAINS = [31_337, 137] as const
/** Of each chain: the same, or a signature for another chain would be one for another contract too. */
const markets: unknown[] = []

for (const chainId of CHAINS) {
  describe(`a signature on chain ${chainId}`, () => {
    let world: World
    let elsewhere: World
    let stage: Stage
    let signatures: Record<SignatureKind, Signature>
    let reset: () => Promise<void>
    before(async () => {
      world = await openWorld({ chainId })
      markets.push(world.market)
      stage = await openStage(world)
      signatures = createSignatures(stage)
      const second = await withSecondEscrow(world)
      // Another set of contracts around the same token.
      elsewhere = { ...second, stakes: { ...world.stakes, address: second.escrow.address } }
      reset = await world.snapshot()
    })
    beforeEach(() => reset())
    after(() => world[Symbol.asyncDispose]())

    /** Signs a varied message and shows it for the real one. */
    async function replay(name: SignatureKind, twist: Twist): Promise<string> {
      const kind = signatures[name]
      return revertName(kind.use(await signFor(kind, kind.digest(twist)), twist))
    }

    for (const name of KINDS) {
      it(`${name}: for itself → ok`, async () => {
        assert.equal(await replay(name, {}), 'ok')
      })
    }

    const chain = CHAINS[0] + CHAINS[1] - chainId
    const twists: Partial<Record<Replay, () => Twist>> = {
      'another chain': () => ({ where: { ...world, chainId: chain } }),
      'another contract': () => ({ where: elsewhere }),
      'another token': () => ({ where: { ...world, usdc: { ...world.usdc, address: world.escrow.address } } }),
      'another order, tab or operator': () => ({ other: true }),
      'another shard or attempt': () => ({ attempt: true }),
      'another epoch, generation or round': () => ({ epoch: true }),
      'another quorum': () => ({ quorum: true }),
      'other content': () => ({ content: true }),
    }

    for (const [name, results] of Object.entries(SIGNATURES) as [SignatureKind, readonly string[]][]) {
      for (const [position, expected] of results.entries()) {
        const column = REPLAYS[position] as Replay
        const twist = twists[column]
        if (twist === undefined || expected === '–') continue
        // The other columns have nothing to do with the chain.
        if (chainId !== CHAINS[0] && column !== 'another chain') continue
        it(`${name}, for ${column} → ${expected}`, async () => {
          const { where = world, ...changes } = twist()
          const kind = signatures[name]
          assert.notEqual(kind.digest({ where, ...changes }), kind.digest({}), 'the variation is one')
          assert.equal(await replay(name, { where, ...changes }), expected)
        })
      }
    }

    if (chainId !== CHAINS[0]) {
      it('meets the same contracts at the same addresses as on the other chain', () => {
        assert.equal(markets.length, CHAINS.length)
        assert.deepEqual(markets[0], markets[1])
      })
      return
    }

    const expectedOf = (name: SignatureKind, column: Replay) => SIGNATURES[name][REPLAYS.indexOf(column)] as string

    for (const name of KINDS) {
      const expected = expectedOf(name, 'another signer')
      it(`${name}, by another signer → ${expected}`, async () => {
        const kind = signatures[name]
        const outsiders = createCrowd('outsider', kind.signers.length)
        assert.equal(await revertName(kind.use(await signAll(kind.digest({}), outsiders), {})), expected)
      })

      for (const other of KINDS.filter((each) => each !== name)) {
        const refused = expectedOf(name, 'another kind of message')
        it(`${name}, signed as ${other} → ${refused}`, async () => {
          const kind = signatures[name]
          const signature = await signFor(kind, signatures[other].digest({}))
          assert.equal(await revertName(kind.use(signature, {})), refused)
        })
      }

      const used = expectedOf(name, 'used before')
      it(`${name}, used before → ${used}`, async () => {
        const kind = signatures[name]
        const signature = await signFor(kind, kind.digest({}))
        await kind.spend(signature)
        assert.equal(await revertName(kind.use(signature, {})), used)
      })
    }

    describe('that was used stays used', () => {
      /** Uses a signature, lets something happen, and shows it again. */
      async function again(name: SignatureKind, meanwhile: (signature: Hex) => Promise<unknown>): Promise<string> {
        const kind = signatures[name]
        const signature = await signFor(kind, kind.digest({}))
        await kind.spend(signature)
        await meanwhile(signature)
        return revertName(kind.use(signature, {}))
      }
      const refund = (terms: Stage['terms']) => world.mined(world.escrow.write.refund([terms], as(world.stranger)))

      it('an order payment, after the refund', async () => {
        const { terms } = stage
        const result = await again('order payment', async () => {
          await world.warp(terms.refundAt)
          await refund(terms)
        })
        assert.equal(result, 'OrderExists')
      })

      it('a batch, after the remainder is refunded', async () => {
        assert.equal(await again('settlement batch', () => refund(stage.order.terms)), 'OrderClosed')
      })

      it('an acceptance, after the remainder is refunded', async () => {
        assert.equal(await again('acceptance', () => refund(stage.own.terms)), 'OrderClosed')
      })

      const reopen = async () => {
        await awaitExit(world, (await world.escrow.read.tab(tabOf(world))).deposited - 100n)
        await world.mined(world.escrow.write.finishTabExit([...tabOf(world)], as(world.stranger)))
        await topUp(world)
        assert.equal((await world.escrow.read.tab(tabOf(world))).generation, 1)
      }

      it('a voucher, after the tab was closed and opened again', async () => {
        assert.equal(await again('tab voucher', reopen), 'BadSignature')
      })

      it('a tab deposit, after the tab was closed and opened again', async () => {
        const result = await again('tab deposit', async () => {
          await awaitExit(world, 15n * USDC)
          await world.mined(world.escrow.write.finishTabExit([...tabOf(world)], as(world.stranger)))
        })
        assert.equal(result, 'FiatTokenV2: authorization is used or canceled')
      })

      it('a verdict, after it was carried out', async () => {
        const result = await again('verdict', async () => {
          const id = verdictIdOf(someVerdict(world, stage.order))
          await warpToClose(world, id)
          await finalize(world, id)
        })
        assert.equal(result, 'VerdictExists')
      })

      it('a ruling, in the round after it', async () => {
        const { ladder, appealed } = stage
        const [bench, next] = ladder.benches
        const kind = signatures.ruling
        // All of the bench sign, so that the number of signatures is not what is missing.
        const all = await signAll(kind.digest({}), bench.members)
        await kind.spend(all)
        await appeal(world, appealed, world.stranger)
        assert.equal(await revertName(kind.use(all, {})), 'QuorumNotMet')
        assert.equal(await revertName(kind.use(await signAll(kind.digest({}), next.signers), {})), 'NotMember')
      })

      it('a ruling, after the verdict is over', async () => {
        const result = await again('ruling', async () => {
          await warpToClose(world, stage.appealed)
          await finalize(world, stage.appealed)
        })
        assert.equal(result, 'VerdictClosed')
      })

      it('an authorization that was cancelled instead of used', async () => {
        const kind = signatures['stake authorization']
        const { account, address } = kind.signers[0] as Actor
        const signature = await signFor(kind, kind.digest({}))
        const { r, s, yParity } = parseSignature(
          await account.signTypedData({
            domain: { name: 'USD Coin', version: '2', chainId, verifyingContract: world.usdc.address },
            types: {
              CancelAuthorization: [
                { name: 'authorizer', type: 'address' },
                { name: 'nonce', type: 'bytes32' },
              ],
            },
            primaryType: 'CancelAuthorization',
            message: { authorizer: address, nonce: EVIDENCE },
          }),
        )
        const args = [address, EVIDENCE, 27 + yParity, r, s] as const
        await world.mined(world.usdc.write.cancelAuthorization(args, as(world.stranger)))
        assert.equal(await revertName(kind.use(signature, {})), 'FiatTokenV2: authorization is used or canceled')
      })
    })
  })
}
