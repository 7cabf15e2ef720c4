/** EIP-1559 fees: what the node asks, within the caps of the key. */
import { MarketError } from '@assay/protocol'
import { chainLimits } from './limits.ts'

/** Wei for one unit of gas. */
export interface Fees {
  readonly maxFeePerGas: bigint
  readonly maxPriorityFeePerGas: bigint
}

export interface FeeCaps {
  readonly maxFeePerGas: bigint
  readonly maxTransactionFee: bigint
}

/** Throws `fee-over-cap` when a unit of gas, or all `gas` of the transaction, would cost more than the caps allow. */
export function assertWithinCaps({ maxFeePerGas }: Fees, gas: bigint, caps: FeeCaps): void {
  const total = maxFeePerGas * gas
  if (maxFeePerGas <= caps.maxFeePerGas && total <= caps.maxTransactionFee) return
  const perGas = maxFeePerGas > caps.maxFeePerGas
  const have = perGas ? caps.maxFeePerGas : caps.maxTransactionFee
  const need = perGas ? maxFeePerGas : total
  throw new MarketError('fee-over-cap', 'the network asks more for gas than this key may pay', {
    details: {
      what: perGas ? 'fee per gas' : 'fee of the transaction',
      have: `${have}`,
      need: `${need}`,
      gas: `${gas}`,
    },
  })
}

/** Fees of a replacement: both a step above the last ones, rounded up, and at least what the network asks now. */
export function raiseFees(last: Fees, asked: Fees): Fees {
  const maxFeePerGas = max(raise(last.maxFeePerGas), asked.maxFeePerGas)
  const tip = max(raise(last.maxPriorityFeePerGas), asked.maxPriorityFeePerGas)
  return { maxFeePerGas, maxPriorityFeePerGas: min(tip, maxFeePerGas) }
}

const raise = (fee: bigint): bigint => (fee * (1000n + chainLimits.raisePerMille) + 999n) / 1000n
const max = (a: bigint, b: bigint): bigint => (a > b ? a : b)
const min = (a: bigint, b: bigint): bigint => (a < b ? a : b)
