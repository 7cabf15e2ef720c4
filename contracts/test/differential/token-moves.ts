/** What the token's issuer, its holders and the guardian do meanwhile. */
import { CAST } from './cast.ts'
import { type Move, USDC, amountUpTo, clientsOf, around, pickFrom, somebody } from './scene.ts'

const transfer: Move = (scene) => {
  const to = scene.rng.pick([...clientsOf(scene), scene.market.setting.escrow, CAST.stranger.address])
  return { caller: somebody(scene), call: 'token.transfer', args: [to, amountUpTo(scene.rng, 50n * USDC)] }
}

const approve: Move = (scene) => {
  const { rng, market } = scene
  const { escrow, stakes, disputes } = market.setting
  const amount = rng.chance(0.4) ? amountUpTo(rng, 20n * USDC) : 2n ** 256n - 1n
  return { caller: somebody(scene), call: 'token.approve', args: [rng.pick([escrow, stakes, disputes]), amount] }
}

/** Seldom on, soon off. */
const pause: Move = (scene) => {
  const { rng, market } = scene
  if (!market.token.paused && !rng.chance(0.3)) return undefined
  return { caller: somebody(scene), call: 'token.setPaused', args: [!market.token.paused] }
}

const blacklist: Move = (scene) => {
  const { rng, market } = scene
  const { escrow, disputes } = market.setting
  const blocked = rng.chance(0.5) ? pickFrom(rng, [...market.token.blacklisted]) : undefined
  const contracts = rng.chance(0.1) ? [escrow, disputes] : []
  const account = blocked ?? rng.pick([...clientsOf(scene), ...contracts, somebody(scene)])
  return { caller: somebody(scene), call: 'token.setBlacklisted', args: [account, blocked === undefined] }
}

const stopIntake: Move = (scene) => {
  const { rng, market } = scene
  const taker = rng.pick(['escrow', 'stakes'] as const)
  const caller = rng.chance(0.8) ? CAST.guardian.address : somebody(scene)
  const { restsUntil } = market[taker].intake
  const at = restsUntil > market.now && rng.chance(0.5) ? around(scene, restsUntil) : undefined
  return { caller, call: `${taker}.stopIntake`, args: [], at }
}

const resumeIntake: Move = (scene) => {
  const { rng, market } = scene
  const taker = rng.pick(['escrow', 'stakes'] as const)
  const { stoppedUntil } = market[taker].intake
  if (stoppedUntil <= market.now && !rng.chance(0.1)) return undefined
  const at = rng.chance(0.1) ? around(scene, stoppedUntil) : undefined
  return {
    caller: rng.chance(0.9) ? CAST.guardian.address : somebody(scene),
    call: `${taker}.resumeIntake`,
    args: [],
    at,
  }
}

export const TOKEN_MOVES = { transfer, approve, pause, blacklist }
export const INTAKE_MOVES = { stopIntake, resumeIntake }
