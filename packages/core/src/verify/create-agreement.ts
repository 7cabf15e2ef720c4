import {
  deriveResultRoot,
  type Agreement,
  type Commitment,
  type MarketDomain,
  type ResultRoot,
  type Tolerance,
} from '@assay/protocol'
import { compareTrees, type ResultTree } from '../compare/compare-trees.ts'
import { failedRunRoot } from './failed-run-root.ts'

export interface AgreementInput {
  readonly market: MarketDomain
  readonly commitment: Commitment
  readonly round: number
  /** The seat's own result; absent when its run failed, and then nothing agrees with it. */
  readonly own: ResultTree | undefined
  /** Results of the provider and of other seats by their roots; absent for one whose tree nobody gave. */
  readonly others: ReadonlyMap<ResultRoot, ResultTree | undefined>
  readonly tolerance: Tolerance
}

/**
 * What a seat signs of the other results: compared with its own, each by itself. A root whose tree nobody gave, or gave
 * another tree for, was shown and does not agree: whoever opens a root owes its bytes. Deterministic, so whoever holds the
 * trees repeats it. Rejects when a reader does.
 */
export async function createAgreement(input: AgreementInput): Promise<Agreement> {
  const { market, commitment, round, own, others, tolerance } = input
  const resultRoot = own === undefined ? failedRunRoot : deriveResultRoot(own.manifest)
  const shown = [...others.keys()].filter((root) => root !== resultRoot).toSorted()
  const agrees: ResultRoot[] = []
  for (const root of shown) {
    const tree = others.get(root)
    if (own === undefined || tree === undefined || deriveResultRoot(tree.manifest) !== root) continue
    if ((await compareTrees(own, tree, tolerance)).equal) agrees.push(root)
  }
  const { chainId, escrow } = market
  return { chainId, escrow, commitment, round, resultRoot, shown, agrees }
}
