/** A guardian's stop, as `IIntake` describes it: at most 7 days, then a rest of 21. */
import type { Hex } from 'viem'

import { type Done, type Intake, type Market, withEscrow, withStakes } from './market.ts'
import { revert } from './revert.ts'
import { RULES } from './rules.ts'

/** The two contracts that take something in. */
export type Taker = 'escrow' | 'stakes'

export function requireIntake(market: Market, taker: Taker): void {
  const { stoppedUntil } = market[taker].intake
  if (market.now < stoppedUntil) throw revert(taker, 'IntakeClosed', stoppedUntil)
}

export function stopIntake(market: Market, taker: Taker, caller: Hex): Done {
  requireGuardian(market, taker, caller)
  const { restsUntil } = market[taker].intake
  if (market.now < restsUntil) throw revert(taker, 'GuardianRests', restsUntil)
  const stoppedUntil = market.now + RULES.maxStop
  return withIntake(market, taker, { stoppedUntil, restsUntil: stoppedUntil + RULES.stopRest })
}

/** Opens at once; the rest still counts from the stop. */
export function resumeIntake(market: Market, taker: Taker, caller: Hex): Done {
  requireGuardian(market, taker, caller)
  const { intake } = market[taker]
  if (market.now >= intake.stoppedUntil) throw revert(taker, 'IntakeOpen')
  return withIntake(market, taker, { ...intake, stoppedUntil: market.now })
}

function requireGuardian(market: Market, taker: Taker, caller: Hex): void {
  if (caller !== market.setting.guardian) throw revert(taker, 'NotGuardian', caller)
}

function withIntake(market: Market, taker: Taker, intake: Intake): Done {
  return { market: taker === 'escrow' ? withEscrow(market, { intake }) : withStakes(market, { intake }) }
}
