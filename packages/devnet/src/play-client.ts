import { systemClock } from '@assay/node-kit'
import { toMarketError, type PrivateKey } from '@assay/protocol'
import { createImageArchive, findStubBinary, loadImage } from '@assay/runner'
import { openClient, type Client } from '@assay/sdk'
import { readFile } from 'node:fs/promises'
import type { Bought, Buyer, ClientRole, Stage } from './villains/villain-play.ts'

export interface ClientPlayer {
  readonly role: ClientRole
  readonly stage: Stage
  readonly privateKey: PrivateKey
}
/** How a client villain reaches the market. */
export interface MarketAccess {
  readonly aggregatorUrl: string
  readonly rpcUrl: string
}

/** Most that a client villain spends on one devnet, in whole USDC. */
const capUsdc = '50'
/** Its jobs end at once; a hanging one must not hold a slot for long. */
const timeLimitMs = 10_000

/** Plays a client villain to its end. A market that will not serve it any more is an end too. */
export async function playClient(
  { role, stage, privateKey }: ClientPlayer,
  { aggregatorUrl, rpcUrl }: MarketAccess,
  signal: AbortSignal,
): Promise<void> {
  try {
    const image = await loadVillainImage(signal)
    const chain = { rpcUrls: [rpcUrl], pollMs: 50 }
    await using client = await openClient({
      aggregator: aggregatorUrl,
      privateKey,
      spendingCapUsdc: capUsdc,
      chain,
      signal,
    })
    const buyer: Buyer = {
      async buy(command, shards) {
        const bought = await buy(client, { image, command, shards }, signal)
        stage.note({ kind: 'job-closed', orderId: bought.orderId, outcome: bought.outcome })
        return bought
      },
    }
    await role.play(buyer, stage)
  } catch (error) {
    if (!signal.aborted) stage.note({ kind: 'gave-up', code: toMarketError(error).code })
  }
}

async function buy(
  client: Client,
  { image, command, shards }: { readonly image: string; readonly command: readonly string[]; readonly shards: number },
  signal: AbortSignal,
): Promise<Bought> {
  const inputs = Array.from({ length: shards }, (_, at) => ({ name: `s${at}`, subject: `s${at}`, files: [] }))
  const job = await client.map({ image, command, inputs, timeLimitMs, signal })
  for await (const event of job.events({ signal })) if (event.type === 'job.closed') break
  const { outcome, accepted } = await job.state(signal)
  const openings = accepted === 0 ? [] : (await job.receipt({ signal })).receipt.openings
  const roots = new Map(openings.map(({ shard, resultRoot }) => [shard, resultRoot]))
  return { orderId: job.id, spec: job.spec, outcome, roots }
}

/** An image of one static busybox; no registry is asked. */
async function loadVillainImage(signal: AbortSignal): Promise<string> {
  const busybox = await readFile(await findStubBinary())
  const links = ['cat', 'sh'].map((applet) => ({ path: `/bin/${applet}`, target: 'busybox' }))
  const archive = await createImageArchive({
    files: [{ path: '/bin/busybox', bytes: busybox, executable: true }, ...links],
    config: { Env: ['PATH=/bin'] },
  })
  return loadImage({ clock: systemClock }, archive, signal)
}
