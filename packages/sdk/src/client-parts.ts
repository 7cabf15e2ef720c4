import type { Clock } from '@assay/core'
import type { DigestSigner, MarketInfo } from '@assay/protocol'
import type { ClientChain } from './client-chain.ts'
import type { JobStore } from './job-store.ts'
import type { MarketApi } from './market-api.ts'
import type { SpendingCap } from './spending-cap.ts'

/** What a client consists of; every part can be swapped in a test. */
export interface ClientParts {
  readonly api: MarketApi
  readonly clock: Clock
  readonly signer: DigestSigner
  readonly market: MarketInfo
  readonly cap: SpendingCap
  readonly store: JobStore
  readonly chain: ClientChain | undefined
}
