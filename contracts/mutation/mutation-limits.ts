/** Bounds of a mutation run. */

/** Two: one compiles while the other tests, and small machines have two cores. */
export const MOST_WORKERS = 2

/** For all test files over one mutant: several times what the unchanged code needs on two slow cores. Longer is a hang. */
export const SUITE_DEADLINE_MS = 300_000

/** For the Solidity tests over one mutant, which build first. */
export const SOLIDITY_DEADLINE_MS = 300_000

/** Of each fuzz and invariant test, over one mutant: a mutant that needs more luck than this counts as a survivor. */
export const FUZZ_RUNS = 16

/** Tests that fail without a mutant because of how it is compiled: a handful measures gas beside what it tests. */
export const MOST_LEFT_OUT = 6

/** Data of one test process. Unchanged code needs about one; a mutant once took all 23 GiB of a machine. */
export const MOST_MEMORY_KIB = 6 * 1024 * 1024
