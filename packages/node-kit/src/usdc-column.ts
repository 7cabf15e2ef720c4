import { usdc, type UsdcBase } from '@assay/protocol'
import { customType } from 'drizzle-orm/sqlite-core'

/** An amount as decimal text: uint64 does not fit SQLite's signed integer. Declare the column TEXT in its migration. */
export const usdcColumn = customType<{ data: UsdcBase; driverData: string }>({
  dataType: () => 'text',
  toDriver: (amount) => amount.toString(),
  fromDriver: (text) => usdc(BigInt(text)),
})
