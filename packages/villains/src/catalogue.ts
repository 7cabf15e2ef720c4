/**
 * Every villain of the market by name. The simulator plays their economics, the devnet their behaviour; both take the
 * names from here, so what is claimed about a villain is claimed once.
 */

/** Whose place the villain takes. */
export type VillainParty = 'provider' | 'validator' | 'client' | 'aggregator' | 'pair'

/**
 * What the market promises about it: `loses-stake` is convicted and slashed; `earns-nothing` is unpaid and passed over;
 * `gains-nothing` does no better than honesty and nobody else does worse; `is-stopped` has its message refused.
 */
export type VillainFate = 'loses-stake' | 'earns-nothing' | 'gains-nothing' | 'is-stopped'

export interface Villain {
  readonly party: VillainParty
  /** What it does, in one sentence. */
  readonly attack: string
  /** What makes that useless. */
  readonly defence: string
  readonly fate: VillainFate
}

export const villains = {
  junk: {
    party: 'provider',
    attack: 'returns bytes that look right and were never computed, on every shard',
    defence: 'sampling at a rate that makes price times rate times stake exceed the gain',
    fate: 'loses-stake',
  },
  lazy: {
    party: 'provider',
    attack: 'computes the first part of each shard and makes up the rest',
    defence: 'results are compared whole, so half of the work is worth none of it',
    fate: 'loses-stake',
  },
  intermittent: {
    party: 'provider',
    attack: 'fakes a small share of its shards, drawn at random',
    defence: 'the rate holds for every shard, so each fake loses by itself',
    fate: 'loses-stake',
  },
  burst: {
    party: 'provider',
    attack: 'fakes all its shards of one window at once, so that one stake answers for many',
    defence: 'contagion, pay held until the audits are done, exposure of at most half the stake',
    fate: 'loses-stake',
  },
  'build-then-burn': {
    party: 'provider',
    attack: 'works honestly until it is hardly audited, then fakes everything',
    defence: 'the rate falls with money at stake only, never with reputation alone',
    fate: 'loses-stake',
  },
  'commit-copier': {
    party: 'provider',
    attack: 'sends the commitment of another provider as its own',
    defence: 'provider and salt are inside the commitment, so a copy cannot be opened',
    fate: 'loses-stake',
  },
  'abort-when-sampled': {
    party: 'provider',
    attack: 'fakes, and falls silent when the seed draws it',
    defence: 'a sampled commit that is not opened is a conviction, as dear as a wrong answer',
    fate: 'loses-stake',
  },
  equivocator: {
    party: 'provider',
    attack: 'signs two different commits for one attempt',
    defence: 'two signatures convict on the chain by themselves',
    fate: 'loses-stake',
  },
  sybil: {
    party: 'provider',
    attack: 'splits one stake over many identities and fakes with each',
    defence: 'rate times stake is the same however the stake is split; every newcomer is audited always',
    fate: 'gains-nothing',
  },
  whitewasher: {
    party: 'provider',
    attack: 'fakes until convicted, then returns under a new name',
    defence: 'a new name costs a new stake and starts at ten audits in ten',
    fate: 'loses-stake',
  },
  'fake-hardware-class': {
    party: 'provider',
    attack: 'advertises a hardware class that it does not have',
    defence: 'audits run in the class, so other hardware gives other bytes and is convicted',
    fate: 'loses-stake',
  },
  'slow-loris': {
    party: 'provider',
    attack: 'takes leases and lets each run out at the last moment',
    defence: 'deadlines on every state, a circuit breaker, speculative second attempts',
    fate: 'earns-nothing',
  },
  'data-withholder': {
    party: 'provider',
    attack: 'commits, and never delivers the sealed result',
    defence: 'no commit is taken before the sealed bytes are there',
    fate: 'earns-nothing',
  },
  'lazy-validator': {
    party: 'validator',
    attack: 'attests without running anything',
    defence: 'blind commits: a guess is outvoted and slashed; ringers for leaked answers',
    fate: 'loses-stake',
  },
  'lying-validator': {
    party: 'validator',
    attack: 'runs the shard and attests another root',
    defence: 'the panel finds it, and the outvoted validator is slashed',
    fate: 'loses-stake',
  },
  'colluding-pair': {
    party: 'pair',
    attack: 'a provider fakes and tells its friend among the validators what to attest',
    defence: 'the seat is drawn after the commit; provider ringers and challenges need no validator',
    fate: 'loses-stake',
  },
  'selective-revealer': {
    party: 'validator',
    attack: 'commits to a result and opens it only when that suits its friends',
    defence: 'an unopened audit commit counts as a wrong answer, and an alternate takes the seat',
    fate: 'earns-nothing',
  },
  'framing-validators': {
    party: 'validator',
    attack: 'several validators attest the same wrong root to convict an honest provider',
    defence: 'panels are drawn, appeals go to larger benches, the framers are slashed when they lose',
    fate: 'loses-stake',
  },
  'griefing-client': {
    party: 'client',
    attack: 'posts work that does not repeat, so that honest providers are slashed',
    defence: 'without a certificate nobody is slashed; no majority means nondeterministic, which slashes nobody',
    fate: 'gains-nothing',
  },
  'leaking-client': {
    party: 'client',
    attack: 'tells validators the result, so that they need not compute',
    defence: 'ringers whose leaked answer is wrong',
    fate: 'gains-nothing',
  },
  'steering-aggregator': {
    party: 'aggregator',
    attack: 'gives all work to its friends',
    defence: 'the rate does not depend on who dispatched; friends are audited like anyone',
    fate: 'gains-nothing',
  },
  'commit-censoring-aggregator': {
    party: 'aggregator',
    attack: 'leaves commits out of its epochs',
    defence: 'the provider sends its own root to the validators, who then refuse a settlement without it',
    fate: 'is-stopped',
  },
  'seed-grinding-aggregator': {
    party: 'aggregator',
    attack: 'tries many epochs until the draw spares its friends',
    defence: 'a threshold holds the root before the seed exists; a second proposal is audited whole',
    fate: 'is-stopped',
  },
  'audit-skipping-aggregator': {
    party: 'aggregator',
    attack: 'asks for a settlement in which a drawn shard was never audited',
    defence: 'every member derives the sample again and refuses to sign',
    fate: 'is-stopped',
  },
  briber: {
    party: 'pair',
    attack: 'a caught provider pays its auditor for silence',
    defence: 'a safety factor of two covers a bribe of half the slash; ringers have no auditor to bribe',
    fate: 'gains-nothing',
  },
} as const satisfies Record<string, Villain>

export type VillainName = keyof typeof villains
