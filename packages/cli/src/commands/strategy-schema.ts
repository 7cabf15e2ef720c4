import { MarketError, toMarketError } from '@assay/protocol'
import { simLimits, type Player, type ProviderMoves, type Strategy, type ValidatorMoves } from '@assay/villains'
import { z } from 'zod'

const fn = z.custom<(...args: never[]) => unknown>((value) => typeof value === 'function', 'a function is needed')
const share = z.number().min(0).max(1)

const strategySchema = z.object({
  name: z
    .string()
    .max(simLimits.nameLength)
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'lowercase words joined by hyphens'),
  party: z.enum(['provider', 'validator', 'client', 'aggregator', 'pair']),
  grid: z.record(z.string().max(simLimits.nameLength), z.array(z.number()).min(1)).default({}),
  best: z.record(z.string(), z.number()).optional(),
  under: z.record(z.string(), z.number()).optional(),
  create: fn,
})

const playerSchema = z.union([
  z.strictObject({
    provider: z.looseObject({
      shard: fn,
      leaves: fn.optional(),
      fakeCost: z.number().min(0).optional(),
      fakeRight: share.optional(),
      opensFakes: z.boolean().optional(),
      afterConviction: z.enum(['stay', 'leave', 'rename']).optional(),
      identities: z.int().min(1).max(simLimits.epochShards).optional(),
      epochShards: z.int().min(1).max(simLimits.epochShards).optional(),
      bribe: z.number().min(0).optional(),
    }),
  }),
  z.strictObject({ validator: z.looseObject({ seat: fn, leaks: share.optional() }) }),
  z.strictObject({
    client: z.looseObject({ unsteady: share, turns: z.boolean().optional(), shardsEach: z.int().min(1).optional() }),
  }),
])

const shardMoves: ReadonlySet<string> = new Set(['work', 'fake', 'skip', 'withhold', 'equivocate'])
const seatMoves: ReadonlySet<string> = new Set(['run', 'guess', 'lie', 'agree', 'frame', 'withhold'])

const moduleSchema = z.looseObject({ strategy: strategySchema })

/**
 * The export `strategy` of somebody's module as one that can be played: every player and every move of it is checked.
 * Throws `strategy-invalid`, then and while it plays.
 */
export function parseStrategy(module: unknown): Strategy {
  const parsed = moduleSchema.safeParse(module)
  if (!parsed.success) throw invalid(parsed.error)
  const points = Object.values(parsed.data.strategy.grid).reduce((count, values) => count * values.length, 1)
  if (points > simLimits.gridPoints) throw invalidField('grid', `${points} variants, at most ${simLimits.gridPoints}`)
  const { strategy } = module as { readonly strategy: Strategy }
  return {
    ...strategy,
    grid: parsed.data.strategy.grid,
    create(parameters, random) {
      const player = guarded('create', () => strategy.create(parameters, random))
      const checked = playerSchema.safeParse(player)
      if (!checked.success) throw invalid(checked.error)
      return withCheckedMoves(player)
    },
  }
}

function withCheckedMoves({ provider, validator, client }: Player): Player {
  if (provider !== undefined) return { provider: checkProvider(provider) }
  if (validator !== undefined) return { validator: checkValidator(validator) }
  return { client: client! }
}

const checkProvider = (moves: ProviderMoves): ProviderMoves => ({
  ...moves,
  shard: (view) => known('shard', shardMoves, () => moves.shard(view)),
  leaves: (view) => guarded('leaves', () => moves.leaves?.(view) === true),
})

const checkValidator = (moves: ValidatorMoves): ValidatorMoves => ({
  ...moves,
  seat: (view) => known('seat', seatMoves, () => moves.seat(view)),
})

function known<Move extends string>(field: string, moves: ReadonlySet<string>, play: () => Move): Move {
  const move = guarded(field, play)
  if (moves.has(move)) return move
  throw invalidField(field, `no such move: ${String(move).slice(0, simLimits.nameLength)}`)
}

/** What a strategy throws is its own fault, not the simulator's. */
function guarded<Value>(field: string, run: () => Value): Value {
  try {
    return run()
  } catch (error) {
    throw new MarketError('strategy-invalid', `the strategy threw in ${field}: ${toMarketError(error).message}`, {
      details: { field },
      cause: error,
    })
  }
}

function invalid(error: z.ZodError): MarketError {
  const [issue] = error.issues
  return invalidField(issue?.path.join('.') || 'strategy', issue?.message ?? 'unreadable')
}

const invalidField = (field: string, problem: string): MarketError =>
  new MarketError('strategy-invalid', `this is no strategy: ${field}: ${problem}`, { details: { field, problem } })
