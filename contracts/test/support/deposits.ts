/** Deposit addresses, computed by viem alone, and money sent to them. */
import { type Address, type Hex, concatHex, getContractAddress } from 'viem'

import { type Row, UNCHANGED } from './behaviour-table.ts'
import { type Terms, orderIdOf } from './messages.ts'
import { type Actor, type World, as } from './world.ts'

/** Creation code of a minimal clone (ERC-1167). */
function cloneCode(implementation: Address): Hex {
  return concatHex(['0x3d602d80600a3d3981f3363d3d373d3d3d363d73', implementation, '0x5af43d82803e903d91602b57fd5bf3'])
}

/** Where an order's deposit address must be, by CREATE2. */
export async function depositAddressOf(world: World, terms: Terms): Promise<Address> {
  return getContractAddress({
    opcode: 'CREATE2',
    from: world.escrow.address,
    salt: orderIdOf(world, terms),
    bytecode: cloneCode(await world.escrow.read.DEPOSIT_ACCOUNT()),
  })
}

/** An ordinary transfer of USDC to an order's deposit address. Returns the address. */
export async function payDeposit(world: World, terms: Terms, amount: bigint, from: Actor = world.client) {
  const account = await depositAddressOf(world, terms)
  await world.mined(world.usdc.write.transfer([account, amount], as(from)))
  return account
}

export const DEPOSIT_STATES = [
  'nothing there',
  'too little there',
  'exactly enough there',
  'more there',
  'money there, too late to fund',
  'money there, order funded',
  'money there, order settled',
  'money there, order refunded',
] as const

export type DepositState = (typeof DEPOSIT_STATES)[number]

export type DepositAction =
  | 'fundFromDepositAddress by anyone'
  | 'sweepToClient of USDC by the client'
  | 'sweepToClient of USDC by anyone else'
  | 'sweepToClient of another token there, by anyone'
  | 'sweepToClient of a token not there, by anyone'
  | 'flush of the account by anyone but the escrow'

const all = (result: string) => DEPOSIT_STATES.map(() => result)
const four = (result: string) => Array.from({ length: 4 }, () => result)

/** What can be done with an order's deposit address. */
export const DEPOSIT_ROWS: readonly Row<DepositAction>[] = [
  {
    action: 'fundFromDepositAddress by anyone',
    results: ['DepositTooSmall', 'DepositTooSmall', 'ok', 'ok', 'TooLate', 'OrderExists', 'OrderExists', 'OrderExists'],
    stopped: 'IntakeClosed',
  },
  {
    action: 'sweepToClient of USDC by the client',
    results: ['NothingToSweep', ...all('ok').slice(1)],
    stopped: UNCHANGED,
  },
  {
    action: 'sweepToClient of USDC by anyone else',
    results: [...four('DepositStillFundable'), ...four('ok')],
    stopped: UNCHANGED,
  },
  { action: 'sweepToClient of another token there, by anyone', results: all('ok'), stopped: UNCHANGED },
  { action: 'sweepToClient of a token not there, by anyone', results: all('NothingToSweep'), stopped: UNCHANGED },
  { action: 'flush of the account by anyone but the escrow', results: all('NotEscrow'), stopped: UNCHANGED },
]
