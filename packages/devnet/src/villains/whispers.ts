import type { SandboxTask } from '@assay/core'
import { encodeCanonical, keccakText, type Address, type Commitment, type ResultRoot } from '@assay/protocol'

/** What accomplices tell each other behind the market's back. */
export interface Whispers {
  tell(task: SandboxTask, root: ResultRoot): void
  /** The result that was told last about the same work. */
  heard(task: SandboxTask): ResultRoot | undefined
  /** Passes a provider's commitment on. */
  leak(provider: Address, commitment: Commitment): void
  /** The newest commitment of anybody but `self`. */
  leaked(self: Address): Commitment | undefined
}

export function createWhispers(): Whispers {
  const results = new Map<string, ResultRoot>()
  const commitments = new Map<Commitment, Address>()
  return {
    tell: (task, root) => void results.set(workOf(task), root),
    heard: (task) => results.get(workOf(task)),
    leak: (provider, commitment) => void commitments.set(commitment, provider),
    leaked: (self) => [...commitments].findLast(([, provider]) => provider !== self)?.[0],
  }
}

/** The same for provider and validator: image, words and input bytes. A staged input's file is named after its root. */
function workOf({ image, command, env, inputs }: SandboxTask): string {
  const files = inputs.map(({ path, hostPath }) => ({ path, root: /[0-9a-f]{64}/.exec(hostPath)?.[0] ?? '' }))
  return keccakText(encodeCanonical({ image, command: [...command], env: { ...env }, files }))
}
