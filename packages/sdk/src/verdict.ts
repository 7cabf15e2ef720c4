/** A verdict in hand: who was convicted of what, and everything to judge it again without a network. */
import { assertVerdict, type VerdictAnchors, type VerdictReport } from '@assay/core'
import {
  encodeCanonical,
  MarketError,
  parseMessage,
  toJson,
  VerdictBundle,
  type Address,
  type Hash32,
  type UsdcBase,
} from '@assay/protocol'

/** A verdict bundle that was judged and holds. */
export interface JobVerdict {
  /** SHA-256 of the bundle's canonical JSON. */
  readonly id: Hash32
  /** Name of the fault on chain. */
  readonly verdictId: Hash32
  readonly shard: number
  readonly attempt: number
  readonly accused: Address
  readonly fault: 'provider' | 'validator'
  readonly slashUsdc: UsdcBase
  /** What stands after the last ruling in the bundle. */
  readonly stands: 'guilty' | 'innocent'
  readonly report: VerdictReport
  /** The bundle itself, as `verifyVerdict` takes it. */
  readonly bundle: VerdictBundle
  /** Canonical JSON for a file; `openVerdict` reads it back. */
  encode(): string
}

/**
 * Reads and judges a verdict bundle, given as text or as parsed JSON. Without anchors it is shown to be consistent; with those of
 * the chain also to come from the quorum that has stake. Throws `message-malformed`, `verdict-invalid`.
 */
export function openVerdict(source: unknown, anchors: VerdictAnchors = {}): JobVerdict {
  const json = typeof source === 'string' ? readJson(source) : source
  return createJobVerdict(parseMessage(VerdictBundle, json, 'verdict bundle'), anchors)
}

/** Judges a bundle. Throws `verdict-invalid`. */
export function createJobVerdict(bundle: VerdictBundle, anchors: VerdictAnchors): JobVerdict {
  const report = assertVerdict(bundle, anchors)
  const { shard, attempt, accused, outcome, slash: slashUsdc } = bundle.verdict
  return {
    id: report.bundleId,
    verdictId: report.verdictId,
    shard,
    attempt,
    accused,
    fault: outcome === 1 ? 'provider' : 'validator',
    slashUsdc,
    stands: report.stands ?? 'guilty',
    report,
    bundle,
    encode: () => encodeCanonical(toJson(bundle)),
  }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new MarketError('message-malformed', 'the bundle is not JSON', { details: { what: 'verdict' }, cause })
  }
}
