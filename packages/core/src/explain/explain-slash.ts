import { formatUsdc, type Address, type Finding, type Ppm, type SlashFacts, type UsdcBase } from '@assay/protocol'
import { deterrentSlash } from '../verify/slash-amount.ts'
import { createFinding, type FindingSource } from './finding.ts'

export interface SlashContext {
  readonly provider: Address
  readonly priceUsdc: UsdcBase
  /** The rate that the epoch froze; absent while it is not known. */
  readonly ratePpm: Ppm | undefined
  readonly source: FindingSource
}

/** How a slash came about: the formula with its numbers. Slashes of validators are sums that the verdict names. */
export function explainSlash(slash: SlashFacts, { provider, priceUsdc, ratePpm, source }: SlashContext): Finding {
  const { shard, attempt, accused, slashUsdc, state } = slash
  const ofProvider = accused === provider
  const about = {
    blame: ofProvider ? ('provider' as const) : ('validator' as const),
    money: shares,
    next: nextOf[state],
  }
  if (!ofProvider || ratePpm === undefined || ratePpm === 0) {
    const what = `${formatUsdc(slashUsdc)} USDC of ${accused} ${words[state]}.`
    const numbers = { slashUsdc: formatUsdc(slashUsdc), accused, state }
    return createFinding('slashed', { shard, attempt }, { ...about, what, numbers, source })
  }
  const { leastUsdc, deterrentUsdc } = deterrentSlash(priceUsdc, ratePpm)
  const wanted = leastUsdc > deterrentUsdc ? leastUsdc : deterrentUsdc
  const limited = slashUsdc < wanted
  const numbers = {
    slashUsdc: formatUsdc(slashUsdc),
    priceUsdc: formatUsdc(priceUsdc),
    ratePpm,
    tenPricesUsdc: formatUsdc(leastUsdc),
    deterrentUsdc: formatUsdc(deterrentUsdc),
    ...(limited && { stakeUsdc: formatUsdc(slashUsdc) }),
    accused,
    state,
  }
  const formula = `the larger of ten prices (${formatUsdc(leastUsdc)}) and what deters at its rate (${formatUsdc(deterrentUsdc)})`
  const cut = limited ? ', cut to the stake that was there' : ''
  const what = `${formatUsdc(slashUsdc)} USDC of ${accused} ${words[state]}: ${formula}${cut}.`
  return createFinding('slashed', { shard, attempt }, { ...about, what, numbers, source })
}

const shares = {
  text: 'Of a slash 40 % goes to the detector and 10 % to the client; the rest to a fund that nobody can take from.',
}
const words: Readonly<Record<SlashFacts['state'], string>> = {
  collecting: 'are to be slashed',
  submitted: 'are being slashed',
  appealable: 'are to be slashed unless an appeal succeeds',
  slashed: 'were slashed',
  unarmed: 'are not slashed, because no certificate speaks of the job',
  overturned: 'are not slashed, because an appeal overturned the verdict',
  dropped: 'are not slashed, because what looked like silence was answered after all',
}
const nextOf: Readonly<Record<SlashFacts['state'], string>> = {
  collecting: 'Wait: the quorum signs the verdict.',
  submitted: 'Wait: the verdict is on its way to the chain.',
  appealable: 'Wait for the appeal window; then anyone can finalise the verdict.',
  slashed: 'Nothing: it is final.',
  unarmed: 'Certify the job to arm slashing: `assay run --certify`.',
  overturned: 'Nothing: it is final.',
  dropped: 'Nothing: it is final.',
}
