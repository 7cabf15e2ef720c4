/** What a failure does to the money. A handful of rules, each with the sentence that people read. */
export const moneyRules = {
  /** Before anything is escrowed. */
  nothing: 'Nothing was escrowed, so nothing is owed.',
  /** The failure is a dropped message or a call that changed nothing. */
  unchanged: 'Money stays where it was.',
  /** A try that is not paid, while others may follow. */
  retried:
    'Nothing is charged for the attempt; the price stays in escrow for the next one and comes back when none is accepted.',
  /** A shard that ends without a result. */
  returned: 'Nothing is charged for the shard; its price comes back with the settlement, or at refundAt.',
  /** A conviction. */
  slashed:
    'Nothing is charged for the attempt and the shard is tried again; the provider loses stake, for a wrong result only where the job is certified.',
  /** A result that was accepted. */
  paid: 'The provider earns the price of the shard.',
  /** The money waits for a step that is repeated; the exit is the refund. */
  held: 'The money stays in escrow until the step succeeds; from refundAt on anyone can return it to the client.',
  /** Money that is on its way out of a contract. */
  credited: 'What is owed stays owed in the contract until it can be paid out.',
} as const
export type MoneyRule = keyof typeof moneyRules
