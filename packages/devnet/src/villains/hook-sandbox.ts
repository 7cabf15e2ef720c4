import type { Sandbox } from '@assay/core'

/** A sandbox that runs tasks in another way and does everything else as the given one does. */
export const hookSandbox = (sandbox: Sandbox, run: Sandbox['run']): Sandbox => ({
  probe: async (signal) => sandbox.probe(signal),
  ensureImage: async (image, signal) => sandbox.ensureImage(image, signal),
  reconcile: async (signal) => sandbox.reconcile(signal),
  run,
  [Symbol.asyncDispose]: async () => sandbox[Symbol.asyncDispose](),
})
