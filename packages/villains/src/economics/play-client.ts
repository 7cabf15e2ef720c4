import { decideAudit, isAccepted, isConviction, verificationPolicy, type SeatResult } from '@assay/core'
import { asAddress, asHash, type ResultRoot, type ShardVerdict } from '@assay/protocol'
import { closed } from './judge-commit.ts'
import type { SimMarket } from './play-provider.ts'
import type { Random } from './random.ts'
import type { Career, ClientMoves } from './strategy.ts'

/**
 * One job of a client, over honest providers that have long left their probation. Its gain is what it has more than an
 * honest client of the same job: prices that came back, its share of slashes, less the audits beyond the first. A result
 * that it was refunded for is worth `unverifiedWorth` of the price to it.
 */
export function playClient(moves: ClientMoves, { conditions, rules }: SimMarket, random: Random): Career {
  const { priceUsdc, stakeUsdc, auditFeeUsdc, unverifiedWorth } = conditions
  const ratePpm = rules.rate(stakeUsdc, Number.MAX_SAFE_INTEGER)
  const certified = !rules.certificates || passesGate(moves, random)
  const room = Math.floor(rules.room(stakeUsdc) / priceUsdc)
  const shards = Math.min(room, moves.shardsEach ?? room)
  const epochs = Math.ceil(jobShards / shards)
  let [gainUsdc, convictions, runs, slashedUsdc, extraUsdc] = [0, 0, 0, 0, 0]
  for (let epoch = 0; epoch < epochs; epoch++) {
    let stakeLeft = stakeUsdc
    const verdicts = Array.from({ length: shards }, () =>
      random.chance(ratePpm / 1_000_000) ? judge(moves, random) : undefined,
    )
    const hit = verdicts.some((one) => one !== undefined && isConviction(one.verdict))
    for (const one of verdicts) {
      const judged = one ?? (hit && certified && rules.contagion ? judge(moves, random) : undefined)
      if (judged === undefined) continue
      runs += judged.runs
      extraUsdc += (judged.runs - 1) * auditFeeUsdc
      if (isAccepted(judged.verdict)) continue
      const isFault = isConviction(judged.verdict) && certified
      gainUsdc += (unverifiedWorth - (isFault ? 0 : rules.unsteadyPays)) * priceUsdc
      if (!isFault) continue
      const slashUsdc = rules.slash(stakeLeft, ratePpm)
      stakeLeft -= slashUsdc
      slashedUsdc += slashUsdc
      convictions += 1
      gainUsdc += Math.floor((slashUsdc * rules.clientBps) / 10_000)
    }
  }
  // The budget of a job, one fee a shard, bounds what audits can cost it.
  gainUsdc -= Math.min(extraUsdc, epochs * shards * auditFeeUsdc)
  const units = epochs * shards
  return { gainUsdc, epochs, units, convictions, attacks: units, runs, slashedUsdc }
}

/** Shards of one job; each provider has its share of them in one epoch. */
const jobShards = 500
/** Runs of the gate that must agree: three validators, two each. */
const gateRuns = 6

const passesGate = ({ unsteady, turns }: ClientMoves, random: Random): boolean =>
  turns === true || random.successes(gateRuns, unsteady) === 0

interface JobVerdict {
  readonly verdict: ShardVerdict
  readonly runs: number
}

function judge(moves: ClientMoves, random: Random): JobVerdict {
  const { panelSeats } = verificationPolicy
  const opened = moves.turns === true ? rootOf.before : run(moves, random)
  const first: readonly SeatResult[] = [{ validator: seats[0]!, root: run(moves, random) }]
  const facts = { opened, first, panel: undefined, panelSeats }
  const single = decideAudit(facts).verdict
  if (single !== 'panel-needed') return { verdict: closed(single), runs: 1 }
  const panel = Array.from({ length: panelSeats }, (_, seat) => ({
    validator: seats[1 + seat]!,
    root: run(moves, random),
  }))
  return { verdict: closed(decideAudit({ ...facts, panel }).verdict), runs: 1 + panelSeats }
}

/** The result of one run: the usual one, or one of its own. */
function run({ unsteady }: ClientMoves, random: Random): ResultRoot {
  if (!random.chance(unsteady)) return rootOf.usual
  return asHash<ResultRoot>(`0x${random.below(0x7fff_ffff).toString(16).padStart(64, '0')}`)
}

const rootOf = {
  before: asHash<ResultRoot>(`0x${'ee'.repeat(32)}`),
  usual: asHash<ResultRoot>(`0x${'aa'.repeat(32)}`),
}
const seats = Array.from({ length: 1 + verificationPolicy.panelSeats }, (_, seat) =>
  asAddress(`0x${(seat + 1).toString(16).padStart(40, '0')}`),
)
