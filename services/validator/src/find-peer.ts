import type { Peer } from '@assay/core'
import { roleKey, type Address } from '@assay/protocol'
import type { ValidatorContext } from './context.ts'
import { validatorLimits } from './limits.ts'

/** Messages name addresses; a stream needs the key behind one, which every peer that serves the role shows. */
export async function findPeer(
  { chain, network }: Pick<ValidatorContext, 'chain' | 'network'>,
  address: Address,
  role: 'provider' | 'validator',
  signal: AbortSignal,
): Promise<Peer | undefined> {
  const near = network.connected().find((peer) => peer.address === address)
  if (near !== undefined) return near
  const options = { limit: validatorLimits.peersFound }
  for await (const peer of network.find(roleKey(chain.market, role), options, signal))
    if (peer.address === address) return peer
  return undefined
}
