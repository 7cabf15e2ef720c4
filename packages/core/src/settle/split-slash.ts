import { addUsdc, basisPoints, portionDown, subUsdcFloor0, type UsdcBase } from '@assay/protocol'

/** Where the money of a slash goes; the parts sum to the whole. */
export interface SlashShares {
  readonly detectorUsdc: UsdcBase
  readonly clientUsdc: UsdcBase
  /** Of a fund that nobody can withdraw: what is left, dust included. */
  readonly fundUsdc: UsdcBase
}

/** Shares a slash out as `Disputes` does: 40 % to who found the fault, 10 % to the client, both rounded down. */
export function splitSlash(slashUsdc: UsdcBase): SlashShares {
  const detectorUsdc = portionDown(slashUsdc, detectorShare)
  const clientUsdc = portionDown(slashUsdc, clientShare)
  return { detectorUsdc, clientUsdc, fundUsdc: subUsdcFloor0(slashUsdc, addUsdc(detectorUsdc, clientUsdc)) }
}

const detectorShare = basisPoints(4_000)
const clientShare = basisPoints(1_000)
