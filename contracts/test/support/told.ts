/** What a contract said in a transaction. */
import { type Abi, type Address, type TransactionReceipt, decodeEventLog, isAddressEqual } from 'viem'

/** Names and arguments of the events that a contract emitted, in order. */
export function eventsOf(
  contract: { readonly address: Address; readonly abi: Abi },
  { logs }: Pick<TransactionReceipt, 'logs'>,
): [string | undefined, unknown][] {
  return logs
    .filter(({ address }) => isAddressEqual(address, contract.address))
    .map(({ data, topics }) => decodeEventLog({ abi: contract.abi, data, topics }))
    .map(({ eventName, args }) => [eventName, args])
}
