import type { Address, Audit } from '@assay/protocol'
import type { JudgedAppeal } from './judge-appeal.ts'
import type { JudgedAudit } from './judge-audit.ts'

/** `outvoted`: a majority of a panel found another result. `unopened`: it committed to a result and never showed it. */
export type ValidatorOffence = 'outvoted' | 'unopened'
export interface ValidatorFault {
  readonly validator: Address
  readonly offence: ValidatorOffence
  /** Who earns the detector's share: the first seat that found the majority, or that showed a result at all. */
  readonly detector: Address
}

/**
 * Validators that a decided audit convicts, outvoted ones first, each in drawing order. Whoever did not take its seat is
 * not among them. Without the provider's opening there are none: the chain takes a verdict on a validator only with it.
 */
export function validatorFaults(judged: JudgedAudit, audit: Audit): readonly ValidatorFault[] {
  const { verdict, detector, paid, unopened, validatorsAtFault } = judged
  if (verdict === 'pending' || verdict === 'panel-needed' || audit.opening === undefined) return []
  const outvoted = validatorsAtFault.flatMap((validator) =>
    detector === undefined ? [] : { validator, offence: 'outvoted' as const, detector },
  )
  const [shown] = paid
  const silent = unopened.flatMap((validator) =>
    shown === undefined ? [] : { validator, offence: 'unopened' as const, detector: shown },
  )
  return [...outvoted, ...silent]
}

/** Validators that an appeal outvoted, in the order in which they sat. */
export const appealFaults = ({ outvoted, detector }: JudgedAppeal): readonly ValidatorFault[] =>
  outvoted.flatMap((validator) => (detector === undefined ? [] : { validator, offence: 'outvoted' as const, detector }))
