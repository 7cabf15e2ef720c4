import { coversPrice, exposureRoom, requiredRate, slashAmount, validatorSlash, verificationPolicy } from '@assay/core'
import { maxUsdc, ppm, usdc } from '@assay/protocol'
import { contractMoney } from '../limits.ts'
import { referenceConditions, type Conditions } from './conditions.ts'

/** The rules of a market that the simulator can change. Everything else is `core` itself. */
export interface Rules {
  readonly name: string
  /** Audit rate of a commit in ppm, for what its provider has at stake and its audited passes in a row. */
  rate(stakeUsdc: number, passes: number): number
  /** What a conviction takes from such a stake, for a commit with that rate. */
  slash(stakeUsdc: number, ratePpm: number): number
  /** What a provider with that stake may have unsettled at one aggregator. */
  room(stakeUsdc: number): number
  /** Whether a conviction has all else of that provider audited. */
  readonly contagion: boolean
  /** Seats of the benches that hear appeals, in order. */
  readonly benches: readonly number[]
  /** What a validator loses that a majority outvoted, for its stake and its convictions before. */
  validatorSlash(stakeUsdc: number, priorFaults: number): number
  /** Whether a commit that was acknowledged once is audited whole when it is proposed again. */
  readonly secondProposalWhole: boolean
  /** Whether the slash for a commit that was proposed again follows its first rate: a full rate has the least slash. */
  readonly slashesAtFirstRate: boolean
  /** In how many proposals members acknowledge one commit. */
  readonly mostProposals: number
  /** Whether members refuse a settlement that leaves out an audit or a commit they know of. */
  readonly membersCheck: boolean
  /** Whether the aggregator's word alone is not enough to call a seat silent. */
  readonly silenceConfirmed: boolean
  /** What a client pays for a result that its own job made incomparable, as a share of the price. */
  readonly unsteadyPays: number
  /** The client's share of a slash, hundredths of a per cent. */
  readonly clientBps: number
  /** Whether only jobs with a certificate can be slashed for. */
  readonly certificates: boolean
}

export type RuleName = 'ours' | 'boinc'
export const ruleNames: readonly RuleName[] = ['ours', 'boinc']

/** Rules by name for these conditions, with faults planted where a test wants to see them matter. */
export function createRules(name: RuleName, conditions: Conditions, faults: Partial<Rules> = {}): Rules {
  const ours = oursRules(conditions)
  return { ...(name === 'ours' ? ours : { ...ours, ...boincRules }), ...faults }
}

/** What `core` and the contracts do. A rate or slash is computed once for each stake: stakes repeat, careers are many. */
function oursRules(conditions: Conditions): Rules {
  const { priceUsdc, auditFeeUsdc } = conditions
  const price = usdc(BigInt(priceUsdc))
  const rates = createMemo((stake, auditedPasses) =>
    requiredRate({
      priceUsdc: price,
      stakeUsdc: usdc(BigInt(stake)),
      auditedPasses,
      minRatePpm: ppm(0),
      determinism: 'D1',
    }),
  )
  const slashes = createMemo((stake, rate) =>
    Number(slashAmount({ priceUsdc: price, stakeUsdc: usdc(BigInt(stake)), ratePpm: ppm(rate), determinism: 'D1' })),
  )
  return {
    name: 'ours',
    rate: rates,
    slash: slashes,
    room: (stake) =>
      coversPrice(usdc(BigInt(stake)), price) ? Number(exposureRoom(usdc(BigInt(stake)), usdc(0n))) : 0,
    contagion: true,
    benches: verificationPolicy.appealSeats,
    validatorSlash: (stake, priorFaults) =>
      Number(
        validatorSlash({
          offence: 'outvoted',
          priorFaults,
          stakeUsdc: usdc(BigInt(stake)),
          auditFeeUsdc: usdc(BigInt(auditFeeUsdc)),
          // An order large enough for the chain to take whatever is due.
          maxAmount: maxUsdc,
        }),
      ),
    secondProposalWhole: true,
    slashesAtFirstRate: true,
    mostProposals: verificationPolicy.mostProposals,
    membersCheck: true,
    silenceConfirmed: false,
    unsteadyPays: 0,
    clientBps: contractMoney.clientBps,
    certificates: true,
  }
}

/**
 * The control: BOINC's adaptive replication on a fixed stake. After ten audited passes in a row a result is audited with
 * probability 1/n, whatever is at stake; a bad one loses the whole stake and n. All else is as in ours, so that the rate
 * alone makes the difference.
 */
const boincRules: Pick<Rules, 'name' | 'rate' | 'slash'> = {
  name: 'boinc',
  rate: (_stake, passes) => (passes < verificationPolicy.probationPasses ? 1_000_000 : Math.ceil(1_000_000 / passes)),
  slash: (stake) => stake,
}

/** Another σ in rate and slash, past the probation: what would follow from another policy at the reference point. */
export function withSafetyFactor(factor: number): Pick<Rules, 'rate' | 'slash'> {
  const { rate, slash } = createRules('ours', referenceConditions)
  const share = factor / Number(verificationPolicy.safetyFactor)
  return {
    rate: (stake, passes) => {
      const policy = rate(stake, passes)
      return policy === 1_000_000 ? policy : Math.min(1_000_000, Math.ceil(policy * share))
    },
    // The slash grows with σ/rate, so a rate that much lower stands for a σ that much higher.
    slash: (stake, ratePpm) => slash(stake, Math.max(1, Math.round(ratePpm / share))),
  }
}

/** Forgets all when it has grown large: stakes after several slashes are many and rarely seen again. */
function createMemo(compute: (stake: number, second: number) => number): (stake: number, second: number) => number {
  const known = new Map<number, Map<number, number>>()
  return (stake, second) => {
    let row = known.get(stake)
    if (row === undefined) {
      if (known.size >= memoRows) known.clear()
      row = new Map()
      known.set(stake, row)
    }
    let value = row.get(second)
    if (value === undefined) {
      value = compute(stake, second)
      row.set(second, value)
    }
    return value
  }
}

const memoRows = 4096
