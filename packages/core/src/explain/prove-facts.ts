/** The aggregator's account of a job against the signed evidence of it: what is proven replaces what is merely said. */
import {
  EpochProposal,
  formatUsdc,
  openEnvelope,
  type AttemptView,
  type AuditFacts,
  type DrawFacts,
  type Finding,
  type JobEvidence,
  type JobFacts,
  type JobView,
} from '@assay/protocol'
import { isAccepted, type CommitJudgement } from '../verify/shard-judgement.ts'
import { judgeEvidence, type JudgedEvidence } from '../verify/judge-evidence.ts'
import { auditFactsOf, drawFactsOf } from './audit-facts.ts'
import { blameOfFault } from './blame-table.ts'
import { createFinding } from './finding.ts'

export interface Account {
  readonly view: JobView
  readonly facts: JobFacts
}
export interface ProvenAccount extends Account {
  /** `shard/attempt` of every commit that the evidence shows. */
  readonly proven: ReadonlySet<string>
  /** Where the account and the evidence differ. */
  readonly contradictions: readonly Finding[]
}

/**
 * Judges the evidence and corrects the account by it. Evidence that does not hold proves nothing, which is a finding too.
 * The caller makes sure that the evidence is of its own order, and of the market, quorum and beacon it trusts.
 */
export function proveFacts(account: Account, evidence: JobEvidence): ProvenAccount {
  const judged = judgeEvidence(evidence)
  if (!judged.ok) {
    const row = blameOfFault(judged.fault)
    const what = `The evidence that the aggregator shows does not hold: ${judged.fault}.`
    const numbers = Object.fromEntries(
      Object.entries(judged.details).map(([name, value]) => [name, `${value}`.slice(0, 100)]),
    )
    return {
      ...account,
      proven: new Set(),
      contradictions: [createFinding('contradiction', {}, { ...row, what, numbers, source: 'evidence' })],
    }
  }
  const commits = judged.shards.flatMap((shard) => shard.commits)
  const said = new Map(account.view.attempts.map((view) => [keyOf(view), view]))
  const shown = new Map(commits.map((one) => [keyOf(one.commit), one]))
  return {
    view: { ...account.view, attempts: correctAttempts(account.view, shown) },
    facts: correctFacts(account.facts, evidence, shown),
    proven: new Set(shown.keys()),
    contradictions: [
      ...commits.flatMap((one) => contradict(one, said.get(keyOf(one.commit)))),
      ...contradictBill(account.view, judged),
    ],
  }
}

const keyOf = ({ shard, attempt }: { readonly shard: number; readonly attempt: number }): string =>
  `${shard}/${attempt}`

/** Attempts as the evidence shows them; one that the account leaves out is added. */
function correctAttempts(view: JobView, shown: ReadonlyMap<string, CommitJudgement>): AttemptView[] {
  const known = new Set(view.attempts.map(keyOf))
  const corrected = view.attempts.map((attempt): AttemptView => {
    const one = shown.get(keyOf(attempt))
    if (one === undefined) return attempt
    return { ...attempt, provider: one.commit.provider, commit: one.commit, ratePpm: one.ratePpm, ...judgedState(one) }
  })
  const hidden = [...shown].flatMap(([key, one]): AttemptView[] => {
    if (known.has(key)) return []
    const { commit, ratePpm } = one
    const { shard, attempt, provider } = commit
    return [{ shard, attempt, provider, commit, ratePpm, ...judgedState(one), atMs: view.createdAtMs }]
  })
  return [...corrected, ...hidden]
}

const judgedState = ({ verdict }: CommitJudgement): Pick<AttemptView, 'state' | 'verdict'> => ({
  state: isAccepted(verdict) ? 'accepted' : 'rejected',
  verdict,
})

function correctFacts(
  facts: JobFacts,
  { epochs, terms }: JobEvidence,
  shown: ReadonlyMap<string, CommitJudgement>,
): JobFacts {
  const draws: DrawFacts[] = facts.draws.filter((draw) => !shown.has(keyOf(draw)))
  const audits: AuditFacts[] = facts.audits.filter((audit) => !shown.has(keyOf(audit)))
  for (const { beacon, leaves, proposal: envelope } of epochs) {
    const proposal = openEnvelope('epoch/1', EpochProposal, envelope)
    for (const leaf of leaves) {
      const one = shown.get(keyOf(leaf.commit))
      // An epoch holds the commits of other jobs too.
      if (one?.commit.commitment !== leaf.commit.commitment) continue
      draws.push(drawFactsOf({ proposal, beacon }, leaf))
      if (one.audit === undefined) continue
      const audit = { ...one.audit, unopened: one.audit.opening === undefined }
      audits.push(auditFactsOf({ proposal, beacon }, one.commit, terms.client, audit))
    }
  }
  return { ...facts, draws, audits }
}

function contradict({ commit, verdict }: CommitJudgement, said: AttemptView | undefined): readonly Finding[] {
  const { shard, attempt, provider } = commit
  const wrong =
    said === undefined
      ? 'leaves this attempt out'
      : said.provider !== provider
        ? `names another provider, ${said.provider}`
        : said.verdict !== undefined && said.verdict !== verdict
          ? `says ${said.verdict}`
          : isAccepted(verdict) !== (said.state === 'accepted')
            ? `calls it ${said.state}`
            : undefined
  if (wrong === undefined) return []
  return [
    createFinding(
      'contradiction',
      { shard, attempt },
      {
        what: `The aggregator ${wrong}; the signed evidence shows a commit of ${provider} with the verdict ${verdict}.`,
        blame: 'aggregator',
        money: { text: 'The evidence decides: a quorum signs nothing else.' },
        next: 'Believe the evidence, and keep it: `assay job follow` writes the receipt.',
        verdict,
        numbers: {},
        source: 'evidence',
      },
    ),
  ]
}

function contradictBill({ chargedUsdc, outcome }: JobView, { bill }: JudgedEvidence): readonly Finding[] {
  const settled = outcome === 'settled' || outcome === 'partial'
  if (!settled || chargedUsdc === undefined || chargedUsdc === bill.chargedUsdc) return []
  const said = formatUsdc(chargedUsdc)
  const right = formatUsdc(bill.chargedUsdc)
  return [
    createFinding(
      'contradiction',
      {},
      {
        what: `The aggregator says that the job cost ${said} USDC; from the evidence follow ${right}.`,
        blame: 'aggregator',
        money: { text: 'A settlement that a quorum signed charges what follows from the evidence, to the unit.' },
        next: 'Check the settlement on chain with `assay receipt verify`.',
        numbers: { saidUsdc: said, evidenceUsdc: right },
        source: 'evidence',
      },
    ),
  ]
}
