import { nextPasses } from '@assay/core'
import type { Address } from '@assay/protocol'
import type { Context } from '../context.ts'

/** k of a provider by this aggregator's own book: audited passes since its last conviction. */
export const passesOf = ({ store }: Pick<Context, 'store'>, provider: Address): number =>
  store.isConvicted(provider) ? 0 : store.judgedOf(provider).reduce((k, { verdict }) => nextPasses(k, verdict), 0)
