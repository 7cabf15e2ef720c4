/**
 * What goes wrong, and when. Outages are bounded, so that an honest provider can always be heard within the time that the
 * market gives it: whoever is silent for longer is a villain.
 */
import type { FrameFate, FrameInFlight, SeededRng } from '@assay/testkit'
import type { Cast } from './cast.ts'
import type { Running, SimNode } from './sim-node.ts'
import type { SimOperator, World } from './world.ts'

export interface Faults {
  /** Does what is due now. */
  apply(): Promise<void>
  /** From now on nothing fails any more, and everybody who has not vanished runs. */
  end(): Promise<void>
}

/** How bad it gets: chances a frame, and outages in all. */
export interface Weather {
  readonly cut: number
  readonly delay: number
  readonly outages: number
}

export const drawWeather = (rng: SeededRng): Weather =>
  rng.pick([
    { cut: 0, delay: 0, outages: 0 },
    { cut: 0, delay: 0.3, outages: 2 },
    { cut: 0.01, delay: 0.2, outages: 5 },
    { cut: 0.03, delay: 0.3, outages: 10 },
  ])

/** Outages begin within this time of the start. */
export const stormMs = 60_000
/** Longest outage of one node or of the chain, and the least time between two of the same. */
const outageMs = 10_000
const healthyMs = 30_000
const delayMs = 1_500
/** Calls of a process to the world within which a crash between two of them happens. */
const crashCalls = 60

interface Outage {
  readonly atMs: number
  readonly lastsMs: number
  readonly begin: () => void
  readonly over: () => void
  state: 'waiting' | 'on' | 'over'
}

export function createFaults(world: World, cast: Cast, weather: Weather): Faults {
  const { clock, hub } = world
  const rng = world.rng.fork('faults')
  const start = clock.now()
  const watch = createSupervisor(world, rng)
  const outages = [...drawOutages(world, weather, rng, watch), ...vanishings(world, cast, rng, watch)]
  let storm = weather
  hub.intercept((frame) => fateOf(cast, world, frame) ?? draw(storm, rng))
  return {
    async apply() {
      const now = clock.now() - start
      for (const outage of outages) {
        if (outage.state === 'waiting' && now >= outage.atMs) {
          outage.state = 'on'
          outage.begin()
        } else if (outage.state === 'on' && now >= outage.atMs + outage.lastsMs) {
          outage.state = 'over'
          outage.over()
        }
      }
      await watch.restart()
    },
    async end() {
      storm = { cut: 0, delay: 0, outages: 0 }
      for (const outage of outages) if (outage.state === 'on') outage.over()
      outages.length = 0
      hub.heal()
      world.setChainOnline(true)
      world.beacon.resume()
      await watch.restart()
    },
  }
}

/** Starts again what has crashed, after a while. */
interface Supervisor {
  /** Keeps a node down until then. */
  hold(node: SimNode<Running>, untilMs: number): void
  restart(): Promise<void>
}

function createSupervisor({ clock, aggregator, providers, validators }: World, rng: SeededRng): Supervisor {
  const nodes: readonly SimNode<Running>[] = [aggregator, ...[...providers, ...validators].map(({ node }) => node)]
  const held = new Map<SimNode<Running>, number>()
  return {
    hold: (node, untilMs) => void held.set(node, untilMs),
    async restart() {
      for (const node of nodes) {
        if (node.running !== undefined) continue
        const until = held.get(node) ?? clock.now() + rng.below(3_000)
        held.set(node, until)
        if (clock.now() < until) continue
        held.delete(node)
        await node.start()
      }
    },
  }
}

function drawOutages(world: World, { outages: count }: Weather, rng: SeededRng, watch: Supervisor): Outage[] {
  const drawn: Outage[] = []
  const times = new Map<string, number[]>()
  for (let i = 0; i < count; i++) {
    const { target, begin, over } = drawOutage(world, rng, watch)
    const atMs = rng.below(stormMs)
    const taken = times.get(target) ?? []
    if (taken.some((time) => Math.abs(time - atMs) < outageMs + healthyMs)) continue
    times.set(target, [...taken, atMs])
    drawn.push({ atMs, lastsMs: 200 + rng.below(outageMs - 200), begin, over, state: 'waiting' })
  }
  return drawn
}

function drawOutage(world: World, rng: SeededRng, watch: Supervisor) {
  const { aggregator, aggregatorActor, beacon, clock, hub, providers, validators } = world
  const operator: SimOperator = rng.pick([...providers, ...validators])
  const nothing = (): void => undefined
  const kill = (name: string, node: SimNode<Running>) => ({
    target: name,
    begin: () => {
      watch.hold(node, clock.now() + 200 + rng.below(outageMs - 200))
      node.crash()
    },
    over: nothing,
  })
  const killAtCall = (name: string, node: SimNode<Running>) => ({
    target: name,
    begin: () => node.crashAtCall(1 + rng.below(crashCalls)),
    over: nothing,
  })
  const name = operator.node.name
  return rng.pick([
    kill(name, operator.node),
    killAtCall(name, operator.node),
    kill('aggregator', aggregator),
    killAtCall('aggregator', aggregator),
    {
      target: name,
      begin: () => hub.partition(aggregatorActor.address, operator.address),
      over: () => hub.heal(),
    },
    { target: 'chain', begin: () => world.setChainOnline(false), over: () => world.setChainOnline(true) },
    { target: 'beacon', begin: () => beacon.stallAfter(beacon.roundAt(clock.now())), over: () => beacon.resume() },
  ])
}

/** A provider that vanishes does so once, at some time, for good. */
const vanishings = ({ providers, clock }: World, cast: Cast, rng: SeededRng, watch: Supervisor): Outage[] =>
  cast.providers.flatMap(({ kind }, i) => {
    const node = providers[i]?.node
    if (kind !== 'vanishing' || node === undefined) return []
    const begin = (): void => {
      watch.hold(node, clock.now() + 24 * 3_600_000)
      node.crash()
    }
    return [{ atMs: 2_000 + rng.below(20_000), lastsMs: 0, begin, over: () => undefined, state: 'waiting' as const }]
  })

/** What a villain among the validators does to a frame. */
function fateOf({ validators: kinds }: Cast, { validators }: World, frame: FrameInFlight): FrameFate | undefined {
  if (frame.protocol !== '/assay/validate/1') return undefined
  const kindOf = (address: string) => kinds[validators.findIndex((validator) => validator.address === address)]?.kind
  if (kindOf(frame.from) === 'mute') return { kind: 'deliver', delayMs: 3_600_000 }
  if (kindOf(frame.to) === 'shy' && startOf(frame).includes('"type":"reveal"')) return { kind: 'cut' }
  return undefined
}

const startOf = ({ bytes }: FrameInFlight): string => new TextDecoder().decode(bytes.subarray(0, 40))

function draw({ cut, delay }: Weather, rng: SeededRng): FrameFate {
  if (cut > 0 && rng.chance(cut)) return { kind: 'cut' }
  return { kind: 'deliver', delayMs: delay > 0 && rng.chance(delay) ? rng.below(delayMs) : 0 }
}
