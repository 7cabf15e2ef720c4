import type { MatchCounts, MatchFacts } from '@assay/protocol'

const words: Readonly<Record<keyof MatchCounts, string>> = {
  image: 'cannot run the image',
  convicted: 'convicted',
  tried: 'tried this shard before',
  failing: 'failed too often in a row',
  price: 'ask for a higher price',
  class: 'do not take this determinism class, or are of other hardware',
  cpus: 'have too few processors',
  memory: 'have too little memory',
  stake: 'have too little stake left for the price',
  busy: 'busy',
}
const advice: Readonly<Record<keyof MatchCounts, string>> = {
  image: 'Push the image where providers can pull it by digest.',
  convicted: 'Wait for other providers.',
  tried: 'Wait for other providers: a shard is never tried twice by the same one.',
  failing: 'Wait: a provider gets another try after a minute.',
  price: 'Raise the price per shard.',
  class: 'Choose a class, and with D2 a hardware class, that providers take.',
  cpus: 'Ask for fewer processors.',
  memory: 'Ask for less memory.',
  stake: 'Lower the price per shard, or wait until their earlier work is settled.',
  busy: 'Wait: a slot gets free.',
}
const order: readonly (keyof MatchCounts)[] = [
  'image',
  'convicted',
  'tried',
  'failing',
  'price',
  'class',
  'cpus',
  'memory',
  'stake',
  'busy',
]

/** Why a shard has no provider, in one sentence, and what would help most: the filter that stopped the most. */
export function describeMatch({ known, counts }: MatchFacts): { readonly what: string; readonly next: string } {
  if (known === 0)
    return { what: 'No staked provider is online.', next: 'Wait for providers; nothing is lost meanwhile.' }
  const stopped = order.filter((name) => counts[name] > 0)
  const most = stopped.toSorted((a, b) => counts[b] - counts[a])[0]
  const sum = stopped.reduce((total, name) => total + counts[name], 0)
  const list = stopped.map((name) => `${counts[name]} ${words[name]}`).join(', ')
  if (most === undefined || sum < known)
    return {
      what: `${known - sum} of ${known} providers could take it now.`,
      next: 'Wait: it is offered within a second.',
    }
  return { what: `None of ${known} providers could take it: ${list}.`, next: advice[most] }
}
