import { sampleDraw, sampleThreshold, type DrawFacts, type Finding } from '@assay/protocol'
import { createFinding, type FindingSource } from './finding.ts'

/** Why a commit is audited or is not: its draw beside the threshold of its rate. Nobody's word is needed for it. */
export function explainDraw(draw: DrawFacts, source: FindingSource): Finding {
  const { shard, attempt, ratePpm, seedRound, root, randomness, commitment } = draw
  const value = sampleDraw(draw)
  const sampled = value < sampleThreshold(ratePpm)
  // Nine digits: enough to see which of the two is larger in all but one of a billion draws.
  const drawn = Number((value * 1_000_000_000n) >> 256n) / 1e9
  const threshold = ratePpm / 1e6
  const numbers = { drawn, threshold, ratePpm, seedRound, randomness, root, commitment }
  const what = sampled
    ? `The seed drew it: ${drawn.toFixed(6)} is below its audit rate ${threshold.toFixed(6)}.`
    : `The seed did not draw it: ${drawn.toFixed(6)} is not below its audit rate ${threshold.toFixed(6)}.`
  return createFinding(
    sampled ? 'sampled' : 'unsampled',
    { shard, attempt },
    {
      what,
      money: sampled
        ? { text: 'Its price waits for the audit; the auditor earns the audit fee whatever it finds.' }
        : 'paid',
      next: sampled
        ? 'Nothing: a validator runs it again, blind.'
        : 'Nothing: it is accepted, unless a conviction of its provider brings it to an audit before settlement.',
      numbers,
      source,
    },
  )
}
