/** A ladder of quorums, each of which hears appeals against the one below. */
import { keccak256 } from 'viem'

import { type Actor, MIN_STAKE, ROLE, type World, as, byAddress, createActor } from './world.ts'

/** A quorum with as many of its members as its threshold asks for, ascending. */
export interface Bench {
  readonly quorumId: number
  readonly members: readonly Actor[]
  readonly signers: readonly Actor[]
}

export interface Ladder {
  /** Of 3 members; its verdicts are appealed to `benches[0]`. */
  readonly court: Bench
  /** Of 7, 15 and 31 members, each appealed to the next. */
  readonly benches: readonly [Bench, Bench, Bench]
}

const MEMBERS = 31

/** Registers 31 validators and creates quorums of 31, 15, 7 and 3 of them. The three smaller ones share no member. */
export async function openLadder(world: World): Promise<Ladder> {
  const crowd = createCrowd('bench', MEMBERS)
  for (const actor of crowd) await joinAsValidator(world, actor)
  const highest = await createBench(world, crowd, 0)
  const high = await createBench(world, crowd.slice(0, 15), highest.quorumId)
  const low = await createBench(world, crowd.slice(15, 22), high.quorumId)
  const court = await createBench(world, crowd.slice(22, 25), low.quorumId)
  return { court, benches: [low, high, highest] }
}

/** Actors with no money yet, ascending by address. */
export function createCrowd(name: string, count: number): Actor[] {
  return Array.from({ length: count }, (_, i) => createActor(`${name} ${i}`)).toSorted(byAddress)
}

/** Gives an actor of no means gas, and registers and stakes it as a validator. */
export async function joinAsValidator(world: World, actor: Actor): Promise<void> {
  const { stakes, usdc, testUsdc } = world
  await world.rpc('hardhat_setBalance', actor.address, '0xde0b6b3a7640000')
  await world.mined(testUsdc.write.mint([actor.address, MIN_STAKE], as(actor)))
  await world.mined(usdc.write.approve([stakes.address, MIN_STAKE], as(actor)))
  await world.mined(stakes.write.register([actor.address, ROLE.validator, keccak256(actor.address)], as(actor)))
  await world.mined(stakes.write.stake([MIN_STAKE], as(actor)))
}

/** Creates a quorum with the smallest majority as its threshold. */
export async function createBench(world: World, members: readonly Actor[], appealQuorumId: number): Promise<Bench> {
  const { quorums, deployer } = world
  const threshold = Math.floor(members.length / 2) + 1
  const addresses = members.map(({ address }) => address)
  await world.mined(
    quorums.write.createQuorum([addresses, threshold, appealQuorumId], { ...as(deployer), gas: 16_000_000n }),
  )
  const quorumId = await quorums.read.quorumCount()
  return { quorumId, members, signers: members.slice(0, threshold) }
}
