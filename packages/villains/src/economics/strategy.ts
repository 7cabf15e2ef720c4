import type { VillainParty } from '../catalogue.ts'
import type { Conditions } from './conditions.ts'
import type { Random } from './random.ts'

/** The numbers that one variant of a strategy is made of, by name. */
export type StrategyParameters = Readonly<Record<string, number>>

/**
 * One way to cheat, as the simulator plays it. A file for `--strategy` exports one of these as `strategy`; `best`,
 * `expects` and `under` may be left out there.
 */
export interface Strategy {
  /** Stands in tables: lowercase words joined by hyphens. */
  readonly name: string
  readonly party: VillainParty
  /** Values of each parameter to try; the best combination is searched. An empty grid is one variant. */
  readonly grid: Readonly<Record<string, readonly number[]>>
  /** The most promising variant: what the gate measures, for a provider past its probation. */
  readonly best?: StrategyParameters
  /** Sign of its gain under our rules: below nothing, or not above it. */
  readonly expects?: 'loss' | 'no-gain'
  /** Conditions that are other than the reference for this strategy: whom it has on its side, say. */
  readonly under?: Partial<Conditions>
  /** Makes the player of one career. `random` is its own chance, apart from the market's. */
  create(parameters: StrategyParameters, random: Random): Player
}

/** Whose decisions the strategy takes; everybody else is honest, but for the colluding share of the seats. */
export interface Player {
  readonly provider?: ProviderMoves
  readonly validator?: ValidatorMoves
  readonly client?: ClientMoves
}

/**
 * `work`: computes. `fake`: commits to made-up bytes. `skip`: lets the lease run out. `withhold`: commits without handing
 * over the sealed result. `equivocate`: fakes, and signs a second commit to the right result when it is drawn.
 */
export type ShardMove = 'work' | 'fake' | 'skip' | 'withhold' | 'equivocate'

/** What a provider knows when it decides about a shard. All of it is public. */
export interface ProviderView {
  /** Epoch of its career, from 0. */
  readonly epoch: number
  readonly stakeUsdc: number
  /** k: its audited passes in a row. */
  readonly passes: number
  /** Rate at which the commit will be audited. */
  readonly ratePpm: number
  /** This shard among those of the epoch, from 0, and how many they are. */
  readonly at: number
  readonly shards: number
  /** How often it was convicted under this or another name. */
  readonly convictions: number
}

export interface ProviderMoves {
  shard(view: ProviderView): ShardMove
  /** Asked before each epoch: whether the career ends here, of its own will. Never unless given. */
  leaves?(view: Omit<ProviderView, 'at' | 'shards'>): boolean
  /** Share of the honest cost that a fake still takes; 0 unless given. */
  readonly fakeCost?: number
  /** Chance that a fake is the right result after all; 0 unless given. */
  readonly fakeRight?: number
  /** Whether it opens a fake that was drawn; it does unless told otherwise. */
  readonly opensFakes?: boolean
  /** `stay` goes on with what stake is left, `leave` ends the career, `rename` comes back with a new name and full stake. */
  readonly afterConviction?: 'stay' | 'leave' | 'rename'
  /** Names over which the stake is split evenly; 1 unless given. */
  readonly identities?: number
  /** Most shards it takes in an epoch. */
  readonly epochShards?: number
  /** Offers the auditor this share of the slash to pass a fake. */
  readonly bribe?: number
  /** Whether the colluding seats' share of a slash is its own money too. */
  readonly ownsSeats?: boolean
  /** What a colluding aggregator does for it. */
  readonly aggregator?: AggregatorMoves
}

export interface AggregatorMoves {
  /** Calls honest seats silent, as far as there are alternates on its side. */
  readonly picksSeats?: boolean
  /** Proposes the epoch again, up to so many times, while the draw would convict its friend. */
  readonly proposals?: number
  /** Asks for the settlement without the audits of its friend. */
  readonly skipsAudits?: boolean
  /** Share of the commits of others that it leaves out, for its friend to do again. */
  readonly censors?: number
}

/** A seat's answer: `run` computes; `guess` and `lie` give a root of their own; `agree` repeats a leaked answer; `frame` gives the coalition's. */
export type SeatMove = 'run' | 'guess' | 'lie' | 'agree' | 'frame' | 'withhold'

export interface SeatView {
  /** Audit of its career, from 0. */
  readonly audit: number
  /** Whether the answer leaked to it before it committed. */
  readonly leaked: boolean
  /** Later rounds, from the panel on, in which its side will have the majority: all draws follow from one seed. */
  readonly roundsHeld: number
}

export interface ValidatorMoves {
  /** What it does in the seat of the single audit. */
  seat(view: SeatView): SeatMove
  /** Chance that the answer leaks to it; 0 unless given. */
  readonly leaks?: number
  /** Whether it takes its stake and leaves after its first conviction; a new name has none. */
  readonly leavesConvicted?: boolean
}

export interface ClientMoves {
  /** Chance that a run of its job gives another result. */
  readonly unsteady: number
  /** Whether the job changes for good after its certificate, between the provider's run and the audits. */
  readonly turns?: boolean
  /** Shards that each provider gets, all of one epoch; as many as its stake allows unless given. */
  readonly shardsEach?: number
}

/** The outcome of one career: what it brought over honesty, and how much work that is spread over. */
export interface Career {
  /** What the villain and its friends have more than honest ones would have for the same work, USDC base units. */
  readonly gainUsdc: number
  readonly epochs: number
  /** Shards, or audits of a validator. */
  readonly units: number
  readonly convictions: number
  /** Dishonest acts: a career without one says nothing about the strategy. */
  readonly attacks: number
  /** Audit runs of all seats. */
  readonly runs: number
  /** Slashes, USDC base units. */
  readonly slashedUsdc: number
}
