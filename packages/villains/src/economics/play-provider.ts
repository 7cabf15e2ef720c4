import { isAccepted, isConviction, nextPasses, verificationPolicy } from '@assay/core'
import { contractMoney, simLimits } from '../limits.ts'
import type { Conditions } from './conditions.ts'
import { judgeChallenge, judgeCommit, type SimCommit, type SimJudgement } from './judge-commit.ts'
import type { Random } from './random.ts'
import type { Rules } from './rules.ts'
import { captured } from './statistics.ts'
import type { Career, ProviderMoves, ShardMove } from './strategy.ts'

/** A market to play in: what is given, and the rules. */
export interface SimMarket {
  readonly conditions: Conditions
  readonly rules: Rules
}

/**
 * One career of a provider, until it leaves, has no stake left to work with, or has seen `careerEpochs`. Its gain is what
 * it has more than honest work on the same shards would have brought: nobody pays it for shards it never took.
 */
export function playProvider(moves: ProviderMoves, market: SimMarket, random: Random): Career {
  const identities = moves.identities ?? 1
  const career: Sums = { gainUsdc: 0, epochs: 0, units: 0, convictions: 0, attacks: 0, runs: 0, slashedUsdc: 0 }
  for (let name = 0; name < identities; name++) playIdentity(moves, market, random, career)
  return career
}

/** A career while it is played. */
type Sums = { -readonly [Field in keyof Career]: Career[Field] }

interface Identity {
  stakeUsdc: number
  passes: number
}

function playIdentity(moves: ProviderMoves, market: SimMarket, random: Random, career: Sums): void {
  const { conditions, rules } = market
  const fullStake = Math.floor(conditions.stakeUsdc / (moves.identities ?? 1))
  const identity: Identity = { stakeUsdc: fullStake, passes: conditions.passesAtStart }
  for (let epoch = 0; epoch < simLimits.careerEpochs; epoch++) {
    const shards = shardsOf(moves, market, identity.stakeUsdc)
    const ratePpm = rules.rate(identity.stakeUsdc, identity.passes)
    const before = career.convictions
    if (shards === 0 || moves.leaves?.({ epoch, ...identity, ratePpm, convictions: before }) === true) return
    career.epochs += 1
    // Epochs of several aggregators run side by side: all are committed before any is judged.
    const groups = Array.from({ length: conditions.aggregators }, () =>
      commitEpoch({ moves, market, random, career, identity, epoch, shards, ratePpm }),
    )
    for (const commits of groups) settleEpoch({ moves, market, random, career, identity }, commits, ratePpm)
    if (career.convictions === before) continue
    if (moves.afterConviction === 'leave') return
    if (moves.afterConviction !== 'rename') continue
    identity.stakeUsdc = fullStake
    identity.passes = 0
  }
}

function shardsOf({ epochShards }: ProviderMoves, { conditions, rules }: SimMarket, stakeUsdc: number): number {
  const room = Math.floor(rules.room(stakeUsdc) / conditions.priceUsdc)
  return Math.min(room, conditions.epochShards, epochShards ?? simLimits.epochShards)
}

interface Play {
  readonly moves: ProviderMoves
  readonly market: SimMarket
  readonly random: Random
  readonly career: Sums
  readonly identity: Identity
}
interface EpochPlay extends Play {
  readonly epoch: number
  readonly shards: number
  readonly ratePpm: number
}

interface Held extends SimCommit {
  readonly move: ShardMove
}

/** Decides and pays for the work of one epoch; returns the commits that were taken in. */
function commitEpoch({ moves, market, random, career, identity, epoch, shards, ratePpm }: EpochPlay): readonly Held[] {
  const { conditions, rules } = market
  const { priceUsdc, costUsdc, bitFlip } = conditions
  const picksSeats = moves.aggregator?.picksSeats === true && !rules.silenceConfirmed
  const commits: Held[] = []
  for (let at = 0; at < shards; at++) {
    const { stakeUsdc, passes } = identity
    const { convictions } = career
    const move = moves.shard({ epoch, stakeUsdc, passes, ratePpm, at, shards, convictions })
    career.units += 1
    if (move !== 'work') career.attacks += 1
    // What an honest one would have by the end; the price is added when it is paid.
    career.gainUsdc -= priceUsdc - costUsdc
    career.gainUsdc -= move === 'work' ? costUsdc : move === 'skip' ? 0 : (moves.fakeCost ?? 0) * costUsdc
    if (move === 'skip' || move === 'withhold') continue
    const right = move === 'work' ? !(bitFlip > 0 && random.chance(bitFlip)) : random.chance(moves.fakeRight ?? 0)
    const opened = right || (move === 'work' ? true : (moves.opensFakes ?? true))
    const bribed = !right && moves.bribe !== undefined && takesBribe(moves.bribe, market, random)
    commits.push({ move, right, opened, bribed, picksSeats })
  }
  return commits
}

/**
 * Whether an honest auditor passes the fake for that share of the slash: it gives up the detector's share, which a panel
 * must confirm, and may be found out by a client that knows the answer.
 */
function takesBribe(bribe: number, { conditions, rules }: SimMarket, random: Random): boolean {
  const { collusion, providerRingers, stakeUsdc, validatorStakeUsdc, bribable } = conditions
  const slashUsdc = rules.slash(stakeUsdc, rules.rate(stakeUsdc, Number.MAX_SAFE_INTEGER))
  const reward = (contractMoney.detectorBps / 10_000) * slashUsdc * (1 - captured(3, collusion))
  const risk = providerRingers * rules.validatorSlash(validatorStakeUsdc, 0)
  return bribe * slashUsdc > reward + risk && random.chance(bribable)
}

/** Samples, judges, follows a conviction to all else, pays and slashes. */
function settleEpoch(play: Play, commits: readonly Held[], ratePpm: number): void {
  const { moves, market, random, career, identity } = play
  const { conditions, rules } = market
  const { priceUsdc, providerRingers } = conditions
  const { skipsAudits = false, censors = 0 } = moves.aggregator ?? {}
  if (skipsAudits || censors > 0) career.attacks += 1
  // Members refuse a settlement without an audit or a commit that they know of: nothing of the epoch is paid.
  if ((skipsAudits || censors > 0) && rules.membersCheck) return
  career.gainUsdc += Math.floor(censors * commits.length) * (priceUsdc - conditions.costUsdc)
  const { judged, auditedPpm } = skipsAudits
    ? { judged: commits.map((): SimJudgement | undefined => undefined), auditedPpm: ratePpm }
    : drawEpoch(play, commits, ratePpm)
  for (const [at, commit] of commits.entries())
    if (!commit.right && isPaid(judged[at]) && random.chance(providerRingers))
      judged[at] = judgeChallenge(commit, conditions, random)
  if (rules.contagion && judged.some((one) => one !== undefined && isConviction(one.verdict)))
    for (const [at, commit] of commits.entries()) judged[at] ??= judgeCommit(commit, conditions, random)

  for (const [at, commit] of commits.entries()) {
    const one = judged[at]
    if (isPaid(one)) career.gainUsdc += priceUsdc
    if (one === undefined) continue
    career.runs += one.runs
    if (commit.move === 'equivocate')
      convict(play, Math.min(identity.stakeUsdc, Number(verificationPolicy.chainSlashMultiple) * priceUsdc), false)
    else if (isConviction(one.verdict)) convict(play, rules.slash(identity.stakeUsdc, auditedPpm), one.detectedByFriend)
    else if (commit.bribed) career.gainUsdc -= (moves.bribe ?? 0) * rules.slash(identity.stakeUsdc, auditedPpm)
    identity.passes = nextPasses(identity.passes, one.verdict)
  }
}

/** The draw of one epoch, or of the last proposal when the aggregator tries again. */
function drawEpoch({ moves, market, random }: Play, commits: readonly Held[], ratePpm: number): Drawn {
  const { conditions, rules } = market
  const again = rules.secondProposalWhole ? 1_000_000 : ratePpm
  const draw = (rate: number): (SimJudgement | undefined)[] =>
    commits.map((commit) => (random.chance(rate / 1_000_000) ? judgeCommit(commit, conditions, random) : undefined))
  let judged = draw(ratePpm)
  let proposal = 1
  const tries = Math.min(moves.aggregator?.proposals ?? 1, rules.mostProposals)
  for (; proposal < tries && judged.some(isCaught); proposal++) judged = draw(again)
  return { judged, auditedPpm: proposal === 1 || rules.slashesAtFirstRate ? ratePpm : again }
}

interface Drawn {
  readonly judged: (SimJudgement | undefined)[]
  /** The rate that a slash follows. */
  readonly auditedPpm: number
}

const isCaught = (one: SimJudgement | undefined): boolean => one !== undefined && isConviction(one.verdict)
const isPaid = (one: SimJudgement | undefined): boolean => one === undefined || isAccepted(one.verdict)

function convict({ moves, career, identity }: Play, slashUsdc: number, byFriend: boolean): void {
  identity.stakeUsdc -= slashUsdc
  identity.passes = 0
  career.convictions += 1
  career.slashedUsdc += slashUsdc
  career.gainUsdc -= slashUsdc
  if (byFriend && moves.ownsSeats === true)
    career.gainUsdc += Math.floor((slashUsdc * contractMoney.detectorBps) / 10_000)
}
