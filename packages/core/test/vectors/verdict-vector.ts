import {
  asAddress,
  asHash,
  basisPoints,
  keccakText,
  ppm,
  ShardVerdict,
  toJson,
  usdc,
  type Json,
  type ResultRoot,
} from '@assay/protocol'
import {
  decideAudit,
  exposureRoom,
  failedRunRoot,
  isAccepted,
  isConviction,
  nextPasses,
  orderAmount,
  requiredRate,
  slashAmount,
  verificationPolicy,
  type SeatResult,
} from '../../src/index.ts'

/** Rates, slashes, verdicts and amounts as pure arithmetic. */
export function verdictVector(): Json {
  return toJson({
    policy: verificationPolicy,
    failedRunRoot,
    rates: rates(),
    slashes: slashes(),
    exposure: [
      [101n, 0n],
      [101n, 20n],
      [101n, 50n],
      [101n, 51n],
    ].map(([stake, unsettled]) => ({ stake, unsettled, room: exposureRoom(usdc(stake ?? 0n), usdc(unsettled ?? 0n)) })),
    verdicts: { roots: rootOf, cases: verdicts() },
    consequences: ShardVerdict.options.map((verdict) => ({
      verdict,
      paid: isAccepted(verdict),
      convicts: isConviction(verdict),
      passesAfter7: nextPasses(7, verdict),
    })),
    amounts: amounts(),
    tolerant: { rates: reducedRates(), slashes: reducedSlashes(), cases: tolerantVerdicts() },
  })
}

function rates(): readonly object[] {
  const cases: readonly (readonly [bigint, bigint, number, number])[] = [
    [1_000_000n, 50_000_000n, 1_000_000, 0],
    [1_000_000n, 50_000_000n, 0, 0],
    [1_000_000n, 50_000_000n, 9, 0],
    [1_000_000n, 50_000_000n, 10, 0],
    [1_000_000n, 50_000_000n, 11, 0],
    [1_000_000n, 50_000_000n, 187, 0],
    [1_000_000n, 50_000_000n, 188, 0],
    [1_000_000n, 50_000_000n, 1_000_000, 60_000],
    [1_000_000n, 5_000_000n, 1_000_000, 0],
    [1_000_000n, 0n, 1_000_000, 0],
    [1_000_000n, 500_000_000n, 1_000_000, 0],
    [1n, 18_446_744_073_709_551_615n, 1_000_000_000, 0],
    [18_446_744_073_709_551_615n, 18_446_744_073_709_551_615n, 1_000_000, 0],
  ]
  return cases.map(([price, stake, auditedPasses, min]) => {
    const input = { priceUsdc: usdc(price), stakeUsdc: usdc(stake), auditedPasses, minRatePpm: ppm(min) }
    return { ...input, ratePpm: requiredRate({ ...input, determinism: 'D1' }) }
  })
}

function slashes(): readonly object[] {
  const cases: readonly (readonly [bigint, bigint, number])[] = [
    [1_000_000n, 50_000_000n, 53_428],
    [1_000_000n, 500_000_000n, 10_000],
    [1_000_000n, 500_000_000n, 1_000_000],
    [1_000_000n, 5_000_000n, 10_000],
    [333_333n, 500_000_000n, 123_457],
    [1_000_000n, 0n, 10_000],
  ]
  return cases.map(([price, stake, rate]) => {
    const input = { priceUsdc: usdc(price), stakeUsdc: usdc(stake), ratePpm: ppm(rate) }
    return { ...input, slashUsdc: slashAmount({ ...input, determinism: 'D1' }) }
  })
}

function amounts(): readonly object[] {
  const cases: readonly (readonly [bigint, bigint, number, number])[] = [
    [1_000_000n, 600_000n, 4, 100],
    [333_333n, 10_001n, 3, 250],
    [1n, 0n, 1, 500],
    [1_000_000n, 0n, 2048, 0],
  ]
  return cases.map(([price, budget, shards, feeBps]) => {
    const spec = { priceUsdc: usdc(price), auditBudgetUsdc: usdc(budget) }
    const list = Array.from({ length: shards }, () => ({ name: 'any', args: [], inputs: [] }))
    return { ...spec, shards, feeBps, ...orderAmount({ ...spec, shards: list }, basisPoints(feeBps)) }
  })
}

/** Letters stand for results; F is the failed run. */
const rootOf: Readonly<Record<string, ResultRoot>> = {
  A: asHash(keccakText('A')),
  B: asHash(keccakText('B')),
  C: asHash(keccakText('C')),
  D: asHash(keccakText('D')),
  F: failedRunRoot,
}

/** Seat i of round r is address 0x…ri; words are results in drawing order. */
const seats = (round: number, word: string): readonly SeatResult[] =>
  word.split('').map((letter, i) => ({
    validator: asAddress(`0x${`${round}${i}`.padStart(40, '0')}`),
    root: rootOf[letter] ?? failedRunRoot,
  }))

function verdicts(): readonly object[] {
  const cases: readonly (readonly [opened: string | null, first: string, panel: string | null, panelSeats: number])[] =
    [
      ['A', '', null, 3],
      ['A', 'A', null, 3],
      ['A', 'AA', null, 3],
      [null, 'A', null, 3],
      [null, '', null, 3],
      ['F', 'F', null, 3],
      ['A', 'B', null, 3],
      ['A', 'AB', null, 3],
      ['A', 'B', '', 3],
      ['A', 'B', 'A', 3],
      ['A', 'B', 'AB', 3],
      ['A', 'B', 'AA', 3],
      ['A', 'B', 'AAB', 3],
      ['A', 'B', 'BBA', 3],
      ['A', 'B', 'CCA', 3],
      ['A', 'B', 'ABC', 3],
      ['A', 'B', 'CDF', 3],
      ['A', 'F', 'FFA', 3],
      ['A', 'B', 'ABCA', 3],
      ['A', 'B', 'ABBAA', 3],
      ['A', 'B', null, 2],
      ['A', 'B', 'AB', 2],
      ['A', 'B', 'BB', 2],
      ['A', 'B', null, 1],
      ['A', 'B', null, 0],
    ]
  return cases.map(([opened, first, panel, panelSeats]) => ({
    opened,
    first,
    panel,
    panelSeats,
    ...decideAudit({
      opened: opened === null ? undefined : rootOf[opened],
      first: seats(0, first),
      panel: panel === null ? undefined : seats(1, panel),
      panelSeats,
    }),
  }))
}

/** Class D3: what changes when the slash is at most five prices. */
function reducedRates(): readonly object[] {
  const stakes = [50_000_000n, 5_000_000n, 2_500_000n, 0n]
  return stakes.map((stake) => {
    const input = { priceUsdc: usdc(1_000_000n), stakeUsdc: usdc(stake), auditedPasses: 1_000_000, minRatePpm: ppm(0) }
    return { ...input, ratePpm: requiredRate({ ...input, determinism: 'D3' }) }
  })
}

function reducedSlashes(): readonly object[] {
  return [50_000_000n, 5_000_000n, 2_500_000n, 0n].map((stake) => {
    const input = { priceUsdc: usdc(1_000_000n), stakeUsdc: usdc(stake), ratePpm: ppm(454_133) }
    return { ...input, slashUsdc: slashAmount({ ...input, determinism: 'D3' }) }
  })
}

/** Class D3: `agree` names pairs of letters that agree; every seat says so that finds one and was shown the other. */
function tolerantVerdicts(): readonly object[] {
  const cases: readonly (readonly [opened: string, first: string, panel: string | null, agree: string])[] = [
    ['A', 'B', null, 'AB'],
    ['A', 'B', null, ''],
    ['A', 'C', 'BBB', 'AB BC'],
    ['A', 'C', 'BB', 'AB BC'],
    ['A', 'C', 'BDD', 'AB BC CD'],
    ['A', 'C', 'BD', 'AB BC CD'],
    ['A', 'B', 'CDD', 'AC BD'],
    ['A', 'B', 'CDC', 'CD'],
    ['A', 'B', 'CD', 'CD'],
    ['A', 'B', 'CDA', ''],
    ['A', 'F', 'FFB', 'AF AB'],
  ]
  return cases.map(([opened, first, panel, agree]) => {
    const pairs = new Set(agree.split(' ').flatMap((pair) => [pair, pair.split('').toReversed().join('')]))
    const say = (round: number, word: string): readonly SeatResult[] =>
      seats(round, word).map((seat, i) => ({
        ...seat,
        agrees: new Set(
          Object.entries(rootOf).flatMap(([other, root]) => (pairs.has(`${word[i]}${other}`) ? [root] : [])),
        ),
      }))
    const facts = { opened: rootOf[opened], first: say(0, first), panel: panel === null ? undefined : say(1, panel) }
    return { opened, first, panel, agree, ...decideAudit({ ...facts, panelSeats: 3 }) }
  })
}
