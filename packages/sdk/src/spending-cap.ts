/** The most a client instance may have at stake. */
import { addUsdc, formatUsdc, MarketError, subUsdcFloor0, sumUsdc, type OrderId, type UsdcBase } from '@assay/protocol'

export interface SpendingCap {
  readonly capUsdc: UsdcBase
  /** Sum of everything taken and not given back. */
  takenUsdc(): UsdcBase
  leftUsdc(): UsdcBase
  /** Takes the whole amount of an order, at once. Throws `cap-exceeded`. Taking an order again changes nothing. */
  take(orderId: OrderId, amount: UsdcBase): void
  /** Gives an order's whole amount back: only while nothing was signed for it. */
  drop(orderId: OrderId): void
  /** What an order really cost, once proven: the rest is free again. Unknown orders are ignored. */
  settle(orderId: OrderId, charged: UsdcBase): void
}

/** A cap over the life of one client. */
export function createSpendingCap(capUsdc: UsdcBase): SpendingCap {
  const taken = new Map<OrderId, UsdcBase>()
  const takenUsdc = (): UsdcBase => sumUsdc(taken.values())
  const leftUsdc = (): UsdcBase => subUsdcFloor0(capUsdc, takenUsdc())
  return {
    capUsdc,
    takenUsdc,
    leftUsdc,
    take(orderId, amount) {
      if (taken.has(orderId)) return
      if (addUsdc(takenUsdc(), amount) > capUsdc) {
        throw new MarketError('cap-exceeded', `the job could cost ${formatUsdc(amount)} USDC; nothing was paid`, {
          details: { needUsdc: formatUsdc(amount), leftUsdc: formatUsdc(leftUsdc()), capUsdc: formatUsdc(capUsdc) },
        })
      }
      taken.set(orderId, amount)
    },
    drop(orderId) {
      taken.delete(orderId)
    },
    settle(orderId, charged) {
      const held = taken.get(orderId)
      if (held !== undefined && charged < held) taken.set(orderId, charged)
    },
  }
}
