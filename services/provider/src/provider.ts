/** The provider service: serves its advert, runs leased shards, commits, and opens what is due. */
import {
  durationMs,
  milliCpus,
  byteCount,
  protocols,
  type Address,
  type Commitment,
  type Hash32,
} from '@assay/protocol'
import type { SandboxFacts } from '@assay/core'
import { createAttemptBoard } from './attempt-board.ts'
import { createChainFacts } from './chain-facts.ts'
import type { ProviderContext, ProviderDeps, ProviderOptions } from './context.ts'
import { providerLimits } from './limits.ts'
import { createSingleFlight } from './single-flight.ts'
import type { AttemptState } from './store/records.ts'
import { createAnnouncer } from './use-cases/announce.ts'
import { claimCommits, serveClaimedResults } from './use-cases/claim-commits.ts'
import { serveOpen } from './use-cases/open-commit.ts'
import { forgetAttempts, recoverAttempts } from './use-cases/recover-attempts.ts'
import { retractCommit } from './use-cases/retract-commit.ts'
import { runAttempt } from './use-cases/run-attempt.ts'
import { createAdvertSource, serveAdvert } from './use-cases/serve-advert.ts'
import { serveWork } from './use-cases/serve-work.ts'

export interface ProviderStatus {
  readonly address: Address
  readonly addresses: readonly string[]
  readonly peers: number
  readonly slots: number
  readonly busy: number
  /** Attempts in the store, by state. */
  readonly attempts: Readonly<Partial<Record<AttemptState, number>>>
}

export interface ProviderService extends AsyncDisposable {
  readonly address: Address
  status(): ProviderStatus
  /** Takes a commit back before its epoch closes. Throws `job-unknown`, `retract-late`, `peer-unreachable`. */
  retract(commitment: Commitment, signal: AbortSignal): Promise<void>
}

/**
 * Starts a provider on ports that the caller keeps open until it is closed. Closing stops all runs; what was committed
 * stays in the store. Throws `docker-unavailable`, `docker-permission`, `config-invalid`.
 */
export async function openProvider(deps: ProviderDeps, options: ProviderOptions): Promise<ProviderService> {
  const { network, log, signer, store, sandbox } = deps
  const closing = new AbortController()
  const facts = withCaps(await sandbox.probe(closing.signal), options)
  const board = createAttemptBoard(Math.min(options.slots, providerLimits.slots))
  const announcer = createAnnouncer(deps, closing.signal)
  const running = new Set<Promise<void>>()
  const own = (work: Promise<void>): void => {
    const owned = work
      .catch((cause: unknown) => log.error({ error: cause }, 'task.broken'))
      .finally(() => running.delete(owned))
    running.add(owned)
  }
  const context: ProviderContext = {
    ...deps,
    options,
    facts,
    board,
    chainFacts: createChainFacts(deps, { ageMs: providerLimits.chainFactMs, facts: providerLimits.chainFacts }),
    offers: createSingleFlight(),
    images: createSingleFlight(),
    claimed: new Map(),
    announceImage: (image) => announcer.hold(image),
    closing: closing.signal,
    start: (lease: Hash32) => own(runAttempt(context, lease)),
  }

  await recoverAttempts(context)
  await network.handle(protocols.advert, serveAdvert(context, createAdvertSource(context)))
  await network.handle(protocols.work, serveWork(context))
  await network.handle(protocols.open, serveOpen(context))
  await serveClaimedResults(context)
  await announcer.publish()
  own(sweep(context))
  own(claimCommits(context))
  log.info({ provider: signer.address, slots: options.slots }, 'provider.opened')

  return {
    address: signer.address,
    status: () => ({
      address: signer.address,
      addresses: network.addresses(),
      peers: network.connected().length,
      slots: options.slots,
      busy: board.busy(),
      attempts: Object.fromEntries(store.counts()),
    }),
    retract: async (commitment, signal) =>
      retractCommit(context, commitment, AbortSignal.any([signal, closing.signal])),
    async [Symbol.asyncDispose]() {
      closing.abort(new Error('the provider is closing'))
      await Promise.all([...running, context.offers.idle(), context.images.idle(), announcer.idle()])
      log.info({ provider: signer.address }, 'provider.closed')
    },
  }
}

async function sweep(context: ProviderContext): Promise<void> {
  const { clock, closing } = context
  while (!closing.aborted) {
    await forgetAttempts(context)
    await clock.sleep(durationMs(providerLimits.sweepMs), closing).catch(() => undefined)
  }
}

const withCaps = (facts: SandboxFacts, { cpus, memoryBytes }: ProviderOptions): SandboxFacts => ({
  ...facts,
  cpus: milliCpus(Math.min(facts.cpus, cpus ?? facts.cpus)),
  memoryBytes: byteCount(Math.min(facts.memoryBytes, memoryBytes ?? facts.memoryBytes)),
})
