import { fileURLToPath } from 'node:url'

/** The contracts workspace: Hardhat looks for a project around the working directory unless told where one is. */
export const PROJECT_ROOT = fileURLToPath(new URL('..', import.meta.url))
