import type { Hex } from '@assay/protocol'

/** One contract call that must happen once. */
export interface Intent {
  /** Names the effect, not the try: `settle:<batch digest>`. */
  readonly key: string
  readonly to: Hex
  readonly data: Hex
}

/** A signed transaction that may or may not have left this machine. */
export interface SignedTransaction {
  readonly nonce: number
  readonly raw: Hex
  readonly hash: Hex
}

/** The README has the table of states. */
export type EffectState = 'intended' | 'signed' | 'confirmed' | 'failed'

export interface LoggedEffect extends Intent {
  readonly state: EffectState
  /**
   * Every transaction ever signed for it, oldest first. Those with the nonce of the last one replace each other; those with
   * another nonce can never be mined any more.
   */
  readonly signed: readonly SignedTransaction[]
  /** The transaction that is in a final block, once there is one. */
  readonly mined: Hex | undefined
}

/** Memory of one hot key. Durable before each call returns, so that a crash neither loses nor doubles an effect. */
export interface TransactionLog {
  find(key: string): LoggedEffect | undefined
  /** Effects that are intended or signed, in the order in which they were first intended. */
  open(): readonly LoggedEffect[]
  /** State `intended`: a new effect, one that failed, or one that was never signed and gets another calldata. */
  intend(intent: Intent): void
  /** State `signed`: adds a transaction to an effect. */
  sign(key: string, transaction: SignedTransaction): void
  /** State `confirmed` or `failed`; `mined` is what is in a final block, absent when nothing was sent. */
  finish(key: string, state: 'confirmed' | 'failed', mined?: Hex): void
}

/** For tools that live as long as one command: nothing survives the process. */
export function createMemoryLog(): TransactionLog {
  const effects = new Map<string, LoggedEffect>()
  const change = (key: string, to: (effect: LoggedEffect) => LoggedEffect): void => {
    const effect = effects.get(key)
    if (effect !== undefined) effects.set(key, to(effect))
  }
  return {
    find: (key) => effects.get(key),
    open: () => [...effects.values()].filter(({ state }) => state === 'intended' || state === 'signed'),
    intend: ({ key, to, data }) => {
      const signed = effects.get(key)?.signed ?? []
      effects.set(key, { key, to, data, signed, state: 'intended', mined: undefined })
    },
    sign: (key, transaction) =>
      change(key, (effect) => ({ ...effect, state: 'signed', signed: [...effect.signed, transaction] })),
    finish: (key, state, mined) => change(key, (effect) => ({ ...effect, state, mined })),
  }
}
