/** How the model says no: by name and arguments, as the contract is documented to. */

/** Whose error it is. `token` reverts with a reason string, `panic` with a code. */
export type Refuser = 'escrow' | 'stakes' | 'quorums' | 'disputes' | 'account' | 'token' | 'panic'

/** Thrown by every function of the model that refuses. State is never changed in place, so nothing is undone. */
export class Revert extends Error {
  readonly by: Refuser
  readonly args: readonly unknown[]

  constructor(by: Refuser, name: string, args: readonly unknown[]) {
    super(`${by} refuses: ${name}`)
    this.by = by
    this.name = name
    this.args = args
  }
}

export const revert = (by: Refuser, name: string, ...args: readonly unknown[]): Revert => new Revert(by, name, args)

/** What the token says no with. */
export const tokenSays = (reason: string): Revert => revert('token', reason)

/** A sum of amounts that passes its 64 bits. */
export const overflow = (): Revert => revert('panic', 'arithmetic overflow')

/** Runs a step that may refuse; `undefined` if it did. Anything but a refusal is a fault of the model and rises. */
export function unlessRefused<T>(step: () => T): T | undefined {
  try {
    return step()
  } catch (error) {
    if (error instanceof Revert) return undefined
    throw error
  }
}
